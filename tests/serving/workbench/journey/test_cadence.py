"""Contacts owed by cadence, surveys due to people, and how many answered (S3, S6, V3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.journey.cadence import Owed, owed
from serving.workbench.journey.surveys import ResponseRate, asks, csat_rate, nps_rate
from tests.serving.workbench.facts import AS_OF, POLICY, account, answer, at, person, touch, with_rules

HIGH, BIG, MID, TECH = 60_000.0, 150_000.0, 30_000.0, 5_000.0


def every(arr: float | None, listed: bool = False) -> dict[str, int]:
    return {o.kind: o.every_days for o in owed(account(arr=arr), [], [], listed, AS_OF, POLICY)}


def test_the_cadence_follows_the_arr() -> None:
    assert every(BIG) == {"check_in": 30, "review": 91, "executive_review": 91, "nps": 182}
    assert every(HIGH) == {"check_in": 30, "review": 91, "nps": 182}
    assert every(MID) == {"check_in": 60, "review": 182, "nps": 182}
    assert every(TECH) == {"mail": 91, "nps": 365}
    assert every(None) == {}


def test_an_account_on_the_qbr_list_is_reviewed_each_quarter_whatever_its_cadence() -> None:
    assert (every(MID, listed=True)["review"], every(TECH, listed=True)["review"]) == (91, 91)


@pytest.mark.parametrize(
    ("touches", "answers", "kind", "last"),
    [
        ([touch("call", "2026-05-01")], [], "check_in", date(2026, 5, 1)),
        ([touch("meeting", "2026-05-01", attended=False)], [], "check_in", None),
        ([touch("email", "2026-05-01")], [], "check_in", None),
        ([touch("qbr", "2026-04-01"), touch("qbr", "2026-05-01")], [], "review", date(2026, 5, 1)),
        ([touch("qbr", "2026-05-01")], [], "executive_review", None),
        ([touch("qbr", "2026-05-01", reason="Executive review")], [], "executive_review", date(2026, 5, 1)),
        ([], [answer(3, "2026-05-01")], "nps", date(2026, 5, 1)),
        ([], [answer(3, "2026-05-01", "csat")], "nps", None),
    ],
)
def test_the_last_contact_of_each_kind_is_one_that_took_place(
    touches: list[Any], answers: list[Any], kind: str, last: date | None
) -> None:
    found = {o.kind: o.last_on for o in owed(account(arr=BIG), touches, answers, False, AS_OF, POLICY)}
    assert found[kind] == last


def test_a_mail_of_theirs_is_no_campaign_of_ours() -> None:
    rows = [touch("email", "2026-05-01", direction="theirs"), touch("email", "2026-03-01")]
    (mail,) = [o for o in owed(account(arr=TECH), rows, [], False, AS_OF, POLICY) if o.kind == "mail"]
    assert (mail.last_on, mail.due_on, mail.overdue_days) == (date(2026, 3, 1), date(2026, 5, 31), 1)


def test_what_never_took_place_is_due_from_the_start_on() -> None:
    (mail,) = owed(account(arr=TECH, started_on=date(2026, 5, 1)), [], [], False, AS_OF, POLICY)[:1]
    assert (mail.due_on, mail.overdue_days) == (date(2026, 7, 31), 0)


def ticket(closed: str | None, user: str | None = "u") -> dict[str, Any]:
    return {"account_id": "a", "user_id": user, "closed_at": at(closed)}


def asked(tickets: list[Any], answers: Any = (), nps: Owed | None = None, **who: Any) -> list[tuple[str, str]]:
    people = who.get("people", [person()])
    return [(a.user_id, a.kind) for a in asks(account(), people, tickets, answers, nps, AS_OF, POLICY)]


DUE = Owed("a", "nps", 182, None, AS_OF, 0, False)


@pytest.mark.parametrize(
    ("closed", "due"), [("2026-05-31", True), ("2026-05-25", True), ("2026-05-24", False), (None, False)]
)
def test_satisfaction_is_asked_for_within_seven_days_of_a_closed_ticket(closed: str | None, due: bool) -> None:
    assert asked([ticket(closed)]) == ([("u", "csat")] if due else [])


def test_who_has_answered_or_is_gone_or_unknown_is_not_asked() -> None:
    assert asked([ticket("2026-05-30")], [answer(4, "2026-05-31", "csat")]) == []
    assert asked([ticket("2026-05-30")], people=[person(deactivated_at=at("2026-05-31"))]) == []
    assert asked([ticket("2026-05-30", None), ticket("2026-05-30", "stranger")]) == []


@pytest.mark.parametrize(("days", "asks_again"), [(29, False), (30, True)])
def test_a_person_who_answered_anything_within_thirty_days_is_left_alone(days: int, asks_again: bool) -> None:
    before = [answer(4, (AS_OF - timedelta(days=days)).isoformat(), "ces")]
    assert bool(asked([ticket("2026-05-30")], before)) == asks_again
    assert bool(asked([], before, DUE)) == asks_again


def test_nps_is_asked_of_those_with_a_voice_or_of_all_where_nobody_has_one_and_a_ticket_comes_first() -> None:
    people = [person("s", "sponsor"), person("c", "champion"), person("u")]
    assert asked([], nps=DUE, people=people) == [("c", "nps"), ("s", "nps")]
    assert asked([], nps=DUE) == [("u", "nps")]
    assert asked([ticket("2026-05-30", "s")], nps=DUE, people=people) == [("c", "nps"), ("s", "csat")]
    assert asked([], nps=DUE.__class__("a", "nps", 182, None, AS_OF + timedelta(days=1), 0, False)) == []


def test_a_policy_may_leave_tickets_without_a_survey() -> None:
    quiet = with_rules(surveys={"csat_after_ticket": False})
    assert asks(account(), [person()], [ticket("2026-05-30")], [], None, AS_OF, quiet) == []


def test_response_rates_count_occasions_whose_time_has_passed() -> None:
    tickets = [ticket("2026-05-01"), ticket("2026-05-02", "v"), ticket("2026-05-30"), ticket("2026-05-03", None)]
    answers = [answer(4, "2026-05-08", "csat"), answer(4, "2026-05-12", "csat", "v"), answer(9, "2026-05-03", user="v")]
    assert csat_rate(tickets, answers, AS_OF, POLICY) == ResponseRate("csat", 2, 1, 0.5)
    assert csat_rate([], [], AS_OF, POLICY).rate is None
    fresh = [DUE, Owed("b", "nps", 182, AS_OF, AS_OF, 0, False), Owed("b", "review", 91, None, AS_OF, 0, False)]
    assert nps_rate(fresh) == ResponseRate("nps", 2, 1, 0.5)
