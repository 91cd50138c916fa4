"""Which signals were told, in one SQLite file: each once, also where a process dies between sending and noting it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from serving.writeback.lock import only_delivery, private_file

SCHEMA = """
CREATE TABLE IF NOT EXISTS told (key TEXT NOT NULL, channel TEXT NOT NULL, number TEXT NOT NULL, at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('sending', 'sent', 'known')), PRIMARY KEY (key, channel));
"""


class Told:
    """The file, open and locked: nobody else tells anything meanwhile."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def is_new(self, channel: str) -> bool:
        """Whether nothing was ever told or known there: then what stands already is no news."""
        return self.db.execute("SELECT 1 FROM told WHERE channel=? LIMIT 1", (channel,)).fetchone() is None

    def open_keys(self, keys: Iterable[str], channel: str) -> set[str]:
        """Those not told there yet; one that was about to be sent when a process died is among them."""
        return {key for key in keys if self._state(key, channel) in (None, "sending")}

    def begin(self, keys: Iterable[str], channel: str, now: datetime) -> None:
        """Note signals that were there before anybody was told of any, and that the channel is in use from now on."""
        self._note([(key, channel, "", now.isoformat(), "known") for key in ["", *keys]])

    def sending(self, number: str, channel: str, keys: Iterable[str], now: datetime) -> None:
        """Note what is about to be sent, before it is."""
        self._note([(key, channel, number, now.isoformat(), "sending") for key in keys])

    def sent(self, number: str, channel: str) -> None:
        """Note that it is."""
        with self.db:
            self.db.execute("UPDATE told SET state='sent' WHERE number=? AND channel=?", (number, channel))

    def _state(self, key: str, channel: str) -> str | None:
        found = self.db.execute("SELECT state FROM told WHERE key=? AND channel=?", (key, channel)).fetchone()
        return None if found is None else str(found[0])

    def _note(self, lines: list[tuple[str, ...]]) -> None:
        sql = "INSERT INTO told VALUES (?, ?, ?, ?, ?) ON CONFLICT (key, channel) DO UPDATE SET number=excluded.number,"
        with self.db:
            self.db.executemany(f"{sql} at=excluded.at, state=excluded.state", lines)


@contextmanager
def opened(path: Path) -> Iterator[Told]:
    """The file, made where it is missing, for its owner alone. Raises Locked while another process tells."""
    with only_delivery(path, "alerts"):
        os.close(private_file(path))
        with closing(sqlite3.connect(path, timeout=60)) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(SCHEMA)
            yield Told(db)
