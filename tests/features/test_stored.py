"""What a build stores and leaves unread changes no value."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.measure import Span
from features.reductions.events import CORE_USE, DAYS_OF_USE, EARLIER, RECENT, USE_WEEKS
from features.reductions.usage import last_use
from features.snapshots import Snapshots
from features.stored import in_parts, stored
from tests.features.building import at, connect, facts_from, facts_of, frames_of, in_key_order, midnight
from tests.features.dice import Dice
from tests.features.restatements import with_restatements
from tests.features.worlds import UNCOVERED, covered, world

LATE = Snapshots.of([date(2025, 10, 6), date(2025, 11, 3)])  # most of a world's events lie before any window
ACCOUNT = {"account_id": "a", "created_on": date(2024, 1, 1)}
TERM = {
    "subscription_id": "s",
    "account_id": "a",
    "starts_on": date(2024, 1, 1),
    "ends_on": date(2026, 1, 1),
    "arr": 1.0,
}
USED = ("days_since_last_use", "active_user_days_28d", "active_days_28d", "core_use_change_28d", "active_users_28d")


# Of one week the Sunday, the Friday and the Monday, later a Tuesday; last week, and else long before every window.
OF_ONE_WEEK = (date(2025, 9, 16), date(2025, 9, 7), date(2025, 9, 5), date(2025, 9, 1))
LONG_SILENT = (date(2025, 10, 1), date(2025, 3, 3))


@pytest.mark.parametrize(
    ("days", "ago", "age"),
    [(OF_ONE_WEEK, 0, 20), (OF_ONE_WEEK, 28, 1), (OF_ONE_WEEK, 30, 1), (LONG_SILENT, 0, 5), (LONG_SILENT, 28, 189)],
)
def test_the_last_use_some_days_ago_is_the_same_with_and_without(days: tuple[date, ...], ago: int, age: int) -> None:
    events = [{"account_id": "a", "user_id": "u", "occurred_at": midnight(day)} for day in days]
    connection = connect()
    facts = facts_of(
        frames_of({"accounts": [ACCOUNT], "subscriptions": [TERM], "usage_events": events}), {}, connection
    )
    members = connection.create_table("members", cohort(facts, LATE, CohortRule()))
    declared = catalogue()["days_since_last_use"]
    chosen = {"last_use": replace(declared, expr=Span(last_use, "age_min", ago=ago))}
    chosen["active_user_days_7d"] = catalogue()["active_user_days_7d"]
    plain = in_key_order(feature_table(facts, members, LATE, chosen).to_pyarrow())
    with stored(facts, LATE, chosen, connection, members) as kept:
        assert DAYS_OF_USE in kept.tables
        found = in_key_order(feature_table(kept, members, LATE, chosen).to_pyarrow())
    assert plain["last_use"][0] == age
    assert found["last_use"].equals(plain["last_use"])


@pytest.mark.parametrize("restated", [False, True], ids=["once delivered", "restated"])
def test_a_build_that_stores_gives_the_values_of_one_that_reads_everything_anew(restated: bool) -> None:
    rows = with_restatements(world(3), Dice(3)) if restated else world(3)
    connection = connect()
    facts = facts_of(frames_of(rows), {t: covered(t, world(3)) for t in UNCOVERED}, connection)
    members = connection.create_table("members", cohort(facts, LATE, CohortRule()))
    chosen = {name: i for name, i in catalogue().items() if i.component in ("usage", "lifecycle")}
    plain = in_key_order(feature_table(facts, members, LATE, chosen).to_pyarrow())
    with stored(facts, LATE, chosen, connection, members) as kept:
        assert {DAYS_OF_USE, CORE_USE, USE_WEEKS, RECENT, EARLIER} <= set(kept.tables)
        found = in_key_order(feature_table(kept, members, LATE, chosen).to_pyarrow())
    assert found["days_since_last_use"].max() > 112  # somebody's last use lies before every window
    assert list(found.columns) == list(plain.columns)
    assert not [name for name in plain.columns if not found[name].equals(plain[name])]


def test_what_was_stored_is_gone_after_the_build() -> None:
    connection = connect()
    facts = facts_of(frames_of(world(1)), connection=connection)
    before = set(connection.list_tables())
    with stored(facts, LATE, {name: catalogue()[name] for name in USED}, connection):
        assert set(connection.list_tables()) > before
    assert set(connection.list_tables()) == before


def test_a_project_without_events_has_nothing_to_store() -> None:
    facts = facts_from(support_tickets=[{"ticket_id": "t", "account_id": "a", "opened_at": at("2025-01-01")}])
    with stored(facts, LATE, catalogue(), None) as kept:
        assert kept.tables == facts.tables


def test_parts_hold_every_indicator_once_in_order() -> None:
    parts = in_parts(catalogue())
    assert [name for part in parts for name in part] == list(catalogue())
    assert len(parts) == len({i.component for i in catalogue().values()})


def days_since_last_use(*as_of: str, known_late: str) -> list[float]:
    """At each as_of, of an account whose last use lies long before any window; the very last was learned late."""
    used = [("2024-02-01", "2024-02-01"), ("2024-03-05", "2024-03-05"), ("2024-03-20", known_late)]
    events = [{"account_id": "a", "user_id": "u", "occurred_at": at(d), "known_at": at(k)} for d, k in used]
    connection = connect()
    facts = facts_of(
        frames_of({"accounts": [ACCOUNT], "subscriptions": [TERM], "usage_events": events}), {}, connection
    )
    snapshots = Snapshots.of([date.fromisoformat(d) for d in as_of])
    members = connection.create_table("members", cohort(facts, snapshots, CohortRule()))
    chosen = {name: catalogue()[name] for name in USED}
    with stored(facts, snapshots, chosen, connection, members) as kept:
        return list(in_key_order(feature_table(kept, members, snapshots, chosen).to_pyarrow())["days_since_last_use"])


def test_of_the_events_before_every_window_the_last_one_known_is_remembered() -> None:
    found = days_since_last_use("2025-10-06", "2025-11-03", known_late="2025-10-20")
    # 2024-03-05 to 2025-10-06, and once it is known 2024-03-20 to 2025-11-03.
    assert found == [580, 593]


def test_the_oldest_day_of_the_longest_window_is_still_read() -> None:
    events = [{"account_id": "a", "user_id": "u", "occurred_at": at("2025-09-08")}]  # 28 days before 2025-10-06
    facts = facts_from(usage_events=events)
    chosen = {"active_user_days_28d": catalogue()["active_user_days_28d"]}
    with stored(facts, Snapshots.of([date(2025, 10, 6)]), chosen, None) as kept:
        assert kept.tables[RECENT].count().execute() == 1
        assert kept.tables[EARLIER].count().execute() == 0
