"""Talk of expansion: the gate, the tactics by the signal that stands, and the discount (E3, E4, I10)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import UsageError
from serving.workbench.plays.expansion import (
    Calm,
    chance,
    closed_on,
    expansion_steps,
    offered_discount,
    opened_on,
    shut_by,
)
from serving.workbench.plays.said import Said
from tests.serving.workbench.facts import AS_OF, POLICY, account

SINCE = date(2026, 5, 18)
USED = ("use of the features paid for", SINCE, "95 % of the features paid for were used since 4 May 2026.")


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


@pytest.mark.parametrize(
    ("tier", "calm", "open_"),
    [
        ("green", Calm(), True),
        ("yellow", Calm(), False),
        (None, Calm(), False),
        ("green", Calm(at_risk=True), False),
        ("green", Calm(warnings=("login drop",)), False),
        ("green", Calm(escalated_on=ago(30)), False),
        ("green", Calm(escalated_on=ago(31)), True),
        ("green", Calm(episode_ended_on=ago(29)), False),
        ("green", Calm(episode_ended_on=ago(30)), True),
        ("green", Calm(talk_closed_on=ago(27)), False),
        ("green", Calm(talk_closed_on=ago(28)), True),
    ],
)
def test_the_gate_opens_for_a_green_calm_account_alone(tier: str | None, calm: Calm, open_: bool) -> None:
    assert (shut_by(tier, calm, AS_OF, POLICY) == ()) == open_


def said(*words: tuple[str, str, int]) -> dict[str, Said]:
    """Words on steps of a talk, each so many days ago."""
    return {
        f"a|expansion talk:{step}|2026-04-01": Said(value, None, datetime.combine(ago(days), time(9)))
        for step, value, days in words
    }


@pytest.mark.parametrize(
    ("words", "closed"),
    [
        ([("step_1", "done", 9)], None),
        ([("step_1", "done", 9), ("step_2", "no answer", 5)], None),
        ([("step_1", "done", 9), ("step_3", "done", 2)], 2),
        ([("step_1", "not now", 9)], 9),
        ([("step_2", "no: the budget is fixed", 4)], 4),
        ([("step_3", "in progress", 2)], None),
    ],
)
def test_a_talk_is_closed_by_its_last_step_or_by_a_refusal_at_any(
    words: list[tuple[str, str, int]], closed: int | None
) -> None:
    assert closed_on(said(*words), POLICY) == (None if closed is None else ago(closed))


def test_a_talk_goes_by_the_name_that_the_policy_gives_it() -> None:
    named = POLICY.plays["expansion"].model_copy(update={"play": "growth"})
    own = POLICY.model_copy(update={"plays": {**POLICY.plays, "expansion": named}})
    words = {key.replace("expansion talk", "growth"): word for key, word in said(("step_1", "no", 9)).items()}
    assert (closed_on(words, own), closed_on(words, POLICY)) == (ago(9), None)


def test_the_gate_opens_with_the_day_on_which_the_last_warning_stood_no_more() -> None:
    assert opened_on(ago(200), ago(150), Calm(calm_since=ago(7)), POLICY) == ago(7)


@given(st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_from_the_day_it_opened_on_it_is_open_and_the_day_before_it_is_not(a: int, b: int, c: int) -> None:
    calm = Calm(escalated_on=ago(a), episode_ended_on=ago(b), talk_closed_on=ago(c))
    opened = opened_on(ago(200), ago(200), calm, POLICY)
    assert shut_by("green", calm, opened, POLICY) == ()
    assert shut_by("green", calm, opened - timedelta(days=1), POLICY) != ()


@pytest.mark.parametrize(
    ("what", "tactics"),
    [
        (["use of the features paid for"], ("upsell",)),
        (["feature requests"], ("upsell",)),
        (["departments in use"], ("cross_sell",)),
        (["use of the paid seats"], ("seats",)),
        (["paid seats"], ("seats",)),
        (["highest NPS answer"], ("multi_year",)),
        (["highest NPS answer", "paid seats"], ("seats", "multi_year")),
    ],
)
def test_the_signal_that_stands_chooses_the_tactic(what: list[str], tactics: tuple[str, ...]) -> None:
    found = chance(account(), [(w, SINCE, "…") for w in what], Calm(), AS_OF, POLICY)
    assert found is not None
    assert found.tactics == tactics


def test_without_an_expansion_signal_there_is_no_chance() -> None:
    assert chance(account(), [], Calm(), AS_OF, POLICY) is None


def test_the_talk_is_due_by_the_days_of_its_play_from_the_day_the_gate_opened() -> None:
    found = chance(account(), [USED], Calm(), AS_OF, POLICY)
    assert found is not None
    steps = expansion_steps(found, account(), SINCE, [], AS_OF, POLICY)
    assert [(s.step, s.due_at.date(), s.owner_type) for s in steps] == [
        ("step_1", date(2026, 5, 25), "csm"),
        ("step_2", date(2026, 6, 1), "csm"),
        ("step_3", date(2026, 6, 8), "csm"),
    ]
    assert "upsell: Show the return" in steps[0].body
    assert "10% to 20% discount" in steps[0].body


def test_a_shut_gate_says_why_and_makes_no_step() -> None:
    found = chance(account(tier="red"), [USED], Calm(), AS_OF, POLICY)
    assert found is not None
    assert found.shut_by == ("health is red, not green",)
    assert expansion_steps(found, account(), SINCE, [], AS_OF, POLICY) == []


@pytest.mark.parametrize(("share", "offered"), [(0.0999, False), (0.10, True), (0.20, True), (0.2001, False)])
def test_a_discount_outside_ten_to_twenty_percent_is_rejected_with_the_range(share: float, offered: bool) -> None:
    if offered:
        assert offered_discount(share, POLICY) == share
        return
    with pytest.raises(UsageError) as caught:
        offered_discount(share, POLICY)
    assert "10% to 20%" in caught.value.cure


@pytest.mark.parametrize(
    ("what", "discount", "told"),
    [
        ("highest NPS answer", 0.25, True),
        ("highest NPS answer", 0.15, False),
        ("highest NPS answer", None, False),
        ("paid seats", 0.25, False),
    ],
)
def test_the_step_that_offers_a_longer_term_refuses_a_discount_that_is_none_of_ours(
    what: str, discount: float | None, told: bool
) -> None:
    found = chance(account(), [(what, SINCE, "…")], Calm(), AS_OF, POLICY)
    assert found is not None
    notes = [s.note for s in expansion_steps(found, account(), SINCE, [], AS_OF, POLICY, discount)]
    assert notes[:2] == [None, None]
    assert ("a discount of 25% is not offered for a longer term" in str(notes[2])) == told
