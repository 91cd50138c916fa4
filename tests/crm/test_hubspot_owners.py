"""Owners of tasks and companies: our sources' ids and addresses as HubSpot's ids; unknown ones hold nothing up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.hubspot_owners import owners
from serving.writeback.hubspot_setup import SCOPES, setup
from serving.writeback.hubspot_values import default_names
from serving.writeback.place import rejections
from serving.writeback.plan import plan
from serving.writeback.staged import Staged
from tests.crm import hubspot_openapi as openapi
from tests.crm.hubspot_company import apply, client, opened, score, task
from tests.crm.hubspot_oracle import Emulator

EMAILS = {"101": "Ann@example.com", "102": "twin@example.com", "103": "twin@example.com", "900": "gone@example.com"}
WHO = {"owners": ["101", "102", "103"], "archived_owners": ["900"], "owner_emails": EMAILS}
READS = "/crm/owners/"


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    opened(running, **WHO)
    return running


def owned(number: int, owner_id: str | None, email: str | None) -> Staged:
    return replace(task(number, owner_id=owner_id), owner_email=email)


def shown(hub: Emulator) -> dict[str, str | None]:
    found = hub.by("churn_task_key", "tasks")
    return {key.partition("|")[0]: record["properties"].get("hubspot_owner_id") for key, record in found.items()}


ROWS = {
    "a001": (owned(1, "csm-1", " ann@EXAMPLE.com"), "101"),
    "a002": (owned(2, "103", None), "103"),
    "a003": (owned(3, "ANN@example.com", None), "101"),
    "a004": (owned(4, "103", "ann@example.com"), "103"),
    "a005": (owned(5, None, None), None),
    "a006": (owned(6, "csm-1", "nobody@example.com"), None),
    "a007": (owned(7, "900", "gone@example.com"), None),
    "a008": (owned(8, None, "twin@example.com"), None),
}


@pytest.mark.parametrize("keys", ["on", "off"])
def test_a_task_goes_to_the_owner_whose_id_or_address_it_has(
    keys: str, running: Emulator, ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(running, keys, **WHO)
    rows = [row for row, _ in ROWS.values()]
    crm = client(running)
    assert plan(rows, crm, ledger).unknown_owners == 3
    applied = apply(rows, crm, ledger, run_id="r1")
    crm.close()
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows), 0, 0)
    assert shown(running) == {account: owner for account, (_, owner) in ROWS.items()}
    assert "3 rows go without an owner: hubspot:test" in caplog.text
    assert not [text for text in ("nobody@", "gone@", "csm-1") if text in caplog.text]


def test_a_companys_owner_of_whom_hubspot_knows_nothing_stays(hub: Emulator, ledger: Path) -> None:
    names = default_names(score={"owner_id": "hubspot_owner_id"})
    rows = [
        replace(score(1, owner_id="csm-1"), owner_email="ann@example.com"),
        replace(score(2, owner_id="csm-2"), owner_email="nobody@example.com"),
        score(3, owner_id=None),
    ]
    for account in ("a001", "a002", "a003"):
        hub.control(
            "edit", {"property": "churn_account_id", "value": account, "properties": {"hubspot_owner_id": "102"}}
        )
    crm = client(hub, names=names)
    looked = plan(rows, crm, ledger)
    assert (looked.unknown_owners, looked.unowned) == (1, ["a003"])
    assert apply(rows, crm, ledger, run_id="r1").written == 3
    found = hub.by("churn_account_id")
    whose = [found[account]["properties"].get("hubspot_owner_id") for account in ("a001", "a002", "a003")]
    assert whose == ["101", "102", None]
    assert apply(rows, crm, ledger, run_id="r2").skipped == 3
    crm.close()


def test_accounts_count_as_unowned_only_where_hubspot_is_told_of_owners(hub: Emulator, ledger: Path) -> None:
    crm = client(hub)
    assert plan([score(1), score(2)], crm, ledger).unowned == []
    crm.close()


def test_all_pages_are_read_once_a_delivery_and_none_of_the_archived(hub: Emulator, ledger: Path) -> None:
    many = {str(1000 + i): f"p{i}@example.com" for i in range(250)}
    hub.options(owners=list(many), archived_owners=["900"], owner_emails={**many, "900": "gone@example.com"})
    hub.control("forget", {})
    crm = client(hub)
    found = owners(crm.line)
    assert len(found) == 2 * len(many)
    assert (found["p249@example.com"], "900" in found, "gone@example.com" in found) == ("1249", False, False)
    assert [one["path"] for one in hub.log()] == ["/crm/owners/2026-03"] * 3
    openapi.need_documents()
    assert [told for one in hub.raw()[-3:] for told in openapi.of_kept(one)] == []
    answers = [openapi.answer_violations("GET", one["path"], one["status"], one["answer"]) for one in hub.raw()[-3:]]
    assert answers == [[], [], []]
    hub.control("forget", {})
    rows = [replace(task(i), owner_email=f"p{i}@example.com") for i in range(40)]
    assert apply(rows, crm, ledger, run_id="r1").complete
    crm.close()
    assert sum(one["path"].startswith(READS) for one in hub.log()) == 3


def test_nobody_is_asked_for_where_no_owner_is_sent(hub: Emulator, ledger: Path) -> None:
    hub.options(scopes=[one for one in SCOPES if one != "crm.objects.owners.read"])
    crm = client(hub)
    with pytest.raises(DeliveryIncomplete, match=r"crm\.objects\.owners\.read"):
        apply([task(1)], crm, ledger, run_id="r1")
    crm.close()
    crm = client(hub, names=default_names(task={"owner_id": ""}))
    assert apply([task(1)], crm, ledger, run_id="r1").written == 1
    assert {step.state for step in setup(crm, create=False)} == {"ready"}
    crm.close()
    assert not [one for one in hub.log() if one["path"].startswith(READS) and one["status"] == 200]


def test_an_owner_who_is_archived_meanwhile_is_one_refused_row(hub: Emulator, ledger: Path) -> None:
    def rows() -> Iterator[Staged]:
        yield owned(1, "101", None)
        hub.options(owners=["102", "103"])
        yield owned(2, "102", None)

    crm = client(hub)
    applied = apply(rows(), crm, ledger, run_id="r1")
    assert (applied.written, [line.code for line in rejections(ledger)]) == (1, ["invalid_owner_id"])
    assert apply([owned(1, "101", None)], crm, ledger, run_id="r2").complete
    crm.close()
    assert shown(hub) == {"a001": None, "a002": "102"}


def test_owners_that_cannot_be_read_for_the_moment_are_waited_for(hub: Emulator, ledger: Path) -> None:
    hub.faults({"answer": {"status": 503}, "path": READS, "count": 2})
    crm = client(hub)
    assert apply([owned(1, None, "ann@example.com")], crm, ledger, run_id="r1").written == 1
    crm.close()
    assert shown(hub) == {"a001": "101"}
