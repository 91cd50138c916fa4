"""What a review says of an account, whom it goes through, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy.errors import UsageError
from policy.policy import load_policy
from serving.workbench.reviews.account import kind_of, recommendation, riskiest_first
from serving.workbench.reviews.criteria import (
    Criteria,
    changed,
    machine_line,
    read_back,
    refuse_unknown,
    thresholds,
)
from serving.workbench.reviews.names import checked_id
from serving.workbench.reviews.playbook import playbook_block, playbook_changes
from tests.serving.reviews.accounts import CHANCE, WARNING, account

RULES = load_policy().reviews


def test_an_account_is_at_risk_by_either_tier_and_else_to_watch_or_a_chance_or_calm() -> None:
    assert kind_of(account(health_tier="yellow")) == "at risk"
    assert kind_of(account(risk_tier="high", signals=(CHANCE,))) == "at risk"
    assert kind_of(account(signals=(WARNING, CHANCE))) == "to watch"
    assert kind_of(account(signals=(CHANCE,))) == "expansion opportunity"
    assert kind_of(account(signals=(CHANCE,), shut=("a risk episode ended on 2026-05-25",))) == "calm"
    renewal = replace(WARNING, signal="W6", name="renewal", confirmatory=True)
    assert kind_of(account(signals=(renewal, CHANCE))) == "expansion opportunity"
    assert kind_of(account(signals=(renewal,))) == "calm"
    assert kind_of(account(signals=None)) == "calm"


def test_the_riskiest_comes_first_and_what_is_not_known_last() -> None:
    known, likely = account("b"), account("c", probability=0.4)
    red, unknown = account("d", probability=None, health_score=20.0), account("e", probability=None, health_score=None)
    large = account("f", arr=2000.0)
    order = sorted([unknown, red, known, large, likely], key=riskiest_first)
    assert [a.account_id for a in order] == ["c", "f", "b", "d", "e"]


def test_a_recommendation_names_the_play_its_first_step_and_a_missing_owner() -> None:
    at_risk = account(health_tier="red", play="adoption rescue", steps=("Call", "Train"), success_metric="logins back")
    assert recommendation(at_risk) == "Play: adoption rescue. First step: Call. It worked if: logins back."
    assert recommendation(account(health_tier="red", play="x", owner=None)).endswith("name an owner first.")
    waits = account(signals=(CHANCE,), shut=("an escalation on 2026-05-20",))
    assert recommendation(waits).endswith("Talk of expansion waits: an escalation on 2026-05-20.")


def test_criteria_choose_by_health_or_risk_and_by_segment_and_owner() -> None:
    book = [
        account("yellow", health_tier="yellow"),
        account("high", risk_tier="high", probability=0.5),
        account("calm"),
        account("large", health_tier="yellow", team_segment="enterprise", segment=None),
        account("bob's", health_tier="yellow", owner="bob"),
    ]

    def ids(**limits: tuple[str, ...]) -> set[str]:
        return {a.account_id for a in Criteria("2026-06-01", **limits).chosen(book)}  # type: ignore[arg-type]

    assert ids() == {a.account_id for a in book}
    assert ids(tiers=("yellow", "high")) == {"yellow", "high", "large", "bob's"}
    assert ids(tiers=("yellow",), segments=("enterprise", "retail"), owners=("anna",)) == {"yellow", "large"}


def test_a_criterion_that_nobody_meets_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean `yellow`"):
        refuse_unknown(Criteria("2026-06-01", tiers=("yelow",)), [account()])
    with pytest.raises(UsageError, match="--owner: no account has `bob`"):
        refuse_unknown(Criteria("2026-06-01", owners=("bob",)), [account()])


def test_criteria_are_read_back_from_their_line_whatever_they_hold_and_the_newest_counts() -> None:
    old = Criteria("2026-06-01", owners=("--> <b>", "a -- b"), thresholds=thresholds(load_policy(), 0.1))
    new = Criteria("2026-06-08", tiers=("red",))
    line = machine_line(old)
    assert line.index("-->") == len(line) - 3
    assert read_back(f"text\n{line}\n") == old
    assert read_back(f"{line}\nnotes\n{machine_line(new)}\nmore notes") == new
    assert read_back(f"{line}\n<!-- churn:criteria {{broken -->\n") == old
    assert read_back("nothing") is None


def test_a_change_of_criteria_names_old_and_new_down_to_a_threshold() -> None:
    rules = thresholds(load_policy(), 0.1)
    old = Criteria("2026-06-01", ("red",), policy_version="1", thresholds=rules)
    new = Criteria("2026-06-01", policy_version="2", thresholds={**rules, "health.bands.green": 80.0})
    assert list(changed(old, new)) == [
        ("health.bands.green", "75", "80"),
        ("tiers", "red", "any"),
        ("policy_version", "1", "2"),
    ]


@pytest.mark.parametrize(
    "wrong", ["", "Q1", "q1_", "../q1", "q1/..", "-q1", "q1-", "q1--a", "q1\n", "q" * 61, "a b", "ä", "q1.md"]
)
def test_an_id_that_is_no_slug_or_could_leave_the_folder_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="is no task id"):
        checked_id(wrong, RULES)


@pytest.mark.parametrize("right", ["q1-retention", "q", "1", "q" * 60, "enterprise-health-2026"])
def test_a_slug_is_an_id(right: str) -> None:
    assert checked_id(right, RULES) == right


@pytest.mark.parametrize("wrong", ["../x", "a/b", "..", ".hidden", "a\0b", ""])
def test_no_pattern_of_a_project_lets_an_id_leave_the_folder(wrong: str) -> None:
    with pytest.raises(UsageError):
        checked_id(wrong, RULES.model_copy(update={"id_pattern": "(?s).*"}))


def test_the_playbook_is_told_where_it_has_no_answer() -> None:
    book = [
        account("a", health_tier="red", owner=None, play="churn prevention"),
        account("b", health_tier="red", play="churn prevention", arr=500.0),
        account("c", health_tier="red", play="adoption rescue"),
        account("d", health_tier="unrated", arr=None),
        account("e", signals=(WARNING,)),
        account("f", signals=(replace(WARNING, signal="W7", name="feature decline", play=None),)),
    ]
    told = {(r.change.split(":")[0], r.accounts, r.arr) for r in playbook_changes(book, "churn prevention")}
    assert told == {
        ("find the cause by hand where only the play “churn prevention” fits", 2, 1500.0),
        ("name an owner for at-risk accounts that have none", 1, 1000.0),
        ("deliver more sources", 1, None),
        ("give the warning “feature decline” a play", 1, 1000.0),
    }
    assert "None: the playbook had an answer" in playbook_block("2026-06-01", [account()], "churn prevention", "USD")
