"""The recount of labels agrees with the engine on random books, for both kinds of label."""

from __future__ import annotations

from datetime import date

import pytest

from features.cohort import CohortRule, cohort
from features.labels import LabelRule, labels
from features.snapshots import Snapshots
from proof.oracle.past import Row
from proof.oracle.truth import labels as recounted
from tests.features.building import at, facts_of, frames_of, in_key_order
from tests.features.worlds import world
from tests.proof.rows import monday

SNAPSHOTS = Snapshots.every(4, date(2024, 7, 15), date(2025, 9, 8))
UNTIL = date(2025, 10, 1)


def alive_on(*days: str) -> Row:
    """What becomes of an account at 2025-03-03 (gap 7, horizon 21: from 10 to 30 March) that is used on these days."""
    book = {
        "accounts": [{"account_id": "a", "created_on": date(2024, 1, 1)}],
        "subscriptions": [{"subscription_id": "s", "account_id": "a", "starts_on": date(2024, 1, 1),
                           "ends_on": date(2026, 1, 1), "arr": 1.0}],
        "usage_events": [{"account_id": "a", "occurred_at": at(day)} for day in days],
        "touchpoints": [{"account_id": "a", "direction": "ours", "occurred_at": at("2025-03-15")}],
    }  # fmt: skip
    (told,) = recounted(book, [monday(0)], kind="inactivity", horizon_days=21, gap_days=7, lapse_days=30,
                        data_until=UNTIL).values()  # fmt: skip
    return told


def test_silence_is_counted_from_the_end_of_the_gap_to_the_end_of_the_window() -> None:
    # Our own mail of 15 March is no sign of life.
    assert alive_on("2025-03-09 23:59:59", "2025-03-31")["churned"] == 1
    assert alive_on("2025-03-10")["churned"] == 0
    assert alive_on("2025-03-30 23:59:59")["churned"] == 0
    assert alive_on("2025-03-10")["decided_in_gap"] is False


@pytest.mark.parametrize(
    "rule", [LabelRule(), LabelRule(kind="inactivity", horizon_days=21, gap_days=7)], ids=["decision", "inactivity"]
)
def test_random_books_agree_with_the_recount(rule: LabelRule) -> None:
    book = world(3)
    facts = facts_of(frames_of(book))
    members = cohort(facts, SNAPSHOTS, CohortRule()).cache()
    engine = in_key_order(labels(facts, members, rule, data_until=UNTIL).to_pyarrow())
    told = recounted(
        book,
        SNAPSHOTS.dates,
        kind=rule.kind,
        horizon_days=rule.horizon_days,
        gap_days=rule.gap_days,
        lapse_days=rule.lapse_days,
        data_until=UNTIL,
    )
    assert set(zip(engine["as_of"], engine["account_id"], strict=True)) == set(told)
    for row in engine.itertuples():
        expected = told[row.as_of, row.account_id]
        where = f"{row.account_id} at {row.as_of}"
        assert bool(row.mature) == expected["mature"], where
        assert bool(row.decided_in_gap) == expected["decided_in_gap"], where
        assert (None if row.churned != row.churned else int(row.churned)) == expected["churned"], where
    assert {t["churned"] for t in told.values()} == {0, 1, None}
