"""Contacts owed by cadence, surveys due to people, and how many answered (S3, S6, V3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.journey.cadence import Owed, contacts_owed, first_of_each, owed
from serving.workbench.journey.surveys import ResponseRate, asks, csat_rate, nps_rate
from tests.serving.workbench.facts import AS_OF, POLICY, account, answer, at, person, term, touch, with_rules

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


def since(kind: str, arr: float = BIG, **more: Any) -> date:
    """From when on a kind that was never held is due by an account of 2020."""
    old = account(arr=arr, started_on=date(2020, 1, 1))
    (found,) = [o for o in owed(old, [], [], False, AS_OF, POLICY, **more) if o.kind == kind]
    assert found.never_held
    return found.due_on - timedelta(days=found.every_days)


def test_what_was_never_held_counts_from_where_it_could_have_been() -> None:
    assert since("executive_review") == date(2020, 1, 1)
    assert since("executive_review", first={"executive_review": date(2025, 3, 1)}) == date(2025, 3, 1)
    assert since("executive_review", first={"executive_review": date(2019, 3, 1)}) == date(2020, 1, 1)
    grown = [term("2020-01-01", "2026-05-01", HIGH), term("2026-05-01", "2027-05-01", BIG)]
    assert since("executive_review", terms=grown) == date(2026, 5, 1)
    assert since("check_in", terms=grown) == date(2020, 1, 1), "the smaller ARR asked for it, too"
    back = [term("2020-01-01", "2021-01-01", BIG), term("2025-01-01", "2027-05-01", BIG)]
    assert since("check_in", terms=back) == date(2025, 1, 1), "in between it was no customer"
    other = [term("2020-01-01", "2026-05-01", BIG), term("2026-05-01", "2027-05-01", HIGH)]
    assert since("executive_review", terms=other) == date(2020, 1, 1), "terms of another ARR tell nothing"


def test_the_first_of_a_kind_on_record_is_that_of_any_account_and_else_the_first_row() -> None:
    rows = {
        "a": [touch("email", "2021-01-01", direction="theirs"), touch("call", "2022-05-01")],
        "b": [touch("call", "2022-03-01"), touch("meeting", "2021-02-01", attended=False)],
    }
    found = first_of_each(rows, {"b": [answer(9, "2023-01-01", "csat"), answer(9, "2024-01-01")]})
    assert (found["check_in"], found["review"], found["nps"]) == (date(2022, 3, 1), date(2021, 1, 1), date(2024, 1, 1))
    assert "nps" not in first_of_each(rows, {})


def test_nothing_is_owed_to_an_account_of_which_the_source_says_nothing() -> None:
    def covers(table: str, name: str) -> bool:
        return table == "survey_responses" or name == "b"

    book = {name: account(name, arr=HIGH) for name in ("a", "b")}
    found = contacts_owed(book, {}, {}, AS_OF, POLICY, covers=covers)
    assert [(o.account_id, o.kind) for o in found] == [("a", "nps"), ("b", "check_in"), ("b", "review"), ("b", "nps")]


def ticket(closed: str | None, user: str | None = "u") -> dict[str, Any]:
    return {"account_id": "a", "user_id": user, "closed_at": at(closed)}


def asked(tickets: list[Any], answers: Any = (), nps: Owed | None = None, **who: Any) -> list[tuple[str, str]]:
    people, before = who.get("people", [person()]), who.get("before", {})
    return [(a.user_id, a.kind) for a in asks(account(), people, tickets, answers, nps, before, AS_OF, POLICY)]


BEGINS = date(2026, 3, 1)
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
    assert asks(account(), [person()], [ticket("2026-05-30")], [], None, {}, AS_OF, quiet) == []


@pytest.mark.parametrize(("days", "asks_again"), [(7, False), (29, False), (30, True)])
def test_who_was_to_be_asked_and_did_not_answer_is_left_alone_as_long(days: int, asks_again: bool) -> None:
    before = {"u": [AS_OF - timedelta(days=days)]}
    assert bool(asked([], nps=DUE, before=before)) == asks_again
    assert bool(asked([ticket("2026-05-30")], before=before)) == asks_again


def test_response_rates_count_occasions_whose_time_has_passed() -> None:
    tickets = [ticket("2026-05-01"), ticket("2026-05-02", "v"), ticket("2026-05-30"), ticket("2026-05-03", None)]
    answers = [answer(4, "2026-05-08", "csat"), answer(4, "2026-05-12", "csat", "v"), answer(9, "2026-05-03", user="v")]
    assert csat_rate(tickets, answers, {}, AS_OF, POLICY) == ResponseRate("csat", 2, 1, 0.5, BEGINS, AS_OF)
    assert csat_rate([], [], {}, AS_OF, POLICY).rate is None


def occasions(tickets: list[Any], answers: Any = (), before: Any = None) -> tuple[int, int]:
    found = csat_rate(tickets, answers, before or {}, AS_OF, POLICY)
    return found.occasions, found.answered


@pytest.mark.parametrize(("closed", "counted"), [("2026-02-28", 0), ("2026-03-01", 1)])
def test_a_ticket_of_more_than_three_months_ago_is_no_occasion(closed: str, counted: int) -> None:
    assert occasions([ticket(closed)]) == (counted, 0)


def test_the_tickets_of_a_person_within_a_week_are_one_occasion() -> None:
    week = [ticket("2026-05-01"), ticket("2026-05-04"), ticket("2026-05-08")]
    assert occasions(week) == (1, 0)
    assert occasions(week, [answer(4, "2026-05-15", "csat")]) == (1, 1)
    assert occasions([*week, ticket("2026-05-09")]) == (2, 0)
    assert occasions([*week, ticket("2026-05-04", "v")]) == (2, 0)


@pytest.mark.parametrize(("spoken", "counted"), [("2026-04-08", 1), ("2026-04-09", 0), ("2026-04-30", 0)])
def test_who_was_to_be_left_alone_all_the_time_is_no_occasion(spoken: str, counted: int) -> None:
    closed = [ticket("2026-05-01")]  # asked about until 8 May
    assert occasions(closed, [answer(9, spoken)]) == (counted, 0)
    assert occasions(closed, before={"u": [date.fromisoformat(spoken)]}) == (counted, 0)


def test_of_nps_surveys_only_those_count_that_have_been_due() -> None:
    late = Owed("c", "nps", 182, None, AS_OF - timedelta(days=3), 3, False, True)
    fresh = Owed("b", "nps", 182, date(2026, 5, 1), date(2026, 10, 30), 0, False)
    rows = [DUE, late, fresh, Owed("b", "review", 91, None, AS_OF, 0, False)]
    assert nps_rate(rows, AS_OF) == ResponseRate("nps", 2, 1, 0.5, None, AS_OF)
    assert nps_rate([DUE], AS_OF).rate is None
