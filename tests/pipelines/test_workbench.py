"""`churn workbench` fills every page from one day's files, and the pages say what the files say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.report import report
from pipelines.report_views import views, ways_told
from pipelines.report_work import SHOWN
from pipelines.settings import Project, open_project
from pipelines.workbench import workbench
from serving.workbench.pages.journey_view import JourneyView
from serving.workbench.pages.monday_view import MondayView
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.pages.portfolio_view import PortfolioView
from tests.pipelines.conftest import UNTIL

pytestmark = pytest.mark.slow
DAY = UNTIL.isoformat()


@pytest.fixture(scope="module")
def worked(
    trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, dict[str, Any]]:
    """A copy of the scored project with everything of its week."""
    project = open_project(Path(shutil.copytree(trained[0], tmp_path_factory.mktemp("worked") / "book")))
    return project, workbench(project, None)


def rows(project: Project, what: str, part: str) -> pd.DataFrame:
    return pd.read_parquet(project.state / what / f"as_of={DAY}" / f"{part}.parquet", partitioning=None)


def test_everything_is_of_the_scored_day_and_no_page_is_left_empty(worked: tuple[Project, dict[str, Any]]) -> None:
    project, made = worked
    assert made["as_of"] == DAY
    assert set(views(project, DAY)) == {entry.name for entry in NAVIGATION} - {"accounts"}
    index = report(project, DAY)
    for entry in NAVIGATION:
        assert "Not computed for" not in index.with_name(entry.file).read_text("utf-8"), entry.name


def test_the_monday_list_holds_every_candidate_once_and_drops_nobody_without_an_owner(
    worked: tuple[Project, dict[str, Any]],
) -> None:
    project, made = worked
    found = views(project, DAY)["monday"]
    assert isinstance(found, MondayView)
    listed = rows(project, "worklist", "worklist")
    counted = listed["status"].value_counts()
    shown = {
        "breached": sum(w.breached_accounts for w in found.owners),
        "below_the_line": sum(w.left_out_accounts for w in found.owners),
        "unknown": sum(w.unknown_accounts for w in found.owners),
        "nobody": found.unowned_accounts,
    }
    assert shown == {status: counted.get(status, 0) for status in shown}
    assert sum(len(w.work) for w in found.owners) == counted.reindex(["due", "chosen"]).sum()
    assert all(len(w.left_out) == min(w.left_out_accounts, SHOWN) for w in found.owners)
    assert found.saves == pytest.approx(made["worklist"]["saved_arr"])
    assert found.unowned_accounts == listed["owner_id"].isna().sum()
    assert {i.account_id for i in found.unowned} <= set(listed[listed["owner_id"].isna()]["account_id"])
    assert all(item.why and item.play and item.first_step for week in found.owners for item in week.work)


def test_the_waterfall_of_every_month_closes_and_ends_with_the_arr_of_the_day(
    worked: tuple[Project, dict[str, Any]],
) -> None:
    project, _ = worked
    falls = rows(project, "kpis", "waterfall")
    cents = (falls[["start", "churn", "contraction", "expansion", "new", "won_back", "end"]] * 100).round().astype(int)
    gained = cents["expansion"] + cents["new"] + cents["won_back"]
    assert (cents["start"] - cents["churn"] - cents["contraction"] + gained == cents["end"]).all()
    assert len(falls[falls["slice_by"] == "all"]) >= 24
    found = views(project, DAY)["portfolio"]
    assert isinstance(found, PortfolioView)
    arr = next(figure for figure in found.leading if figure.title == "ARR")
    assert found.months[-1].end == arr.value
    assert [m.start for m in found.months[1:]] == [m.end for m in found.months[:-1]]


def test_what_moved_grr_adds_up_to_its_change(worked: tuple[Project, dict[str, Any]]) -> None:
    project, _ = worked
    found = views(project, DAY)["portfolio"]
    assert isinstance(found, PortfolioView)
    assert found.grr is not None
    assert found.grr.value is not None
    moved = rows(project, "kpis", "moved")
    assert 100 + moved["points"].sum() == pytest.approx(100 * found.grr.value)
    by_segment = dict(found.slices)["segment"]
    assert sum(s.lost for s in by_segment) == pytest.approx(
        (1 - found.grr.value) * sum(s.arr_start for s in by_segment)
    )


def test_the_board_begins_with_who_is_stuck(worked: tuple[Project, dict[str, Any]]) -> None:
    project, made = worked
    found = views(project, DAY)["journey"]
    assert isinstance(found, JourneyView)
    order = ["stuck", "behind", None, "on track"]
    places = [order.index(line.status) for line in found.board]
    assert places == sorted(places)
    assert 0 < len(found.board) <= made["journey"]["onboarding"]


def test_every_yellow_or_red_account_and_every_green_one_at_high_risk_knows_its_way_back(
    worked: tuple[Project, dict[str, Any]],
) -> None:
    project, _ = worked
    scores = rows(project, "scores", "scores")
    ill = scores["health_tier"].isin(["yellow", "red"])
    told = ways_told(project, DAY)
    assert set(told) >= set(
        scores[ill | ((scores["health_tier"] == "green") & (scores["risk_tier"] == "high"))]["account_id"]
    )
    assert set(told) <= set(scores[ill | (scores["risk_tier"] == "high")]["account_id"])
    assert all(short for short, _ in told.values())
