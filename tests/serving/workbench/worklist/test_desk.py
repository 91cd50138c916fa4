"""Four views side by side, told only where they disagree, with what became of accounts seen like this before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from policy.policy import load_policy
from serving.workbench.worklist.desk import cells, commercial_view, csm_views, desk

POLICY = load_policy()
DAY = date(2026, 6, 1)
NOBODY = pd.DataFrame(columns=["account_id", "csm", "csm_verdict"], dtype=object)
NO_PAST = cells(pd.DataFrame(columns=["account_id", "rule", "model", "churned"]), POLICY)


def said(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    """(kind, value, recorded_at, expires_on) of account a."""
    frame = pd.DataFrame(rows, columns=["kind", "value", "recorded_at", "expires_on"])
    frame["recorded_at"] = pd.to_datetime(frame["recorded_at"])
    return frame.assign(account_id="a", feedback_id=[f"f{i}" for i in range(len(rows))])


def csm(*rows: tuple[str, str, str, str | None]) -> tuple[str, str | None] | None:
    found = csm_views(said(*rows), POLICY, DAY)
    return None if found.empty else (found.iloc[0]["csm"], found.iloc[0]["csm_verdict"])


def row(account: str = "a", **given: Any) -> dict[str, Any]:
    usual = {
        "owner_id": "anna", "name": None, "arr": 100.0, "health_tier": "green", "risk_tier": "low",
        "past_due_days": 0.0, "arr_change_364d": 0.0, "days_to_term_end": 300.0,
    }  # fmt: skip
    return {"account_id": account, **usual, **given}


def listed(*rows: dict[str, Any], views: pd.DataFrame = NOBODY, past: pd.DataFrame = NO_PAST) -> list[str]:
    return list(desk(pd.DataFrame(list(rows)), views, past, POLICY, DAY)["account_id"])


def test_a_sponsor_rated_two_is_a_view_of_risk_three_is_none_and_four_one_of_calm() -> None:
    verdicts = [csm(("sponsor_rating", value, "2026-05-01", None)) for value in ("1", "2", "3", "4")]
    assert [v and v[1] for v in verdicts] == ["at_risk", "at_risk", None, "calm"]


def test_an_override_outweighs_a_rating_and_a_mark_judges_nothing() -> None:
    found = csm(
        ("override", "high", "2026-05-02", None),
        ("sponsor_rating", "5", "2026-05-01", None),
        ("driver_mark", "disagree", "2026-05-03", None),
    )
    assert found == ("override: high, sponsor rated 5, driver marked: disagree", "at_risk")
    assert csm(("driver_mark", "disagree", "2026-05-03", None)) == ("driver marked: disagree", None)


def test_the_last_word_counts_until_it_expires() -> None:
    assert csm(("override", "high", "2026-04-01", None), ("override", "low", "2026-05-01", None)) == (
        "override: low",
        "calm",
    )
    assert csm(("sponsor_rating", "1", "2026-05-01", "2026-06-01")) is None
    assert csm(("sponsor_rating", "1", "2026-05-01", "2026-06-02")) == ("sponsor rated 1", "at_risk")


def test_past_due_or_shrinking_is_at_risk_and_a_renewal_ahead_is_told_alone() -> None:
    assert commercial_view(7.0, 0.0, 300.0, POLICY) == ("7 days past due", "at_risk")
    assert commercial_view(6.0, -0.19, 91.0, POLICY) == ("nothing stands out", "calm")
    assert commercial_view(0.0, -0.2, 90.0, POLICY) == ("ARR 20 % below a year ago, renewal in 90 days", "at_risk")
    assert commercial_view(None, None, 30.0, POLICY) == ("renewal in 30 days", None)
    assert commercial_view(None, None, None, POLICY) == (None, None)


def test_only_disagreement_is_listed_the_farthest_apart_first_then_the_largest_arr() -> None:
    found = listed(
        row("agree"),
        row("both worried", health_tier="red", risk_tier="high", past_due_days=20.0),
        row("model alone", risk_tier="high"),
        row("rule alone", health_tier="yellow", arr=900.0),
        row("contract alone", past_due_days=20.0, arr=500.0),
    )
    assert found == ["model alone", "contract alone", "rule alone"]


def test_red_with_low_green_with_high_and_a_csm_against_the_model_stand_far_apart() -> None:
    rows = [
        row("yellow low", health_tier="yellow", arr=900.0), row("green medium", risk_tier="medium", arr=800.0),
        row("red low", health_tier="red"), row("green high", risk_tier="high", arr=200.0), row("a", arr=50.0),
        row("past due", past_due_days=30.0, arr=700.0),
    ]  # fmt: skip
    views = csm_views(said(("sponsor_rating", "1", "2026-05-01", None)), POLICY, DAY)
    found = desk(pd.DataFrame(rows), views, NO_PAST, POLICY, DAY)
    assert list(zip(found["account_id"], found["apart"], strict=True)) == [
        ("green high", "far"), ("red low", "far"), ("a", "far"), ("past due", "contract"),
        ("yellow low", "near"), ("green medium", "near"),
    ]  # fmt: skip


def test_a_csm_alone_against_three_is_disagreement() -> None:
    views = csm_views(said(("override", "high", "2026-05-01", None)), POLICY, DAY)
    assert listed(row("a"), row("b"), views=views) == ["a"]


def test_what_is_not_known_disagrees_with_nobody() -> None:
    unknown = {"past_due_days": None, "arr_change_364d": None}
    assert listed(row(health_tier="unrated", risk_tier="high", **unknown)) == []
    assert listed(row(health_tier="red", risk_tier=None, **unknown)) == []


def test_the_churn_rate_of_a_cell_is_told_from_ten_accounts_on() -> None:
    def past(accounts: int) -> pd.DataFrame:
        rows = [
            {"account_id": f"p{i}", "rule": "green", "model": "high", "churned": float(i < 2)} for i in range(accounts)
        ]
        # A second, calm week of the same accounts: the rate is over weeks.
        return pd.DataFrame([*rows, *({**r, "churned": 0.0} for r in rows)])

    def told(accounts: int) -> Any:
        return desk(pd.DataFrame([row(risk_tier="high")]), NOBODY, cells(past(accounts), POLICY), POLICY, DAY).iloc[0]

    nine, ten = told(9), told(10)
    assert (nine["cell_accounts"], nine["cell_churned_accounts"]) == (9, 2)
    assert pd.isna(nine["cell_churn_rate"])
    assert ten["cell_churn_rate"] == 2 / 20


def test_a_cell_that_nobody_was_ever_in_has_no_rate() -> None:
    found = desk(pd.DataFrame([row(risk_tier="high")]), NOBODY, NO_PAST, POLICY, DAY).iloc[0]
    assert pd.isna(found["cell_accounts"])
    assert pd.isna(found["cell_churn_rate"])
