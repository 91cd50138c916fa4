"""The loop of a delivery: claim → write → read back → acknowledge, batch by batch, until nothing is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from policy.delivery import Delivery
from policy.errors import DeliveryIncomplete
from serving.writeback.breakers import too_many
from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE, same
from serving.writeback.decision import Decision, decide, decide_back
from serving.writeback.destination import Capabilities, Key, Kind, Outcome, Row
from serving.writeback.entries import Answer, Entry
from serving.writeback.garbage import sweep
from serving.writeback.outbox import BatchHandle, Outbox
from serving.writeback.patient import Deferred, Patient, backoff

KINDS: tuple[Kind, ...] = ("score", "task")
TRIES_TO_STORE = 3
"""How often a row answered `ok` may read back different before it is given up as stored differently."""


@dataclass(slots=True)
class Sender:
    """Sends one run's rows."""

    destination: Patient
    accepts: Capabilities
    outbox: Outbox
    limits: Delivery
    progress: Callable[[int, int], None]
    at: Callable[[str], None]
    clock: Callable[[], float]
    total: int = 0
    finished: int = 0
    answered: int = 0
    refused: int = 0
    size: int = 1
    """Rows in the next batch: halved when one gets no answer, doubled when one passes."""
    passed: int = 0
    """Batches of which the destination took something."""
    barren: int = 0
    """Rows and batches left without an answer since one passed."""
    alone: Counter[int] = field(default_factory=Counter)
    """How often each row was left without an answer alone, while others passed."""
    tries: Counter[int] = field(default_factory=Counter)
    """How often each row that is not through was written by this process."""
    kept: set[tuple[Kind, Key, str]] = field(default_factory=set)

    def drain(self) -> None:
        """Send what is due, until nothing is left or the destination wants too long a wait.

        Scores go before tasks; while a score waits for another try, the tasks of other accounts go on.
        """
        # What was tried before was perhaps interrupted for being too much at a time: nobody begins with a full batch then.
        self.size = max(1, self.accepts.batch_size >> min(self.outbox.most_attempts(), 30))
        try:
            while self._next_batch() or self._waited():
                sweep()
        except Deferred:
            return  # its rows stay claimed: the next run reads them back first

    def _next_batch(self) -> bool:
        if self.destination.due_in():
            return False
        for kind in KINDS:
            if batch := self.outbox.claim(kind, self.size, self.accepts.batch_size, self.clock()):
                self.at("after_claim")
                self._deliver(kind, batch)
                return True
        return False

    def _waited(self) -> bool:
        """Wait for what is due next, if anything is and it is worth the wait."""
        due = [moment for kind in KINDS if (moment := self.outbox.next_due(kind)) is not None]
        return bool(due) and self.destination.wait(max(self.destination.due_in(), min(due) - self.clock()))

    def _deliver(self, kind: Kind, batch: Sequence[Entry]) -> None:
        undecided = [entry for entry in batch if entry.send is None]
        if undecided:
            self._acknowledge(kind, self._decide_anew(kind, undecided))
        ready = [entry for entry in batch if entry.send]
        if ready:
            self._send(kind, ready)

    def _decide_anew(self, kind: Kind, batch: Sequence[Entry]) -> list[Answer]:
        """Read the rows and decide again; what needs no write any more is answered here, the rest gets its `send`."""
        keys = [entry.row.key for entry in batch]
        found = self.destination.read(kind, keys)
        confirmed = self.outbox.ledger.confirmed(kind, keys)
        answers = []
        for entry in batch:
            row = entry.row
            shown, known = found.get(row.key), confirmed.get(row.key)
            if entry.restores:
                decision = decide_back(row, shown, known, created=entry.before is None)
            else:
                decision = decide(row, shown, known)
                entry.before, entry.was = _replaced(entry, decision), entry.was or decision.was
            self.kept.update((kind, row.key, name) for name in decision.edits)
            entry.agreed = {name: (shown or {}).get(name) for name in decision.agreed}
            if decision.verdict in ("new", "changed"):
                entry.send, entry.create = decision.send, decision.verdict == "new"
                entry.seen = {name: change.before for name, change in decision.changes.items()}
            elif decision.verdict == "unchanged" and entry.attempts > 1:
                answers.append(Answer(entry, "done", seen=entry.agreed))
            else:
                code = "kept" if decision.edits else decision.verdict
                answers.append(Answer(entry, "skipped", code=code, seen=entry.agreed))
        return answers

    def _send(self, kind: Kind, batch: Sequence[Entry]) -> None:
        """Write a batch, and answer every row of it."""
        silent = self._attempt(kind, batch)
        if silent:
            self._without_answer(kind, silent)

    def _attempt(self, kind: Kind, batch: Sequence[Entry]) -> list[tuple[Entry, Outcome]]:
        """Write a batch and answer its rows, but for those of which nobody knows and which are not there."""
        handle = BatchHandle(self.outbox.ledger, batch)
        self.tries.update(entry.id for entry in batch)
        self.at("before_write")
        outcomes = self.destination.write(kind, [entry.outgoing() for entry in batch], handle)
        self.at("after_write")
        if len(outcomes) != len(batch):  # whose answer is whose cannot be known: read back
            outcomes = [Outcome.unknown("answers_missing")] * len(batch)
        suspects, answers, written = [], [], []
        for entry, outcome in zip(batch, outcomes, strict=True):
            if outcome.answer == "reject" and not outcome.named and len(batch) > 1:
                suspects.append(entry)
            elif outcome.answer == "reject":
                answers.append(Answer(entry, "dead", outcome.code, outcome.reason))
            elif outcome.answer == "retry":
                answers.append(self._later(entry, outcome))
            else:
                written.append((entry, outcome))
        read, silent = self._read_back(kind, written)
        passed = any(answer.state == "done" for answer in read)
        self.passed += passed
        self._resize(passed, len(silent) == len(batch))
        if answers and not read and all(answer.state == "pending" and not answer.uncounted for answer in answers):
            self._refused(batch)
        self._acknowledge(kind, answers + read)
        for part in _halves(suspects):
            self._send(kind, part)
        return silent

    def _without_answer(self, kind: Kind, silent: Sequence[tuple[Entry, Outcome]]) -> None:
        """Rows that a write left without an answer: later again, or, where others pass, in halves to find the guilty."""
        if len(silent) == 1:
            self._acknowledge(kind, [self._alone(*silent[0])])
            return
        if self.passed and all(entry.attempts > 1 for entry, _ in silent):
            parts = _halves(silent)
            left = [self._attempt(kind, [entry for entry, _ in part]) for part in parts]
            if any(len(still) < len(part) for still, part in zip(left, parts, strict=True)):
                for still in filter(None, left):
                    self._without_answer(kind, still)
                return
            silent = [pair for still in left for pair in still]  # both fail: it is down, not one row's fault
        self._failed()
        self._acknowledge(kind, [self._again(entry, outcome.code, in_doubt=True) for entry, outcome in silent])

    def _alone(self, entry: Entry, outcome: Outcome) -> Answer:
        # Nothing has passed for long: it is down, and the row is not to blame. What is known to fail does not count.
        if entry.id not in self.alone:
            self._failed()
        self.alone[entry.id] += bool(self.passed) and self.barren <= self.limits.alone_tries
        if self.alone[entry.id] < self.limits.alone_tries:
            return self._again(entry, outcome.code, in_doubt=True)
        reason = f"the destination gave no answer to this row alone {self.alone[entry.id]} times, and takes others"
        return Answer(entry, "dead", outcome.code, reason)

    def _refused(self, batch: Sequence[Entry]) -> None:
        """Nothing of a batch was taken now; of a row that is refused again and again only the first time counts."""
        if len(batch) > 1 or batch[0].id not in self.alone:
            self._failed()
        if len(batch) == 1:
            self.alone[batch[0].id] += 0

    def _failed(self) -> None:
        self.barren += 1
        if self.barren > self.limits.alone_tries:  # it is down: every row waits, each time longer
            self.destination.pause(backoff(self.barren))

    def _resize(self, passed: bool, silent: bool) -> None:
        if silent:
            self.size = max(1, self.size // 2)
        elif passed:
            self.size = min(self.size * 2, self.accepts.batch_size)
            self.barren = 0

    def _read_back(
        self, kind: Kind, written: Sequence[tuple[Entry, Outcome]]
    ) -> tuple[list[Answer], list[tuple[Entry, Outcome]]]:
        """What the destination shows of the rows just written; apart, those without an answer that it does not show."""
        if not written:
            return [], []
        found = self.destination.read(kind, [entry.row.key for entry, _ in written])
        answers, silent = [], []
        for entry, outcome in written:
            shown = found.get(entry.row.key)
            wrong = _differing(kind, entry, shown)
            if not wrong:
                owners = _owners(kind, entry, shown or {})
                seen = {**entry.agreed, **(entry.send or {}), **owners} if entry.agreed or owners else entry.send
                answers.append(Answer(entry, "done", remote_id=outcome.remote_id, seen=seen))
            elif outcome.answer == "unknown":
                silent.append((entry, outcome))
            elif self.tries[entry.id] < TRIES_TO_STORE:
                answers.append(self._again(entry, "not_stored", keep=True))
            else:
                reason = f"the destination answered ok and shows something else in {', '.join(wrong)}"
                answers.append(Answer(entry, "dead", "stored_differently", reason))
        return answers, silent

    def _later(self, entry: Entry, outcome: Outcome) -> Answer:
        if outcome.after is None:
            return self._again(entry, outcome.code)
        # A rate limit speaks for the whole destination, says nothing against the row, and is not an attempt at it.
        next_at = self.destination.pause(max(outcome.after, 0.5))
        # Its job may be at work meanwhile.
        return Answer(entry, "pending", outcome.code, next_at=next_at, keep=True, uncounted=True, in_doubt=True)

    def _again(self, entry: Entry, code: str, *, keep: bool = False, in_doubt: bool = False) -> Answer:
        return Answer(
            entry, "pending", code, next_at=self.clock() + backoff(self.tries[entry.id]), keep=keep, in_doubt=in_doubt
        )

    def _acknowledge(self, kind: Kind, answers: Sequence[Answer]) -> None:
        if not answers:
            return
        self.at("before_ack")
        held = self.outbox.answer(kind, answers, self.at)
        for answer in answers:
            if answer.state != "pending":
                self.tries.pop(answer.entry.id, None)
        self.at("after_shadow")
        self.answered += sum(answer.state in ("done", "dead") for answer in answers)
        self.refused += sum(answer.state == "dead" for answer in answers)
        self.finished += held + sum(answer.state != "pending" for answer in answers)
        self.progress(self.finished, self.total)
        limits = self.limits
        if too_many(self.refused, self.answered, limits.rejected_share, limits.least_rows):
            share = f"{limits.rejected_share:.0%}".replace("%", " %")
            raise DeliveryIncomplete(
                f"the destination rejected {self.refused} of {self.answered} rows, more than {share}; it stopped.",
                where=self.accepts.name,
                cure="`churn status` shows the reasons; the other rows are delivered by the next `churn apply`.",
            )


def _halves(rows: Sequence[Any]) -> list[Sequence[Any]]:
    half = (len(rows) + 1) // 2
    return [part for part in (rows[:half], rows[half:]) if part]


def _replaced(entry: Entry, decision: Decision) -> Row | None:
    """What the row replaces, now that it was decided anew: what was noted first is what was there before us."""
    if entry.before is None:
        return None if decision.agreed else decision.before
    return {**(decision.before or {}), **entry.before}


def _owners(kind: Kind, entry: Entry, shown: Row) -> Row:
    """What a new task shows in the fields that are its owner's from now on, rounded as the CRM may have it."""
    if kind != "task" or not entry.create:
        return {}
    return {name: shown[name] for name in TASK_WRITTEN_ONCE & (entry.send or {}).keys() & shown.keys()}


def _differing(kind: Kind, entry: Entry, found: Row | None) -> list[str]:
    if found is None:
        return ["every field"]
    sent = entry.send or {}
    if sent.items() <= found.items():
        return []
    # What a task's owner may change at once is no proof against the write; who wrote and when proves nothing.
    exempt = NEVER_A_CHANGE | (TASK_WRITTEN_ONCE if kind == "task" and entry.create else frozenset())
    return [name for name, value in sent.items() if name not in exempt and not same(found.get(name), value)]
