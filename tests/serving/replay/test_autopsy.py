"""Every lost account gets exactly one verdict, from what the data held, what was published and what was done in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policy import load_policy
from serving.workbench.replay.autopsy import (
    LAPSE,
    Case,
    Verdict,
    Warned,
    Week,
    Work,
    autopsy,
    flags,
    signs,
    told_on,
    verdict_of,
)

TIERS = load_policy().tasks.trigger_tiers
WORDS = ("risk", "churn")
DECIDED = date(2026, 6, 1)
LOST = Case("a", "Acme", "retail", DECIDED, "voluntary", 1000.0)


def back(days: int) -> date:
    return DECIDED - timedelta(days=days)


def week(days: int, health: str = "green", risk: str | None = "low", *, published: int | None = None) -> Week:
    return Week(back(days), None if published is None else back(published), health, risk)


def case(**fields: Any) -> Case:
    return replace(LOST, **fields)


CALM = (week(21, published=21), week(14, published=14))
WARNING = Warned("login_drop", "W1, Logins down,", back(30))


def test_nothing_flagged_and_nothing_in_the_data_is_no_signal() -> None:
    assert verdict_of(case(weeks=CALM), TIERS) == Verdict.NO_SIGNAL
    assert verdict_of(case(), TIERS) == Verdict.NO_SIGNAL
    renewal = Warned("renewal", "W6, Renewal ahead,", back(60))
    assert verdict_of(case(weeks=CALM, warnings=(renewal,)), TIERS) == Verdict.NO_SIGNAL, "a date is no sign"


def test_a_warning_or_a_red_component_that_flagged_nobody_is_missed_by_the_rule() -> None:
    assert verdict_of(case(weeks=CALM, warnings=(WARNING,)), TIERS) == Verdict.MISSED
    red = (*CALM, replace(week(7, published=7), red=("usage",)))
    assert verdict_of(case(weeks=red), TIERS) == Verdict.MISSED
    unrated = (week(7, "unrated", None, published=7),)
    assert verdict_of(case(weeks=unrated, warnings=(WARNING,)), TIERS) == Verdict.MISSED


@pytest.mark.parametrize(("health", "risk"), [("yellow", "low"), ("red", None), ("green", "high")])
def test_a_published_flag_without_work_is_not_worked_and_with_it_worked(health: str, risk: str | None) -> None:
    weeks = (*CALM, week(7, health, risk, published=6))
    flagged = case(weeks=weeks)
    assert verdict_of(flagged, TIERS) == Verdict.NOT_WORKED
    for days, verdict in ((7, Verdict.NOT_WORKED), (6, Verdict.WORKED), (1, Verdict.WORKED), (0, Verdict.NOT_WORKED)):
        assert verdict_of(replace(flagged, work=(Work(back(days), "A contact"),)), TIERS) == verdict, days


def test_a_replayed_flag_would_have_been_one_and_is_never_not_worked() -> None:
    assert verdict_of(case(weeks=(week(14), week(7, "red"))), TIERS) == Verdict.WOULD
    worked = case(weeks=(week(7, "red"),), work=(Work(back(3), "A contact"),))
    assert verdict_of(worked, TIERS) == Verdict.WOULD


def test_what_was_published_on_the_day_of_the_decision_or_later_told_nobody_in_time() -> None:
    assert verdict_of(case(weeks=(week(7, "red", published=0),)), TIERS) == Verdict.WOULD
    assert verdict_of(case(weeks=(week(7, "red", published=-3),)), TIERS) == Verdict.WOULD


def test_an_owner_who_was_told_of_a_warning_was_told() -> None:
    told = replace(WARNING, told_on=back(20))
    assert verdict_of(case(weeks=CALM, warnings=(told,)), TIERS) == Verdict.NOT_WORKED
    assert verdict_of(case(warnings=(told,), work=(Work(back(5), "A contact"),)), TIERS) == Verdict.WORKED
    late = replace(WARNING, told_on=DECIDED)
    assert verdict_of(case(weeks=CALM, warnings=(late,)), TIERS) == Verdict.MISSED


def test_the_evidence_says_what_was_flagged_when_what_stood_and_what_was_done() -> None:
    found = autopsy(
        case(
            weeks=(week(21), replace(week(14, "yellow", published=13), red=("usage",)), week(7, "red", published=7)),
            warnings=(replace(WARNING, told_on=back(12)),),
            work=(Work(back(20), "A contact"), Work(back(5), "A task with the outcome done")),
        ),
        TIERS,
        WORDS,
    )
    assert (found.verdict, found.flagged_on, found.lead_days) == (Verdict.WORKED, back(13), 13)
    assert not any("on record" in sentence for sentence in found.evidence)
    assert found.evidence == (
        "Flagged on 2 of 2 published snapshots, first as of 18 May 2026, 14 days before the decision: health yellow, risk low.",
        "Flagged on none of 1 replayed snapshots: health green, risk low on the last one.",
        "Usage lay in the red part on 1 of 3 snapshots.",
        "W1, Logins down, stood from 2 May 2026; its owner was told on 20 May 2026.",
        "A contact on 12 May 2026, before anybody was told.",
        "A task with the outcome done on 27 May 2026.",
    )


def test_an_account_nobody_could_see_is_told_so() -> None:
    found = autopsy(LOST, TIERS, WORDS)
    assert (found.flagged_on, found.lead_days) == (None, None)
    assert found.evidence == (
        "No snapshot of it before the decision: it was under no contract, too young, or not yet seen.",
        "Nothing came from the customer that a rule looks at.",
    )


def sentences(**fields: Any) -> tuple[str, ...]:
    return autopsy(case(**fields), TIERS, WORDS).evidence


def test_what_was_looked_for_and_not_found_is_said_with_the_contacts_there_were() -> None:
    flagged = (week(14, "yellow", published=13),)
    start = "No outcome of a task against the risk and no contact with the reason risk/churn is on record from 19 May 2026 on; "
    contacts = (back(20), back(13), back(1), DECIDED)
    assert sentences(weeks=flagged, contacts=contacts)[-1] == start + "2 other contacts are."
    assert sentences(weeks=flagged, contacts=contacts[:2])[-1] == start + "1 other contact is."
    assert sentences(weeks=flagged)[-1] == start + "contacts are not known."
    early = Work(back(14), "A contact")
    assert (
        sentences(weeks=flagged, work=(early,), contacts=())[-2] == "A contact on 18 May 2026, before anybody was told."
    )


def test_where_nobody_was_ever_told_no_sentence_says_that_somebody_was() -> None:
    found = sentences(weeks=(week(14, "yellow"),), work=(Work(back(3), "A contact"),))
    assert found[-1] == "A contact on 29 May 2026, though nobody was told of the risk."


def test_a_lapse_is_told_as_one() -> None:
    found = sentences(kind=LAPSE, weeks=(week(14, "yellow", published=13),))
    assert found[0] == "No decision is on record: the last term ran out on 1 June 2026, and no other followed."
    assert "14 days before the last term ran out" in found[1]


DAYS = st.integers(-5, 110).map(back)
WEEKS = st.builds(
    Week,
    as_of=DAYS,
    published_on=st.none() | DAYS,
    health_tier=st.sampled_from(["green", "yellow", "red", "unrated"]),
    risk_tier=st.sampled_from([None, "low", "medium", "high", "not high"]),
    red=st.sampled_from([(), ("usage",), ("usage", "commercial")]),
)
WARNINGS = st.builds(
    Warned,
    name=st.sampled_from(["login_drop", "renewal", "payment"]),
    title=st.just("A warning"),
    started_on=DAYS,
    told_on=st.none() | DAYS,
)
CASES = st.builds(
    Case,
    account_id=st.just("a"),
    name=st.just("Acme"),
    segment=st.none(),
    decided_on=st.just(DECIDED),
    kind=st.none(),
    arr=st.none(),
    weeks=st.lists(WEEKS, max_size=4).map(tuple),
    warnings=st.lists(WARNINGS, max_size=3).map(tuple),
    work=st.lists(st.builds(Work, on=DAYS, what=st.just("A contact")), max_size=3).map(tuple),
)


@given(CASES)
def test_exactly_one_verdict_holds_for_every_case(lost: Case) -> None:
    told = told_on(lost, TIERS)
    flagged = any(flags(w, TIERS) for w in lost.weeks)
    done = told is not None and any(told <= w.on < DECIDED for w in lost.work)
    holds = {
        Verdict.NO_SIGNAL: told is None and not flagged and not signs(lost),
        Verdict.MISSED: told is None and not flagged and signs(lost),
        Verdict.WOULD: told is None and flagged,
        Verdict.NOT_WORKED: told is not None and not done,
        Verdict.WORKED: told is not None and done,
    }
    assert [v for v, so in holds.items() if so] == [verdict_of(lost, TIERS)]
    assert set(holds) == set(Verdict)


@given(CASES)
def test_nobody_is_said_not_to_have_worked_where_nothing_was_published_before_the_decision(lost: Case) -> None:
    verdict = autopsy(lost, TIERS, WORDS).verdict
    published = any(w.published_on is not None and w.published_on < DECIDED for w in lost.weeks)
    alerted = any(w.told_on is not None and w.told_on < DECIDED for w in lost.warnings)
    if not published and not alerted:
        assert verdict not in (Verdict.NOT_WORKED, Verdict.WORKED)


@given(CASES)
def test_what_comes_after_the_decision_changes_no_verdict(lost: Case) -> None:
    after = (Work(DECIDED, "A contact"), Work(DECIDED + timedelta(days=9), "A contact"))
    later = replace(lost, work=(*lost.work, *after))
    assert verdict_of(later, TIERS) == verdict_of(lost, TIERS)
