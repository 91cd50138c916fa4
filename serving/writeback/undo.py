"""What each of the last runs replaced in the destination, kept until it is too old to be rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from policy.errors import UsageError, did_you_mean
from serving.writeback.destination import Kind, Row
from serving.writeback.ledger import Ledger
from serving.writeback.staged import Staged
from serving.writeback.texts import Text, text_of


class Replaced(NamedTuple):
    """A row as it was before a run: what its written fields showed (None: it did not exist), the as_of confirmed then."""

    kind: Kind
    key: str
    account_id: str
    before: Row | None
    was: str


def keep(ledger: Ledger, kind: Kind, rows: Iterable[tuple[Staged, Row | None, str]]) -> None:
    """Remember what this run's rows replaced: (row, what its fields showed before, the as_of confirmed before)."""
    ledger.store.many(
        "INSERT INTO undo (run, kind, key, account_id, before, was) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (run, kind, key) DO NOTHING",
        [
            (ledger.run, kind, row.key, row.account_id, None if before is None else text_of(before), was)
            for row, before, was in rows
            if before is None or before
        ],
    )


def prune(ledger: Ledger, runs: int) -> None:
    """Forget all but the last `runs` runs."""
    kept = [number for _, numbers in _undoable(ledger)[:runs] for number in numbers]
    of_others = f"run NOT IN ({','.join('?' * len(kept))})" if kept else "1=1"
    ledger.store.run(
        f"DELETE FROM undo WHERE {of_others} AND run IN (SELECT run FROM run WHERE dest=?)", (*kept, ledger.dest)
    )


def full_name(ledger: Ledger, begun: str) -> str:
    """The run whose id begins so, as `churn status` shows it; the text itself where none or several do."""
    known = {name for (name,) in ledger.store.rows("SELECT DISTINCT run_id FROM run WHERE dest=?", (ledger.dest,))}
    found = [name for name in known if name.startswith(begun)]
    return found[0] if len(found) == 1 else begun


def last_run(ledger: Ledger, run_id: str) -> list[int]:
    """The ledger's numbers of a run that may be rolled back. Raises UsageError where it is not the last that wrote."""
    known = _undoable(ledger)
    names = [name for name, _ in known]
    if names and names[0] == run_id:
        return known[0][1]
    if run_id in names:
        newer = names[: names.index(run_id)]
        raise UsageError(
            f"`{run_id}` is not the last run that wrote there; after it came {', '.join(newer)}.",
            where=ledger.dest,
            cure=f"Roll back the newer ones first: `churn rollback {newer[0]}`.",
        )
    cure = did_you_mean(run_id, names) if names else "`churn status` lists the runs and which can be rolled back."
    raise UsageError(f"no run `{run_id}` can be rolled back here.", where=ledger.dest, cure=cure)


def undoable(ledger: Ledger) -> list[str]:
    """The runs of which it is known what they replaced, the newest first."""
    return [name for name, _ in _undoable(ledger)]


def replaced(ledger: Ledger, runs: Sequence[int], size: int) -> Iterator[list[Replaced]]:
    """What these runs replaced, each row once: as it was before the first of them."""
    marks = ",".join("?" * len(runs))
    sql = f"SELECT kind, key, account_id, before, was FROM undo WHERE run IN ({marks}) ORDER BY kind, key, run"
    held: Replaced | None = None
    for lines in ledger.store.stream(sql, list(runs), size):
        found = []
        for kind, key, account_id, text, was in lines:
            now = Replaced(kind, key, account_id, None if text is None else Text(text), was)
            if held is not None and (held.kind, held.key) == (kind, key):
                held = _earlier(held, now)
                continue
            if held is not None:
                found.append(held)
            held = now
        yield found
    if held is not None:
        yield [held]


def drop(ledger: Ledger, runs: Sequence[int]) -> None:
    """Forget what these runs replaced: it is restored."""
    ledger.store.many("DELETE FROM undo WHERE run=?", [(run,) for run in runs])


def _earlier(first: Replaced, second: Replaced) -> Replaced:
    if first.before is None:
        return first
    return first._replace(before={**(second.before or {}), **first.before})


def _undoable(ledger: Ledger) -> list[tuple[str, list[int]]]:
    sql = (
        "SELECT run_id, run FROM run WHERE dest=? AND what='apply'"
        " AND EXISTS (SELECT 1 FROM undo WHERE undo.run = run.run) ORDER BY run DESC"
    )
    found: dict[str, list[int]] = {}
    for run_id, run in ledger.store.rows(sql, (ledger.dest,)):
        found.setdefault(run_id, []).append(int(run))
    return list(found.items())
