"""Tasks: two for each account that got worse, none for the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from policy.policy import load_policy
from serving.episodes import Asked, Level
from serving.tasks import COLUMNS, Owner, tasks_for
from serving.workbench.plays.content import faults
from serving.workbench.plays.message import draft_in

AS_OF, PUBLISHED = date(2026, 6, 1), datetime(2026, 6, 1, 6, 0, tzinfo=UTC)
POLICY = load_policy()


def row(account: str, health: str = "green", risk: Any = "low", **more: Any) -> dict[str, Any]:
    return {
        "account_id": account,
        "health_tier": health,
        "risk_tier": risk,
        "arr": 10_000.0,
        "play": "adoption rescue",
        "model_version": "7",
        **more,
    }


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).set_index("account_id", drop=False)


LOGINS = ("usage", "Daily logins fell from 41 to 12 since 4 May 2026.")
TICKETS = ("support", "Open tickets rose from 1 to 4 since 4 May 2026.")
BILL = ("payment", "Days past due rose from 0 days to 21 days since 4 May 2026.")
NPS = ("sentiment", "NPS answer fell from 9 to 3 since 4 May 2026.")


def tasks(
    now: pd.DataFrame,
    before: pd.DataFrame | None,
    owners: dict[str, str | None] | None = None,
    why: Sequence[tuple[str, str]] = (LOGINS,),
    **more: Any,
) -> pd.DataFrame:
    known = {account: Owner(owner, "Europe/Berlin") for account, owner in (owners or {}).items()}
    reasons = dict.fromkeys(now["account_id"], why)
    given: dict[str, Any] = {"owners": known, "policy": POLICY, "as_of": AS_OF, "asked": None} | more
    return tasks_for(now, before, run_id="run1", published_at=PUBLISHED, reasons=reasons, **given)


def moved(before: tuple[str, Any], now: tuple[str, Any]) -> list[str]:
    return tasks(frame(row("a", *now)), frame(row("a", *before)))["subject"].tolist()


@pytest.mark.parametrize(
    ("before", "now"), [("green", "yellow"), ("yellow", "red"), ("green", "red"), ("unrated", "red")]
)
def test_each_fall_of_health_makes_two_tasks(before: str, now: str) -> None:
    assert moved((before, "low"), (now, "low")) == [
        f"Assess: health went from {before} to {now}",
        f"Reach out: health went from {before} to {now}",
    ]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("yellow", "green"), ("red", "yellow"), ("red", "green"), ("green", "unrated"), ("red", "unrated"),
        ("unrated", "green"), ("green", "green"), ("yellow", "yellow"), ("red", "red"), ("unrated", "unrated"),
    ],
)  # fmt: skip
def test_no_rise_and_no_standstill_of_health_makes_a_task(before: str, now: str) -> None:
    assert moved((before, "low"), (now, "low")) == []


@pytest.mark.parametrize("before", ["low", "medium"])
def test_risk_that_became_high_makes_two_tasks(before: str) -> None:
    assert moved(("green", before), ("green", "high")) == [
        "Assess: churn risk became high",
        "Reach out: churn risk became high",
    ]


@pytest.mark.parametrize(
    ("before", "now"),
    [("high", "high"), ("high", "medium"), ("low", "medium"), (None, "high"), (float("nan"), "high"), ("low", None)],
)
def test_risk_that_stayed_fell_or_was_unknown_before_makes_none(before: Any, now: Any) -> None:
    assert moved(("green", before), ("green", now)) == []


def test_a_fall_of_health_is_named_before_a_rise_of_risk_and_told_once() -> None:
    assert moved(("green", "low"), ("red", "high")) == [
        "Assess: health went from green to red",
        "Reach out: health went from green to red",
    ]


def test_a_first_load_makes_no_flood() -> None:
    red = frame(*(row(f"a{i}", "red", "high") for i in range(5)))
    assert tasks(red, None).empty
    assert tasks(red, red).empty
    assert list(tasks(red, None)) == COLUMNS


def test_an_account_that_was_not_there_a_week_ago_makes_none() -> None:
    assert tasks(frame(row("new", "red", "high")), frame(row("old"))).empty


def test_red_comes_before_yellow_before_high_risk_alone_and_within_each_the_larger_account() -> None:
    now = frame(
        row("risk", "green", "high", arr=900.0),
        row("yellow", "yellow", arr=500.0),
        row("small", "red", arr=1.0),
        row("unknown", "red", arr=float("nan")),
        row("large", "red", arr=100.0),
    )
    before = frame(*(row(a) for a in now.index))
    found = tasks(now, before)
    assert found["account_id"].tolist()[::2] == ["large", "small", "unknown", "yellow", "risk"]
    assert found["priority"].tolist()[::2] == ["high", "high", "high", "normal", "high"]


def test_assess_is_due_within_24_hours_and_reach_out_within_48() -> None:
    # Published on a Monday at eight in Berlin: a day later at eight nobody is there yet.
    found = tasks(frame(row("a", "red")), frame(row("a")), {"a": "csm1"})
    assert found["step"].tolist() == ["assess", "reach_out"]
    assert found["due_at"].tolist() == [
        pd.Timestamp("2026-06-01T15:00Z"),
        pd.Timestamp("2026-06-02T15:00Z"),
    ]


def test_the_key_holds_account_play_step_and_week_and_never_the_model() -> None:
    before = frame(row("a"))
    found = tasks(frame(row("a", "red", model_version="7")), before)["task_key"].tolist()
    assert found == ["a|adoption rescue:assess|2026-W23", "a|adoption rescue:reach_out|2026-W23"]
    assert tasks(frame(row("a", "red", model_version="8")), before)["task_key"].tolist() == found


def test_a_play_that_stands_makes_no_tasks_and_another_does() -> None:
    now, before = frame(row("a", "red"), row("b", "yellow"), row("c", "red")), frame(row("a"), row("b"), row("c"))
    asked = {
        ("a", "adoption rescue"): Asked(open=True, level=Level(1, risk=False)),
        ("b", "another play"): Asked(open=True, level=Level(2, risk=True)),
        ("c", "adoption rescue"): Asked(open=False, level=Level(1, risk=False)),
    }
    found = tasks(now, before, asked=asked)
    assert found["account_id"].tolist() == ["c", "c", "b", "b"]


def test_the_week_of_the_key_is_the_iso_week() -> None:
    found = tasks(frame(row("a", "red")), frame(row("a")), as_of=date(2024, 12, 30))
    assert found["task_key"].str.endswith("|2025-W01").all()


def test_an_account_without_an_owner_keeps_its_tasks() -> None:
    now, before = frame(row("a", "red"), row("b", "red"), row("c", "red")), frame(row("a"), row("b"), row("c"))
    found = tasks(now, before, {"a": "csm7", "b": None}).drop_duplicates("account_id").set_index("account_id")
    assert found.loc["a", "owner_id"] == "csm7"
    assert pd.isna(found.loc["b", "owner_id"])
    assert pd.isna(found.loc["c", "owner_id"])


def test_a_task_goes_to_a_person_of_its_plays_role_where_the_team_has_one() -> None:
    now = frame(row("a", "red"), row("b", "red", play="settle the account"))
    found = tasks(now, frame(row("a"), row("b")), {"a": "u-1", "b": "u-1"}, team={"cs_operations": ("u-5",)})
    assert found.set_index("account_id")["owner_id"].to_dict() == {"a": "u-1", "b": "u-5"}


def bodies(*why: tuple[str, str], **more: Any) -> tuple[str, str]:
    assess, reach_out = tasks(frame(row("a", "red")), frame(row("a")), why=why, **more)["body"]
    return assess, reach_out


def test_the_words_hold_the_evidence_the_message_and_the_plan() -> None:
    assess, reach_out = bodies(LOGINS, BILL)
    assert assess == f"What the data show:\n- {LOGINS[1]}\n- {BILL[1]}"
    assert reach_out.startswith("A message you may send, once you have read it:\n\nHello,\n\nYou came to us with goals")
    assert "We noticed that daily logins fell from 41 to 12 since 4 May 2026, and wanted to check in." in reach_out
    assert reach_out.endswith(
        f"What we see (not for the customer):\n- {LOGINS[1]}\n- {BILL[1]}\n\n"
        "Play: adoption rescue\n" + "\n".join(f"{i}. {s}" for i, s in enumerate(POLICY.plays["usage"].steps, 1))
    )


@pytest.mark.parametrize("why", [(LOGINS,), (TICKETS,), (BILL, LOGINS, NPS)])
def test_the_message_keeps_every_rule_for_text_that_a_customer_reads(why: tuple[tuple[str, str], ...]) -> None:
    made = draft_in(bodies(*why, reached={"a": "Your team reached its first value on 3 May 2026."})[1])
    assert made.text is not None
    evidence = [*(told for _, told in why), "3 May 2026, 31 May 2026"]
    assert faults(made.text, told=evidence, ours=why[0] == TICKETS) == []
    assert "first value on 3 May 2026" in made.text


@pytest.mark.parametrize("why", [(BILL,), (NPS, BILL), ()])
def test_of_bills_and_moods_no_message_is_drafted_and_our_own_eyes_see_them(why: tuple[tuple[str, str], ...]) -> None:
    reach_out = bodies(*why)[1]
    message, _, ours = reach_out.partition("What we see (not for the customer):")
    assert message == ("No message is drafted: we see nothing with numbers and a date that belongs into a message.\n\n")
    assert all(f"- {told}\n" in ours for _, told in why)
    assert "nPS" not in reach_out


def test_a_message_leaves_the_capitals_of_an_abbreviation() -> None:
    assert "We noticed that API calls fell" in bodies(("usage", "API calls fell from 9 to 2 since 4 May 2026."))[1]


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_without_play_and_reasons_the_words_stay_honest(nothing: Any) -> None:
    found = tasks(frame(row("a", "red", nothing, play=nothing)), frame(row("a", "green", nothing)), why=())
    assert found["play"].tolist() == ["churn prevention"] * 2
    for text in found["body"]:
        assert "without one clear reason" in text
    for text in (*found["body"], *found["subject"]):
        assert "nan" not in text.lower().split()
        assert "none" not in text.lower().split()


def test_only_a_fall_into_a_tier_that_the_policy_names_opens_tasks() -> None:
    red_only = POLICY.model_copy(update={"tasks": POLICY.tasks.model_copy(update={"trigger_tiers": ("red",)})})
    before = frame(row("a"), row("b"))
    now = frame(row("a", "yellow"), row("b", "red"))
    found = tasks(now, before, policy=red_only)
    assert set(found["account_id"]) == {"b"}
    assert set(tasks(now, before)["account_id"]) == {"a", "b"}
