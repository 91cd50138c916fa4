"""Who was followed for how long, by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from features.labels import LabelRule
from features.snapshots import day_number
from pipelines.outcomes import followed, next_day, outcomes
from tests.features.building import at, facts_from

MONDAY = date(2025, 6, 2)
DAY = day_number(MONDAY)


def rows(**as_of: int) -> pd.DataFrame:
    """One row an account, so many days after the Monday."""
    return pd.DataFrame({"account_id": list(as_of), "as_of_day": [DAY + days for days in as_of.values()]})


def lost(**on: list[int]) -> pd.DataFrame:
    pairs = [(account, DAY + day) for account, days in on.items() for day in days]
    return pd.DataFrame(pairs, columns=["account_id", "day"])


def test_days_count_from_the_end_of_the_gap_to_the_loss_and_to_what_is_known() -> None:
    found = followed(
        rows(stayed=0, left=0, later=30), lost(left=[40], later=[40]), gap_days=14, reach=MONDAY + timedelta(days=104)
    ).set_index("account_id")
    assert found["days_seen"].to_dict() == {"stayed": 90, "left": 90}
    assert found["days_to_loss"].fillna(-1).to_dict() == {"stayed": -1, "left": 26}


def test_an_immature_row_is_followed_until_the_last_known_day() -> None:
    days = lost(left=[50], not_yet=[60], the_day_before=[59])
    found = followed(
        rows(left=0, not_yet=0, the_day_before=0, new=46, newer=45),
        days,
        gap_days=14,
        reach=MONDAY + timedelta(days=60),
    ).set_index("account_id")
    # Who is lost on the 61st day is, on that morning, not known to be.
    assert found["days_to_loss"].fillna(-1).to_dict() == {"left": 36, "not_yet": -1, "the_day_before": 45, "newer": -1}
    assert found["days_seen"].to_dict() == {"left": 46, "not_yet": 46, "the_day_before": 46, "newer": 1}


def test_who_is_lost_in_the_gap_is_not_followed() -> None:
    found = followed(
        rows(in_gap=0, after=0), lost(in_gap=[13], after=[14]), gap_days=14, reach=MONDAY + timedelta(days=90)
    )
    assert found["account_id"].tolist() == ["after"]
    assert found["days_to_loss"].tolist() == [0.0]


def test_the_next_loss_is_the_first_from_the_snapshot_on() -> None:
    asked = pd.concat([rows(a=0), rows(a=20), rows(a=21), rows(b=0)], ignore_index=True)
    found = next_day(asked, lost(a=[120, 20], b=[-1]))
    assert found.sub(DAY).fillna(-1).tolist() == [20, 20, 120, -1]


def test_silence_has_no_course() -> None:
    term = {
        "subscription_id": "s",
        "account_id": "a",
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2026, 1, 1),
        "arr": 100.0,
        "decision_at": at("2025-07-01"),
        "decision_kind": "non_payment",
    }
    facts = facts_from(accounts=[{"account_id": "a", "created_on": date(2024, 1, 1)}], subscriptions=[term])
    assert outcomes(facts, LabelRule(kind="inactivity"), contraction_share=0.2) is None
    found = outcomes(facts, LabelRule(), contraction_share=0.2)
    assert found is not None
    assert found.losses.to_numpy().tolist() == found.unpaid.to_numpy().tolist() == [["a", day_number(date(2025, 7, 1))]]
    assert found.contractions.empty
