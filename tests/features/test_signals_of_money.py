"""W4, W6 and E2 on hand-written timelines: payments to the second, the end of the term to the day, growth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

import pytest

from features.signals.catalogue import signals
from policy.policy import load_policy
from tests.features.signal_books import AS_OF, DAY, Account, account, ago, caused, causes, term, used_on

MORNING = datetime.combine(AS_OF, time())
SECOND = timedelta(seconds=1)


def invoice(*, due: int = -10, **dates: datetime) -> Account:
    """One invoice, due so many days before as_of."""
    return account(invoices=[{"issued_on": AS_OF - DAY * 40, "due_on": AS_OF - DAY * due, "amount": 10.0, **dates}])


FAILED = MORNING - timedelta(hours=72)
W4: Mapping[str, Account] = {
    "failed 72 hours ago": invoice(failed_at=FAILED),
    "failed a second later": invoice(failed_at=FAILED + SECOND),
    "failed a second earlier": invoice(failed_at=FAILED - SECOND),
    "failed and put right": invoice(failed_at=FAILED, failure_resolved_at=MORNING - SECOND),
    "put right on the morning": invoice(failed_at=FAILED, failure_resolved_at=MORNING),
    "failed and paid": invoice(failed_at=FAILED, paid_at=MORNING - SECOND),
    "7 days past due": invoice(due=7),
    "6 days past due": invoice(due=6),
    "7 days past due, paid": invoice(due=7, paid_at=MORNING - SECOND),
    "in dispute": invoice(disputed_at=MORNING - SECOND),
    "in dispute from this morning on": invoice(disputed_at=MORNING),
    "dispute settled": invoice(disputed_at=ago(9), dispute_resolved_at=ago(1)),
}


@cache
def found(signal: str) -> dict[str, list[int]]:
    return caused(signal, {"W4": W4, "W6": W6, "E2": E2}[signal])


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("failed 72 hours ago", [0]),
        ("failed a second later", []),
        ("failed a second earlier", [0]),
        ("failed and put right", []),
        ("put right on the morning", [0]),
        ("failed and paid", []),
        ("7 days past due", [1]),
        ("6 days past due", []),
        ("7 days past due, paid", []),
        ("in dispute", [2]),
        ("in dispute from this morning on", []),
        ("dispute settled", []),
    ],
)
def test_a_payment_has_failed_for_72_hours_or_is_7_days_past_due_or_disputed(case: str, expected: list[int]) -> None:
    assert found("W4").get(case, []) == expected


def following(signed: int) -> Account:
    """A term that ends in 45 days, and the next one, signed so many days before as_of."""
    return account(
        term(left=45),
        term(tenure=-45, left=410, signed_at=ago(signed)),
    )


W6: Mapping[str, Account] = {
    **{str(left): account(term(left=left)) for left in (91, 90, 61, 60, 59, 31, 30, 29, 1, 0)},
    "renewal signed": following(1),
    "renewal signed this noon": following(0),
    "a term of 90 days": account(term(tenure=60, left=30)),
    "a term of 91 days": account(term(tenure=61, left=30)),
    "notice given": account(term(left=45, decision_at=ago(3), decision_kind="voluntary")),
}


@pytest.mark.parametrize(
    ("left", "stage"),
    [(91, None), (90, 90), (61, 90), (60, 60), (59, 60), (31, 60), (30, 30), (29, 30), (1, 30)],
)
def test_the_renewal_is_ahead_from_90_days_on_in_stages_and_never_switches_off(left: int, stage: int | None) -> None:
    assert found("W6").get(str(left), []) == ([] if stage is None else [0])
    assert signals(load_policy())["W6"].stage(left) == stage


def test_on_its_last_day_a_term_is_over_and_the_account_is_in_no_run() -> None:
    # What was on the week before stays on for a run: see the episodes.
    assert "0" not in found("W6")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("renewal signed", []),
        ("renewal signed this noon", [0]),
        ("a term of 90 days", []),
        ("a term of 91 days", [0]),
        ("notice given", []),
    ],
)
def test_the_renewal_is_ahead_until_the_next_term_is_signed(case: str, expected: list[int]) -> None:
    assert found("W6").get(case, []) == expected


def grown(seats: int, days: int) -> Account:
    """From 10 seats to so many, so many days before as_of."""
    return account(term(left=-days, seats=10), term(tenure=days, left=300, seats=seats))


def said(score: float, days: int) -> Account:
    row = {"kind": "nps", "score": score, "answered_at": ago(days), "user_id": "c"}
    return account(survey_responses=[row])


def asked(kind: str, direction: str, days: int) -> Account:
    return account(touchpoints=[{"kind": kind, "direction": direction, "occurred_at": ago(days)}])


def departments(*names: str | None) -> Account:
    people: list[dict[str, Any]] = [
        {"user_id": f"u{i}", "department": name, "created_at": ago(300)} for i, name in enumerate(names)
    ]
    rows = [row for i in range(len(names)) for row in used_on([28], f"u{i}")]
    return account(term(seats=None), users=people, usage_events=rows)


E2: Mapping[str, Account] = {
    "11 of 10 seats": grown(11, 89),
    "10 of 10 seats": grown(10, 89),
    "23 of 21 seats": account(term(left=-50, seats=21), term(tenure=50, left=300, seats=23)),
    "11 seats for 90 days": grown(11, 90),
    "no seats before": account(term(seats=None)),
    "NPS 9": said(9, 90),
    "NPS 8.9": said(8.9, 90),
    "NPS 9, 91 days ago": said(9, 91),
    "feature request": asked("feature_request", "theirs", 91),
    "feature request 92 days ago": asked("feature_request", "theirs", 92),
    "our own request": asked("feature_request", "ours", 3),
    "feedback": asked("feedback", "theirs", 3),
    "3 departments": departments("sales", "it", "finance"),
    "2 departments": departments("sales", "it", "it", None),
}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("11 of 10 seats", [0]),
        ("10 of 10 seats", []),
        ("23 of 21 seats", []),
        ("11 seats for 90 days", []),
        ("no seats before", []),
        ("NPS 9", [1]),
        ("NPS 8.9", []),
        ("NPS 9, 91 days ago", []),
        ("feature request", [2]),
        ("feature request 92 days ago", []),
        ("our own request", []),
        ("feedback", []),
        ("3 departments", [3]),
        ("2 departments", []),
    ],
)
def test_they_grow_promote_us_ask_for_more_or_spread(case: str, expected: list[int]) -> None:
    assert found("E2").get(case, []) == expected


def test_the_evidence_of_a_failed_payment_is_the_day_it_failed() -> None:
    row = causes("W4", {"a": W4["failed 72 hours ago"]})["a"][0]
    assert (row["after"], row["since_days"]) == (1, 3)
