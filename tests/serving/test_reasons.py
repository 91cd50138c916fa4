"""Reasons: two of the account's own numbers and a date in every sentence, or no sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from features.catalogue import catalogue
from features.indicator import Indicator, Unit
from policy.policy import load_policy
from serving.reasons import Evidence, evidence, formatted, long_date, reasons, speaks_for_risk, tells_a_change

SINCE = date(2026, 5, 4)
ALL = catalogue()
JARGON = re.compile(
    r"\b(shap|shapley|logit|log-odds|feature importance|indicators?|models?|probabilit\w+|contributions? to|score[sd]?"
    r"|coefficients?|predict\w*|algorithm|percentile|quantile|drivers?|null|nan|none)\b",
    re.IGNORECASE,
)


def told(name: str, before: float | None, after: float | None) -> Evidence | None:
    return evidence(ALL[name], before, after, SINCE, currency="USD")


def sure(name: str, before: float, after: float) -> Evidence:
    found = told(name, before, after)
    assert found is not None
    return found


def said(name: str, says: str, before: float, after: float) -> str:
    """The sentence of an indicator under a wording of our own: the catalogue may improve its sentences."""
    found = evidence(replace(ALL[name], says=says), before, after, SINCE, currency="USD")
    assert found is not None
    return found.sentence


def test_a_movement_is_told_with_both_numbers_and_the_date() -> None:
    says = "daily logins {moved} from {before} to {after}"
    assert said("login_change_28d", says, 41, 12) == "Daily logins fell from 41 to 12 since 4 May 2026."
    assert said("login_change_28d", says, 12, 41) == "Daily logins rose from 12 to 41 since 4 May 2026."
    assert said("login_change_28d", says, 12, 12) == "Daily logins stayed flat from 12 to 12 since 4 May 2026."
    assert said("seat_utilisation_28d", "use {moved} from {before} to {after}", 0.81, 0.4) == (
        "Use fell from 81 % to 40 % since 4 May 2026."
    )


def test_a_sentence_that_names_its_date_does_not_name_it_twice() -> None:
    says = "the oldest unpaid invoice is {after} past due; on {since} it was {before}"
    assert said("past_due_days", says, 3, 31) == (
        "The oldest unpaid invoice is 31 days past due; on 4 May 2026 it was 3 days."
    )


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_indicators_sentence_holds_two_numbers_and_a_date_in_plain_words(name: str) -> None:
    unit = ALL[name].evidence_unit or ALL[name].unit
    before, after = {"share": (0.81, 0.32), "money": (81_000.0, 32_000.0)}.get(unit, (8.0, 3.0))
    for found in (sure(name, before, after), sure(name, after, before), sure(name, after, after)):
        assert found.before_text in found.sentence
        assert found.after_text in found.sentence
        assert found.sentence.count("4 May 2026") == 1
        assert found.sentence[0].isupper()
        assert found.sentence.endswith(".")
        assert not found.sentence.endswith("..")
        assert not JARGON.search(found.sentence), found.sentence
        assert not re.search(r"[{}_]", found.sentence)


@pytest.mark.parametrize(("before", "after"), [(None, 3.0), (3.0, None), (float("nan"), 3.0), (3.0, float("nan"))])
def test_with_one_number_missing_there_is_no_sentence(before: float | None, after: float | None) -> None:
    assert told("open_tickets", before, after) is None


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.256, "share", "26 %"),
        (1.3, "share", "130 %"),
        (1_234_567.8, "money", "USD 1,234,568"),
        (1.0, "days", "1 day"),
        (1.4, "days", "1 day"),
        (0.0, "days", "0 days"),
        (1234.0, "days", "1,234 days"),
        (0.5, "hours", "0.5 hours"),
        (9.94, "hours", "9.9 hours"),
        (9.96, "hours", "10 hours"),
        (26.4, "hours", "26 hours"),
        (7.0, "count", "7"),
        (1234.0, "count", "1,234"),
        (7.25, "count", "7.2"),
        (2.96, "count", "3"),
        (6.0, "score", "6.0"),
        (0.123, "rate", "0.1"),
        (-0.5, "score", "-0.5"),
    ],
)
def test_numbers_are_written_as_a_person_writes_them(value: float, unit: Unit, text: str) -> None:
    assert formatted(value, unit, "USD") == text


@pytest.mark.parametrize(("value", "unit"), [(-0.04, "score"), (-0.004, "share"), (-0.4, "money"), (-0.04, "count")])
def test_nothing_is_ever_shown_as_minus_zero(value: float, unit: Unit) -> None:
    assert formatted(value, unit, "USD") == formatted(0.0, unit, "USD")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("message_mood_84d", 0.04, -0.04), ("login_change_28d", 3.04, 2.96), ("seat_utilisation_28d", 0.404, 0.396)],
)
def test_numbers_that_read_the_same_stayed_flat_and_are_no_reason(name: str, before: float, after: float) -> None:
    found = sure(name, before, after)
    assert "stayed flat" in found.sentence
    assert not found.changed
    assert not speaks_for_risk(ALL[name], found)


@pytest.mark.parametrize("name", sorted(n for n, i in ALL.items() if i.risk))
def test_only_a_movement_towards_risk_speaks_for_risk(name: str) -> None:
    lower, higher = (0.2, 0.9) if (ALL[name].evidence_unit or ALL[name].unit) == "share" else (2.0, 9.0)
    assert speaks_for_risk(ALL[name], sure(name, lower, higher)) == (ALL[name].risk == "higher")
    assert speaks_for_risk(ALL[name], sure(name, higher, lower)) == (ALL[name].risk == "lower")


def test_an_indicator_without_a_direction_may_speak_when_it_moved() -> None:
    assert ALL["tickets_28d"].risk is None
    assert speaks_for_risk(ALL["tickets_28d"], sure("tickets_28d", 1, 5))
    assert speaks_for_risk(ALL["tickets_28d"], sure("tickets_28d", 5, 1))
    assert not speaks_for_risk(ALL["tickets_28d"], sure("tickets_28d", 5, 5))


@pytest.mark.parametrize(
    ("name", "before", "after", "speaks"),
    [
        ("account_age_days", 218, 246, False),
        ("days_to_notice", 8, 10, False),
        ("days_to_notice", 38, 10, True),
        ("days_to_term_end", 20, 360, False),
    ],
)
def test_an_age_that_rose_and_a_term_begun_anew_are_no_reasons(
    name: str, before: float, after: float, speaks: bool
) -> None:
    assert ALL[name].clock
    assert speaks_for_risk(ALL[name], sure(name, before, after)) is speaks


def test_what_is_no_change_of_the_account_is_told_apart() -> None:
    assert not tells_a_change(ALL["account_age_days"], 218, 246, days=28)
    assert tells_a_change(ALL["days_to_notice"], 38, 10, days=28)
    assert not tells_a_change(ALL["arr_change_364d"], 0, 8712, days=364)
    assert tells_a_change(ALL["arr_change_364d"], 1, 8712, days=364)
    assert tells_a_change(ALL["past_due_days"], 0, 28, days=28)


FOUND = {
    "login_change_28d": sure("login_change_28d", 40, 10),
    "active_users_28d": sure("active_users_28d", 9, 4),
    "past_due_days": sure("past_due_days", 0, 20),
    "open_tickets": sure("open_tickets", 1, 4),
    "nps": sure("nps", 9, 3),
    "mail_open_rate_84d": sure("mail_open_rate_84d", 0.2, 0.6),
    "days_to_term_end": sure("days_to_term_end", 118, 90),
}


def chosen(
    *contributions: tuple[str, str, float], most: int = 3, least: float = 0.5, indicators: dict[str, Indicator] = ALL
) -> list[str]:
    found = reasons(list(contributions), FOUND, indicators, most=most, least_points=least, least_change=0.0)
    return [group for group, _ in found]


def test_the_strongest_groups_come_first_with_one_sentence_each() -> None:
    given = [
        ("payment", "past_due_days", 2.0),
        ("usage", "login_change_28d", 1.6),
        ("usage", "active_users_28d", 1.5),
        ("support", "open_tickets", 1.0),
    ]
    found = reasons(given, FOUND, ALL, most=3, least_points=0.5, least_change=0.0)
    assert found == [
        ("usage", FOUND["login_change_28d"].sentence),
        ("payment", FOUND["past_due_days"].sentence),
        ("support", FOUND["open_tickets"].sentence),
    ]
    assert reasons(given[::-1], FOUND, ALL, most=3, least_points=0.5, least_change=0.0) == found


def test_at_most_the_asked_number_of_reasons_is_given() -> None:
    given = [
        ("usage", "login_change_28d", 4.0),
        ("payment", "past_due_days", 3.0),
        ("support", "open_tickets", 2.0),
        ("sentiment", "nps", 1.0),
    ]
    assert chosen(*given) == ["usage", "payment", "support"]
    assert chosen(*given, most=1) == ["usage"]


def test_a_group_below_the_least_points_gives_no_reason() -> None:
    assert chosen(("usage", "login_change_28d", 0.49)) == []
    assert chosen(("usage", "login_change_28d", 0.5)) == ["usage"]
    # The group's sum counts, so what lowers the risk is held against what raises it.
    assert chosen(("usage", "login_change_28d", 2.0), ("usage", "active_users_28d", -1.6)) == []


def test_the_policys_own_limits_of_what_is_a_reason() -> None:
    limits = load_policy().evidence

    def given(points: float, before: float, after: float) -> int:
        groups = [("payment", "past_due_days"), ("support", "open_tickets"), ("sentiment", "nps")]
        told = {**FOUND, "login_change_28d": sure("login_change_28d", before, after)}
        found = reasons(
            [("usage", "login_change_28d", points), *((group, name, 1.0) for group, name in groups)],
            told,
            ALL,
            most=limits.reasons,
            least_points=limits.least_points,
            least_change=limits.least_change,
        )
        assert len(found) == 3
        return sum(group == "usage" for group, _ in found)

    # The strongest of four groups, falling by a tenth: a reason. By less: none, and the other three stand.
    assert given(2.0, 100, 90) == 1
    assert given(2.0, 100, 91) == 0
    assert chosen(("usage", "login_change_28d", 0.5), least=limits.least_points) == ["usage"]
    assert chosen(("usage", "login_change_28d", 0.49), least=limits.least_points) == []


def test_a_healthy_movement_is_never_a_reason_even_of_the_strongest_group() -> None:
    assert chosen(("relationship", "mail_open_rate_84d", 5.0)) == []


def test_a_group_is_told_by_its_next_indicator_where_the_first_cannot_speak() -> None:
    found = reasons(
        [("usage", "events_28d", 3.0), ("usage", "active_users_28d", 1.0)],
        FOUND,
        ALL,
        most=3,
        least_points=0.5,
        least_change=0.0,
    )
    assert found == [("usage", FOUND["active_users_28d"].sentence)]


def test_an_indicator_that_lowers_the_risk_never_tells_its_groups_reason() -> None:
    assert chosen(("usage", "events_28d", 3.0), ("usage", "active_users_28d", -0.5)) == []


def test_what_the_calendar_moves_comes_after_what_the_customer_does() -> None:
    assert ALL["days_to_term_end"].clock
    given = [("contract", "days_to_term_end", 9.0), ("usage", "login_change_28d", 1.0)]
    assert chosen(*given) == ["usage", "contract"]
    free = {**ALL, "days_to_term_end": replace(ALL["days_to_term_end"], clock=False)}
    assert chosen(*given, indicators=free) == ["contract", "usage"]


def test_what_the_calendar_adds_to_a_group_lends_no_weight_to_a_sentence_about_the_customer() -> None:
    given = [
        ("contract", "days_to_term_end", 9.0),
        ("contract", "past_due_days", 0.2),
        ("usage", "login_change_28d", 1.0),
    ]
    told = {name: seen for name, seen in FOUND.items() if name != "days_to_term_end"}
    found = reasons(given, told, ALL, most=3, least_points=0.5, least_change=0.0)
    assert [group for group, _ in found] == ["usage", "contract"]


def test_nobody_is_given_a_reason_without_contributions() -> None:
    assert chosen() == []


def test_a_long_date_has_no_leading_zero() -> None:
    assert long_date(date(2026, 5, 4)) == "4 May 2026"
    assert long_date(date(2026, 12, 31)) == "31 December 2026"


@pytest.mark.parametrize(("before", "speaks"), [(0.0, False), (9_000.0, True)])
def test_revenue_of_who_was_no_customer_yet_has_not_risen(before: float, speaks: bool) -> None:
    revenue = ALL["arr_change_364d"]
    assert tells_a_change(revenue, before, 8_712.0, days=364) is speaks
    fell = sure("arr_change_364d", before, 8_712.0 if before else -1.0)
    assert speaks_for_risk(revenue, fell) is speaks
