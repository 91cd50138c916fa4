"""A destination that gives no answer: is it down, or does it choke on one row?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities, Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.place import rejections
from serving.writeback.staged import Staged

# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]
ACCEPTS = Capabilities("memory", open_fields=True, creates_accounts=True, batch_size=50)


def choking_on(*poison: str) -> Any:
    """A script: a batch with one of these rows gets a 500 and stores nothing."""

    def script(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        if any(row.key in poison for row in batch):
            return [Outcome.unknown("server_error")] * len(batch)
        return None

    return script


@pytest.mark.parametrize("poison", [("a000",), ("a037",), ("a199",), ("a010", "a020"), ("a049", "a050", "a120")])
def test_rows_on_which_it_always_fails_are_set_apart_and_all_others_stored(
    poison: tuple[str, ...], score: Make, ledger: Path, clock: Any
) -> None:
    crm = MemoryCrm(choking_on(*poison), ACCEPTS)
    rows = [score(f"a{i:03d}") for i in range(200)]
    applied = apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.written, applied.rejected, applied.deferred) == (200 - len(poison), len(poison), 0)
    assert {(line.key, line.code) for line in rejections(ledger)} == {(key, "server_error") for key in poison}
    assert set(crm.rows["score"]) == {row.key for row in rows} - set(poison)
    assert len(crm.writes) <= 40 * len(poison)
    tries = [crm.writes.count(("score", [key])) for key in poison]
    assert tries == [3] if len(poison) == 1 else max(tries) <= 6


def test_a_destination_that_is_down_costs_few_calls_and_no_row(score: Make, ledger: Path, clock: Any) -> None:
    calls = 0

    def down_from_the_second_batch(*_: Any) -> list[Outcome] | None:
        nonlocal calls
        calls += 1
        return None if calls == 1 else [Outcome.unknown("no_answer")] * len(_[2])

    crm = MemoryCrm(down_from_the_second_batch, ACCEPTS)
    rows = [score(f"a{i:03d}") for i in range(200)]
    applied = apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.written, applied.rejected, applied.deferred) == (50, 0, 150)
    assert calls <= 60
    crm.script = None
    again = apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (again.rejected, again.deferred, len(crm.rows["score"])) == (0, 0, 200)


def test_batches_shrink_when_there_is_no_answer_and_grow_again(score: Make, ledger: Path, clock: Any) -> None:
    failures = 3

    def slow_at_first(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        nonlocal failures
        failures -= 1
        return [Outcome.unknown()] * len(batch) if failures >= 0 else None

    crm = MemoryCrm(slow_at_first, ACCEPTS)
    rows = [score(f"a{i:03d}") for i in range(400)]
    assert apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 400
    sizes = [len(keys) for _, keys in crm.writes]
    assert sizes[:4] == [50, 25, 12, 6]
    assert max(sizes[6:]) == 50


def test_one_row_that_is_locked_for_good_holds_up_nobody_else(
    score: Make, task: Make, ledger: Path, clock: Any
) -> None:
    def locked(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        return [Outcome.retry(code="locked") if row.key == "a00" else crm.store(kind, row) for row in batch]

    crm = MemoryCrm(locked, ACCEPTS)
    rows = [score(f"a{i:02d}") for i in range(60)] + [task(f"a{i:02d}") for i in range(5)]
    start = clock()
    applied = apply(rows, crm, ledger, run_id="r1", accepted=["new_tasks"], clock=clock, sleep=clock.sleep)
    assert (applied.written, applied.deferred) == (63, 2)
    assert len(crm.rows["task"]) == 4
    last_good = max(i for i, (_, keys) in enumerate(crm.writes) if keys != ["a00"])
    assert last_good <= 3
    assert clock() - start <= 300
