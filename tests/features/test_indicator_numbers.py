"""Each number that an indicator reads from the policy, at its boundary, on a handful of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.snapshots import Snapshots
from policy.policy import load_policy
from tests.features.building import facts_from, midnight

AS_OF = date(2025, 6, 2)
Row = dict[str, Any]


def ago(days: int) -> Any:
    return midnight(AS_OF - timedelta(days=days))


def book(**tables: Sequence[Mapping[str, Any]]) -> Facts:
    """One account under contract since 200 days, with ten seats and whatever else is given."""
    account = {"account_id": "a", "segment": "smb", "created_on": AS_OF - timedelta(days=220)}
    started = tables.pop("started", [{"days": 200}])[0]["days"]
    term = {
        "subscription_id": "s", "account_id": "a", "starts_on": AS_OF - timedelta(days=started),
        "ends_on": AS_OF + timedelta(days=165), "arr": 12_000.0, "seats": 10,
    }  # fmt: skip
    rows = {name: [{"account_id": "a", **row} for row in found] for name, found in tables.items()}
    return facts_from(accounts=[account], subscriptions=[term], **rows)


def value(name: str, facts: Facts) -> float | None:
    snapshots = Snapshots.of([AS_OF])
    members = cohort(facts, snapshots, CohortRule()).cache()
    frame = feature_table(facts, members, snapshots, {name: catalogue(load_policy())[name]}).to_pandas()
    found = frame[name].iloc[0]
    return None if pd.isna(found) else float(found)


def used(*days: int, user: str = "u", feature: str = "f", **more: Any) -> list[Row]:
    return [{"user_id": user, "occurred_at": ago(d), "feature": feature, "module": "m", **more} for d in days]


CORE = [{"module": "m", "feature": "f", "level": "core", "starts_on": AS_OF - timedelta(days=200)}]


@pytest.mark.parametrize(("days_before", "expected"), [(8, -1.0), (7, None)])
def test_a_change_needs_eight_user_days_before_it(days_before: int, expected: float | None) -> None:
    facts = book(usage_events=used(*range(40, 40 + days_before)))
    assert value("login_change_28d", facts) == expected


@pytest.mark.parametrize(("mails", "expected"), [(3, 1.0), (2, None)])
def test_an_open_rate_needs_three_mails(mails: int, expected: float | None) -> None:
    rows = [
        {"touch_id": f"t{i}", "kind": "email", "direction": "ours", "occurred_at": ago(9), "opened_at": ago(5)}
        for i in range(mails)
    ]
    assert value("mail_open_rate_84d", book(touchpoints=rows)) == expected


@pytest.mark.parametrize(("messages", "expected"), [(3, -0.5), (2, None)])
def test_a_mood_needs_three_messages(messages: int, expected: float | None) -> None:
    ticket = {"ticket_id": "t", "opened_at": ago(9)}
    rows = [
        {"message_id": f"m{i}", "ticket_id": "t", "sent_at": ago(8), "author": "customer", "sentiment": -0.5}
        for i in range(messages)
    ]
    facts = facts_from_messages(ticket, rows)
    assert value("message_mood_28d", facts) == expected


def facts_from_messages(ticket: Row, rows: list[Row]) -> Facts:
    plain = book(support_tickets=[ticket])
    messages = facts_from(ticket_messages=rows)
    return Facts({**plain.tables, **_in(plain, messages)})


def _in(plain: Facts, other: Facts) -> dict[str, Any]:
    """Tables of another database, brought into this one."""
    home = plain.tables["accounts"].get_backend()
    return {name: home.create_table(name, t.to_pyarrow(), overwrite=True) for name, t in other.tables.items()}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (used(3) + used(4, user="v"), 1.0),
        (used(3) + used(3, user="v"), 0.0),
        (used(3, 4), 0.0),
    ],
)
def test_a_core_feature_is_adopted_by_two_people_on_two_days(events: list[Row], expected: float) -> None:
    assert value("core_adoption_28d", book(usage_events=events, entitlements=CORE)) == expected


def test_at_most_ten_trainings_count() -> None:
    rows = [
        {"touch_id": f"t{i}", "kind": "training", "direction": "theirs", "occurred_at": ago(9 + i), "attended": True}
        for i in range(12)
    ]
    assert value("learning_91d", book(touchpoints=rows)) == 10.0


def people(count: int, first: int, last: int) -> list[Row]:
    """People active once a week from `first` to `last` weeks before as_of; each a week less than the one before."""
    return [row for i in range(count) for row in used(*(7 * w + 1 for w in range(first, last - i)), user=f"u{i:02d}")]


def test_of_eleven_people_two_are_the_most_regular_and_of_ten_one() -> None:
    # Everybody has fallen silent; only the top tenth counts, at least one.
    assert value("top_users_silent", book(usage_events=people(10, 3, 15))) == 1.0
    assert value("top_users_silent", book(usage_events=people(11, 3, 15))) == 2.0


@pytest.mark.parametrize(("last_use", "expected"), [(22, 1.0), (21, 0.0)])
def test_silence_is_twenty_one_days(last_use: int, expected: float) -> None:
    # Used on each of the weeks before; a use 21 days ago still lies within the silent three weeks.
    facts = book(usage_events=used(last_use, 22, 29, 36, 43))
    assert value("weekly_users_silent", facts) == expected


@pytest.mark.parametrize(("weeks", "expected"), [((22, 29, 36, 43), 1.0), ((22, 29, 36), 0.0)])
def test_a_weekly_user_came_in_four_weeks_in_a_row(weeks: tuple[int, ...], expected: float) -> None:
    assert value("weekly_users_silent", book(usage_events=used(*weeks))) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [((40, 70, 100), 1.0), ((40, 70), 0.0), ((70, 100, 130), 1.0), ((100, 130, 150), 0.0)],
)
def test_a_lost_core_feature_was_used_in_three_of_four_blocks(days: tuple[int, ...], expected: float) -> None:
    # Blocks of 28 days before the last 28: 29–56, 57–84, 85–112, 113–140 days ago.
    assert value("core_features_lost_28d", book(usage_events=used(*days), entitlements=CORE)) == expected


def steps(*days_after_start: int, started: int = 200) -> list[Row]:
    start = AS_OF - timedelta(days=started)
    return [
        {"milestone": f"m{i}", "kind": "key_action", "reached_at": midnight(start + timedelta(days=d))}
        for i, d in enumerate(days_after_start)
    ]


@pytest.mark.parametrize(
    ("reached", "expected"),
    [((1, 2, 3, 4, 30), 1.0), ((1, 2, 3, 4, 31), 0.0), ((1, 2, 3, 4), 0.0)],
)
def test_activation_is_five_key_actions_by_day_thirty(reached: tuple[int, ...], expected: float) -> None:
    assert value("activated", book(milestones=steps(*reached))) == expected


@pytest.mark.parametrize(("tenure", "expected"), [(30, None), (31, 0.0)])
def test_activation_is_open_until_day_thirty_has_passed(tenure: int, expected: float | None) -> None:
    facts = book(started=[{"days": tenure}], milestones=steps(1, 2, started=tenure))
    assert value("activated", facts) == expected


def test_programs_without_entitlement_are_null_and_unused_ones_zero() -> None:
    api = [{**CORE[0], "module": "API", "feature": "rest"}]
    assert value("api_use_28d", book(usage_events=used(3), entitlements=CORE)) is None
    assert value("api_use_28d", book(usage_events=used(3), entitlements=api)) == 0.0
    called = used(3, channel="api", count=7)
    assert value("api_use_28d", book(usage_events=called, entitlements=api)) == 7.0
