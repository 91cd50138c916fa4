"""A CRM in memory: for notebooks, doctests, and tests that script what a CRM may answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from serving.writeback.canonical import TASK_WRITTEN_ONCE
from serving.writeback.destination import Capabilities, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar

Script = Callable[["MemoryCrm", Kind, Sequence[Outgoing], Handle], list[Outcome] | None]


class MemoryCrm:
    """Keeps `rows[kind][key]`, every write it was asked for in `writes`, and how often it was read in `reads`.

    `script` is asked first at each write: it may store rows itself and answer for them, or return None for the usual
    upsert. `Capabilities` can be given to play a stricter CRM.
    """

    def __init__(self, script: Script | None = None, accepts: Capabilities | None = None) -> None:
        self.rows: dict[Kind, dict[Key, dict[str, Scalar]]] = {"score": {}, "task": {}}
        self.writes: list[tuple[Kind, list[Key]]] = []
        self.reads = 0
        self.script = script
        self.accepts = accepts or Capabilities("memory", open_fields=True, creates_accounts=True)

    @property
    def name(self) -> str:
        """Of its capabilities."""
        return self.accepts.name

    @property
    def costs_calls(self) -> bool:
        """No."""
        return False

    def describe(self) -> Capabilities:
        """What it takes: anything, unless told otherwise."""
        return self.accepts

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """Copies of the rows that exist."""
        self.reads += 1
        return {key: dict(self.rows[kind][key]) for key in keys if key in self.rows[kind]}

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Whatever the script answers, else an upsert of each row."""
        self.writes.append((kind, [row.key for row in batch]))
        scripted = self.script(self, kind, batch, handle) if self.script else None
        return [self.store(kind, row) for row in batch] if scripted is None else scripted

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Nothing is held."""

    def store(self, kind: Kind, row: Outgoing) -> Outcome:
        """Upsert one row by its key."""
        known = self.rows[kind].get(row.key)
        if known is None and not row.create:
            return Outcome.unknown("gone")
        if known and not row.create and any(known.get(name) != value for name, value in row.seen.items()):
            return Outcome.retry(code="changed")
        kept = TASK_WRITTEN_ONCE if kind == "task" and known is not None and row.create else frozenset()
        fields = {name: value for name, value in row.fields.items() if name not in kept}
        self.rows[kind].setdefault(row.key, {}).update(fields)
        return Outcome.ok()
