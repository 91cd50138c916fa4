"""Rows on their way: staged, claimed, answered. Every change of state is one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from serving.writeback import undo
from serving.writeback.canonical import marks
from serving.writeback.decision import Confirmed, Decision
from serving.writeback.destination import Key, Kind, Row
from serving.writeback.entries import Answer, Entry, claimed, listed
from serving.writeback.ledger import Ledger
from serving.writeback.ledger_schema import LIVE
from serving.writeback.staged import Staged
from serving.writeback.texts import Text, look, read, text_of

AT_ONCE = 1_000
"""Rows of a statement."""
_ACCEPTED = f"""NOT (o.kind = 'task' AND EXISTS (SELECT 1 FROM outbox s
  WHERE s.dest = o.dest AND s.kind = 'score' AND s.key = o.account_id AND s.{LIVE}))"""
"""A task waits until its account's score is through."""


class BatchHandle:
    """A batch's remote job id, in the ledger before anything is uploaded."""

    def __init__(self, ledger: Ledger, batch: Sequence[Entry]) -> None:
        self._ledger = ledger
        self._batch = batch
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
            Outbox(self._ledger).change("job_id=?", (job,), [entry.id for entry in self._batch])


class Outbox:
    """The rows of one destination that are on their way."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.store = ledger.store

    def stage(self, chunk: Sequence[Decision]) -> None:
        """Take decisions in: what must be sent goes to pending, what is quarantined is kept with its reason."""
        dest, run = self.ledger.dest, self.ledger.run
        left = self._left([d.row for d in chunk])
        self.supersede([d.row for d in chunk if d.verdict != "stale"])
        lines: list[tuple[object, ...]] = []
        for d in chunk:
            identity = (dest, d.row.kind, d.row.key, d.row.account_id, run, d.row.as_of)
            if d.verdict == "dead":
                lines.append((*identity, "", None, None, None, "", "dead", d.code, d.reason, None, 0))
            elif d.verdict in ("new", "changed"):
                # "*": the whole row, to be created. Else the names of the fields to write.
                send = "*" if d.verdict == "new" else listed(tuple(d.send))
                payload = text_of(_whole(d))
                job, attempts = left.get((d.row.kind, d.row.key), (None, 0))
                lines.append((*identity, _digest(payload), payload, send, *_past(d), "pending", "", "", job, attempts))
        self.store.many(
            "INSERT INTO outbox"
            " (dest, kind, key, account_id, run, as_of, hash, payload, send, before, was, state, code, reason, job_id, attempts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            lines,
        )
        kinds: tuple[Kind, ...] = ("score", "task")
        for kind in kinds:
            of_kind = [d for d in chunk if d.row.kind == kind and d.verdict != "dead"]
            self.ledger.forget(kind, [d.row.key for d in of_kind if d.forget])
            self.ledger.confirm(kind, {d.row.key: _agreed(d) for d in of_kind if d.agreed or d.advances})
            # Nothing is left to send, for an attempt that nobody heard of has written it.
            undo.keep(self.ledger, kind, [(d.row, d.before, d.was) for d in of_kind if d.verdict == "unchanged"])
        self.ledger.audit((d.row.kind, d.row.key, d.code) for d in chunk if d.verdict == "dead")
        self.ledger.audit((d.row.kind, d.row.key, f"kept:{name}") for d in chunk for name in d.edits)

    def _left(self, rows: Sequence[Staged] | Sequence[undo.Replaced]) -> dict[tuple[str, Key], tuple[str | None, int]]:
        """What whoever takes the place of a row on its way must know: the job it was sent with, and its attempts.

        A process that is killed whenever it sends these rows would else begin with the same large batch for ever.
        """
        kinds: tuple[Kind, ...] = ("score", "task")
        found: dict[tuple[str, Key], tuple[str | None, int]] = {}
        for kind in kinds:
            keys = [row.key for row in rows if row.kind == kind]
            if keys:
                lines = self.store.keyed("key, job_id, attempts", "outbox", self.ledger.dest, kind, keys, f"AND {LIVE}")
                found |= {(kind, key): (job, int(attempts)) for key, job, attempts in lines}
        return found

    def supersede(self, rows: Sequence[Staged]) -> None:
        """Drop what is on its way for these rows and not newer."""
        keys: dict[tuple[Kind, str], list[Key]] = {}
        for row in rows:
            keys.setdefault((row.kind, row.as_of), []).append(row.key)
        for (kind, as_of), some in keys.items():
            older = [
                number
                for number, held in self.store.keyed("id, as_of", "outbox", self.ledger.dest, kind, some, f"AND {LIVE}")
                if held <= as_of
            ]
            self.change("state='superseded', payload=NULL, before=NULL", (), older)

    def change(self, what: str, values: Sequence[object], ids: Sequence[int]) -> None:
        """The same change of many rows."""
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            self.store.run(f"UPDATE outbox SET {what} WHERE id IN ({marks})", (*values, *some))

    def restore(self, rows: Sequence[undo.Replaced]) -> None:
        """Stage what a run replaced, to be put back; what is on its way for these rows is dropped."""
        run, dest, left = self.ledger.run, self.ledger.dest, self._left(rows)
        self.store.many(
            f"UPDATE outbox SET state='superseded', payload=NULL, before=NULL WHERE dest=? AND kind=? AND key=? AND {LIVE}",
            [(dest, row.kind, row.key) for row in rows],
        )
        self.store.many(
            "INSERT INTO outbox"
            " (dest, run, kind, key, account_id, as_of, hash, payload, before, was, attempts, restores, state)"
            " VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, 1, 'pending')",
            [(dest, run, *_restoring(r), left.get((r.kind, r.key), (None, 0))[1]) for r in rows],
        )

    def in_doubt(self, size: int) -> Iterator[list[tuple[Staged, Row | None, str]]]:
        """This run's rows that were tried and never acknowledged: (row, what it was to replace, as_of before)."""
        sql = (
            "SELECT kind, key, account_id, as_of, payload, before, was FROM outbox"
            f" WHERE run=? AND {LIVE} AND attempts>0 AND restores=0 ORDER BY id"
        )
        for lines in self.store.stream(sql, (self.ledger.run,), size):
            yield [
                (
                    Staged(kind, key, account, as_of, Text(payload)),
                    None if past is None else Text(past),
                    was,
                )
                for kind, key, account, as_of, payload, past, was in lines
            ]

    def codes(self) -> dict[tuple[str, str], int]:
        """How many of this run's rows are in each state, by code."""
        sql = "SELECT state, code, count(*) FROM outbox WHERE run=? GROUP BY state, code"
        return {(str(state), str(code)): int(count) for state, code, count in self.store.rows(sql, (self.ledger.run,))}

    def prune(self) -> None:
        """Drop what earlier runs finished, so that the ledger does not grow with every week; the rejected stay."""
        over = "state IN ('done', 'skipped', 'superseded', 'withdrawn')"
        self.store.run(f"DELETE FROM outbox WHERE dest=? AND run<? AND {over}", (self.ledger.dest, self.ledger.run))

    def adopt(self) -> int:
        """Take over what earlier runs left unfinished; each such row is read again before it is written."""
        sql = f"UPDATE outbox SET run=?, send=NULL, next_at=0, state='pending' WHERE dest=? AND run<>? AND {LIVE}"
        return self.store.run(sql, (self.ledger.run, self.ledger.dest, self.ledger.run))

    def withdraw(self, run: int) -> None:
        """Take a run's rows back: nothing of them is to be sent, by this run or the next."""
        self.store.run(f"UPDATE outbox SET state='withdrawn', payload=NULL, before=NULL WHERE run=? AND {LIVE}", (run,))

    def claim(self, kind: Kind, size: int, whole: int, now: float) -> list[Entry]:
        """The next batch, its attempt recorded in the same commit; of `size` rows at most; a row tried before
        travels with fewer than a `whole` batch has.

        Without the shrinking, a process killed in every batch would take up the same batch for ever.
        """
        due = f"o.dest=? AND o.kind=? AND o.state='pending' AND o.next_at<=? AND {_ACCEPTED}"
        where = (self.ledger.dest, kind, now)
        with self.ledger.transaction():
            # Rows of one job travel together and alone, so that the destination is told of it.
            sql = f"SELECT attempts, coalesce(job_id, '') FROM outbox o WHERE {due} ORDER BY attempts, id LIMIT 1"
            first = self.store.one(sql, where)
            if first is None:
                return []
            limit = max(1, min(size, whole >> min(first[0], 30)))
            lines = self.store.rows(
                "SELECT id, key, account_id, as_of, payload, send, job_id, before, was, restores FROM outbox o"
                f" WHERE {due} AND o.attempts=? AND coalesce(o.job_id, '')=? ORDER BY id LIMIT ?",
                (*where, *first, limit),
            )
            self.change("state='claimed', attempts=attempts+1", (), [line[0] for line in lines])
        fields = read([line[4] for line in lines])
        batch = [claimed(kind, line, row, first[0] + 1) for line, row in zip(lines, fields, strict=True)]
        look(entry.before for entry in batch if entry.before is not None)
        return batch

    def most_attempts(self) -> int:
        """How often the row that was tried most, and is still on its way, was tried."""
        sql = f"SELECT max(attempts) FROM outbox WHERE dest=? AND {LIVE}"
        found = self.store.one(sql, (self.ledger.dest,))
        return int(found[0] or 0) if found else 0

    def next_due(self, kind: Kind) -> float | None:
        """When the next pending row of this kind may be tried; None when there is none."""
        sql = f"SELECT min(next_at) FROM outbox o WHERE o.dest=? AND o.kind=? AND o.state='pending' AND {_ACCEPTED}"
        found = self.store.one(sql, (self.ledger.dest, kind))
        return None if found is None or found[0] is None else float(found[0])

    def answer(self, kind: Kind, answers: Sequence[Answer], at: Callable[[str], None]) -> int:
        """Acknowledge, and move what is confirmed, in one transaction: neither is ever true without the other.

        A rejected score takes its account's tasks with it; how many is returned.
        """
        with self.ledger.transaction():
            self._settle(answers)
            dead = [a.entry.row.key for a in answers if a.state == "dead"]
            held = self._hold_tasks(dead) if kind == "score" else 0
            at("after_ack")
            self._remember(kind, [a for a in answers if a.seen is not None])
            self.ledger.audit((kind, a.entry.row.key, a.code or "written") for a in answers if a.state != "pending")
        return held

    def _settle(self, answers: Sequence[Answer]) -> None:
        what = (
            "state=?, code=?, reason=?, next_at=?, remote_id=coalesce(?, remote_id), attempts=attempts-?,"
            " payload=CASE WHEN ?=1 THEN payload END, send=CASE WHEN ?=1 THEN send END, before=?,"
            " job_id=CASE WHEN ?=1 THEN job_id END"
        )
        alike: dict[tuple[object, ...], list[int]] = {}
        for answer in answers:
            alike.setdefault(answer.as_line(), []).append(answer.entry.id)
        alone = [(*line, ids[0]) for line, ids in alike.items() if len(ids) == 1]
        self.store.many(f"UPDATE outbox SET {what} WHERE id=?", alone)
        for line, ids in alike.items():
            if len(ids) > 1:
                self.change(what, line, ids)

    def _remember(self, kind: Kind, answers: Sequence[Answer]) -> None:
        """Move what is confirmed, and keep what was there before for a rollback."""
        forwards = [a for a in answers if not a.entry.restores]
        self.ledger.confirm(kind, {a.entry.row.key: _seen(a, a.entry.row.as_of) for a in forwards})
        undo.keep(
            self.ledger, kind, [(a.entry.row, a.entry.before, a.entry.was) for a in forwards if a.state == "done"]
        )
        back = [a for a in answers if a.entry.restores]
        self.ledger.confirm(kind, {a.entry.row.key: _seen(a, a.entry.was) for a in back}, back=True)
        self.ledger.forget(kind, [a.entry.row.key for a in back if kind == "score" and not a.entry.was])

    def _hold_tasks(self, accounts: Sequence[str]) -> int:
        count = 0
        for account_id in accounts:
            held = self.store.rows(
                "UPDATE outbox SET state='dead', payload=NULL, before=NULL, code='score_rejected',"
                " reason='the destination rejected the account''s score, so its tasks are held back'"
                f" WHERE dest=? AND account_id=? AND kind='task' AND {LIVE} RETURNING key",
                (self.ledger.dest, account_id),
            )
            self.ledger.audit(("task", key, "score_rejected") for (key,) in held)
            count += len(held)
        return count

    def states(self) -> dict[str, int]:
        """How many of this run's rows are in each state."""
        sql = "SELECT state, count(*) FROM outbox WHERE run=? GROUP BY state"
        return {str(state): int(count) for state, count in self.store.rows(sql, (self.ledger.run,))}


def _restoring(r: undo.Replaced) -> tuple[str | None, ...]:
    before = None if r.before is None else text_of(r.before)
    return r.kind, r.key, r.account_id, r.was, before or "{}", before, r.was


def _whole(decision: Decision) -> Row:
    ours, send = decision.row.fields, decision.send
    # As it was laid out, unless something else than its own fields is to be written.
    return ours if decision.verdict == "new" or send.items() <= ours.items() else {**ours, **send}


def _digest(payload: str) -> str:
    """The hash that stays of a payload once it is gone."""
    return hashlib.blake2b(payload.encode(), digest_size=16).hexdigest()


def _past(decision: Decision) -> tuple[str | None, str]:
    before = decision.before
    return None if before is None else text_of(before), decision.was


def _agreed(decision: Decision) -> Confirmed:
    # An unchanged row is confirmed as of the newer date; one with fields yet to write is not.
    return Confirmed(decision.row.as_of if decision.verdict == "unchanged" else "", decision.agreed)


def _seen(answer: Answer, as_of: str) -> Confirmed:
    return Confirmed(as_of, marks(answer.seen or {}), answer.remote_id)
