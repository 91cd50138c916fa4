"""Hours owed against hours there, and the book against the policy's ratios: five accounts, sums by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from policy.policy import Policy, load_policy
from serving.workbench.capacity import CapacityReport, capacity_report, hours_for_plays, owners_roles
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.owed import owed_work
from serving.workbench.plays.onboarding import first_days, onboarding_steps
from serving.workbench.plays.rows import by_account
from serving.workbench.plays.step import Step
from serving.workbench.promises import Promise
from serving.workbench.team import team_of
from tests.serving.workbench.facts import account, touch

POLICY = load_policy()
DAY = date(2026, 6, 1)


def accounts(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"owner_id": "anna", "owner_type": "CSM", "arr": 60_000.0, "tenure_days": 400}
    return pd.DataFrame([{"account_id": f"a{i}", **usual, **row} for i, row in enumerate(rows)])


def work_of(
    book: pd.DataFrame,
    *touches: tuple[str, str, int],
    steps: tuple[Step, ...] = (),
    promised: tuple[Promise, ...] = (),
    onboarding: bool = False,
    policy: Policy = POLICY,
) -> pd.DataFrame:
    """What the accounts are owed after touches of (account, kind, days ago), with their onboarding where asked for."""
    held = {
        str(row["account_id"]): account(
            str(row["account_id"]),
            arr=None if pd.isna(row["arr"]) else row["arr"],
            started_on=DAY - timedelta(days=row["tenure_days"]),
            policy=policy,
        )
        for row in book.to_dict("records")
    }
    rows = [touch(kind, (DAY - timedelta(days=ago)).isoformat()) | {"account_id": name} for name, kind, ago in touches]
    touched = by_account(rows)
    first = [
        step
        for name, one in held.items()
        if onboarding and one.started_on is not None
        for step in onboarding_steps(one, first_days([], touched.get(name, ()), one.started_on), (), DAY, policy)
    ]
    return owed_work(contacts_owed(held, touched, {}, DAY, policy), [*steps, *first], promised, policy, DAY)


def report(book: pd.DataFrame, work: pd.DataFrame, **named: tuple[str, ...]) -> CapacityReport:
    team = team_of(owners_roles(book, POLICY), named, POLICY.segments.owner_types)
    return capacity_report(book, work, team, POLICY, DAY)


def step(kind: str, play: str, name: str, role: str, due: str, name_of: str = "a0") -> Step:
    return Step(name_of, kind, play, name, "p", "", "", role, datetime.fromisoformat(due)).judged(DAY, done=False)


def promise(play: str, role: str, hours: float, due: str = "2026-06-02T15:00", name: str = "a0") -> Promise:
    return Promise(name, play, datetime.fromisoformat(due), hours, role)


def owed(book: pd.DataFrame, *touches: tuple[str, str, int]) -> list[tuple[Any, ...]]:
    found = work_of(book, *touches)[["account_id", "what", "hours", "overdue"]]
    return list(found.itertuples(index=False, name=None))


def test_a_check_in_falls_due_thirty_days_after_the_last_contact_of_a_high_touch_account() -> None:
    book = accounts({}, {}, {}, {})
    recent = [(f"a{i}", "qbr", 50) for i in range(4)]
    # Due in 7 days (next week), in 6, today, and yesterday.
    found = owed(book, *recent, ("a0", "call", 23), ("a1", "call", 24), ("a2", "meeting", 30), ("a3", "call", 31))
    assert found == [("a1", "check_in", 0.5, False), ("a2", "check_in", 0.5, False), ("a3", "check_in", 0.5, True)]


def test_a_review_falls_due_a_quarter_after_the_last_one_and_takes_four_hours() -> None:
    book = accounts({}, {})
    found = owed(book, ("a0", "qbr", 84), ("a1", "qbr", 85), ("a0", "call", 3), ("a1", "call", 3))
    assert found == [("a1", "qbr", 4.0, False)]


def test_a_tech_touch_account_is_owed_no_call_and_an_unknown_arr_nothing() -> None:
    policy = POLICY.model_copy(
        update={
            "segments": POLICY.segments.model_copy(
                update={"qbr": POLICY.segments.qbr.model_copy(update={"top_by_arr": 0})}
            )
        }
    )
    book = accounts({"arr": 9_000.0, "tenure_days": 3}, {"arr": None})
    assert work_of(book, policy=policy).empty


def test_onboarding_tasks_of_the_week_are_owed_by_their_role_and_late_ones_are_overdue() -> None:
    # Day 26 today: the three tasks of day 28 and the three of day 30 fall into the week, earlier ones are late.
    found = work_of(accounts({"tenure_days": 26}), onboarding=True)
    tasks = found[found["what"] == "onboarding"]
    assert (~tasks["overdue"]).sum() == 6
    assert set(tasks["role"]) == {"onboarding_specialist", "customer_education"}
    assert tasks["overdue"].sum() == sum(t.due_day < 26 for t in POLICY.onboarding.tasks)
    assert tasks["hours"].sum() == len(tasks) * 1.0


def test_steps_of_the_plays_are_owed_by_their_share_of_the_hours_and_by_their_role() -> None:
    steps = (
        step("renewal", "renewal", "stage_60", "renewals_manager", "2026-06-03T17:00"),
        step("expansion", "expansion talk", "step_1", "csm", "2026-06-05T17:00"),
        step("win_back", "win back", "exit_interview", "csm", "2026-05-20T17:00"),
        step("prevention", "adoption rescue", "plan", "csm", "2026-06-04T17:00"),
        step("prevention", "adoption rescue", "escalation_manager", "manager", "2026-06-04T17:00"),
        step("onboarding", "onboarding", "mail_3", "cs_operations", "2026-06-04T17:00"),
        step("renewal", "renewal", "stage_30", "renewals_manager", "2026-06-08T00:00"),
    )
    found = work_of(accounts({}).head(0), steps=steps)
    assert list(found[["what", "role", "hours", "overdue"]].round(3).itertuples(index=False, name=None)) == [
        ("step", "renewals_manager", 1.333, False), ("step", "csm", 1.0, False), ("step", "csm", 0.667, True),
        ("step", "csm", 0.75, False),
    ]  # fmt: skip


def test_an_account_is_owed_one_check_in_whoever_asks_for_it_and_this_week_makes_up_for_missed_ones() -> None:
    missed = [step("prevention", "x", f"check_in_{n}", "csm", f"2026-05-{10 + 7 * n}T17:00") for n in (1, 2)]
    this_week = step("prevention", "x", "check_in_3", "csm", "2026-06-04T17:00")
    late = ("a0", "call", 40)
    for steps, overdue in (((), True), (tuple(missed), True), ((*missed, this_week), False)):
        found = work_of(accounts({}), ("a0", "qbr", 1), late, steps=steps)
        calls = found[found["what"] == "check_in"]
        assert list(calls["overdue"]) == ([] if not steps else [overdue])


def test_what_is_promised_holds_the_hours_of_its_steps_and_of_the_renewal_it_prepares() -> None:
    steps = (
        step("prevention", "adoption rescue", "diagnose", "csm", "2026-06-04T17:00"),
        step("renewal", "renewal", "stage_60", "renewals_manager", "2026-06-03T17:00"),
    )
    asked = (promise("adoption rescue", "csm", 3.0), promise("prepare the renewal", "renewals_manager", 4.0))
    found = work_of(accounts({}).head(0), steps=steps, promised=asked)
    assert list(found[["what", "hours"]].itertuples(index=False, name=None)) == [("play", 3.0), ("play", 4.0)]


def test_owed_hours_are_summed_by_owner_and_a_quarter_of_what_is_overdue_is_owed_each_week() -> None:
    book = accounts({}, {}, {})
    work = work_of(
        book, ("a0", "qbr", 90), ("a0", "call", 1), ("a1", "qbr", 100), ("a1", "call", 28), ("a2", "qbr", 9), ("a2", "call", 9),
        promised=(promise("adoption rescue", "csm", 3.0, name="a2"),),
    )  # fmt: skip
    owner = report(book, work).owners.iloc[0]
    assert (owner["qbr_hours"], owner["check_in_hours"], owner["play_hours"]) == (4.0, 0.5, 3.0)
    # Overdue by nine days: the review of a1, four hours in four weeks.
    assert (owner["overdue_hours"], owner["backlog_hours"], owner["owed_hours"]) == (4.0, 1.0, 8.5)
    assert (owner["available_hours"], owner["free_hours"]) == (30.0, 21.5)
    # Plays are what the hours are for: they take nothing from themselves.
    assert hours_for_plays(pd.DataFrame([owner])) == {"anna": 24.5}


def test_promised_work_is_done_by_its_role_where_somebody_has_it_else_by_the_owner() -> None:
    book = accounts({})
    work = work_of(book.head(0), promised=(promise("settle the account", "cs_operations", 1.0),))
    alone = report(book, work)
    assert dict(zip(alone.owners["owner_id"], alone.owners["play_hours"], strict=True)) == {"anna": 1.0}
    shared = report(book, work, cs_operations=("ops",))
    assert dict(zip(shared.owners["owner_id"], shared.owners["play_hours"], strict=True)) == {"anna": 0.0, "ops": 1.0}
    found = shared.roles.set_index("role").loc["cs_operations"]
    assert (found["people"], found["owed_hours"], found["available_hours"], found["free_hours"]) == (1, 1.0, 20.0, 19.0)
    by_role = alone.roles.set_index("role")["owed_hours"]
    assert (by_role["cs_operations"], by_role["csm"]) == (1.0, 0.0)
    assert alone.roles.set_index("role").loc["csm", "borne_hours"] == 1.0


def test_where_routine_takes_everything_nothing_is_left_for_plays() -> None:
    rows = pd.DataFrame(
        {"owner_id": ["x", "y"], "owed_hours": [40.0, 1.0], "play_hours": [1.0, 0.0], "available_hours": [30.0, None]}
    )
    assert hours_for_plays(rows) == {"x": 0.0, "y": 0.0}


def test_a_full_book_is_over_above_the_most_and_under_below_the_fewest() -> None:
    def verdict(count: int, arr: float) -> tuple[float, str]:
        book = accounts(*({"arr": arr} for _ in range(count)))
        work = work_of(book.head(0))
        owner = report(book, work).owners.iloc[0]
        return round(owner["book_share"], 3), owner["verdict"]

    # High touch below enterprise: 20 to 50 accounts per CSM; tech touch: 100 to 200.
    assert [verdict(n, 60_000.0) for n in (19, 20, 50, 51)] == [
        (0.38, "under"),
        (0.4, "within"),
        (1.0, "within"),
        (1.02, "over"),
    ]
    assert [verdict(n, 5_000.0) for n in (99, 201)] == [(0.495, "under"), (1.005, "over")]


def test_hours_of_the_week_by_role() -> None:
    roles = ("csm", "tam", "onboarding_specialist", "renewals_manager", "customer_education", "cs_operations")
    book = accounts(*({"owner_id": role, "owner_type": role} for role in roles))
    work = work_of(book.head(0))
    found = report(book, work)
    assert dict(zip(found.owners["owner_id"], found.owners["available_hours"], strict=True)) == {
        "csm": 30, "tam": 30, "onboarding_specialist": 30, "renewals_manager": 30, "customer_education": 20, "cs_operations": 20,
    }  # fmt: skip
    assert list(found.roles["people"]) == [1] * 6


def test_a_role_that_nobody_has_owes_hours_that_are_not_there() -> None:
    book = accounts({"tenure_days": 26})
    work = work_of(book, onboarding=True)
    found = report(book, work)
    missing = found.roles.set_index("role").loc["onboarding_specialist"]
    mine = work[work["role"] == "onboarding_specialist"]
    owed = (mine["hours"] / mine["overdue"].map({True: 4.0, False: 1.0})).sum()
    assert (missing["people"], missing["owed_hours"], missing["borne_hours"]) == (0, owed, 0.0)
    # It falls to the owner of the account.
    assert found.owners.iloc[0]["onboarding_hours"] == 6.0
    assert pd.isna(missing["available_hours"])


def test_an_owners_role_is_what_most_of_their_accounts_say_and_assumed_where_none_does() -> None:
    book = accounts(
        {"owner_type": "Renewals Manager"}, {"owner_type": "Renewals Manager"}, {"owner_type": "CSM"},
        {"owner_id": "ben", "owner_type": None},
    )  # fmt: skip
    assert owners_roles(book, POLICY) == {"anna": ("renewals_manager", True), "ben": ("csm", False)}


def test_accounts_without_an_owner_are_listed_largest_first_with_what_they_are_owed() -> None:
    book = accounts({"owner_id": None, "arr": 20_000.0}, {"owner_id": None, "arr": 70_000.0}, {})
    work = work_of(book, ("a1", "qbr", 90), ("a1", "call", 1), ("a0", "qbr", 1), ("a0", "call", 1))
    found = report(book, work)
    assert list(found.unowned.itertuples(index=False, name=None)) == [("a1", 70_000.0, 4.0), ("a0", 20_000.0, 0.0)]
    assert found.owners["accounts"].sum() == 1


def test_an_account_without_a_known_arr_is_counted_and_takes_no_share_of_a_book() -> None:
    book = accounts({"arr": None})
    owner = report(book, work_of(book)).owners.iloc[0]
    assert (owner["accounts"], owner["accounts_without_arr"]) == (1, 1)
    assert pd.isna(owner["verdict"])


def test_a_book_of_nobody_gives_an_empty_report() -> None:
    empty = accounts({}).head(0)
    found = report(empty, work_of(empty))
    assert found.owners.empty
    assert found.roles["owed_hours"].sum() == pytest.approx(0)
