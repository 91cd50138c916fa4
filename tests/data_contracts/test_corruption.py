"""The corruptor changes the whole future and nothing of the past."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import as_arrow, as_known, corrupted, guarded, in_contract_types, lies_ahead
from tests.features.building import at, frame_of, frames_of
from tests.features.worlds import world

AS_OF = date(2025, 6, 2)
MIDNIGHT = pd.Timestamp(AS_OF)
CONTRACTS = source_contracts()


@pytest.fixture(scope="module")
def before() -> dict[str, pd.DataFrame]:
    return frames_of(world(3))


@pytest.fixture(scope="module")
def after(before: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return corrupted(before, CONTRACTS, as_of=AS_OF, seed=7)


def lines(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """Rows as text, in an order of their own: every value counts, whatever its type."""
    return sorted(tuple(map(str, row)) for row in frame.itertuples(index=False, name=None))


def one_ticket(**values: object) -> pd.DataFrame:
    row = {"account_id": "a", "opened_at": at("2025-05-01"), **values}
    return frame_of([{**row, "ticket_id": f"t{i}"} for i in range(40)], CONTRACTS["support_tickets"])


def tickets_after(frame: pd.DataFrame) -> pd.DataFrame:
    return corrupted({"support_tickets": frame}, CONTRACTS, as_of=AS_OF, seed=1)["support_tickets"]


@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_the_past_reads_exactly_as_before(
    table: str, before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]
) -> None:
    contract = CONTRACTS[table]
    known = as_known(before[table], contract, AS_OF)
    if table == "accounts":
        # A merger decided at or after as_of is a fact of the future, though `merged_into` has no date of its own.
        assert lines(known.drop(columns="merged_into")) == lines(
            as_known(after[table], contract, AS_OF).drop(columns="merged_into")
        )
    else:
        assert lines(known) == lines(as_known(after[table], contract, AS_OF))
    assert len(known)


@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_no_row_of_the_future_survives_as_it_was(
    table: str, before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]
) -> None:
    contract = CONTRACTS[table]
    ahead = before[table][lies_ahead(before[table], contract, AS_OF)]
    if table == "usage_events":
        # Events without an id may come to look like each other.
        ahead = ahead.dropna(subset=["event_id"])
    assert not set(lines(ahead)) & set(lines(after[table]))
    assert len(after[table][lies_ahead(after[table], contract, AS_OF)]) > 0


@pytest.mark.parametrize("table", [t for t in sorted(CONTRACTS) if CONTRACTS[t].mutable])
def test_a_value_not_yet_known_is_taken_back_changed_or_given(
    table: str, before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]
) -> None:
    contract = CONTRACTS[table]
    for guard in guarded(contract):
        past = after[table][~lies_ahead(after[table], contract, AS_OF)]
        was = before[table][~lies_ahead(before[table], contract, AS_OF)]
        ahead = was[guard] >= MIDNIGHT
        assert past[guard].isna().any(), "no value was taken back or left empty"
        assert (past[guard] >= MIDNIGHT).any(), "no value is given later"
        assert (
            not set(was[guard][ahead]) & set(past[guard][past[guard] > MIDNIGHT])
            or contract.column(guard).type == "date"
        )
        assert sorted(was[guard][was[guard] < MIDNIGHT]) == sorted(past[guard][past[guard] < MIDNIGHT])


def test_dates_fall_on_the_as_of_midnight_itself(after: dict[str, pd.DataFrame]) -> None:
    for table in ("usage_events", "support_tickets", "survey_responses"):
        assert (after[table]["known_at"] == MIDNIGHT).any()
        assert (after[table][CONTRACTS[table].event_time[0]] == MIDNIGHT).any()


def test_rows_are_learned_late_as_well_as_happening_late(after: dict[str, pd.DataFrame]) -> None:
    events = after["usage_events"]
    late = (events["known_at"] >= MIDNIGHT) & (events["occurred_at"] < MIDNIGHT)
    assert late.any()
    assert (events["occurred_at"] >= MIDNIGHT).any()


def test_of_a_key_no_two_versions_are_known_at_the_same_moment(after: dict[str, pd.DataFrame]) -> None:
    for name, contract in CONTRACTS.items():
        # A usage event without an id is a fact of its own.
        keyed = after[name].dropna(subset=["event_id"]) if name == "usage_events" else after[name]
        assert len(keyed)
        assert not keyed.duplicated([*contract.key, "known_at"]).any(), name


def test_an_open_ticket_gets_closed_later_and_a_closed_one_reopened() -> None:
    found = tickets_after(one_ticket())
    assert (found["closed_at"] >= MIDNIGHT).any()
    found = tickets_after(one_ticket(closed_at=at("2025-06-02")))
    old = found[~lies_ahead(found, CONTRACTS["support_tickets"], AS_OF)]
    assert old["closed_at"].isna().any()
    assert not (old["closed_at"] < MIDNIGHT).any()


def test_a_ticket_closed_one_second_before_stays_closed_then() -> None:
    second_before = at("2025-06-01 23:59:59")
    found = tickets_after(one_ticket(closed_at=second_before))
    old = found[~lies_ahead(found, CONTRACTS["support_tickets"], AS_OF)]
    assert len(old) == 40
    assert (old["closed_at"] == second_before).all()


def test_an_undecided_term_is_decided_later_with_kind_and_date_of_effect() -> None:
    term = {
        "subscription_id": "s",
        "account_id": "a",
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2026, 1, 1),
        "arr": 1,
    }
    terms = frame_of([{**term, "subscription_id": f"s{i}"} for i in range(40)], CONTRACTS["subscriptions"])
    found = corrupted({"subscriptions": terms}, CONTRACTS, as_of=AS_OF, seed=1)["subscriptions"]
    decided = found[found["decision_at"] >= MIDNIGHT]
    assert set(decided["decision_kind"].dropna()) == {"voluntary", "non_payment", "acquired", "contraction"}
    assert (found["effective_on"] >= MIDNIGHT).any()


def test_a_merger_of_the_future_comes_and_goes_while_a_past_one_stays() -> None:
    def term(account: str, decided: datetime | None) -> dict[str, object]:
        kind = "acquired" if decided else None
        return {
            "subscription_id": account, "account_id": account, "starts_on": date(2024, 1, 1), "arr": 1,
            "ends_on": date(2026, 1, 1), "decision_at": decided, "decision_kind": kind,
        }  # fmt: skip

    past = [f"p{i}" for i in range(20)]
    ahead = [f"f{i}" for i in range(20)]
    none = [f"n{i}" for i in range(40)]
    undated = [f"u{i}" for i in range(20)]
    rows = [
        {"account_id": a, "created_on": date(2024, 1, 1), "merged_into": None if a in none else "p0"}
        for a in past + ahead + none + undated
    ]
    terms = [term(a, at("2025-03-01")) for a in past] + [term(a, at("2025-09-01")) for a in ahead]
    terms += [term(a, None) for a in none + undated]
    found = corrupted(frames_of({"accounts": rows, "subscriptions": terms}), CONTRACTS, as_of=AS_OF, seed=1)
    merged = found["accounts"].set_index("account_id")["merged_into"].notna()
    assert merged[past].all()
    assert merged[undated].all()
    assert 0 < merged[ahead].sum() < len(ahead)
    assert 0 < merged[none].sum() < len(none)
    acquired = found["subscriptions"].query("decision_kind == 'acquired'")
    assert not set(acquired["account_id"]) & set(undated)


def test_the_same_seed_gives_the_same_corruption_and_leaves_the_input_alone() -> None:
    frames = frames_of(world(4))
    copies = {name: frame.copy() for name, frame in frames.items()}
    first, again, other = (corrupted(frames, CONTRACTS, as_of=AS_OF, seed=s) for s in (5, 5, 6))
    for name, frame in frames.items():
        pd.testing.assert_frame_equal(frame, copies[name])
        pd.testing.assert_frame_equal(first[name], again[name])
    assert not first["usage_events"].equals(other["usage_events"])


def test_rows_are_shuffled(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> None:
    order = [t for t in after["support_tickets"]["ticket_id"] if t in set(before["support_tickets"]["ticket_id"])]
    assert order != [t for t in before["support_tickets"]["ticket_id"] if t in set(order)]


def test_corrupted_tables_fit_the_contract_types_and_its_valid_values(after: dict[str, pd.DataFrame]) -> None:
    for name, contract in CONTRACTS.items():
        assert as_arrow(after[name], contract).num_rows == len(after[name])
    assert set(after["support_tickets"]["priority"].dropna()) <= {"low", "normal", "high", "urgent"}
    assert after["ticket_messages"]["sentiment"].dropna().between(-1, 1).all()
    assert (after["usage_events"]["count"].dropna() >= 1).all()


def test_an_empty_table_stays_empty() -> None:
    empty = in_contract_types(pd.DataFrame(columns=CONTRACTS["users"].column_names), CONTRACTS["users"])
    assert corrupted({"users": empty}, CONTRACTS, as_of=AS_OF, seed=1)["users"].empty
