"""Hours owed against hours there, and the book against the policy's ratios: five accounts, sums by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from policy.policy import Policy, load_policy
from serving.workbench.capacity import (
    capacity_report,
    hours_for_plays,
    owed_work,
    owners_roles,
)
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.plays.rows import by_account
from tests.serving.workbench.facts import account, touch

POLICY = load_policy()
DAY = date(2026, 6, 1)
NO_PLAYS = pd.DataFrame({"account_id": pd.Series(dtype=object), "hours": pd.Series(dtype=float)})


def accounts(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"owner_id": "anna", "owner_type": "CSM", "arr": 60_000.0, "tenure_days": 400}
    return pd.DataFrame([{"account_id": f"a{i}", **usual, **row} for i, row in enumerate(rows)])


def work_of(
    book: pd.DataFrame,
    *touches: tuple[str, str, int],
    done: frozenset[tuple[str, str]] = frozenset(),
    policy: Policy = POLICY,
) -> pd.DataFrame:
    """What the accounts are owed after touches of (account, kind, days ago)."""
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
    return owed_work(held, contacts_owed(held, by_account(rows), {}, DAY, policy), done, policy, DAY)


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


def test_onboarding_tasks_of_the_week_are_owed_by_their_role_and_reached_ones_are_not() -> None:
    # Day 26 today: the three tasks of day 28 and the three of day 30 fall into the week.
    book = accounts({"tenure_days": 26})
    found = work_of(book, done=frozenset({("a0", "training")}))
    tasks = found[found["what"] == "onboarding"]
    assert list(tasks["role"]) == ["onboarding_specialist"] * 5
    assert tasks["hours"].sum() == 5.0
    kickoff = work_of(accounts({"tenure_days": 5}), done=frozenset({("a0", "kickoff")}))
    assert (kickoff["what"] == "onboarding").sum() == 2


def test_owed_hours_are_summed_by_owner_and_what_is_overdue_stands_beside() -> None:
    book = accounts({}, {}, {})
    work = work_of(
        book, ("a0", "qbr", 90), ("a0", "call", 1), ("a1", "qbr", 100), ("a1", "call", 28), ("a2", "qbr", 9), ("a2", "call", 9)
    )  # fmt: skip
    plays = pd.DataFrame({"account_id": ["a2"], "hours": [3.0]})
    owner = capacity_report(book, work, plays, POLICY, DAY).owners.iloc[0]
    assert (owner["qbr_hours"], owner["check_in_hours"], owner["play_hours"]) == (4.0, 0.5, 3.0)
    assert (owner["owed_hours"], owner["overdue_hours"]) == (7.5, 4.0)
    assert (owner["available_hours"], owner["free_hours"]) == (30.0, 22.5)
    # Plays are what the hours are for: they take nothing from themselves.
    assert hours_for_plays(pd.DataFrame([owner])) == {"anna": 25.5}


def test_where_routine_takes_everything_nothing_is_left_for_plays() -> None:
    rows = pd.DataFrame(
        {"owner_id": ["x", "y"], "owed_hours": [40.0, 1.0], "play_hours": [1.0, 0.0], "available_hours": [30.0, None]}
    )
    assert hours_for_plays(rows) == {"x": 0.0, "y": 0.0}


def test_a_full_book_is_over_above_the_most_and_under_below_the_fewest() -> None:
    def verdict(count: int, arr: float) -> tuple[float, str]:
        book = accounts(*({"arr": arr} for _ in range(count)))
        work = work_of(book.head(0))
        owner = capacity_report(book, work, NO_PLAYS, POLICY, DAY).owners.iloc[0]
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
    found = capacity_report(book, work, NO_PLAYS, POLICY, DAY)
    assert dict(zip(found.owners["owner_id"], found.owners["available_hours"], strict=True)) == {
        "csm": 30, "tam": 30, "onboarding_specialist": 30, "renewals_manager": 30, "customer_education": 20, "cs_operations": 20,
    }  # fmt: skip
    assert list(found.roles["people"]) == [1] * 6


def test_a_role_that_nobody_has_owes_hours_that_are_not_there() -> None:
    book = accounts({"tenure_days": 26})
    roles = capacity_report(book, work_of(book), NO_PLAYS, POLICY, DAY).roles
    missing = roles.set_index("role").loc["onboarding_specialist"]
    assert (missing["people"], missing["owed_hours"]) == (0, 5.0)
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
    found = capacity_report(book, work, NO_PLAYS, POLICY, DAY)
    assert list(found.unowned.itertuples(index=False, name=None)) == [("a1", 70_000.0, 4.0), ("a0", 20_000.0, 0.0)]
    assert found.owners["accounts"].sum() == 1


def test_an_account_without_a_known_arr_is_counted_and_takes_no_share_of_a_book() -> None:
    book = accounts({"arr": None})
    owner = capacity_report(book, work_of(book), NO_PLAYS, POLICY, DAY).owners.iloc[0]
    assert (owner["accounts"], owner["accounts_without_arr"]) == (1, 1)
    assert pd.isna(owner["verdict"])


def test_a_book_of_nobody_gives_an_empty_report() -> None:
    empty = accounts({}).head(0)
    found = capacity_report(empty, work_of(empty), NO_PLAYS, POLICY, DAY)
    assert found.owners.empty
    assert found.roles["owed_hours"].sum() == pytest.approx(0)
