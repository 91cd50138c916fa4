"""A clock that is a day off, or that is set while a delivery runs, doubles nothing and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities, Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.staged import Staged

EVERY_LEDGER = True
Make = Callable[..., Staged]
DAY = 86_400
SMALL = Capabilities("small", open_fields=True, creates_accounts=True, batch_size=4)


def book(score: Make, task: Make, moment: str) -> list[Staged]:
    accounts = [f"a{i}" for i in range(10)]
    return [make(account, published_at=moment) for make in (score, task) for account in accounts]


def failing_once(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
    """The third write stores its rows and gives no answer."""
    if len(crm.writes) != 3:
        return None
    for row in batch:
        crm.store(kind, row)
    return [Outcome.unknown()] * len(batch)


@pytest.mark.parametrize("days", [-1, 1])
def test_the_same_run_by_another_clock_writes_nothing_twice(
    days: int, score: Make, task: Make, ledger: Path, clock: Any
) -> None:
    crm = MemoryCrm(failing_once, SMALL)

    def killed(point: str) -> None:
        if point == "after_write" and len(crm.writes) == 2:
            raise KeyboardInterrupt

    how: dict[str, Any] = {"accepted": ["new_tasks"], "clock": clock, "sleep": clock.sleep}
    with pytest.raises(KeyboardInterrupt):
        apply(book(score, task, "2025-01-06T05:00:00+00:00"), crm, ledger, run_id="r1", at=killed, **how)
    clock.now += days * DAY
    done = apply(book(score, task, "2025-01-07T05:00:00+00:00"), crm, ledger, run_id="r2", **how)
    assert (done.deferred, done.rejected) == (0, 0)
    sent = [key for _, keys in crm.writes for key in keys]
    assert len(crm.rows["task"]) == len(crm.rows["score"]) == 10
    assert {key: sent.count(key) for key in sent if sent.count(key) > 1} == {}
    clock.now -= 2 * days * DAY
    again = apply(book(score, task, "2025-01-05T05:00:00+00:00"), crm, ledger, run_id="r3", **how)
    assert (again.skipped, len(sent)) == (20, sum(len(keys) for _, keys in crm.writes))


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_set_while_rows_wait_defers_them_at_most(
    days: int, score: Make, task: Make, ledger: Path, clock: Any
) -> None:
    crm = MemoryCrm(None, SMALL)

    def locked(found: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        if len(found.writes) == 1:
            clock.now += days * DAY / 2
            return [Outcome.retry(code="locked")] * len(batch)
        clock.now += days * DAY / 2 if len(found.writes) == 2 else 0
        return None

    crm.script = locked
    rows, how = book(score, task, "now"), {"accepted": ["new_tasks"], "clock": clock, "sleep": clock.sleep}
    first = apply(rows, crm, ledger, run_id="r1", **how)
    assert first.written + first.deferred == 20
    assert apply([], crm, ledger, run_id="r2", **how).complete
    assert len(crm.rows["task"]) == len(crm.rows["score"]) == 10
