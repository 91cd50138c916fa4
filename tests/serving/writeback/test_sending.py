"""Every answer a CRM may give, and what becomes of the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities, Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.patient import Deferred
from serving.writeback.place import rejections
from serving.writeback.staged import Staged

# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]
WEEK_2 = "2025-01-13"


def answering(*answers: Callable[[MemoryCrm, Kind, Outgoing], Outcome]) -> Any:
    """A script: the n-th write call is answered row by row by the n-th function, later ones as usual."""
    left = list(answers)

    def script(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        if not left:
            return None
        answer = left.pop(0)
        return [answer(crm, kind, row) for row in batch]

    return script


def stored_then_silence(crm: MemoryCrm, kind: Kind, row: Outgoing) -> Outcome:
    crm.store(kind, row)
    return Outcome.unknown()


@pytest.mark.parametrize("bad", [0, 37, 50, 99])
def test_one_bad_row_of_a_hundred_refused_whole_is_found_in_fifteen_calls(bad: int, score: Make, ledger: Path) -> None:
    guilty = f"a{bad:02d}"

    def all_or_nothing(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        if guilty in [row.key for row in batch]:
            return [Outcome.reject("conflict", "409 for the whole batch", named=False)] * len(batch)
        return None

    crm = MemoryCrm(all_or_nothing)
    applied = apply([score(f"a{i:02d}") for i in range(100)], crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected) == (99, 1)
    assert len(crm.writes) <= 15
    assert [(line.key, line.code) for line in rejections(ledger)] == [(guilty, "conflict")]
    assert guilty not in crm.rows["score"]


def test_a_timeout_after_the_commit_is_read_back_and_not_written_twice(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm(answering(stored_then_silence, stored_then_silence))
    applied = apply([score("a"), score("b"), task("a")], crm, ledger, run_id="r1")
    assert (applied.written, applied.complete) == (3, True)
    assert crm.writes == [("score", ["a", "b"]), ("task", [task("a").key])]


def test_a_timeout_before_the_commit_is_read_back_and_written_again(score: Make, ledger: Path, clock: Any) -> None:
    crm = MemoryCrm(answering(lambda *_: Outcome.unknown()))
    applied = apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.written, len(crm.writes)) == (1, 2)


def test_what_a_silent_write_stored_is_not_taken_for_a_persons_edit(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a", risk_tier="green")], crm, ledger, run_id="r1")

    def dies_after_storing(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        for row in batch:
            crm.store(kind, row)
        raise DeliveryIncomplete("the line went dead")

    crm.script = dies_after_storing
    with pytest.raises(DeliveryIncomplete):
        apply([score("a", WEEK_2, risk_tier="yellow")], crm, ledger, run_id="r2")
    crm.script = None
    third = apply([score("a", "2025-01-20", risk_tier="red")], crm, ledger, run_id="r3")
    assert (third.edited, crm.rows["score"]["a"]["risk_tier"]) == ((), "red")


def test_a_task_closed_by_its_owner_while_its_write_was_in_doubt_stays_closed(
    score: Make, task: Make, ledger: Path, clock: Any
) -> None:
    def stored_then_closed(crm: MemoryCrm, kind: Kind, row: Outgoing) -> Outcome:
        crm.store(kind, row)
        crm.rows[kind][row.key].update(status="done", body="my own notes")
        return Outcome.unknown()

    crm = MemoryCrm()
    apply([score("a")], crm, ledger, run_id="r1")
    crm.script = answering(stored_then_closed)
    row = task("a", status="open", body="call them")
    apply([row], crm, ledger, run_id="r2", clock=clock, sleep=clock.sleep)
    assert crm.rows["task"][row.key]["status"] == "done"


def test_the_destination_is_not_called_before_it_said(score: Make, ledger: Path, clock: Any) -> None:
    called: list[float] = []

    def busy_twice(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        called.append(clock.now)
        return [Outcome.retry(after=37.0)] * len(batch) if len(called) <= 2 else None

    crm = MemoryCrm(busy_twice, Capabilities("small", open_fields=True, creates_accounts=True, batch_size=2))
    start = clock.now
    applied = apply([score(x) for x in "abcd"], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert applied.written == 4
    assert [moment - start for moment in called] == [0.0, 37.0, 74.0, 74.0]
    assert {len(keys) for _, keys in crm.writes} == {2}, (
        "a rate limit says nothing against the batch: it keeps its size"
    )


def test_a_wait_longer_than_the_patience_defers_and_the_next_run_waits_it_out(
    score: Make, ledger: Path, clock: Any
) -> None:
    crm = MemoryCrm(answering(lambda *_: Outcome.retry(after=7200.0, code="daily_limit")))
    first = apply([score("a"), score("b")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (first.deferred, first.complete, clock.slept) == (2, False, [])
    crm.reads = 0
    with pytest.raises(Deferred, match="7,200 seconds"):
        apply([score("a"), score("b")], crm, ledger, run_id="r2", clock=clock, sleep=clock.sleep)
    assert (crm.reads, len(crm.writes)) == (0, 1)
    clock.now += 7200
    later = apply([score("a"), score("b")], crm, ledger, run_id="r3", clock=clock, sleep=clock.sleep)
    assert (later.staged, later.written, later.complete) == (2, 2, True)


def test_rows_that_fail_again_and_again_travel_in_smaller_batches_and_are_deferred_in_the_end(
    score: Make, ledger: Path, clock: Any
) -> None:
    crm = MemoryCrm(lambda crm, kind, batch, handle: [Outcome.retry(code="http_500")] * len(batch))
    applied = apply([score(f"a{i}") for i in range(8)], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.staged, applied.deferred, applied.written) == (8, 8, 0)
    assert len(crm.writes[-1][1]) == 1
    assert sum(clock.slept) <= 300


def test_a_row_rejected_by_name_does_not_hold_up_its_neighbours(score: Make, task: Make, ledger: Path) -> None:
    def picky(crm: MemoryCrm, kind: Kind, row: Outgoing) -> Outcome:
        return Outcome.reject("bad_owner", "no such owner") if row.key == "b" else crm.store(kind, row)

    crm = MemoryCrm(answering(picky))
    applied = apply([score("a"), score("b"), task("a"), task("b")], crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected, applied.complete) == (2, 2, True)
    assert {(line.kind, line.code) for line in rejections(ledger)} == {
        ("score", "bad_owner"),
        ("task", "score_rejected"),
    }
    assert [kind for kind, _ in crm.writes] == ["score", "task"]
    assert set(crm.rows["task"]) == {task("a").key}


def test_tasks_wait_for_a_score_that_is_deferred(score: Make, task: Make, ledger: Path, clock: Any) -> None:
    crm = MemoryCrm(answering(lambda *_: Outcome.retry(after=7200.0)))
    applied = apply([score("a"), task("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.deferred, [kind for kind, _ in crm.writes]) == (2, ["score"])


def test_only_the_tasks_of_the_score_that_is_not_through_wait(
    score: Make, task: Make, ledger: Path, clock: Any
) -> None:
    def a_is_locked(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        return [
            Outcome.retry(code="row_locked") if (kind, row.key) == ("score", "a") else crm.store(kind, row)
            for row in batch
        ]

    crm = MemoryCrm(a_is_locked)
    rows = [score("a"), score("b"), task("a"), task("b")]
    first = apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep, patience=5)
    assert (first.written, first.deferred, set(crm.rows["task"])) == (2, 2, {task("b").key})
    crm.script, clock.now = None, clock.now + 60
    assert apply([], crm, ledger, run_id="r2", clock=clock).written == 2
    assert len(crm.rows["task"]) == 2


def test_too_few_answers_are_read_back_row_by_row(score: Make, ledger: Path) -> None:
    def forgetful(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        return [crm.store(kind, row) for row in batch][:1] if len(crm.writes) == 1 else None

    crm = MemoryCrm(forgetful)
    assert apply([score("a"), score("b")], crm, ledger, run_id="r1").written == 2
    assert len(crm.writes) == 1


def test_an_ok_that_is_not_true_is_found_by_reading_back(score: Make, ledger: Path, clock: Any) -> None:
    def truncates(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        for row in batch:
            crm.store(kind, row)
            crm.rows[kind][row.key]["name"] = str(row.fields["name"])[:3]
        return [Outcome.ok()] * len(batch)

    crm = MemoryCrm(truncates)
    applied = apply([score("abcdef")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.written, applied.rejected) == (0, 1)
    assert rejections(ledger)[0].code == "stored_differently"
    assert "name" in rejections(ledger)[0].reason


def test_an_ok_for_a_row_that_never_arrived_is_written_again(score: Make, ledger: Path, clock: Any) -> None:
    crm = MemoryCrm(answering(lambda *_: Outcome.ok()))
    assert apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 1
    assert "a" in crm.rows["score"]


def test_a_destination_that_rejects_too_many_rows_stops_the_delivery(score: Make, ledger: Path) -> None:
    crm = MemoryCrm(lambda crm, kind, batch, handle: [Outcome.reject("type", "wrong type")] * len(batch))
    with pytest.raises(DeliveryIncomplete, match="100 of 100"):
        apply([score(f"a{i}") for i in range(300)], crm, ledger, run_id="r1")
    assert len(crm.writes) == 1
    crm.script = None
    assert apply([], crm, ledger, run_id="r2").written == 200, "the rows not yet tried are delivered by the next run"


def test_a_row_deleted_between_reading_and_writing_is_written_whole(score: Make, ledger: Path, clock: Any) -> None:
    crm = MemoryCrm()
    apply([score("a", arr=5)], crm, ledger, run_id="r1")

    def deleted_first(crm: MemoryCrm, kind: Kind, row: Outgoing) -> Outcome:
        crm.rows[kind].pop(row.key)
        return crm.store(kind, row)

    crm.script = answering(deleted_first)
    apply([score("a", WEEK_2, arr=5)], crm, ledger, run_id="r2", clock=clock, sleep=clock.sleep)
    assert crm.rows["score"]["a"] == {"name": "A", "owner_id": "csm-1", "risk_tier": "green", "arr": 5, "as_of": WEEK_2}


def test_a_batch_in_which_the_process_keeps_dying_becomes_smaller(score: Make, ledger: Path) -> None:
    sizes: list[int] = []

    def dies(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        sizes.append(len(batch))
        raise KeyboardInterrupt

    rows = [score(f"a{i}") for i in range(8)]
    crm = MemoryCrm(dies, Capabilities("eight", open_fields=True, creates_accounts=True, batch_size=8))
    with pytest.raises(KeyboardInterrupt):
        apply(rows, crm, ledger, run_id="r0")
    for life in range(3):
        with pytest.raises(KeyboardInterrupt):
            apply([], crm, ledger, run_id=f"r{life + 1}")
    assert sizes == [8, 4, 2, 2], "nobody begins with more than the row tried most may travel with"


def test_a_remote_job_is_remembered_before_the_upload(score: Make, ledger: Path) -> None:
    seen: list[str | None] = []

    def by_job(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome] | None:
        seen.append(handle.job)
        if handle.job is None:
            handle.save("job-7")
            raise DeliveryIncomplete("the line went dead")
        return None

    crm = MemoryCrm(by_job)
    with pytest.raises(DeliveryIncomplete):
        apply([score("a")], crm, ledger, run_id="r1")
    apply([], crm, ledger, run_id="r2")
    assert seen == [None, "job-7"]
