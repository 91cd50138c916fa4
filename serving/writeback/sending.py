"""The loop of a delivery: claim → write → read back → acknowledge, batch by batch, until nothing is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from policy.errors import DeliveryIncomplete
from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE, same
from serving.writeback.decision import decide
from serving.writeback.destination import Capabilities, Destination, Key, Kind, Outcome, Row, Scalar
from serving.writeback.outbox import Answer, BatchHandle, Entry, Outbox

MAX_REJECTED_SHARE = 0.05
MIN_REJECTED = 20
MAX_BACKOFF = 60.0
TRIES_TO_STORE = 3
"""How often a row answered `ok` may read back different before it is given up as stored differently."""


def breaker_trips(rejected: int, of: int) -> bool:
    """Whether so many rejected rows mean that something is wrong with all of them.

    >>> breaker_trips(19, 19), breaker_trips(20, 400), breaker_trips(21, 400)
    (False, False, True)
    """
    return rejected >= MIN_REJECTED and rejected > MAX_REJECTED_SHARE * of


@dataclass(slots=True)
class Sender:
    """Sends one run's rows. `patience` is how many seconds it may still wait for the destination."""

    destination: Destination
    accepts: Capabilities
    outbox: Outbox
    progress: Callable[[int, int], None]
    at: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    patience: float
    total: int = 0
    finished: int = 0
    answered: int = 0
    refused: int = 0
    kept: set[tuple[Kind, Key, str]] = field(default_factory=set)

    def drain(self, kind: Kind) -> None:
        """Send what is due until nothing is left, or until the destination wants a longer wait than `patience`."""
        while True:
            now = self.clock()
            wait = self.outbox.paused_until() - now
            batch = self.outbox.claim(kind, self.accepts.batch_size, now) if wait <= 0 else []
            if batch:
                self.at("after_claim")
                self._deliver(kind, batch)
                continue
            due = self.outbox.next_due(kind)
            if due is None:
                return
            wait = max(wait, due - now)
            if wait > self.patience:
                return
            self.patience -= wait
            self.sleep(wait)

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
            decision = decide(row, found.get(row.key), confirmed.get(row.key))
            self.kept.update((kind, row.key, name) for name in decision.edits)
            entry.agreed = {name: row.fields[name] for name in decision.agreed}
            if decision.verdict in ("new", "changed"):
                entry.send, entry.create = decision.send, decision.verdict == "new"
            elif decision.verdict == "unchanged" and entry.attempts > 1:
                answers.append(Answer(entry, "done", seen=entry.agreed))
            else:
                answers.append(Answer(entry, "skipped", code=decision.verdict, seen=entry.agreed))
        return answers

    def _send(self, kind: Kind, batch: Sequence[Entry]) -> None:
        handle = BatchHandle(self.outbox.ledger, batch)
        self.at("before_write")
        outcomes = self.destination.write(kind, [entry.outgoing() for entry in batch], handle)
        self.at("after_write")
        if len(outcomes) != len(batch):  # whose answer is whose cannot be known: read back
            outcomes = [Outcome.unknown("answers_missing")] * len(batch)
        suspects = []
        answers = []
        written = []
        for entry, outcome in zip(batch, outcomes, strict=True):
            if outcome.answer == "reject" and not outcome.named and len(batch) > 1:
                suspects.append(entry)
            elif outcome.answer == "reject":
                answers.append(Answer(entry, "dead", outcome.code, outcome.reason))
            elif outcome.answer == "retry":
                answers.append(self._later(entry, outcome))
            else:
                written.append((entry, outcome))
        self._acknowledge(kind, answers + self._read_back(kind, written))
        half = (len(suspects) + 1) // 2
        for part in (suspects[:half], suspects[half:]):
            if part:
                self._send(kind, part)

    def _read_back(self, kind: Kind, written: Sequence[tuple[Entry, Outcome]]) -> list[Answer]:
        if not written:
            return []
        found = self.destination.read(kind, [entry.row.key for entry, _ in written])
        answers = []
        for entry, outcome in written:
            wrong = _differing(kind, entry.send or {}, found.get(entry.row.key))
            if not wrong:
                seen = {**entry.agreed, **(entry.send or {})}
                answers.append(Answer(entry, "done", remote_id=outcome.remote_id, seen=seen))
            elif outcome.answer == "unknown":
                answers.append(self._again(entry, outcome.code))
            elif entry.attempts < TRIES_TO_STORE:
                answers.append(self._again(entry, "not_stored", keep=True))
            else:
                reason = f"the destination answered ok and shows something else in {', '.join(wrong)}"
                answers.append(Answer(entry, "dead", "stored_differently", reason))
        return answers

    def _later(self, entry: Entry, outcome: Outcome) -> Answer:
        if outcome.after is None:
            return self._again(entry, outcome.code)
        # A rate limit speaks for the whole destination, says nothing against the row, and is not an attempt at it.
        next_at = self.clock() + max(outcome.after, 0.5)
        self.outbox.pause(next_at)
        return Answer(entry, "pending", outcome.code, next_at=next_at, keep=True, uncounted=True)

    def _again(self, entry: Entry, code: str, *, keep: bool = False) -> Answer:
        backoff = min(MAX_BACKOFF, 0.5 * 2.0 ** min(entry.attempts - 1, 10))
        return Answer(entry, "pending", code, next_at=self.clock() + backoff, keep=keep)

    def _acknowledge(self, kind: Kind, answers: Sequence[Answer]) -> None:
        if not answers:
            return
        self.at("before_ack")
        held = self.outbox.answer(kind, answers, self.at)
        self.at("after_shadow")
        self.answered += sum(answer.state in ("done", "dead") for answer in answers)
        self.refused += sum(answer.state == "dead" for answer in answers)
        self.finished += held + sum(answer.state != "pending" for answer in answers)
        self.progress(self.finished, self.total)
        if breaker_trips(self.refused, self.answered):
            raise DeliveryIncomplete(
                f"the destination rejected {self.refused} of {self.answered} rows, more than 5 %; it stopped.",
                where=self.accepts.name,
                cure="The rejected rows carry their reasons; the others are delivered by the next `churn apply`.",
            )


def _differing(kind: Kind, sent: Row, found: Row | None) -> list[str]:
    if found is None:
        return ["every field"]
    # What a task's owner may change at once is no proof against the write; who wrote and when proves nothing.
    exempt = NEVER_A_CHANGE | (TASK_WRITTEN_ONCE if kind == "task" else frozenset())
    nothing: Scalar = None
    return [name for name, value in sent.items() if name not in exempt and not same(found.get(name, nothing), value)]
