"""What a build stores and leaves unread changes no value."""

from __future__ import annotations

from datetime import date

import pytest

from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.reductions.events import CORE_USE, EARLIER, PERSON_DAYS, RECENT
from features.snapshots import Snapshots
from features.stored import in_parts, stored
from tests.features.building import at, connect, facts_from, facts_of, frames_of, in_key_order
from tests.features.dice import Dice
from tests.features.restatements import with_restatements
from tests.features.worlds import UNCOVERED, covered, world

LATE = Snapshots.of([date(2025, 10, 6), date(2025, 11, 3)])  # most of a world's events lie before any window
USED = ("days_since_last_use", "active_user_days_28d", "active_days_28d", "core_use_change_28d", "active_users_28d")


@pytest.mark.parametrize("restated", [False, True], ids=["once delivered", "restated"])
def test_a_build_that_stores_gives_the_values_of_one_that_reads_everything_anew(restated: bool) -> None:
    rows = with_restatements(world(3), Dice(3)) if restated else world(3)
    connection = connect()
    facts = facts_of(frames_of(rows), {t: covered(t, world(3)) for t in UNCOVERED}, connection)
    members = connection.create_table("members", cohort(facts, LATE, CohortRule()))
    chosen = {name: i for name, i in catalogue().items() if i.component in ("usage", "lifecycle")}
    plain = in_key_order(feature_table(facts, members, LATE, chosen).to_pyarrow())
    with stored(facts, LATE, chosen, connection) as kept:
        assert {PERSON_DAYS, CORE_USE, RECENT, EARLIER} <= set(kept.tables)
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
        assert kept is facts


def test_parts_hold_every_indicator_once_in_order() -> None:
    parts = in_parts(catalogue())
    assert [name for part in parts for name in part] == list(catalogue())
    assert len(parts) == len({i.component for i in catalogue().values()})
