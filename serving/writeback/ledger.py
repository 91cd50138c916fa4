"""One destination's part of a ledger: runs, what is confirmed, and the audit. The rows on the way: `outbox`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from serving.writeback.canonical import packed, unpacked
from serving.writeback.decision import Confirmed
from serving.writeback.destination import Key, Kind
from serving.writeback.ledger_schema import LIVE
from serving.writeback.store import Store

What = Literal["apply", "rollback"]
_NOTHING = Confirmed("", {})
COUNTS = ("staged", "skipped", "written", "rejected", "deferred")


class Rejection(NamedTuple):
    """A row that was not delivered, and why; `key` is escaped where it was itself the flaw."""

    kind: str
    key: str
    code: str
    reason: str


class Ledger:
    """What one delivery remembers in its store."""

    def __init__(self, store: Store, dest: str, clock: Callable[[], float]) -> None:
        self.store = store
        self.dest = dest
        self.clock = clock
        self.run = 0

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing, on the disk when the block ends."""
        return self.store.transaction()

    def moment(self) -> str:
        """Now, as the ledger writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")

    def start_run(self, run_id: str, what: What = "apply", settings: str = "") -> None:
        """Open a line for this delivery; what follows is written under it."""
        line = "INSERT INTO run (run_id, dest, started_at, what, settings) VALUES (?, ?, ?, ?, ?) RETURNING run"
        found = self.store.one(line, (run_id, self.dest, self.moment(), what, settings))
        self.run = int(found[0]) if found else 0

    def delivered(self, run_id: str, settings: str) -> int | None:
        """How many rows this very run had, if it was the last delivery, under the same settings, and left nothing open."""
        sql = (
            f"SELECT run_id, what, settings, finished_at, rejected + deferred, staged FROM run"
            f" WHERE dest=? AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.dest = run.dest AND {LIVE})"
            " ORDER BY run DESC LIMIT 1"
        )
        found = self.store.one(sql, (self.dest,))
        if found is None or found[:3] != (run_id, "apply", settings) or found[3] is None or found[4]:
            return None
        return int(found[5])

    def finish_run(self, counts: Mapping[str, int]) -> None:
        """Close this delivery's line with its counts."""
        sql = f"UPDATE run SET finished_at=?, {', '.join(f'{name}=?' for name in COUNTS)} WHERE run=?"
        self.store.run(sql, (self.moment(), *(counts[name] for name in COUNTS), self.run))

    def tasked(self, accounts: int) -> None:
        """Remember in how many accounts this run opens tasks."""
        self.store.run("UPDATE run SET tasked=? WHERE run=?", (accounts, self.run))

    def usually_tasked(self, runs: int) -> list[int]:
        """In how many accounts each of the last runs that opened tasks did so, the newest first."""
        sql = "SELECT tasked FROM run WHERE dest=? AND run<>? AND tasked>0 ORDER BY run DESC LIMIT ?"
        return [int(count) for (count,) in self.store.rows(sql, (self.dest, self.run, runs))]

    def pause(self, until: float) -> None:
        """Remember, across processes, that the destination is not to be called before `until` (a Unix time)."""
        self.store.run(
            "INSERT INTO pause (dest, until) VALUES (?, ?) ON CONFLICT (dest) DO UPDATE SET until=excluded.until"
            " WHERE pause.until < excluded.until",
            (self.dest, until),
        )

    def paused_until(self) -> float:
        """When the destination may be called again, a Unix time."""
        found = self.store.one("SELECT until FROM pause WHERE dest=?", (self.dest,))
        return float(found[0]) if found else 0.0

    def audit(self, lines: Iterable[tuple[str, str, str]]) -> None:
        """Append (kind, key, code) lines."""
        now = self.moment()
        sql = "INSERT INTO audit (moment, run, kind, key, code) VALUES (?, ?, ?, ?, ?)"
        self.store.many(sql, [(now, self.run, *line) for line in lines])

    def confirmed(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Confirmed]:
        """What was last confirmed for each of `keys` that has been delivered before."""
        if not keys:
            return {}
        columns, table = "key, as_of, names, marks, remote_id", "shadow JOIN shape USING (shape)"
        return {
            key: Confirmed(as_of, unpacked(names, held), remote_id)
            for key, as_of, names, held, remote_id in self.store.keyed(columns, table, self.dest, kind, keys)
        }

    def confirm(self, kind: Kind, seen: Mapping[Key, Confirmed], *, back: bool = False) -> None:
        """Remember marks seen in the destination; a row's as_of only ever moves forward, but for a rollback (`back`)."""
        before = self.confirmed(kind, list(seen))
        shapes: dict[str, int] = {}
        lines = []
        for key, now in seen.items():
            was = before.get(key, _NOTHING)
            held = packed({**was.marks, **now.marks} if was.marks else now.marks)
            as_of, remote_id = now.as_of if back else max(was.as_of, now.as_of), now.remote_id or was.remote_id
            if held.names not in shapes:
                shapes[held.names] = self._shape(held.names)
            lines.append((self.dest, kind, key, as_of, held.hash, shapes[held.names], held.marks, remote_id))
        self.store.many(
            "INSERT INTO shadow (dest, kind, key, as_of, hash, shape, marks, remote_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (dest, kind, key) DO UPDATE SET as_of=excluded.as_of, hash=excluded.hash,"
            " shape=excluded.shape, marks=excluded.marks, remote_id=excluded.remote_id",
            lines,
        )

    def forget(self, kind: Kind, keys: Iterable[Key]) -> None:
        """Drop what was confirmed for rows that are gone from the destination."""
        sql = "DELETE FROM shadow WHERE dest=? AND kind=? AND key=?"
        self.store.many(sql, [(self.dest, kind, key) for key in keys])

    def _shape(self, names: str) -> int:
        # Field names are stored once per set of fields, not per row: a row's marks are a few bytes each.
        found = self.store.one("SELECT shape FROM shape WHERE names=?", (names,))
        if found is None:
            found = self.store.one("INSERT INTO shape (names) VALUES (?) RETURNING shape", (names,))
        return int(found[0]) if found else 0
