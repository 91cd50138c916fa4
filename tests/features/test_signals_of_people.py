"""W2, W3 and W5 on hand-written timelines: what people ask, say, and whether they are still there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pytest

from tests.features.signal_books import Account, account, ago, caused, term, used_on


def asked(now: Iterable[int], before: int = 0, *, tenure: int = 400) -> Account:
    """Tickets on these days before as_of, and so many in the twelve weeks before the last two."""
    days = [*now, *(15 + i % 84 for i in range(before))]
    return account(term(tenure=tenure), support_tickets=[{"opened_at": ago(d)} for d in days])


def escalated(days: int, closed: int | None = None) -> Account:
    ticket = {"opened_at": ago(days), "escalated_at": ago(days), "closed_at": ago(closed) if closed else None}
    return account(support_tickets=[ticket])


W2: Mapping[str, Account] = {
    "3 and none before": asked([1, 2, 14]),
    "2 and none before": asked([1, 2]),
    "a third on the day before the window": asked([1, 2, 15]),
    "20 where 10 are expected": asked([3] * 20, 60),
    "19 where 10 are expected": asked([3] * 19, 60),
    # Poisson P(X ≥ 7) at 14/6 is .01007, P(X ≥ 9) at 21/6 is .00987.
    "7 where chance gives as many in 1.007 %": asked([3] * 7, 14),
    "9 where chance gives as many in 0.987 %": asked([3] * 9, 21),
    "98 days of tenure": asked([1, 2, 3], tenure=98),
    "97 days of tenure": asked([1, 2, 3], tenure=97),
    "open escalation": escalated(100),
    "escalated 14 days ago, closed": escalated(14, closed=13),
    "escalated 15 days ago, closed": escalated(15, closed=13),
}


@cache
def found(signal: str) -> dict[str, list[int]]:
    return caused(signal, {"W2": W2, "W3": W3, "W5": W5}[signal])


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("3 and none before", [2]),
        ("2 and none before", []),
        ("a third on the day before the window", []),
        ("20 where 10 are expected", [2]),
        ("19 where 10 are expected", []),
        ("7 where chance gives as many in 1.007 %", []),
        ("9 where chance gives as many in 0.987 %", [2]),
        ("98 days of tenure", [2]),
        ("97 days of tenure", []),
        ("open escalation", [0]),
        ("escalated 14 days ago, closed", [1]),
        ("escalated 15 days ago, closed", []),
    ],
)
def test_tickets_spike_beyond_chance_or_one_is_escalated(case: str, expected: list[int]) -> None:
    assert found("W2").get(case, []) == expected


def person(role: str = "user", user: str = "u0", **more: Any) -> dict[str, Any]:
    return {"user_id": user, "role": role, "created_at": ago(500), **more}


def demoted(days: int) -> Account:
    return account(users=[person("champion"), person("user", known_at=ago(days))])


def regulars(*weeks: int, leaves: str) -> Account:
    """People active in so many of the twelve weeks that end four weeks ago, and all of them 3 days ago; one left since."""
    rows = []
    for i, n in enumerate(weeks):
        rows += used_on([3, *(32 + 7 * week for week in range(n))], f"u{i}")
    users = [person(user=f"u{i}", deactivated_at=ago(1) if f"u{i}" == leaves else None) for i in range(len(weeks))]
    return account(usage_events=rows, users=users)


def weekly(last: int, weeks: int = 4) -> Account:
    """A person active once a week, for the last time so many days before as_of."""
    return account(usage_events=used_on([last + 7 * i for i in range(weeks)]))


TEN = (12, 11, 10, 9, 8, 7, 6, 5, 4, 3)
W3: Mapping[str, Account] = {
    "champion gone 28 days ago": account(users=[person("champion", deactivated_at=ago(28))]),
    "champion gone 29 days ago": account(users=[person("champion", deactivated_at=ago(29))]),
    "sponsor's mail bounced": account(users=[person("sponsor", bounced_at=ago(1))]),
    "champion until 10 days ago": demoted(10),
    "champion until 40 days ago": demoted(40),
    "somebody gone": account(users=[person("user", deactivated_at=ago(2))]),
    "first of ten gone": regulars(*TEN, leaves="u0"),
    "second of ten gone": regulars(*TEN, leaves="u1"),
    "silent for 21 days": weekly(22),
    "silent for 20 days": weekly(21),
    "silent for 48 days": weekly(49),
    "silent for 49 days": weekly(50),
    "three weeks, then silent": weekly(22, weeks=3),
}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("champion gone 28 days ago", [0]),
        ("champion gone 29 days ago", []),
        ("sponsor's mail bounced", [0]),
        ("champion until 10 days ago", [0]),
        ("champion until 40 days ago", []),
        ("somebody gone", []),
        ("first of ten gone", [1]),
        ("second of ten gone", []),
        ("silent for 21 days", [2]),
        ("silent for 20 days", []),
        # Silences are news for four weeks.
        ("silent for 48 days", [2]),
        ("silent for 49 days", []),
        ("three weeks, then silent", []),
    ],
)
def test_a_key_person_leaves_or_a_weekly_user_falls_silent(case: str, expected: list[int]) -> None:
    assert found("W3").get(case, []) == expected


def answered(*answers: tuple[float, int], scale: float | None = None) -> Account:
    """NPS answers of one contact, each with its days before as_of."""
    rows = [{"kind": "nps", "score": s, "scale_max": scale, "answered_at": ago(d), "user_id": "c"} for s, d in answers]
    return account(survey_responses=rows)


def moods(*values: float, days: int = 28) -> Account:
    rows = [{"author": "customer", "sentiment": v, "sent_at": ago(days)} for v in values]
    return account(support_tickets=[{"opened_at": ago(300)}], ticket_messages=rows)


W5: Mapping[str, Account] = {
    "NPS 6": answered((6, 28)),
    "NPS 6.5": answered((6.5, 28)),
    "NPS 7": answered((7, 28)),
    "NPS 6, 29 days ago": answered((6, 29)),
    "NPS 6, then 9": answered((6, 20), (9, 10)),
    "9, then NPS 6": answered((9, 20), (6, 10)),
    "3 of 5": answered((3, 5), scale=5.0),
    "mood -0.31": moods(-0.31, -0.31, -0.31),
    "mood -0.30": moods(-0.3, -0.3, -0.3),
    "mood of two messages": moods(-0.9, -0.9),
    "mood 29 days ago": moods(-0.9, -0.9, -0.9, days=29),
}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("NPS 6", [0]),
        ("NPS 6.5", []),
        ("NPS 7", []),
        ("NPS 6, 29 days ago", []),
        ("NPS 6, then 9", []),
        ("9, then NPS 6", [0]),
        ("3 of 5", [0]),
        ("mood -0.31", [1]),
        ("mood -0.30", []),
        ("mood of two messages", []),
        ("mood 29 days ago", []),
    ],
)
def test_a_detractor_answers_or_the_mood_is_low(case: str, expected: list[int]) -> None:
    assert found("W5").get(case, []) == expected
