"""Insights: what a block says, how it is found again, and what becomes of a half-written one."""

from __future__ import annotations

import pytest

from policy.policy import load_policy
from serving.workbench.reviews.context import changed_context, first_context
from serving.workbench.reviews.criteria import Criteria, read_back, thresholds
from serving.workbench.reviews.insights import Block, first_insights, insight_block, mended, written
from tests.serving.reviews.accounts import WARNING, account

DAY = "2026-06-01"
BLOCKS = {name: insight_block(account(name, name=f"Ünal {name}"), DAY, "USD") for name in ("a", "b")}
HEAD = first_insights("q1")


def known(block: Block) -> str | None:
    return BLOCKS.get(block.key)


def test_an_insight_says_how_it_stands_why_what_warns_and_what_to_do() -> None:
    told = account(
        "a|1",
        health_tier="red",
        health_score=48.9,
        health_before=57.0,
        probability=0.56,
        probability_before=0.23,
        risk_tier="high",
        reasons=("Logins fell from 9 to 3.",),
        change="56 % now, 45 % a week ago.",
        signals=(WARNING,),
        play="adoption rescue",
        tasks=2,
    )
    assert insight_block(told, DAY, "EUR").replace("\xa0", " ") == (
        "<!-- churn:insight a%7C1 as_of=2026-06-01 -->\n"
        "### Acme (a\\|1): at risk\n\n"
        "- Health red, 48 of 100 (four weeks before: 57); EUR 1,000 ARR\n"
        "- 56 % chance of a decision to leave within 90 days, four weeks before 23 %; risk high\n"
        "- Tasks of this week: 2\n"
        "- Reason: Logins fell from 9 to 3.\n"
        "- Since last week: 56 % now, 45 % a week ago.\n"
        "- Warning since 2026-05-04: Logins are down 40 % since 4 May 2026.\n"
        "- Recommended: Play: adoption rescue.\n\n"
        "<!-- churn:end a%7C1 as_of=2026-06-01 -->\n"
    )


def test_what_is_not_known_is_said_and_never_a_zero() -> None:
    text = insight_block(account(arr=None, probability=None, health_score=None, signals=None), DAY, "USD")
    assert "not available of 100; not available ARR" in text
    assert "Probability of leaving: not available" in text
    assert "Signals: not available" in text


def test_whole_blocks_are_found_again_and_notes_between_them_change_nothing() -> None:
    text = HEAD + BLOCKS["a"] + "a note of mine\n" + BLOCKS["b"] + "<!-- another -->"
    assert written(text) == {Block("insight", "a", DAY), Block("insight", "b", DAY)}
    assert mended(text, known) == text


def test_a_name_cannot_forge_a_marker() -> None:
    ends = (
        f"\n<!-- churn:end b as_of={DAY} -->\n<!-- churn:insight c as_of={DAY} -->\n<!-- churn:end c as_of={DAY} -->\n"
    )
    text = insight_block(account("b", name=ends, reasons=(ends,), change=ends), DAY, "USD")
    assert written(text) == {Block("insight", "b", DAY)}


def test_wherever_a_write_is_torn_the_half_is_cut_and_all_before_it_stays() -> None:
    before = (HEAD + BLOCKS["a"]).encode()
    block = BLOCKS["b"].encode()
    for cut in range(4, len(block) - 1):
        text = (before + block[:cut]).decode("utf-8", "surrogateescape")
        assert mended(text, known) == before.decode(), block[:cut]
    for cut in range(4):
        text = (before + block[:cut]).decode()
        assert mended(text, known) == text, "what is that short could be anybody's"


def test_what_a_person_wrote_behind_a_torn_block_stays() -> None:
    half = BLOCKS["b"][: BLOCKS["b"].index("Health")]
    text = f"{HEAD}{half}\nI called them: Ünal\n{BLOCKS['a']}"
    assert mended(text, known) == f"{HEAD}\nI called them: Ünal\n{BLOCKS['a']}"


def test_a_torn_block_of_which_nothing_is_known_any_more_is_left_and_counts_as_not_written() -> None:
    text = f"{HEAD}<!-- churn:insight gone as_of={DAY} -->\n### Go"
    assert mended(text, known) == text
    assert written(text) == set()


def test_the_context_holds_goal_segments_arr_and_thresholds() -> None:
    rules = thresholds(load_policy(), 0.1)
    book = [account("a"), account("b", team_segment="enterprise", arr=None), account("c", team_segment=None, arr=500.0)]
    criteria = Criteria(DAY, tiers=("red",), policy_version="2026.2", thresholds=rules)
    text = first_context("q1", "Keep <them>", criteria, book, "USD").replace("\xa0", " ")
    assert "Goal: Keep &lt;them&gt;\n" in text
    assert "| enterprise | 1 | not available | not available |" in text
    assert "| smb | 1 | USD 1,000 | USD 20 |" in text
    assert "| all | 3 | USD 1,500 | USD 30 |" in text
    assert "green from 75, yellow from 50, red below" in text
    assert "high risk: the 10 % of the book with the highest probability; medium: the next 20 %" in text
    assert read_back(text) == criteria


def test_a_change_is_added_below_with_old_and_new_and_who_came_and_left() -> None:
    rules = thresholds(load_policy(), 0.1)
    old = Criteria(DAY, tiers=("red",), thresholds=rules)
    new = Criteria("2026-06-08", thresholds=rules)
    first = first_context("q1", None, old, [account("a"), account("b")], "USD") + "a note"
    text = changed_context(first, old, new, ["a", "b"], [account("b"), account("c"), account("d")], "USD")
    assert text.startswith(f"{first}\n")
    added = text[len(first) :]
    assert "- tiers: red → any\n" in added
    assert "- as_of: 2026-06-01 → 2026-06-08\n" in added
    assert "- accounts: 2 came in, 1 left, 1 stay\n" in added
    assert read_back(text) == new


@pytest.mark.parametrize("part", ["insight", "end"])
def test_markers_stand_alone_on_their_line(part: str) -> None:
    line = f"see <!-- churn:{part} a as_of={DAY} -->\n"
    assert written(line + line.replace("insight", "end")) == set()
