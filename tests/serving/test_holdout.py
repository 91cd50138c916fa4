"""The holdout: drawn by lot within each stratum, once and for good; it keeps its scores and gets no task."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from policy.policy import load_policy
from serving.holdout import Draw, assigned, held_on, nobody, strata_of, unit, without_tasks
from serving.score import Scored

MONDAY, LATER = date(2026, 6, 1), date(2026, 6, 8)
TENTH = Draw(0.1, 0)


def book(*sizes: int, start: int = 0) -> dict[str, str]:
    """Accounts of several strata, so many of each."""
    return {f"s{s}-{start + i:04d}": f"stratum {s}" for s, size in enumerate(sizes) for i in range(size)}


def held(rows: pd.DataFrame) -> set[str]:
    return set(rows.loc[rows["held"].astype(bool), "account_id"])


def test_every_stratum_gives_its_share_to_within_one_account() -> None:
    rows = assigned(nobody(), book(7, 25, 100, 333), TENTH, MONDAY)
    counts = rows.groupby("stratum")["held"].sum()
    for stratum, size in zip(counts.index, (7, 25, 100, 333), strict=True):
        assert abs(counts[stratum] - size / 10) < 1, stratum


def test_over_many_seeds_each_account_has_the_same_chance() -> None:
    # A stratum of four gives none or one: with a start that is not drawn, it would always give none.
    times = [len(held(assigned(nobody(), book(4), Draw(0.1, seed), MONDAY))) for seed in range(1000)]
    assert sum(times) == pytest.approx(400, abs=60)
    drawn = [held(assigned(nobody(), book(4), Draw(0.1, seed), MONDAY)) for seed in range(1000)]
    each = [sum(f"s0-{i:04d}" in d for d in drawn) for i in range(4)]
    assert each == pytest.approx([100] * 4, abs=35)


def test_the_draw_is_the_same_on_every_machine_and_in_any_order() -> None:
    assert unit(0, "account", "a") == pytest.approx(0.9889665895, abs=1e-9)
    accounts = book(50, 50)
    backwards = dict(reversed(accounts.items()))
    assert held(assigned(nobody(), accounts, TENTH, MONDAY)) == held(assigned(nobody(), backwards, TENTH, MONDAY))
    assert held(assigned(nobody(), accounts, TENTH, MONDAY)) != held(assigned(nobody(), accounts, Draw(0.1, 1), MONDAY))


def test_the_draw_does_not_follow_the_names() -> None:
    rows = assigned(nobody(), book(100), TENTH, MONDAY)
    assert len({int(name[-1]) for name in held(rows)}) > 3


def test_who_is_assigned_stays_whatever_becomes_of_stratum_share_and_seed() -> None:
    first = assigned(nobody(), book(60), TENTH, MONDAY)
    moved = dict.fromkeys(book(60), "stratum 9")
    again = assigned(first, moved | book(0, 5), Draw(0.2, 5), LATER)
    pd.testing.assert_frame_equal(again.head(60), first)
    assert again["assigned_on"].tolist() == [MONDAY] * 60 + [LATER] * 5


def test_accounts_that_come_one_by_one_keep_the_share() -> None:
    rows = nobody()
    for week in range(100):
        rows = assigned(rows, book(1, start=week), TENTH, MONDAY)
    assert len(held(rows)) == 10


def test_what_the_crm_remembers_is_held_and_marked_as_recorded() -> None:
    rows = assigned(nobody(), book(20), TENTH, MONDAY, recorded=frozenset({"s0-0003", "elsewhere"}))
    own = rows.set_index("account_id")
    assert (own.loc["s0-0003", "held"], own.loc["s0-0003", "origin"]) == (True, "recorded")
    assert set(own["origin"]) == {"drawn", "recorded"}
    assert "elsewhere" not in own.index


def test_an_account_is_held_from_the_day_it_was_drawn_and_not_before() -> None:
    rows = assigned(nobody(), book(20), Draw(0.2, 0), MONDAY)
    assert len(held_on(rows, MONDAY)) == len(held_on(rows, LATER)) == 4
    assert held_on(rows, date(2026, 5, 31)).empty


def test_a_stratum_is_the_touch_model_and_the_risk_tier() -> None:
    scores = pd.DataFrame(
        {
            "account_id": list("abcd"),
            "arr": [9_999.99, 10_000.0, 50_000.0, float("nan")],
            "risk_tier": ["high", "medium", None, "low"],
        }
    )
    assert strata_of(scores, load_policy()) == {
        "a": "tech, high risk",
        "b": "mid, medium risk",
        "c": "high, unrated risk",
        "d": "unknown, low risk",
    }


def scored(*accounts: str, tasks: tuple[str, ...]) -> Scored:
    rows: list[dict[str, Any]] = [
        {"account_id": a, "as_of": MONDAY, "run_id": "r", "churn_probability": 0.3, "risk_tier": "high", "play": "call"}
        for a in accounts
    ]
    return Scored(pd.DataFrame(rows), pd.DataFrame(), pd.DataFrame({"account_id": list(tasks)}), {}, None, {})


def test_who_is_held_out_keeps_the_score_and_gets_no_task_and_no_play() -> None:
    given = scored("a", "b", "c", tasks=("a", "a", "b", "b"))
    rows = pd.DataFrame(
        {"account_id": ["b", "c", "gone"], "assigned_on": MONDAY, "stratum": "mid, high risk", "origin": "drawn"}
    )
    kept, withheld = without_tasks(given, rows)
    assert kept.tasks["account_id"].tolist() == ["a", "a"]
    assert kept.scores["churn_probability"].tolist() == [0.3] * 3
    assert kept.scores["risk_tier"].tolist() == ["high"] * 3
    assert kept.scores["play"].fillna("none").tolist() == ["call", "none", "none"]
    assert withheld["account_id"].tolist() == ["b", "c"]
    assert withheld["tasks_withheld"].tolist() == [2, 0]
    assert given.scores["play"].tolist() == ["call"] * 3
