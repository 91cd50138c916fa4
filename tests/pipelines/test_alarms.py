"""Alarms of a project's own past: which training rows they changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.snapshots import day_number
from models.acted_on import ACTED, HELD
from models.recipe import USUAL
from models.split import Split
from pipelines.alarms import alarms, with_alarms
from pipelines.files import write_parquet
from pipelines.fit import fitted_as_if_untreated, scorers_on
from pipelines.outcomes import Outcomes
from pipelines.panel import Panel
from pipelines.settings import Project, Settings
from policy.policy import load_policy
from tests.models.books import DIRECTIONS, book

AS_OF = date(2026, 1, 5)
POLICY = load_policy()


def panel_of(rows: pd.DataFrame, losses: pd.DataFrame) -> Panel:
    nothing = losses.head(0)
    split = Split(AS_OF, AS_OF + timedelta(days=1), AS_OF + timedelta(days=1))
    return Panel(rows, rows.head(0), AS_OF, 0, 0, split, outcomes=Outcomes(losses, nothing, nothing))


def marked(*given: tuple[str, int, str], churned_after: dict[str, int] | None = None) -> dict[str, str | None]:
    """The alarm of one row an account as of AS_OF; alarms and losses in days from then."""
    lost = churned_after or {}
    names = sorted({account for account, _, _ in given})
    rows = pd.DataFrame(
        {
            "account_id": names,
            "as_of": AS_OF,
            "as_of_day": day_number(AS_OF),
            "churned": [float(lost.get(name, 104) < 104) for name in names],
        }
    )
    losses = pd.DataFrame({"account_id": list(lost), "day": [day_number(AS_OF) + d for d in lost.values()]})
    told = pd.DataFrame(
        [(a, AS_OF + timedelta(days=d), kind) for a, d, kind in given], columns=["account_id", "on", "alarm"]
    )
    found = with_alarms(panel_of(rows, losses), told, lasts_days=POLICY.acted_on.lasts_days, window_days=104).train
    return {
        a: kind if isinstance(kind, str) else None for a, kind in zip(found["account_id"], found["alarm"], strict=True)
    }


def test_an_alarm_counts_from_half_a_year_before_the_snapshot_until_the_outcome() -> None:
    assert marked(("old", -180, ACTED), ("lasts", -179, ACTED), ("ahead", 103, ACTED), ("late", 104, ACTED)) == {
        "old": None,
        "lasts": ACTED,
        "ahead": ACTED,
        "late": None,
    }


def test_whoever_has_left_before_the_alarm_was_not_changed_by_it() -> None:
    assert marked(("a", 40, ACTED), ("b", 40, HELD), churned_after={"a": 40, "b": 41}) == {"a": None, "b": HELD}
    # Lost later than the window: what came after it has no part in this row's label.
    assert marked(("c", 120, ACTED), churned_after={"c": 150}) == {"c": None}


def test_who_was_acted_on_before_being_drawn_counts_as_acted_on() -> None:
    assert marked(("a", -100, ACTED), ("a", 10, HELD)) == {"a": ACTED}


def test_without_alarms_the_panel_stays_as_it_is() -> None:
    rows = pd.DataFrame({"account_id": ["a"], "as_of": [AS_OF], "as_of_day": [0], "churned": [0.0]})
    panel = panel_of(rows, pd.DataFrame({"account_id": [], "day": []}))
    assert (
        with_alarms(panel, pd.DataFrame(columns=["account_id", "on", "alarm"]), lasts_days=180, window_days=104)
        is panel
    )


def test_alarms_are_the_tasks_written_and_those_withheld_by_lot(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, settings=Settings(), policy=POLICY)
    assert alarms(project).empty
    tasks = pd.DataFrame({"account_id": ["a", "a", "b"], "as_of": AS_OF})
    write_parquet(tasks, project.out("tasks", f"as_of={AS_OF}") / "tasks.parquet")
    held = pd.DataFrame(
        {
            "account_id": ["c", "d", "e"],
            "as_of": AS_OF,
            "origin": ["drawn", "drawn", "recorded"],
            "tasks_withheld": [2, 0, 2],
        }
    )
    write_parquet(held, project.out("holdout", f"as_of={AS_OF}") / "holdout.parquet")
    found = alarms(project).sort_values("account_id")
    assert list(zip(found["account_id"], found["on"], found["alarm"], strict=True)) == [
        ("a", AS_OF, ACTED),
        ("b", AS_OF, ACTED),
        ("c", AS_OF, HELD),
    ]


def test_a_book_whose_alarms_saved_accounts_is_fitted_as_if_they_had_not() -> None:
    rows = book(accounts=1500, snapshots=2, seed=4).assign(health_score=50.0)
    first = scorers_on(rows, DIRECTIONS, POLICY, USUAL, ("logistic",))["logistic"]
    honest = first.score(rows)
    rng = np.random.default_rng(1)
    # The riskiest third is called, but for a fifth of it held out by lot; nine of ten that would have left stay.
    riskiest = honest > np.quantile(honest, 2 / 3)
    held = rows["account_id"].map({a: rng.random() < 0.2 for a in rows["account_id"].unique()}).to_numpy(dtype=bool)
    alarm = np.where(riskiest & held, HELD, np.where(riskiest, ACTED, None))
    saved = (alarm == ACTED) & (rng.random(len(rows)) < 0.9)
    treated = rows.assign(alarm=alarm, churned=np.where(saved, 0.0, rows["churned"]))
    fitted, found = fitted_as_if_untreated(
        treated, lambda r: scorers_on(r, DIRECTIONS, POLICY, USUAL, ("logistic",)), "logistic", POLICY
    )
    naive = scorers_on(treated, DIRECTIONS, POLICY, USUAL, ("logistic",))["logistic"].score(rows)
    ours = fitted["logistic"].score(rows)
    assert found is not None
    assert found.effect is not None
    assert found.effect < -1
    expected, top = honest[riskiest].mean(), riskiest
    assert naive[top].mean() < 0.5 * expected
    assert ours[top].mean() == pytest.approx(expected, rel=0.2)


def test_an_alarm_is_given_on_the_day_it_is_published(tmp_path: Path) -> None:
    project = Project(folder=tmp_path, settings=Settings(), policy=POLICY)
    late = pd.DataFrame({"account_id": ["a"], "published_at": pd.Timestamp("2026-03-02 09:00", tz="UTC")})
    write_parquet(late, project.out("scores", f"as_of={AS_OF}") / "scores.parquet")
    write_parquet(
        pd.DataFrame({"account_id": ["a"], "as_of": AS_OF}), project.out("tasks", f"as_of={AS_OF}") / "tasks.parquet"
    )
    held = pd.DataFrame({"account_id": ["c"], "as_of": AS_OF, "origin": ["drawn"], "tasks_withheld": [2]})
    write_parquet(held, project.out("holdout", f"as_of={AS_OF}") / "holdout.parquet")
    assert alarms(project)["on"].tolist() == [date(2026, 3, 2)] * 2
