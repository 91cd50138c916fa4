"""Tasks where HubSpot keeps no key unique: made once, also when an earlier attempt may still be under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from serving.writeback.destination import Capabilities, Handle, Key, Kind, Outcome, Outgoing
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.memory import MemoryCrm
from serving.writeback.place import rejections
from tests.crm.hubspot_company import TASKS, apply, book, client, doubled, opened, score, task
from tests.crm.hubspot_oracle import Emulator

SLOW = {"delay": 0.7, "path": "tasks/batch/create", "count": 1}
DUE = {"due_at": "2025-01-07T05:30:00+00:00"}


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    opened(running, "off")
    return running


Clients = Callable[..., HubSpotCrm]


@pytest.fixture
def clients(hub: Emulator) -> Iterator[Clients]:
    """Clients of the account, each as new as that of a new process."""
    made: list[HubSpotCrm] = []

    def one(**options: Any) -> HubSpotCrm:
        made.append(client(hub, **options))
        return made[-1]

    yield one
    for crm in made:
        crm.close()


def settled(clients: Clients, **options: Any) -> HubSpotCrm:
    """A client of which nobody need fear any more that another process is still at work."""
    crm = clients(settle_seconds=0.2, **options)
    time.sleep(0.2)
    return crm


class Killed(BaseException):
    pass


def killed(where: str) -> Callable[[str], None]:
    def at(point: str) -> None:
        if point == where:
            raise Killed

    return at


class Memory:
    def __init__(self, job: str | None = None) -> None:
        self.job = job

    def save(self, job: str) -> None:
        self.job = job


def new(number: int, **fields: Any) -> Outgoing:
    row = task(number)
    return Outgoing(row.key, row.account_id, {**DUE, "subject": "Call", **fields}, create=True)


def write(crm: HubSpotCrm, rows: Sequence[Outgoing], handle: Memory | None = None) -> dict[Key, Outcome]:
    outcomes = crm.write("task", rows, handle or Memory())
    return dict(zip([row.key for row in rows], outcomes, strict=True))


def test_a_task_that_is_still_being_made_when_we_look_again_is_not_made_twice(
    hub: Emulator, clients: Clients, ledger: Path
) -> None:
    hub.faults(SLOW)
    crm = clients(answer_seconds=0.2, settle_seconds=1.0)
    applied = apply([score(1), task(1)], crm, ledger, run_id="r1")
    assert (hub.faults()[0]["fired"], applied.written, doubled(hub)) == (1, 2, {})
    assert len(hub.records("tasks")) == 1


def test_nor_by_the_next_process_when_this_one_is_killed(hub: Emulator, clients: Clients, ledger: Path) -> None:
    hub.faults(SLOW)

    def at(point: str) -> None:
        if point == "after_write" and hub.faults()[0]["fired"]:
            raise Killed

    with pytest.raises(Killed):
        apply([score(1), task(1)], clients(answer_seconds=0.2, settle_seconds=1.0), ledger, run_id="r1", at=at)
    assert apply([score(1), task(1)], clients(settle_seconds=1.0), ledger, run_id="r2").complete
    time.sleep(0.3)
    assert (doubled(hub), len(hub.records("tasks"))) == ({}, 1)


def test_an_attempt_is_noted_before_it_is_made_and_only_where_keys_are_not_unique(
    hub: Emulator, clients: Clients
) -> None:
    handle, crm = Memory(), settled(clients)
    hub.faults({"drop": "before", "path": "tasks/batch/create"})
    assert write(crm, [new(1)], handle)[task(1).key].answer == "unknown"
    assert handle.job
    assert write(crm, [new(1)], handle)[task(1).key].code == "settling"
    time.sleep(0.2)
    hub.faults(replace=True)
    assert write(crm, [new(1)], handle)[task(1).key].answer == "ok"
    opened(hub, "on")
    handle = Memory()
    assert write(clients(), [new(1)], handle)[task(1).key].answer == "ok"
    assert handle.job is None


def test_what_was_answered_is_not_waited_for(hub: Emulator, clients: Clients) -> None:
    handle, crm = Memory(), settled(clients)
    assert write(crm, [new(1, priority="odd"), new(2)], handle)[task(1).key].code == "invalid_option"
    assert write(crm, [new(1)], handle)[task(1).key].answer == "ok"


def test_a_gateway_that_names_a_time_does_not_say_that_it_is_over(hub: Emulator, clients: Clients) -> None:
    crm = settled(clients)
    answer = {"status": 503, "headers": {"Retry-After": "1"}}
    hub.faults({"answer": answer, "path": "tasks/batch/create", "count": 1})
    found = [write(crm, [new(1)])[task(1).key] for _ in range(2)]
    assert [(one.answer, one.code) for one in found] == [("retry", "http_503"), ("retry", "settling")]


def test_what_cannot_be_settled_is_held_for_a_person(hub: Emulator, clients: Clients) -> None:
    crm = clients(settle_seconds=0)
    assert write(crm, [new(1), new(2), new(3)])[task(1).key].answer == "ok"
    for number in (1, 2):  # somebody's tool emptied the key of one, and threw another away
        where = {"type": "tasks", "property": "churn_task_key", "value": task(number).key}
        if number == 1:
            hub.control("edit", {**where, "properties": {"churn_task_key": ""}})
        else:
            hub.control("archive", where)
    again = write(clients(settle_seconds=0), [new(i) for i in (1, 2, 3)], Memory("attempted"))
    assert [(one.answer, one.code) for one in again.values()] == [
        ("reject", "held_for_a_person"),
        ("ok", ""),
        ("unknown", "exists"),
    ]
    assert len(hub.records("tasks")) == 3


def test_a_task_is_found_among_many_of_its_company(hub: Emulator, clients: Clients) -> None:
    crm, (company,) = (
        settled(clients),
        [record["id"] for key, record in hub.by("churn_account_id").items() if key == "a001"],
    )
    write(crm, [new(1)])
    others = hub.control("seed", {"type": "tasks", "count": 620, "properties": {"hs_task_subject": "Other {n}"}})["ids"]
    for other in others:
        hub.control("associate", {"task": other, "company": company})
    write(crm, [Outgoing(f"a001|{i}", "a001", {**DUE, "subject": "Late"}, create=True) for i in range(2)])
    found = crm.read("task", [task(1).key, "a001|0", "a001|1", "a001|2", "a002|0"])
    assert found.keys() == {task(1).key, "a001|0", "a001|1"}


def test_a_key_that_does_not_begin_with_its_account_is_not_sent(hub: Emulator, clients: Clients) -> None:
    crm = clients()
    assert write(crm, [Outgoing("b|call|W1", "a001", DUE, create=True)])["b|call|W1"].code == "key_mismatch"
    assert not hub.records("tasks")


@pytest.mark.parametrize("tasks", ["on", "off"])
def test_a_lost_ledger_doubles_no_task(tasks: str, hub: Emulator, clients: Clients, ledger: Path) -> None:
    opened(hub, tasks)
    apply(book(), clients(), ledger, run_id="r1")
    apply(book(), clients(), ledger.with_name("another.sqlite"), run_id="r2")
    assert (doubled(hub), len(hub.records("tasks"))) == ({}, TASKS)


def test_two_creates_of_one_unique_key_are_one_task_and_an_answer_to_read_back(hub: Emulator, clients: Clients) -> None:
    opened(hub, "on")
    crm = clients()
    first = write(crm, [new(1)])
    for options in ({}, {"conflict_status": 400}, {"conflict_rejects": "row"}):
        hub.options(**options)
        again = write(crm, [new(1)])[task(1).key]
        assert (first[task(1).key].answer, again.answer, again.code) == ("ok", "unknown", "exists")
    both = write(crm, [new(1), new(2)])
    assert {one.answer for one in both.values()} == {"unknown", "ok"}
    hub.options(conflict_rejects="batch")
    assert {(one.answer, one.named) for one in write(crm, [new(1), new(3)]).values()} == {("reject", False)}
    assert len(hub.records("tasks")) == 2


def test_a_company_that_goes_takes_its_unmade_task_with_it(hub: Emulator, clients: Clients, ledger: Path) -> None:
    def at(point: str) -> None:
        if point == "after_claim" and len(hub.log()) > 12 and "a001" in hub.by("churn_account_id"):
            hub.control("archive", {"property": "churn_account_id", "value": "a001"})

    rows = [*(score(i) for i in range(30)), *(task(i) for i in range(4))]
    applied = apply(rows, clients(), ledger, run_id="r1", at=at)
    assert {line.key: line.code for line in rejections(ledger)} == {task(1).key: "no_account"}
    assert (applied.written, len(hub.records("tasks")), len(hub.records())) == (33, 3, 59)


@pytest.mark.slow
def test_nor_where_attempted_and_new_rows_meet_in_one_batch(hub: Emulator, clients: Clients, ledger: Path) -> None:
    rows = [*(score(i) for i in range(8)), *(task(i) for i in range(8))]
    apply(rows[:8], clients(), ledger, run_id="r1")
    hub.faults(SLOW)
    with pytest.raises(Killed):  # three tasks are attempted, and are made a little later
        apply(rows, clients(batch_size=3, answer_seconds=0.2), ledger, run_id="r2", at=killed("after_write"))
    with pytest.raises(Killed):  # three more are claimed
        apply(rows, clients(batch_size=3), ledger, run_id="r3", at=killed("after_claim"))
    # Two are new; then come four that were claimed once, of which three were attempted.
    apply(rows, clients(batch_size=8, settle_seconds=1.0), ledger, run_id="r4")
    time.sleep(0.3)
    assert len(hub.records("tasks")) >= 8
    assert doubled(hub) == {}


def test_the_ledger_hands_the_job_of_an_interrupted_batch_to_the_next_run(ledger: Path) -> None:
    jobs: list[str | None] = []

    def script(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        if kind == "score":
            return None
        jobs.append(handle.job)
        handle.save("job 1")
        raise Killed

    crm = MemoryCrm(script, Capabilities("x", open_fields=True, creates_accounts=True))
    for run in ("r1", "r2"):
        with pytest.raises(Killed):
            apply([score(1), task(1)], crm, ledger, run_id=run)
    assert jobs == [None, "job 1"]
