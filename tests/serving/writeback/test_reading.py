"""What a delivery reads: it waits when it is told to, and sees what people and the CRM make of its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving.writeback.delivery import apply
from serving.writeback.destination import Busy, Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.patient import Deferred
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
WEEK_2 = "2025-01-13"


class Halting(MemoryCrm):
    """Answers its first reads with a request to wait."""

    def __init__(self, *waits: float | None) -> None:
        super().__init__()
        self.waits = list(waits)
        self.asked_at: list[float] = []
        self.clock: Any = None

    def read(self, kind: Kind, keys: Sequence[str]) -> dict[str, Any]:
        self.asked_at.append(self.clock())
        if self.waits:
            raise Busy(self.waits.pop(0), "rate_limit")
        return super().read(kind, keys)


def test_a_read_that_is_asked_to_wait_waits_as_long_as_it_was_told(score: Make, ledger: Path, clock: Any) -> None:
    crm = Halting(20.0, None, 0.0)
    crm.clock = clock
    start = clock()
    assert apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 1
    assert [moment - start for moment in crm.asked_at] == [0, 20, 21, 21.5, 21.5]


def test_a_read_that_must_wait_too_long_stops_the_run_and_the_next_one_does_not_call_early(
    score: Make, ledger: Path, clock: Any
) -> None:
    crm = Halting(3600.0)
    crm.clock = clock
    for _ in range(2):
        with pytest.raises(Deferred):
            apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert len(crm.asked_at) == 1
    clock.now += 3600
    assert apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 1


def test_what_the_crm_rounds_in_an_owners_field_is_not_taken_for_a_persons_edit(
    score: Make, task: Make, ledger: Path
) -> None:
    def rounding(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        outcomes = [crm.store(kind, row) for row in batch]
        for row in batch:
            if kind == "task":
                crm.rows["task"][row.key]["due_at"] = "2025-01-08T00:00:00Z"
        return outcomes

    crm = MemoryCrm(rounding)
    rows = [score("a"), task("a", due_at="2025-01-08T09:30:15.25Z")]
    apply(rows, crm, ledger, run_id="r1")
    assert apply(rows, crm, ledger, run_id="r2").edited == ()
    crm.rows["task"][task("a").key]["due_at"] = "2025-01-09T00:00:00Z"
    assert apply(rows, crm, ledger, run_id="r3").edited == (("task", task("a").key, "due_at"),)


@pytest.mark.parametrize("file", [False, True])
def test_an_edit_between_the_read_and_the_write_stays_and_is_told(
    file: bool, score: Make, ledger: Path, tmp_path: Path, clock: Any
) -> None:
    crm: Any = SqliteCrm(tmp_path / "crm.sqlite") if file else MemoryCrm()
    apply([score("a"), score("b")], crm, ledger, run_id="r1")

    def edit(point: str) -> None:
        if point == "after_stage_commit" and file:
            with closing(sqlite3.connect(crm.path)) as db, db:
                db.execute("UPDATE accounts SET owner_id='anna' WHERE account_id='a'")
        elif point == "after_stage_commit":
            crm.rows["score"]["a"]["owner_id"] = "anna"

    week_2 = [score(x, WEEK_2, owner_id="csm-9") for x in "ab"]
    applied = apply(week_2, crm, ledger, run_id="r2", at=edit, clock=clock, sleep=clock.sleep)
    assert applied.edited == (("score", "a", "owner_id"),)
    shown = crm.read("score", ["a", "b"])
    assert {key: (row["owner_id"], row["as_of"]) for key, row in shown.items()} == {
        "a": ("anna", WEEK_2),
        "b": ("csm-9", WEEK_2),
    }
