"""Text that a customer reads: outcome first, own numbers and dates, plain words, honest limits, no blame (C1–C5)."""

from __future__ import annotations

from datetime import date

import pytest

from features.catalogue import catalogue
from serving.reasons import evidence
from serving.workbench.plays.content import (
    faults,
    honest_limits,
    no_blame,
    outcome_first,
    own_numbers,
    plain_words,
    rules_of,
)
from serving.workbench.plays.message import (
    OUR_GROUPS,
    TOLD_GROUPS,
    Draft,
    Noticed,
    draft,
    draft_in,
    noticed,
    reach_out_text,
)

DAY = date(2026, 6, 1)
LOGINS = "Daily logins fell from 41 to 12 since 4 May 2026."
GOOD = (
    "Hello,\n\nYour team reached its first value on 3 March 2026.\n\nWe noticed that daily logins fell from 41 to 12 since "
    "4 May 2026, and wanted to check in.\n\nOur records cannot tell the reason."
)
TOLD = [LOGINS, "Your team reached its first value on 3 March 2026."]


def test_a_text_that_keeps_every_rule_has_no_fault() -> None:
    assert faults(GOOD, told=TOLD) == []


@pytest.mark.parametrize(
    ("first", "right"),
    [
        ("You came to us with goals.", True),
        ("Your team reached 12 reports.", True),
        ("We noticed that logins fell.", False),
        ("You have new features to try.", False),
        ("Our goals are high.", False),
    ],
)
def test_the_first_sentence_after_the_greeting_speaks_of_what_the_customer_wants(first: str, right: bool) -> None:
    assert (outcome_first(f"Hello Mia,\n\n{first} More follows.") == []) == right


def test_a_number_that_stands_in_no_evidence_is_named() -> None:
    (fault,) = own_numbers(GOOD.replace("41", "50"), TOLD)
    assert (fault.rule, fault.where) == ("C2", "50")


def test_a_text_without_a_date_or_without_a_number_beside_it_breaks_c2() -> None:
    assert [f.wrong for f in own_numbers("Logins fell from 41 to 12.", [LOGINS])] == ["no date says since when"]
    assert [f.wrong for f in own_numbers("Since 4 May 2026 it is quiet.", [LOGINS])] == [
        "no number of the customer's own"
    ]


@pytest.mark.parametrize("word", ["model", "Probability", "churn score", "SHAP values", "health score", "signals"])
def test_our_own_words_are_named_where_they_stand(word: str) -> None:
    found = plain_words(f"The {word} says so.")
    assert {fault.rule for fault in found} == {"C3"}
    assert any(fault.where.lower() in word.lower() for fault in found)


def test_words_that_only_look_like_ours_are_fine() -> None:
    assert plain_words("A modelled house, a remodelling, an array of arrows.") == []


@pytest.mark.parametrize("promise", ["This prevents churn.", "We guarantee it.", "You will certainly gain."])
def test_what_nobody_can_promise_is_named(promise: str) -> None:
    assert [f.wrong for f in honest_limits(f"{promise} Our records end here.")] == ["nobody can promise this"]


def test_a_text_that_knows_everything_breaks_c4() -> None:
    assert [f.where for f in honest_limits("Logins fell because of the summer.")] == ["the whole text"]


@pytest.mark.parametrize(
    "blame", ["you failed to log in", "your team did not answer", "you haven't replied", "you should have called"]
)
def test_nothing_is_put_on_the_customer(blame: str) -> None:
    (fault,) = no_blame(f"We saw that {blame}.")
    assert fault.where.lower() in blame


def test_what_our_side_did_is_called_ours() -> None:
    told = "Open tickets: 3, the oldest since 4 May 2026."
    assert [f.rule for f in no_blame(told, ours=True)] == ["C5"]
    assert no_blame(f"{told} That is ours to put right.", ours=True) == []


def test_the_draft_begins_with_what_they_reached_and_notices_the_signal() -> None:
    found = draft([Noticed(LOGINS)], "Your team reached its first value on 3 March 2026.", DAY)
    assert found.held_back is None
    assert found.text is not None
    assert found.text.split("\n\n")[1:3] == [
        "Your team reached its first value on 3 March 2026. We would like your team to get more results like it.",
        "We noticed that daily logins fell from 41 to 12 since 4 May 2026, and wanted to check in.",
    ]
    assert "Our records go up to 31 May 2026" in found.text


def test_a_milestone_named_in_our_jargon_is_left_out_of_the_draft() -> None:
    found = draft([Noticed(LOGINS)], "Your team reached the goal churn model live on 3 March 2026.", DAY)
    assert found.text is not None
    assert found.text.split("\n\n")[1].startswith("You came to us with goals")


def test_without_a_fact_that_may_be_told_there_is_no_draft_and_a_reason() -> None:
    found = draft([], None, DAY)
    assert found.text is None
    assert found.held_back


def test_a_fact_in_our_jargon_is_held_back_with_its_rule() -> None:
    found = draft([Noticed("The churn score rose from 3 to 9 since 4 May 2026.")], None, DAY)
    assert found == Draft(None, "a customer does not use this word: churn (C3)")


def test_bills_moods_and_terms_are_not_told_to_the_customer() -> None:
    found = noticed(
        [("usage", "e"), ("payment", "f"), ("sentiment", "g"), ("contract", "h"), ("support", "i"), ("usage", "e")]
    )
    assert found == [Noticed("e"), Noticed("i", True)]


@pytest.mark.parametrize("made", [draft([Noticed(LOGINS)], None, DAY), draft([], None, DAY)])
def test_what_a_task_says_is_read_back_as_it_was_drafted(made: Draft) -> None:
    assert draft_in(reach_out_text(made, [LOGINS], "1. Call")) == made


def test_a_task_of_before_messages_were_checked_holds_no_draft() -> None:
    found = draft_in("We noticed that nPS fell from 9 to 3, and wanted to check in.")
    assert found == Draft(None, "its task was written before messages were checked")


def test_a_draft_of_any_indicator_that_may_be_told_passes_every_check() -> None:
    tried = 0
    for indicator in catalogue().values():
        fact = evidence(indicator, 12.0, 5.0, date(2026, 5, 4), currency="USD")
        if indicator.group not in TOLD_GROUPS or fact is None:
            continue
        found = draft([Noticed(fact.sentence, indicator.group in OUR_GROUPS)], None, DAY)
        assert found.text is not None, (indicator.name, found.held_back)
        tried += 1
    assert tried > 50


def test_the_rules_a_text_breaks_are_named_once_each() -> None:
    assert rules_of(plain_words("model model signal")) == ("C3",)
