"""The delivery to HubSpot over real HTTP, also while the line fails; the judge is the emulator's own record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Handle, Key, Kind, Outcome, Outgoing, Row
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.place import rejections
from serving.writeback.rollback import rollback
from tests.crm import hubspot_openapi as openapi
from tests.crm.hubspot_company import (
    ACCOUNTS,
    MODES,
    TASKS,
    TIMEOUT,
    WEEK_2,
    WRITES,
    Hurried,
    apply,
    book,
    client,
    doubled,
    missing_or_wrong,
    nothing_lost_nothing_doubled,
    opened,
    score,
    task,
)
from tests.crm.hubspot_oracle import Emulator

LATE = TIMEOUT + 0.3
FAULTS: dict[str, list[dict[str, Any]]] = {
    "no fault at all": [],
    "answers lost after the commit": [{"drop": "after", "path": WRITES, "every": 2, "count": 4}],
    "timeouts after the commit": [{"delay": LATE, "path": WRITES, "every": 3, "count": 3}],
    "requests lost on the way": [{"drop": "before", "path": WRITES, "every": 2, "count": 4}],
    "answers cut off": [{"truncate": 300, "path": WRITES, "every": 2, "count": 3}],
    "answers without trace ids": [{"omit_trace": True, "path": WRITES}],
    "a burst of 5xx": [
        {"answer": {"status": status}, "path": path, "after": after, "count": 2}
        for status, path, after in ((500, "batch", 2), (502, WRITES, 1), (503, WRITES, 2), (524, "batch/read", 1))
    ],
    "gateways that give up after the commit": [
        {"answer_after": {"status": status}, "path": WRITES, "every": 2, "count": 2} for status in (500, 502, 504, 521)
    ],
    "a 503 that names a time, after the commit": [
        {"answer_after": {"status": 503, "headers": {"Retry-After": "1"}}, "path": WRITES, "every": 3, "count": 2}
    ],
    "reads that fail": [{"drop": "before", "path": "batch/read", "every": 3, "count": 5}],
    "reads that are cut off": [{"truncate": 200, "path": "batch/read", "every": 4, "count": 3}],
}


def fired(hub: Emulator) -> bool:
    """A fault that never came tests nothing."""
    return all(rule["fired"] for rule in hub.faults())


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_doubled_by(fault: str, mode: str, running: Emulator, ledger: Path) -> None:
    opened(running, MODES[mode])
    running.faults(*FAULTS[fault])
    crm = client(running)
    applied = apply(book(), crm, ledger, run_id="r1")
    assert fired(running)
    nothing_lost_nothing_doubled(running, book(), applied)
    running.faults({"drop": "before", "path": WRITES, "name": "a second run writes nothing"}, replace=True)
    assert apply(book(), crm, ledger, run_id="r2").skipped == ACCOUNTS + TASKS
    assert running.faults()[0]["matched"] == 0
    crm.close()


@pytest.mark.parametrize("mode", MODES)
def test_a_book_arrives_whole_with_requests_as_the_documents_want_them(
    mode: str, running: Emulator, ledger: Path
) -> None:
    opened(running, MODES[mode])
    crm = client(running)
    nothing_lost_nothing_doubled(running, book(), apply(book(), crm, ledger, run_id="r1"))
    writes = sum("update" in one["path"] or "create" in one["path"] for one in running.log())
    assert apply(book(), crm, ledger, run_id="the same again").skipped == ACCOUNTS + TASKS
    assert sum("update" in one["path"] or "create" in one["path"] for one in running.log()) == writes
    again = [*book(WEEK_2), replace(task(3, body="Call once more."), as_of=WEEK_2)]
    assert apply(again, crm, ledger, run_id="r2").complete
    crm.close()
    assert missing_or_wrong(running, again) == []
    openapi.need_documents()
    kept = running.raw()
    assert len(kept) == len(running.log()) > 20
    assert [told for one in kept for told in openapi.of_kept(one)] == []


@pytest.mark.parametrize("mode", MODES)
def test_many_faults_at_once_lose_nothing_and_the_poisoned_rows_are_quarantined(
    mode: str, running: Emulator, ledger: Path
) -> None:
    opened(running, MODES[mode])
    rows = book()
    rows[37] = score(37, reason_1=" begins with a space")
    rows[ACCOUNTS + 5] = task(5, priority="odd")
    running.faults(
        {"answer": {"status": 500}, "key": "a011", "path": "companies/batch/update"},
        {"drop": "after", "path": WRITES, "probability": 0.15, "seed": 1, "count": 4},
        {"drop": "before", "probability": 0.04, "seed": 2, "count": 5},
        {"answer_after": {"status": 502}, "path": WRITES, "probability": 0.1, "seed": 3, "count": 3},
        {"errors_in_200": True},
    )
    crm = client(running)
    hurried = Hurried()
    applied = apply(rows, crm, ledger, run_id="r1", clock=hurried, sleep=hurried.sleep)
    crm.close()
    assert fired(running), running.faults()
    found = {line.key: line.code for line in rejections(ledger)}
    assert found == {
        "a011": "http_500",
        "a037": "edge_spaces",
        rows[ACCOUNTS + 5].key: "invalid_option",
        task(11).key: "score_rejected",
    }
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows) - 4, 4, 0)
    left = [row for row in rows if row.key not in found]
    assert (missing_or_wrong(running, left), doubled(running), len(running.records("tasks"))) == ([], {}, TASKS - 2)


def test_a_conflict_that_rejects_the_whole_batch_costs_one_row_and_few_calls(hub: Emulator, ledger: Path) -> None:
    hub.define("churn_run_id", hasUniqueValue=True, type="string")
    hub.control("edit", {"property": "churn_account_id", "value": "a059", "properties": {"churn_run_id": "taken"}})
    rows = [score(i, run_id=f"run {i}") for i in range(ACCOUNTS - 1)]
    rows[41] = score(41, run_id="taken")
    hub.control("forget", {})
    crm = client(hub, batch_size=100)
    applied = apply(rows, crm, ledger, run_id="r1")
    crm.close()
    assert [(line.key, line.code) for line in rejections(ledger)] == [("a041", "conflict")]
    assert (applied.written, applied.rejected) == (len(rows) - 1, 1)
    assert missing_or_wrong(hub, [row for row in rows if row.key != "a041"]) == []
    calls = [one for one in hub.log() if one["path"].endswith("batch/update")]
    assert len(calls) <= 15


def test_a_property_that_is_missing_stops_before_the_first_write(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    hub.control("property", {"name": "churn_health_score", "gone": True})
    with pytest.raises(SettingsError, match="no score field `health_score`"):
        apply(book(), crm, ledger, run_id="r1")
    hub.define("churn_health_score", type="string")
    with pytest.raises(SettingsError, match="`churn_health_score` of companies is a string"):
        apply(book(), crm, ledger, run_id="r2")
    hub.define("churn_account_id", type="string")
    hub.define("churn_health_score", type="number", fieldType="number")
    with pytest.raises(SettingsError, match="key field is not unique"):
        apply(book(), crm, ledger, run_id="r3")
    assert not [one for one in hub.log() if "batch" in one["path"]]


def test_a_property_that_vanishes_in_mid_run_quarantines_nobody_and_the_next_run_completes(
    hub: Emulator, crm: HubSpotCrm, ledger: Path
) -> None:
    writes = 0

    def at(point: str) -> None:
        nonlocal writes
        writes += point == "before_write"
        if point == "before_write" and writes == 3:
            hub.control("property", {"name": "churn_health_score", "gone": True})

    with pytest.raises(DeliveryIncomplete, match="`churn_health_score` of HubSpot is gone"):
        apply(book(), crm, ledger, run_id="r1", at=at)
    assert rejections(ledger) == []
    hub.define("churn_health_score", type="number", fieldType="number")
    assert apply([], crm, ledger, run_id="r2").complete
    assert (missing_or_wrong(hub, book()), doubled(hub)) == ([], {})


def test_a_key_withdrawn_in_mid_run_stops_it_and_the_next_run_completes(
    hub: Emulator, crm: HubSpotCrm, ledger: Path
) -> None:
    def at(point: str) -> None:
        if point == "after_claim" and any("update" in one["path"] for one in hub.log()):
            hub.control("revoke", {})

    with pytest.raises(DeliveryIncomplete, match="refuses the service key"):
        apply(book(), crm, ledger, run_id="r1", at=at)
    hub.control("revoke", {"revoked": False})
    assert apply([], crm, ledger, run_id="r2").complete
    assert (missing_or_wrong(hub, book()), doubled(hub)) == ([], {})


@pytest.mark.parametrize("mode", ["unique keys", "keys refused"])
def test_a_rollback_shows_again_what_was_there_before(mode: str, running: Emulator, ledger: Path) -> None:
    opened(running, MODES[mode])
    before = {key: one["properties"] for key, one in running.by("churn_account_id").items()}
    crm = client(running)
    apply([score(i) for i in range(9)], crm, ledger, run_id="r1")
    apply([score(i, WEEK_2) for i in range(9)] + [task(i, WEEK_2) for i in range(4)], crm, ledger, run_id="r2")
    key = {"type": "tasks", "property": "churn_task_key"}
    running.control("edit", {**key, "value": task(3, WEEK_2).key, "properties": {"hs_task_status": "COMPLETED"}})
    assert rollback("r2", crm, ledger).complete
    assert missing_or_wrong(running, [score(i) for i in range(9)]) == []
    states = [one["properties"]["hs_task_status"] for _, one in sorted(running.by("churn_task_key", "tasks").items())]
    assert states == ["DEFERRED", "DEFERRED", "DEFERRED", "COMPLETED"]
    assert rollback("r1", crm, ledger).complete
    crm.close()
    after = {key: one["properties"] for key, one in running.by("churn_account_id").items()}
    own = {"churn_account_id"}
    assert {n for one in after.values() for n in one if n.startswith("churn_")} == own
    assert after.keys() == before.keys()


class Keyless(HubSpotCrm):
    """The control: tasks bear no key, and a destination that finds again only what it was told was stored."""

    mine: dict[Key, Row]

    def read(self, kind: Kind, keys: Any) -> dict[Key, Row]:
        if kind == "score":
            return super().read(kind, keys)
        return {key: self.mine[key] for key in keys if key in self.mine}

    def write(self, kind: Kind, batch: Any, handle: Handle) -> list[Outcome]:
        if kind == "score":
            return super().write(kind, batch, handle)
        self.keys = {**self.keys, "task": "churn_play"}  # anything but a key
        rows = [Outgoing(row.key, row.account_id, row.fields, create=True) for row in batch]
        values = {row.key: {"hs_timestamp": "2025-01-07T05:30:00.000Z"} for row in rows}
        answers = self._create({row.key: row for row in rows}, values, self._companies(rows), None, handle)
        self.mine |= {row.key: row.fields for row in rows if answers[row.key].answer == "ok"}
        return [answers[row.key] for row in rows]


def test_without_a_key_the_same_faults_do_double_tasks(
    hub: Emulator, ledger: Path, record_property: Callable[[str, object], None]
) -> None:
    hub.faults({"drop": "after", "path": "tasks/batch/create", "count": 1})
    crm = client(hub)
    crm.__class__ = Keyless
    crm.mine = {}  # type: ignore[attr-defined]
    apply(book(), crm, ledger, run_id="r1")
    crm.close()
    assert len(hub.records("tasks")) == TASKS + 10
    record_property("doubled", len(doubled(hub)))
    assert len(doubled(hub)) == 10
