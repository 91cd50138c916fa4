"""Owners of tasks in Salesforce: active users, found by id, user name or e-mail address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from serving.writeback.plan import plan
from serving.writeback.salesforce_owners import owners
from serving.writeback.staged import Staged
from tests.crm.salesforce_company import PERSON, TASK_KEY, apply, connected, task
from tests.crm.salesforce_server import Emulator

USERS = [
    ["ann@acme.example", "ann@mail.example", True],
    ["bob@acme.example", "desk@mail.example", True],
    ["cem@acme.example", "desk@mail.example", True],
    ["old@acme.example", "old@mail.example", False],
    # Whose mails bob gets; bob's own user name says otherwise.
    ["service@acme.example", "bob@acme.example", True],
]


@pytest.fixture
def people(org: Emulator) -> list[str]:
    """The ids of the users above."""
    return org.seed("User", ["Username", "Email", "IsActive"], USERS)


def owned(number: int, owner_id: str | None, email: str | None) -> Staged:
    return replace(task(number, owner_id=owner_id), owner_email=email)


@pytest.mark.parametrize("bulk_from", [1, 2_000])
def test_a_task_goes_to_the_active_user_whose_id_name_or_address_it_has(
    bulk_from: int, org: Emulator, people: list[str], ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob, _, old, _ = people
    integration = org.records("User", "Id", "Username")[1]["Id"]
    cases = [
        (owned(1, "csm-1", "ANN@mail.example"), ann),
        (owned(2, "csm-1", "ann@acme.example"), ann),
        (owned(3, PERSON[:15], None), PERSON),
        (owned(4, ann, "bob@acme.example"), ann),
        (owned(5, None, "bob@acme.example"), bob),
        (owned(6, "csm-2", "desk@mail.example"), integration),
        (owned(7, old, "old@mail.example"), integration),
        (owned(8, None, None), integration),
    ]
    rows = [row for row, _ in cases]
    with connected(org, bulk_from=bulk_from) as crm:
        assert plan(rows, crm, ledger).unknown_owners == 2
        applied = apply(rows, crm, ledger, run_id="r1")
        assert apply(rows, crm, ledger, run_id="r2").skipped == len(rows)
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows), 0, 0)
    found = {row[TASK_KEY]: row["OwnerId"] for row in org.records("Task")}
    assert found == {row.key: owner for row, owner in cases}
    assert "2 rows go without an owner: salesforce:" in caplog.text
    assert "mail.example" not in caplog.text


def test_many_users_are_read_page_by_page(org: Emulator) -> None:
    org.seed_many("User", 2_500, Username="u{i}@acme.example", Email="e{i}@mail.example")
    with connected(org) as crm:
        crm.calls.begin()
        found = owners(crm.query)
    assert found["u2499@acme.example"] == found["e2499@mail.example"] == found[found["u2499@acme.example"][:15]]
