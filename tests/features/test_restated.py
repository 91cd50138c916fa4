"""What was known when: rows that came late, were corrected, backdated or delivered twice, on hand-written timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.labels import LabelRule, labels, losses
from features.snapshots import EPOCH, Snapshots
from tests.features.building import at, facts_from

FEBRUARY, MARCH, APRIL, MAY = date(2025, 2, 3), date(2025, 3, 17), date(2025, 4, 7), date(2025, 5, 5)
MONDAYS = Snapshots.of([FEBRUARY, MARCH, APRIL, MAY])
Row = dict[str, Any]
TERM: Row = {
    "subscription_id": "s", "account_id": "a", "signed_at": at("2024-06-20"), "starts_on": date(2024, 7, 1),
    "ends_on": date(2025, 7, 1), "arr": 12_000.0, "seats": 10, "known_at": at("2024-06-20"),
}  # fmt: skip


def book(*terms: Row, **tables: Sequence[Mapping[str, Any]]) -> Facts:
    account = {"account_id": "a", "segment": "smb", "created_on": date(2024, 6, 1)}
    accounts = tables.pop("accounts", [account])
    rows = {name: [{"account_id": "a", **row} for row in found] for name, found in tables.items()}
    return facts_from(accounts=accounts, subscriptions=terms or (TERM,), **rows)


def members(facts: Facts) -> Any:
    return cohort(facts, MONDAYS, CohortRule()).cache()


def by_date(frame: pd.DataFrame, column: str) -> list[Any]:
    found = frame.sort_values("as_of")[column]
    return [None if pd.isna(v) else v for v in found]


def values(name: str, facts: Facts) -> list[float | None]:
    """The indicator in February, March, April and May."""
    return by_date(feature_table(facts, members(facts), MONDAYS, {name: catalogue()[name]}).to_pandas(), name)


def test_a_decision_entered_in_april_for_march_is_not_known_in_march() -> None:
    decided = {"decision_at": at("2025-03-01"), "decision_kind": "voluntary", "known_at": at("2025-04-01 09:00:00")}
    facts = book(TERM, {**TERM, **decided})
    assert by_date(members(facts).to_pandas(), "known_loss") == [False, False, True, True]


def test_the_loss_counts_from_the_day_it_could_be_known() -> None:
    decided = {"decision_at": at("2025-03-01"), "decision_kind": "voluntary", "known_at": at("2025-04-01 09:00:00")}
    reworded = {**decided, "reason": "price", "known_at": at("2025-04-20")}
    facts = book(TERM, {**TERM, **decided}, {**TERM, **reworded})
    found = losses(facts, LabelRule()).to_pandas()
    assert [EPOCH + timedelta(days=int(d)) for d in found["lost_day"]] == [date(2025, 4, 1)]
    truth = labels(facts, members(facts), LabelRule(horizon_days=28), data_until=date(2025, 7, 1)).to_pandas()
    # In February it lies beyond the window [17 Feb, 17 Mar), in March inside [31 Mar, 28 Apr); then it is known.
    assert by_date(truth, "churned")[:2] == [0, 1]


def test_a_decision_taken_back_is_no_loss() -> None:
    decided = {"decision_at": at("2025-03-01"), "decision_kind": "voluntary", "known_at": at("2025-03-02")}
    facts = book(TERM, {**TERM, **decided}, {**TERM, "known_at": at("2025-04-01")})
    assert by_date(members(facts).to_pandas(), "known_loss") == [False, True, False, False]
    assert losses(facts, LabelRule()).to_pandas().empty


def test_seats_and_revenue_read_as_they_were_known() -> None:
    facts = book(TERM, {**TERM, "seats": 0, "arr": 6_000.0, "known_at": at("2025-04-02")})
    frame = members(facts).to_pandas()
    assert by_date(frame, "seats") == [10, 10, 0, 0]
    assert by_date(frame, "arr") == [12_000.0, 12_000.0, 6_000.0, 6_000.0]


def test_a_later_terms_price_is_unknown_until_it_is_signed() -> None:
    renewal = {**TERM, "subscription_id": "s2", "starts_on": date(2025, 4, 1), "ends_on": date(2026, 4, 1)}
    renewal |= {"arr": 99_000.0, "signed_at": at("2025-03-20"), "known_at": at("2025-03-20")}
    facts = book({**TERM, "ends_on": date(2025, 4, 1)}, renewal)
    assert by_date(members(facts).to_pandas(), "arr") == [12_000.0, 12_000.0, 99_000.0, 99_000.0]
    assert values("renewal_signed", facts) == [0.0, 0.0, 0.0, 0.0]
    assert values("terms_begun", facts) == [1.0, 1.0, 2.0, 2.0]


def test_a_segment_changes_when_the_change_is_known() -> None:
    account = {"account_id": "a", "segment": "smb", "created_on": date(2024, 6, 1), "known_at": at("2024-06-01")}
    facts = book(accounts=[account, {**account, "segment": "large", "known_at": at("2025-04-01")}])
    assert by_date(members(facts).to_pandas(), "segment") == ["smb", "smb", "large", "large"]


def test_a_payment_entered_late_leaves_the_invoice_open_until_then() -> None:
    invoice = {"invoice_id": "i", "issued_on": date(2025, 1, 1), "due_on": date(2025, 1, 31), "amount": 100.0}
    entered = {**invoice, "paid_at": at("2025-02-20"), "known_at": at("2025-04-02")}
    facts = book(invoices=[{**invoice, "known_at": at("2025-01-01")}, entered])
    assert values("past_due_days", facts) == [3.0, 45.0, 0.0, 0.0]
    # Paid in February as known in April: the payment of half a year counts it once, from then on.
    assert values("late_payments_364d", facts) == [0.0, 0.0, 1.0, 1.0]


def test_an_amount_corrected_counts_once() -> None:
    invoice = {"invoice_id": "i", "issued_on": date(2025, 1, 1), "due_on": date(2025, 1, 31), "amount": 100.0}
    facts = book(
        invoices=[{**invoice, "known_at": at("2025-01-01")}, {**invoice, "amount": 70.0, "known_at": at("2025-04-02")}]
    )
    assert values("past_due_amount", facts) == [100.0, 100.0, 70.0, 70.0]


def event(**changes: Any) -> Row:
    row = {"event_id": "e", "user_id": "u", "occurred_at": at("2025-01-28 10:00:00"), "count": 5}
    return {**row, "known_at": row["occurred_at"], **changes}


def test_an_event_corrected_is_the_corrected_one_from_then_on() -> None:
    counted = event(occurred_at=at("2025-03-11"), known_at=at("2025-03-11"))
    facts = book(usage_events=[counted, {**counted, "count": 7, "known_at": at("2025-04-01")}])
    assert values("events_28d", facts) == [0.0, 5.0, 7.0, 0.0]
    assert values("active_user_days_28d", facts) == [0.0, 1.0, 1.0, 0.0]


def test_an_event_that_never_was_is_forgotten_with_its_day_and_its_person() -> None:
    other = event(user_id="v", occurred_at=at("2025-03-12"), known_at=at("2025-03-20"))
    facts = book(usage_events=[event(), other])
    assert values("active_user_days_84d", facts) == [1.0, 1.0, 1.0, 1.0]
    assert values("active_users_84d", facts) == [1.0, 1.0, 1.0, 1.0]
    assert values("days_since_last_use", facts) == [6.0, 48.0, 26.0, 54.0]


def test_a_day_of_two_events_stays_when_one_of_them_is_taken_back() -> None:
    moved = event(occurred_at=at("2024-08-01"), known_at=at("2025-02-20"))
    facts = book(usage_events=[event(), event(event_id="f", count=1), moved])
    assert values("active_user_days_84d", facts) == [1.0, 1.0, 1.0, 0.0]


def test_an_answer_corrected_is_the_contacts_answer_from_then_on() -> None:
    answer = {"response_id": "r", "user_id": "u", "kind": "nps", "score": 2.0, "answered_at": at("2025-01-20")}
    corrected = {**answer, "score": 9.0, "known_at": at("2025-04-02")}
    facts = book(survey_responses=[{**answer, "known_at": at("2025-01-20")}, corrected])
    assert values("nps", facts) == [2.0, 2.0, 9.0, 9.0]
    assert values("detractors_182d", facts) == [1.0, 1.0, 0.0, 0.0]


def test_a_later_answer_taken_back_lets_the_earlier_one_speak_again() -> None:
    first = {"response_id": "r", "user_id": "u", "kind": "nps", "score": 8.0, "answered_at": at("2025-01-20")}
    second = {**first, "response_id": "q", "score": 1.0, "answered_at": at("2025-02-10")}
    facts = book(
        survey_responses=[
            {**first, "known_at": at("2025-01-20")},
            {**second, "known_at": at("2025-02-10")},
            {**second, "kind": "csat", "known_at": at("2025-04-02")},
        ]
    )
    assert values("nps", facts) == [8.0, 1.0, 8.0, 8.0]


def test_a_role_taken_away_is_a_key_person_lost() -> None:
    person = {"user_id": "u", "role": "champion", "created_at": at("2024-07-01"), "known_at": at("2024-07-01")}
    facts = book(users=[person, {**person, "role": "user", "known_at": at("2025-03-20")}])
    assert values("key_people", facts) == [1.0, 1.0, 0.0, 0.0]
    assert values("key_people_left_91d", facts) == [0.0, 0.0, 1.0, 1.0]


def test_a_champion_who_had_left_before_loses_no_role_again() -> None:
    person = {"user_id": "u", "role": "champion", "created_at": at("2024-07-01"), "known_at": at("2024-07-01")}
    gone = {**person, "deactivated_at": at("2025-02-20")}
    facts = book(users=[gone, {**gone, "role": "user", "known_at": at("2025-03-20")}])
    assert values("key_people_left_91d", facts) == [0.0, 1.0, 0.0, 0.0]


def test_the_same_row_delivered_again_changes_nothing() -> None:
    facts = book(usage_events=[event(), event(known_at=at("2025-02-20"))])
    assert values("events_28d", facts) == [5.0, 0.0, 0.0, 0.0]
    assert values("active_user_days_84d", facts) == [1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(("known", "expected"), [("2025-03-16 23:59:59", 1.0), ("2025-03-17 00:00:00", 0.0)])
def test_a_fact_learned_on_the_morning_of_as_of_is_too_late(known: str, expected: float) -> None:
    facts = book(usage_events=[event(occurred_at=at("2025-03-10"), known_at=at(known))])
    assert values("active_user_days_28d", facts)[1] == expected
