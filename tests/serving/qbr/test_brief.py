"""The brief: six timed parts in two lengths, what became of what was agreed, and what moved with both days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from policy.errors import UsageError
from policy.policy import load_policy, policy_from
from serving.workbench.qbr import Brief, Gate, brief, sheet_page
from tests.serving.qbr.material import DAY, SINCE, features, feedback, material, milestones, surveys, task, touchpoints

POLICY = load_policy()


def made(minutes: int | None = None, **changed: Any) -> Brief:
    return brief(material(**changed), POLICY, minutes=minutes, currency="USD")


def test_the_long_version_has_six_parts_and_60_minutes() -> None:
    sheet = made().sheet
    assert [(p.key, p.minutes) for p in sheet.parts] == [
        ("recap", 5),
        ("business_review", 15),
        ("usage_review", 15),
        ("roadmap", 10),
        ("next_steps", 10),
        ("feedback", 5),
    ]
    assert sheet.minutes == 60


def test_the_short_version_has_the_same_six_and_45_minutes() -> None:
    sheet = made(45).sheet
    assert [p.minutes for p in sheet.parts] == [5, 10, 10, 5, 10, 5]
    assert sheet.minutes == 45


def test_a_version_of_other_minutes_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="Write 60 or 45"):
        made(30)


def test_it_looks_back_on_91_days() -> None:
    assert (made().sheet.since, made().sheet.as_of) == (SINCE, DAY)
    assert len(made().sheet.usage_review.weeks) == 13


def test_a_list_holds_six_lines_or_four_and_counts_the_rest() -> None:
    many = milestones(*[(f"goal_{n}", "goal", f"2026-10-0{n + 1}", None) for n in range(8)])
    for minutes, lines in ((60, 6), (45, 4)):
        recap = made(minutes, tables={"milestones": many}).sheet.recap
        assert (len(recap.goals), recap.goals_more) == (lines, 8 - lines)
        sheet = made(minutes, tables={"milestones": many}).sheet
        business, following = sheet.business_review, sheet.next_steps
        assert (len(business.kickoff_goals), business.kickoff_goals_more) == (lines, 8 - lines)
        assert (len(following.goals), following.goals_more) == (lines, 8 - lines)
        assert sheet_page(sheet).count(f"and {8 - lines} more") == 3


AGREED = milestones(
    ("go_live", "goal", "2026-06-01", "2026-06-20"),
    ("team_rollout", "goal", "2026-10-15", "2026-10-12"),
    ("first_audit", "goal", "2026-11-01", None),
    ("second_site", "goal", "2027-01-15", None),
    ("send_the_guide", "task", "2026-11-30", None),
    ("invite_team", "key_action", "2026-09-10", "2026-09-12"),
)


def test_what_was_agreed_is_carried_with_its_status() -> None:
    sheet = made(tables={"milestones": AGREED}).sheet
    assert [g.told for g in sheet.recap.goals] == [
        "First audit: was due 1 November 2026, not reached yet.",
        "Second site: open, due 15 January 2027.",
        "Team rollout: reached on 12 October 2026, due 15 October 2026.",
    ]
    # Due on the day itself it is not late yet.
    assert [(g.name, g.status) for g in sheet.recap.actions] == [("send the guide", "open")]
    # The kickoff's goals are all of them, also the one reached before the period.
    assert [g.name for g in sheet.business_review.kickoff_goals] == [
        "first audit",
        "second site",
        "go live",
        "team rollout",
    ]
    assert [g.name for g in sheet.next_steps.goals] == ["first audit", "second site"]
    assert [g.name for g in sheet.next_steps.actions] == ["send the guide"]


def test_where_no_goal_goes_on_it_is_said_whether_all_are_reached_or_none_was_ever_recorded() -> None:
    reached = milestones(("go_live", "goal", "2026-10-01", "2026-10-01"))
    assert made(tables={"milestones": reached}).sheet.next_steps.no_goals == "All goals that were agreed are reached."
    never = made(tables={"milestones": milestones(("guide", "task", "2026-12-10", None))}).sheet
    assert never.next_steps.goals == ()
    assert never.next_steps.no_goals == "No goals are recorded yet: let us write them down today."
    assert "All goals" not in sheet_page(never)


def test_satisfaction_is_told_on_the_scale_of_the_policy() -> None:
    given = material(features=features(csat=4.0, csat_answers_182d=1.0))
    ten = policy_from({"metrics": {"csat_scale": 10, "csat_target": 9}}, where="test")
    for rules, told in ((POLICY, "4.0 of 5"), (ten, "8.0 of 10")):
        lines = brief(given, rules, currency="USD").sheet.feedback.heard.lines
        assert lines[1] == f"How satisfied you were: {told} from 1 answer in half a year."


def test_goals_of_another_account_are_none_of_this_one() -> None:
    other = milestones(("go_live", "goal", "2026-10-01", None), account="acc-2")
    assert made(tables={"milestones": other}).sheet.recap.goals == ()


def test_our_tasks_of_earlier_runs_carry_the_last_word_on_them() -> None:
    tasks = [
        task("k1", date(2026, 9, 7), "Assess: health went from green to yellow", "2026-09-08"),
        task("k2", date(2026, 11, 2), "Reach out: churn risk became high", "2026-11-04"),
        task("k3", date(2026, 11, 9), "Assess: churn risk became high", "2026-11-10"),
    ]
    words = feedback(
        ("k1", "in_progress", None, "2026-09-09"),
        ("k1", "no_answer", "budget", "2026-09-20"),
        ("k3", "In_Progress", None, "2026-11-11"),
    )
    found = made(tasks=tasks, tables={"crm_feedback": words}).ours.tasks
    assert [t.told for t in found] == [
        "Assess: churn risk became high: open, due 10 November 2026.",
        "Reach out: churn risk became high: open, due 4 November 2026.",
        "Assess: health went from green to yellow: no answer on 20 September 2026, because of budget.",
    ]


def test_figures_are_told_before_and_after_with_what_is_better() -> None:
    found = {m.indicator: m for m in made().sheet.usage_review.movements}
    people, logins, seats = (found[n] for n in ("active_users_28d", "active_user_days_28d", "seat_utilisation_28d"))
    assert (people.before_text, people.after_text, people.direction, people.for_the_better) == ("10", "14", "up", True)
    assert (logins.direction, logins.for_the_better) == ("down", False)
    assert (seats.direction, seats.for_the_better) == ("unchanged", None)
    # A month in which nobody knows the value before has no movement, and what is not known now is not shown.
    assert (found["modules_used_28d"].before, found["modules_used_28d"].direction) == (None, "unknown")
    assert "advanced_use_share_28d" not in found


def test_a_faster_answer_is_better_and_fewer_questions_are_neither() -> None:
    before = {"first_response_hours_84d": 9.0, "tickets_28d": 5.0}
    found = {m.indicator: m for m in made(before=before).sheet.usage_review.movements}
    assert [(found[n].direction, found[n].for_the_better) for n in before] == [("down", True), ("down", None)]


def test_a_movement_below_a_tenth_is_neither_better_nor_worse() -> None:
    found = made(before={"active_users_28d": 13.0}).sheet.usage_review.movements[0]
    assert (found.direction, found.for_the_better) == ("up", None)


def test_wins_are_those_of_the_log_then_figures_that_rose_with_their_dates() -> None:
    learned = touchpoints(
        ("training", "2026-10-05", None, None),
        ("webinar", "2026-11-05", None, None),
        ("webinar", "2026-08-01", None, None),
    )
    found = made(tables={"milestones": AGREED, "touchpoints": learned}, logged_wins=["The audit passed."])
    assert found.sheet.business_review.wins.lines == (
        "The audit passed.",
        "People active in four weeks: 14 on 30 November 2026, up from 10 on 31 August 2026.",
        "2 trainings and webinars joined since 31 August 2026.",
    )


def test_an_open_escalation_is_still_open_between_us() -> None:
    assert made().sheet.business_review.still_open.lines == (
        "1 escalated question is open, for 12 days: we say what happens next and by when.",
    )
    calm = made(features=features(open_escalations=0.0, open_tickets=None)).sheet.business_review
    assert calm.still_open.lines == ()


def test_feature_requests_say_where_they_are_and_when_an_answer_is_due() -> None:
    wished = touchpoints(
        ("feature_request", "2026-11-20", None, "Export to PDF"),
        ("feature_request", "2026-09-01", None, "A calendar"),
        ("feature_request", "2026-07-01", "2026-07-20", None),
    )
    assert [(r.status, r.told) for r in made(tables={"touchpoints": wished}).sheet.roadmap.requests] == [
        (
            "overdue",
            "A calendar, asked on 1 September 2026: with the product team; our answer was due by 1 October 2026.",
        ),
        (
            "open",
            "Export to PDF, asked on 20 November 2026: with the product team; an answer is due by 20 December 2026.",
        ),
        ("answered", "A request whose words were not recorded, asked on 1 July 2026: answered on 20 July 2026."),
    ]


def test_the_last_review_is_the_last_one_that_they_came_to() -> None:
    held = touchpoints(("qbr", "2026-05-04", None, None), ("qbr", "2026-09-01", None, None))
    held.loc[1, "attended"] = False
    assert made(tables={"touchpoints": held}).sheet.recap.last_review == "We last held a review on 4 May 2026."
    assert made().sheet.recap.last_review == "When we last held a review is not recorded."


def test_a_training_is_offered_below_the_lower_quarter_of_peers_and_where_nobody_learned() -> None:
    peers = [{"seat_utilisation_28d": 0.5 + n / 10, "core_adoption_28d": n / 10} for n in range(5)]
    found = made(features=features(*peers)).sheet.next_steps.training.lines
    assert found == (
        "Paid seats in use: 30 %, where about half of 5 similar customers lie between 60 % and 80 %. A training could "
        "start here.",
        "No training or webinar joined since 31 August 2026: which topic would help most?",
    )


def test_further_use_is_talked_about_only_where_the_gate_allows() -> None:
    assert made().sheet.next_steps.further_use == ""
    found = made(gate=Gate(True, "calm"))
    assert found.sheet.next_steps.further_use.startswith("Which other team would gain")
    assert (found.ours.expansion_allowed, found.ours.expansion_reason) == (True, "calm")


def test_what_they_said_comes_with_the_number_of_answers_and_silence_is_no_answer() -> None:
    assert made().sheet.feedback.heard.lines == (
        "How likely you are to recommend us: 7.0 of 10 on average, from 2 answers in half a year.",
    )
    wrote = surveys(("nps", 7.0, "2026-10-01", "Answers take long."), ("csat", 4.0, "2026-11-02", None))
    assert made(tables={"survey_responses": wrote}).ours.comments.lines == (
        "NPS 7, 1 October 2026: “Answers take long.”",
    )


def test_an_account_without_any_table_still_gets_its_six_parts() -> None:
    found = made(before={}, features=features(), about={"name": None, "owner_id": None, "term_ends_on": None})
    assert (found.sheet.name, len(found.sheet.parts)) == ("acc-1", 6)
    assert all(b.withheld for b in found.sheet.usage_review.benchmarks)
    assert found.sheet.usage_review.weeks[0].logins is None
    assert pd.isna(found.ours.term_ends_on)
