"""Rows on their way: staged, claimed, answered. Every change of state is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from serving.writeback.canonical import marks, row_hash
from serving.writeback.decision import Confirmed, Decision
from serving.writeback.destination import Kind, Outgoing, Row
from serving.writeback.ledger import LIVE, Ledger
from serving.writeback.staged import Staged

REASON_LENGTH = 500
_ACCEPTED = f"""NOT (o.kind = 'task' AND EXISTS (SELECT 1 FROM outbox s
  WHERE s.dest = o.dest AND s.kind = 'score' AND s.key = o.account_id AND s.{LIVE}))"""
"""A task waits until its account's score is through."""


@dataclass(slots=True)
class Entry:
    """A claimed row. `attempts` counts this one; `send` is None where it must be read and decided anew;
    `agreed` are fields that were then found to hold our value already."""

    id: int
    row: Staged
    attempts: int
    send: Row | None
    create: bool
    job: str | None
    agreed: Row = field(default_factory=dict)

    def outgoing(self) -> Outgoing:
        """The row as the destination gets it."""
        return Outgoing(self.row.key, self.row.account_id, self.send or {}, self.create)


@dataclass(slots=True)
class Answer:
    """What becomes of a claimed row. A row going back to `pending` is read anew before it is sent, unless `keep`."""

    entry: Entry
    state: Literal["done", "skipped", "dead", "pending"]
    code: str = ""
    reason: str = ""
    next_at: float = 0.0
    keep: bool = False
    uncounted: bool = False
    remote_id: str | None = None
    seen: Row | None = None


class BatchHandle:
    """A batch's remote job id, in the ledger before anything is uploaded."""

    def __init__(self, ledger: Ledger, batch: Sequence[Entry]) -> None:
        self._ledger = ledger
        self._ids = [(entry.id,) for entry in batch]
        jobs = {entry.job for entry in batch}
        self._job = jobs.pop() if len(jobs) == 1 else None

    @property
    def job(self) -> str | None:
        """The job an earlier attempt saved for exactly these rows, if any."""
        return self._job

    def save(self, job: str) -> None:
        """Keep the job's id, durably."""
        self._job = job
        with self._ledger.transaction():
            self._ledger.db.executemany("UPDATE outbox SET job_id=? WHERE id=?", [(job, i) for (i,) in self._ids])


class Outbox:
    """The rows of one destination that are on their way."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.db: sqlite3.Connection = ledger.db

    def stage(self, chunk: Sequence[Decision]) -> None:
        """Take decisions in: what must be sent goes to pending, what is quarantined is kept with its reason."""
        dest, run = self.ledger.dest, self.ledger.run
        fresh = [d for d in chunk if d.verdict != "stale"]
        self.db.executemany(
            "UPDATE outbox SET state='superseded', payload=NULL"
            f" WHERE dest=? AND kind=? AND key=? AND as_of<=? AND {LIVE}",
            [(dest, d.row.kind, d.row.key, d.row.as_of) for d in fresh],
        )
        lines: list[tuple[object, ...]] = []
        for d in chunk:
            identity = (dest, d.row.kind, d.row.key, d.row.account_id, run, d.row.as_of)
            if d.verdict == "dead":
                lines.append((*identity, "", None, None, "dead", d.code, d.reason))
            elif d.verdict in ("new", "changed"):
                payload = json.dumps(dict(d.row.fields), ensure_ascii=False, allow_nan=False)
                # "*": the whole row, to be created. Else the names of the fields to write.
                send = "*" if d.verdict == "new" else json.dumps(list(d.send))
                lines.append((*identity, row_hash(marks(d.row.fields)), payload, send, "pending", "", ""))
        self.db.executemany(
            "INSERT INTO outbox (dest, kind, key, account_id, run, as_of, hash, payload, send, state, code, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            lines,
        )
        kinds: tuple[Kind, ...] = ("score", "task")
        for kind in kinds:
            of_kind = [d for d in chunk if d.row.kind == kind and d.verdict != "dead"]
            self.ledger.forget(kind, [d.row.key for d in of_kind if d.forget])
            self.ledger.confirm(kind, {d.row.key: _agreed(d) for d in of_kind if d.agreed or d.advances})
        self.ledger.audit((d.row.kind, d.row.key, d.code) for d in chunk if d.verdict == "dead")
        self.ledger.audit((d.row.kind, d.row.key, f"kept:{name}") for d in chunk for name in d.edits)

    def prune(self) -> None:
        """Drop what earlier runs finished, so that the ledger does not grow with every week; the rejected stay."""
        over = "state IN ('done', 'skipped', 'superseded', 'withdrawn')"
        self.db.execute(f"DELETE FROM outbox WHERE dest=? AND run<? AND {over}", (self.ledger.dest, self.ledger.run))

    def adopt(self) -> int:
        """Take over what earlier runs left unfinished; each such row is read again before it is written."""
        sql = f"UPDATE outbox SET run=?, send=NULL, state='pending' WHERE dest=? AND run<>? AND {LIVE}"
        return self.db.execute(sql, (self.ledger.run, self.ledger.dest, self.ledger.run)).rowcount

    def withdraw(self) -> None:
        """Take this run's rows back: nothing of it is to be sent, by this run or the next."""
        sql = f"UPDATE outbox SET state='withdrawn', payload=NULL WHERE run=? AND {LIVE}"
        self.db.execute(sql, (self.ledger.run,))

    def claim(self, kind: Kind, size: int, now: float) -> list[Entry]:
        """The next batch, its attempt recorded in the same commit; a row tried before travels in a smaller batch.

        Without the shrinking, a process killed in every batch would take up the same batch for ever.
        """
        due = f"o.dest=? AND o.kind=? AND o.state='pending' AND o.next_at<=? AND {_ACCEPTED}"
        where = (self.ledger.dest, kind, now)
        with self.ledger.transaction():
            sql = f"SELECT attempts FROM outbox o WHERE {due} ORDER BY attempts, id LIMIT 1"
            first = self.db.execute(sql, where).fetchone()
            if first is None:
                return []
            limit = max(1, size >> min(first[0], 30))
            lines = self.db.execute(
                "SELECT id, key, account_id, as_of, payload, send, job_id FROM outbox o"
                f" WHERE {due} AND o.attempts=? ORDER BY id LIMIT ?",
                (*where, first[0], limit),
            ).fetchall()
            claim = "UPDATE outbox SET state='claimed', attempts=attempts+1 WHERE id=?"
            self.db.executemany(claim, [(line[0],) for line in lines])
        return [_entry(kind, line, first[0] + 1) for line in lines]

    def next_due(self, kind: Kind) -> float | None:
        """When the next pending row of this kind may be tried; None when there is none."""
        sql = f"SELECT min(next_at) FROM outbox o WHERE o.dest=? AND o.kind=? AND o.state='pending' AND {_ACCEPTED}"
        found: float | None = self.db.execute(sql, (self.ledger.dest, kind)).fetchone()[0]
        return found

    def answer(self, kind: Kind, answers: Sequence[Answer], at: Callable[[str], None]) -> int:
        """Acknowledge, and move what is confirmed, in one transaction: neither is ever true without the other.

        A rejected score takes its account's tasks with it; how many is returned.
        """
        with self.ledger.transaction():
            self.db.executemany(
                "UPDATE outbox SET state=?, code=?, reason=?, next_at=?, remote_id=coalesce(?, remote_id),"
                " attempts=attempts-?, payload=CASE WHEN ?='pending' THEN payload END,"
                " send=CASE WHEN ? THEN send END WHERE id=?",
                [_line(answer) for answer in answers],
            )
            dead = [a.entry.row.key for a in answers if a.state == "dead"]
            held = self._hold_tasks(dead) if kind == "score" else 0
            at("after_ack")
            seen = {
                a.entry.row.key: Confirmed(a.entry.row.as_of, marks(a.seen), a.remote_id)
                for a in answers
                if a.seen is not None
            }
            self.ledger.confirm(kind, seen)
            self.ledger.audit((kind, a.entry.row.key, a.code or "written") for a in answers if a.state != "pending")
        return held

    def _hold_tasks(self, accounts: Sequence[str]) -> int:
        count = 0
        for account_id in accounts:
            held = self.db.execute(
                "UPDATE outbox SET state='dead', payload=NULL, code='score_rejected',"
                " reason='the destination rejected the account''s score, so its tasks are held back'"
                f" WHERE dest=? AND account_id=? AND kind='task' AND {LIVE} RETURNING key",
                (self.ledger.dest, account_id),
            ).fetchall()
            self.ledger.audit(("task", key, "score_rejected") for (key,) in held)
            count += len(held)
        return count

    def pause(self, until: float) -> None:
        """Remember, across processes, that the destination asked not to be called before `until`."""
        self.db.execute("UPDATE run SET resume_at=max(resume_at, ?) WHERE run=?", (until, self.ledger.run))

    def paused_until(self) -> float:
        """When the destination may be called again."""
        sql = "SELECT coalesce(max(resume_at), 0) FROM run WHERE dest=?"
        return float(self.db.execute(sql, (self.ledger.dest,)).fetchone()[0])

    def states(self) -> dict[str, int]:
        """How many of this run's rows are in each state."""
        sql = "SELECT state, count(*) FROM outbox WHERE run=? GROUP BY state"
        return dict(self.db.execute(sql, (self.ledger.run,)).fetchall())


def _line(a: Answer) -> tuple[object, ...]:
    reason = a.reason[:REASON_LENGTH]
    return a.state, a.code, reason, a.next_at, a.remote_id, a.uncounted, a.state, a.keep, a.entry.id


def _agreed(decision: Decision) -> Confirmed:
    # An unchanged row is confirmed as of the newer date; one with fields yet to write is not.
    return Confirmed(decision.row.as_of if decision.verdict == "unchanged" else "", decision.agreed)


def _entry(kind: Kind, line: tuple[int, str, str, str, str, str | None, str | None], attempts: int) -> Entry:
    number, key, account_id, as_of, payload, send, job = line
    fields = json.loads(payload)
    names = None if send is None else list(fields) if send == "*" else json.loads(send)
    chosen = None if names is None else {name: fields[name] for name in names}
    return Entry(number, Staged(kind, key, account_id, as_of, fields), attempts, chosen, send == "*", job)
