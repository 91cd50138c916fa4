"""Some accounts with all their facts, under other names, and the fingerprints of the whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from data_contracts.contract import source_contracts
from data_contracts.sources import Facts
from pipelines.fingerprints import table_fingerprint
from pipelines.proof_sample import built, newest_fact, sample_of, under_other_names
from proof.order import renamed
from tests.features.building import at, facts_from, facts_of, frames_of

WORLD: dict[str, list[dict[str, Any]]] = {
    "accounts": [
        {"account_id": "a", "created_on": date(2024, 1, 1), "merged_into": "b", "segment": "smb"},
        {"account_id": "b", "created_on": date(2024, 1, 1)},
        {"account_id": "c", "created_on": date(2024, 1, 1)},
    ],
    "subscriptions": [
        {"subscription_id": f"s{a}", "account_id": a, "starts_on": date(2024, 1, 1), "ends_on": date(2026, 1, 1), "arr": 9.0}
        for a in "abc"
    ],
    "support_tickets": [
        {"ticket_id": "t1", "account_id": "a", "opened_at": at("2025-03-01"), "closed_at": at("2025-03-09 12:00")},
        {"ticket_id": "t2", "account_id": "c", "opened_at": at("2025-03-01")},
    ],
    "ticket_messages": [
        {"message_id": "m1", "ticket_id": "t1", "sent_at": at("2025-03-02"), "author": "customer"},
        {"message_id": "m2", "ticket_id": "t2", "sent_at": at("2025-03-02"), "author": "customer"},
    ],
}  # fmt: skip


@pytest.fixture
def facts() -> Facts:
    return facts_of(frames_of(WORLD), {"support_tickets": ["a", "c"]})


def test_a_sample_holds_every_fact_of_its_accounts_and_no_other(facts: Facts) -> None:
    sample = sample_of(facts, ["a", "b"])
    assert {n: len(t) for n, t in sample.tables.items()} == {
        "accounts": 2, "subscriptions": 2, "support_tickets": 1, "ticket_messages": 1,
    }  # fmt: skip
    assert sample.covered == {"support_tickets": ("a",)}
    told = sample.uncovered(["a", "b"])
    assert told["support_tickets"] == {"b"}
    assert told["invoices"] == {"a", "b"}
    assert "accounts" not in told
    (message,) = sample.plain()["ticket_messages"]
    assert message["sent_at"] == datetime(2025, 3, 2)  # noqa: DTZ001 - accepted tables are UTC without a zone
    assert message["text"] is None


def test_under_other_names_everything_still_belongs_together(facts: Facts) -> None:
    sample, names = under_other_names(sample_of(facts, ["a", "b"]), seed=1)
    assert names == {renamed("a"): "a", renamed("b"): "b"}
    accounts = sample.tables["accounts"].set_index("account_id")
    assert set(accounts.index) == set(names)
    assert accounts.loc[renamed("a"), "merged_into"] == renamed("b")
    assert accounts.loc[renamed("a"), "segment"] == "smb"
    assert list(sample.tables["ticket_messages"]["ticket_id"]) == list(sample.tables["support_tickets"]["ticket_id"])
    assert sample.covered == {"support_tickets": (renamed("a"),)}


def test_a_sample_is_built_again_as_facts(facts: Facts) -> None:
    sample = sample_of(facts, ["a"])
    with built(sample) as (_, again):
        assert again.tables["support_tickets"].to_pyarrow().num_rows == 1
        assert again.covered["support_tickets"].to_pyarrow()["account_id"].to_pylist() == ["a"]
        assert again.mapped == facts.mapped


def test_the_newest_fact_is_the_newest_thing_that_happened_before_the_run(facts: Facts) -> None:
    assert newest_fact(facts, until=at("2026-06-01")) == date(2025, 3, 9)
    assert newest_fact(facts, until=at("2025-03-05")) == date(2025, 3, 2)


def accounts_table(rows: list[dict[str, Any]]) -> Any:
    return facts_from(accounts=rows).tables["accounts"]


def test_a_fingerprint_depends_on_the_rows_and_not_on_their_order_or_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = source_contracts()["accounts"]
    rows, one = table_fingerprint(accounts_table(WORLD["accounts"]), contract)
    assert rows == 3
    assert table_fingerprint(accounts_table(WORLD["accounts"][::-1]), contract)[1] == one
    monkeypatch.setattr("pipelines.fingerprints.BATCH", 1)
    assert table_fingerprint(accounts_table(WORLD["accounts"]), contract)[1] == one
    other = [{**WORLD["accounts"][0], "segment": "large"}, *WORLD["accounts"][1:]]
    assert table_fingerprint(accounts_table(other), contract)[1] != one
    assert table_fingerprint(accounts_table([*WORLD["accounts"], WORLD["accounts"][0]]), contract)[1] != one


def test_a_batch_without_an_empty_number_counts_like_one_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # pandas reads whole numbers with a gap among them as floats: the same 3 must not have two fingerprints.
    contract = source_contracts()["subscriptions"]
    terms = [{**WORLD["subscriptions"][0], "seats": 3}, {**WORLD["subscriptions"][1], "seats": None}]
    table = facts_from(subscriptions=terms).tables["subscriptions"]
    whole = table_fingerprint(table, contract)
    monkeypatch.setattr("pipelines.fingerprints.BATCH", 1)
    assert table_fingerprint(table, contract) == whole


def test_zero_rows_have_a_fingerprint() -> None:
    contract = source_contracts()["accounts"]
    empty = accounts_table(WORLD["accounts"]).limit(0)
    assert table_fingerprint(empty, contract)[0] == 0
