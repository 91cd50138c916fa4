"""The portfolio's records from the files of a day, written by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.deliver import rows_of
from pipelines.files import write_parquet
from pipelines.report_portfolio import _goal, _loads, _lost, _of_the_whole
from pipelines.report_stake import losses_told, owners_known, stake
from pipelines.settings import Project, open_project
from tests.pipelines.review_book import MONDAY, made_book

DAY = MONDAY.isoformat()
YEAR: dict[str, Any] = {"name": "", "csm": "anna", "start": 0.0, "churn": 0.0, "contraction": 0.0, "end": 0.0}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three scored accounts, and customers that are gone."""
    project = open_project(made_book(tmp_path / "book", 3))
    year = [
        YEAR | {"account_id": "big", "name": "Big Co", "start": 600.0, "churn": 600.0},
        YEAR | {"account_id": "small", "csm": "nobody", "start": 100.0, "contraction": 40.0, "end": 60.0},
        YEAR | {"account_id": "acc-001", "start": 300.0, "end": 300.0},
        YEAR | {"account_id": "came", "end": 500.0},
    ]
    write(project, "kpis", "year", year)
    write(project, "kpis", "movements", [{"account_id": "longgone", "csm": "bob"}, {"account_id": "big", "csm": "bob"}])
    write(project, "known_losses", "known_losses", [{"account_id": "big", "name": "Big Co"}])
    return project


def write(project: Project, what: str, part: str, rows: list[dict[str, Any]]) -> None:
    write_parquet(pd.DataFrame(rows), project.state / what / f"as_of={DAY}" / f"{part}.parquet")


def renewal(account: str, **changes: Any) -> dict[str, Any]:
    given = {"days": 30, "arr": 1000.0, "outcome": None, "stage": 30, "needs_approval": False}
    return {"account_id": account, "term_ends_on": date(2026, 7, 1), **given, **changes}


def departure(account: str, ends_on: date, returned_on: date | None = None) -> dict[str, Any]:
    told = {"known_on": date(2026, 5, 20), "arr": 600.0, "kind": "voluntary", "reason": "budget"}
    return {"account_id": account, "ends_on": ends_on, "returned_on": returned_on, **told}


def test_customers_that_left_keep_the_owner_they_had(project: Project) -> None:
    owners = owners_known(project, DAY)
    assert owners["big"] == "anna"
    assert owners["longgone"] == "bob"
    assert owners.get("small") is None
    assert owners["acc-002"] == "bob"


def test_what_was_lost_in_the_year_is_told_largest_first_and_makes_up_all_that_grr_lacks(project: Project) -> None:
    # The unmoved are in no row: what they paid a year ago counts all the same.
    found = _lost(rows_of(project, "kpis", DAY, part="year"), {"small"}, 2000.0)
    assert [(one.account_id, one.lost, one.left, one.owner, one.page) for one in found] == [
        ("big", 600.0, True, "anna", False),
        ("small", 40.0, False, None, True),
    ]
    # GRR = (2000 − 640) ÷ 2000; by churn alone (2000 − 600) ÷ 2000.
    assert sum(one.points for one in found) == pytest.approx(100 * 0.68 - 100)
    alone = _lost(rows_of(project, "kpis", DAY, part="year"), {"small"}, 2000.0, contraction=False)
    assert [(one.account_id, one.points) for one in alone] == [("big", pytest.approx(-30))]


def test_the_stake_counts_open_renewals_ahead_and_who_is_still_on_the_way_out(project: Project) -> None:
    rows = [
        renewal("acc-000"),  # yellow
        renewal("acc-001", arr=5000.0),
        renewal("acc-002", outcome="expanded"),
        renewal("big", outcome="lost"),
        renewal("acc-001", days=-3, arr=9000.0),
    ]
    write(project, "plays", "renewals", rows)
    gone = [departure("big", date(2026, 6, 1)), departure("old", date(2026, 5, 31))]
    write(project, "plays", "departures", [*gone, departure("back", date(2026, 7, 1), date(2026, 5, 1))])
    about = {str(r["account_id"]): r for r in rows_of(project, "book", DAY)}
    found = stake(project, DAY, about)
    assert found.at_risk == pytest.approx(1000 * (0.5 + 0.499 + 0.498))
    assert found.ahead is not None
    assert [(r.account_id, r.arr, r.unwell, r.page) for r in found.ahead] == [
        ("acc-000", 1000.0, True, True),
        ("acc-001", 5000.0, False, True),
    ]
    assert found.signed == (1, 1000.0)
    assert found.leavers is not None
    assert [(r.account_id, r.name, r.owner, r.page) for r in found.leavers] == [("big", "Big Co", "anna", False)]
    assert losses_told(project, DAY, about) == [
        ("Big Co", "decided by 20 May 2026, leaves on 1 June 2026, voluntary (budget); anna looks after it")
    ]


def test_without_plays_the_stake_says_so_and_counts_nothing(project: Project) -> None:
    found = stake(project, DAY, {})
    assert found.ahead is None
    assert found.leavers is None
    assert "`churn plays` tells when and why" in losses_told(project, DAY, {})[0][1]


def test_the_goal_takes_the_days_the_policy_dates_it_with_and_not_those_of_its_points(project: Project) -> None:
    points = [
        {"day": pd.Timestamp(f"2026-0{month}-01"), "line": 0.14, "churn": churn, "above": None}
        for month, churn in ((3, None), (4, 0.08), (6, 0.13))
    ]
    dates = {"starts_on": pd.Timestamp("2026-01-01"), "ends_on": pd.Timestamp("2027-01-01")}
    dated = _goal(project, [p | dates for p in points])
    assert dated is not None
    assert (dated.starts, dated.ends, dated.on_track) == (date(2026, 1, 1), date(2027, 1, 1), True)
    for missing in ({}, dict.fromkeys(dates), dict.fromkeys(dates, pd.NaT)):
        undated = _goal(project, [p | missing for p in points])
        assert undated is not None
        assert (undated.starts, undated.ends, undated.line, undated.on_track) == (None, None, None, None)
        assert undated.first == (date(2026, 4, 1), 0.08)


def test_what_nobody_owns_is_a_book_too(project: Project) -> None:
    owner = {"owner_id": "anna", "role": "csm", "accounts": 2, "arr": 900.0, "book_share": 0.1, "verdict": "under"}
    hours = {"owed_hours": 1.0, "available_hours": 30.0, "overdue_hours": 2.0}
    write(project, "capacity", "owners", [owner | hours])
    write(project, "capacity", "unowned", [{"account_id": "a", "arr": 50.0, "owed_hours": 1.0}] * 2)
    found = _loads(project, DAY)
    assert found is not None
    assert [(load.owner, load.accounts, load.arr, load.owed) for load in found] == [
        (None, 2, 100.0, 2.0),
        ("anna", 2, 900.0, 1.0),
    ]


def test_of_the_monthly_figures_those_of_slices_are_not_read(project: Project) -> None:
    row = {"month": "2026-05", "as_of": pd.Timestamp("2026-06-01"), "name": "grr", "value": 0.9}
    write(project, "kpis", "series", [row | {"slice_by": "all"}, row | {"slice_by": "segment"}])
    found = _of_the_whole(project.state / "kpis" / f"as_of={DAY}" / "series.parquet")
    assert [r["slice_by"] for r in found] == ["all"]
