"""What the card is told beside the scores: whose loss a churned row was, and which rows trained the refits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from features.labels import LabelRule
from features.snapshots import day_number
from models.scorer import Array
from models.split import Split
from pipelines import card_evidence
from pipelines.card_evidence import Run, losses_of, refits, split_of
from pipelines.panel import Panel

MONDAY = date(2026, 1, 5)
RULE = LabelRule(horizon_days=90, gap_days=14)


def frame(rows: list[tuple[str, int, float]]) -> pd.DataFrame:
    """(account, week, churned) → rows of a panel; the notice is due 60 days after the first Monday."""
    found = pd.DataFrame(rows, columns=["account_id", "week", "churned"])
    found["as_of"] = [MONDAY + timedelta(weeks=int(w)) for w in found["week"]]
    found["as_of_day"] = [day_number(d) for d in found["as_of"]]
    found["deadline_day"] = day_number(MONDAY) + 60
    return found


def run_on(
    train: pd.DataFrame, test: pd.DataFrame, *, champion: str = "calendar", fit_and_score: Any = None, **changed: Any
) -> Run:
    panel = Panel(train, test, date(2026, 12, 1), 0, 0, Split(date(2026, 3, 1), date(2026, 3, 2), date(2026, 8, 1)))
    settings = SimpleNamespace(panel=SimpleNamespace(train_every_weeks=4))
    checked = cast(Any, SimpleNamespace(facts=None, project=SimpleNamespace(settings=settings)))
    fitted = cast(Any, SimpleNamespace(champion=SimpleNamespace(scorer=champion), fit_and_score=fit_and_score))
    given: dict[str, Any] = {
        "checked": checked,
        "rule": RULE,
        "panel": panel,
        "test": test,
        "fitted": fitted,
        **changed,
    }
    return Run(**given)


def test_a_churned_row_belongs_to_the_loss_in_its_own_window(monkeypatch: pytest.MonkeyPatch) -> None:
    # Lost on day 20 and won back, lost again on day 130: the last churned row, of week 5 (day 35), means the second.
    first, second = day_number(MONDAY) + 20, day_number(MONDAY) + 130
    lost = pd.DataFrame({"account_id": ["a", "a", "b"], "lost_day": [first, second, first]})
    monkeypatch.setattr(card_evidence, "losses", lambda *_: SimpleNamespace(to_pandas=lambda: lost))
    test = frame([("a", 0, 1.0), ("a", 5, 1.0), ("b", 0, 1.0), ("b", 5, 0.0), ("c", 0, 0.0)])
    found = losses_of(run_on(test, test))
    assert found is not None
    days = dict(zip(found.rows["account_id"], found.rows["decided_on"], strict=True))
    assert days == {"a": pd.Timestamp(MONDAY + timedelta(130)), "b": pd.Timestamp(MONDAY + timedelta(20))}
    assert set(found.rows["notice_on"]) == {pd.Timestamp(MONDAY + timedelta(60))}
    assert found.snapshots == (pd.Timestamp(MONDAY), pd.Timestamp(MONDAY + timedelta(weeks=5)))


def test_a_label_by_inactivity_has_no_day_of_decision() -> None:
    test = frame([("a", 0, 1.0)])
    assert losses_of(run_on(test, test, rule=LabelRule(kind="inactivity"))) is None


def test_a_retrained_scorer_lacks_the_last_month_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []

    def watching(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        seen.append(sorted(past["week"].unique()))
        return {name: np.full(len(later), 0.1) for name in names}

    monkeypatch.setattr(card_evidence, "_reseeded", lambda *_: {})
    train = frame([(a, week, 1.0) for a in "abc" for week in (0, 4, 8)])
    found = refits(run_on(train, frame([("a", 30, 0.0)]), fit_and_score=watching, champion="logistic"))
    assert seen == [[0, 4]]
    assert set(found.retrained) == {"calendar", "health_recalibrated", "lightgbm", "logistic"}
    assert found.halves is None


def test_the_purged_snapshots_are_those_between_training_and_its_end() -> None:
    train = frame([("a", week, 0.0) for week in (0, 4)])
    found = split_of(run_on(train, frame([("a", 9, 0.0), ("a", 10, 0.0)])))
    # Training ends on 1 March by its dates: the snapshot of 2 March is none of it.
    assert found["trained"] == ["2026-01-05", "2026-02-02"]
    assert found["purged"] == []
    later = Split(date(2026, 3, 8), date(2026, 3, 9), date(2026, 8, 1))
    moved = run_on(train, frame([("a", 9, 0.0)]))
    panel = Panel(moved.panel.train, moved.panel.test, date(2026, 12, 1), 0, 0, later)
    assert split_of(run_on(train, moved.panel.test, panel=panel))["purged"] == ["2026-03-02"]
