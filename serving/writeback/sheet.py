"""From the rows of a run to one decision per row: the path that plan and apply share.

The rows are laid out in a temporary table first, so that a key met twice is seen before anything is decided and
memory stays flat however many rows there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from policy.errors import SettingsError, did_you_mean
from serving.writeback.decision import Decision, Doubt, decide
from serving.writeback.destination import Capabilities, Destination, Field, Kind, Scalar
from serving.writeback.ledger import Ledger
from serving.writeback.ledger_schema import LIVE
from serving.writeback.staged import IDENTITY, Flaw, Staged, flaw, legible
from serving.writeback.texts import Text, look, text_of

CHUNK = 2_000
FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def decisions(
    rows: Iterable[Staged], destination: Destination, accepts: Capabilities, ledger: Ledger
) -> Iterator[list[Decision]]:
    """What is to become of each row, in lists: the quarantined first, then scores, then tasks.

    Leaves temporary tables behind for `left_over` and `newly_tasked`; they go with the connection or `clear`.
    """
    if not accepts.key_unique:
        raise SettingsError(
            "the destination's key field is not unique, so a repeated write would double rows; nothing was written.",
            where=accepts.name,
            cure="Make the key field unique there, or name another one.",
        )
    ledger.store.temporary(
        "sheet", "kind TEXT, key TEXT, account_id TEXT, as_of TEXT, fields TEXT, code TEXT, reason TEXT"
    )
    ledger.store.temporary("tasked", "account_id TEXT NOT NULL UNIQUE")
    for kind, name in sorted(_lay_out(rows, accepts, ledger)):
        _check_field(kind, name, accepts)
    _quarantine_doubles(ledger)
    yield from _dead(ledger)
    yield from _scores(destination, accepts, ledger)
    yield from _tasks(destination, ledger)


def left_over(ledger: Ledger) -> int:
    """How many rows of earlier runs are unfinished and not among the rows just decided."""
    sql = f"""SELECT count(*) FROM outbox o WHERE dest=? AND {LIVE} AND NOT EXISTS
      (SELECT 1 FROM sheet s WHERE s.kind = o.kind AND s.key = o.key AND s.as_of >= o.as_of)"""
    found = ledger.store.one(sql, (ledger.dest,))
    return int(found[0]) if found else 0


def newly_tasked(ledger: Ledger) -> int:
    """How many accounts get a task which the CRM does not have."""
    found = ledger.store.one("SELECT count(*) FROM tasked")
    return int(found[0]) if found else 0


def clear(ledger: Ledger) -> None:
    """Drop the tables of rows just decided."""
    ledger.store.run("DROP TABLE sheet")
    ledger.store.run("DROP TABLE tasked")


def _lay_out(rows: Iterable[Staged], accepts: Capabilities, ledger: Ledger) -> set[tuple[str, str]]:
    chosen: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    insert = "INSERT INTO sheet (kind, key, account_id, as_of, fields, code, reason) VALUES (?, ?, ?, ?, ?, ?, ?)"

    def line(row: Staged) -> tuple[str | None, ...]:
        if found := flaw(row, accepts):
            return (legible(row.kind), legible(row.key), legible(row.account_id), legible(row.as_of), None, *found)
        given = row.fields
        shape = (row.kind, *given)
        if shape not in chosen:
            chosen[shape] = _chosen(row, accepts)
        names, rounded = chosen[shape]
        fields = {name: given[name] for name in names}
        for name in rounded:
            fields[name] = _kept(fields[name], accepts.fields[row.kind][name])
        if row.kind == "score":
            fields["as_of"] = row.as_of  # an undated score could not be told from a stale one
        return row.kind, row.key, row.account_id, row.as_of, text_of(fields), None, None

    ledger.store.many(insert, map(line, rows))
    ledger.store.find_by("sheet", "kind, key")
    dated = {("score", "as_of") for kind, *_ in chosen if kind == "score"}
    return dated | {(kind, name) for (kind, *_), (names, _) in chosen.items() for name in names}


def _chosen(row: Staged, accepts: Capabilities) -> tuple[list[str], list[str]]:
    """Of the fields that such a row has, those that the destination is told of, and those among them that it rounds."""
    told = row.fields.keys() if accepts.only is None else accepts.only[row.kind]
    known = accepts.fields.get(row.kind, {})
    names = [name for name in row.fields if name not in IDENTITY and name in told]
    return names, [name for name in names if name in known and known[name].decimals is not None]


def _kept(value: Scalar, field: Field) -> Scalar:
    """The value as the destination will keep it: a number with as many decimals as it has."""
    return round(value, field.decimals) if isinstance(value, float) else value


def _check_field(kind: str, name: str, accepts: Capabilities) -> None:
    known = accepts.fields.get("score" if kind == "score" else "task", {})
    if name in accepts.reserved or not FIELD_NAME.fullmatch(name):
        message = f"a {kind} cannot have a field `{name[:80]}`; nothing was written."
        raise SettingsError(message, where=accepts.name, cure="Rename it: small letters, digits and _ only.")
    if name not in known and not accepts.open_fields:
        message = f"the destination has no {kind} field `{name}`; nothing was written."
        raise SettingsError(message, where=accepts.name, cure=did_you_mean(name, known))
    if name in known and not known[name].writable:
        message = f"the destination's {kind} field `{name}` cannot be written; nothing was written."
        raise SettingsError(message, where=accepts.name, cure="Give the integration's user the right to edit it.")


def _quarantine_doubles(ledger: Ledger) -> None:
    double = Flaw("duplicate_key", "the key occurs more than once in this run, and which row is right cannot be known")
    orphan = Flaw("score_rejected", "the account's score was quarantined, so its tasks are held back")
    ledger.store.run(
        "UPDATE sheet SET code=?, reason=?, fields=NULL WHERE code IS NULL AND (kind, key) IN"
        " (SELECT kind, key FROM sheet GROUP BY kind, key HAVING count(*) > 1)",
        double,
    )
    ledger.store.run(
        "UPDATE sheet SET code=?, reason=?, fields=NULL WHERE code IS NULL AND kind='task' AND account_id IN"
        " (SELECT key FROM sheet WHERE kind='score' AND code IS NOT NULL)",
        orphan,
    )


def _dead(ledger: Ledger) -> Iterator[list[Decision]]:
    sql = "SELECT kind, key, account_id, as_of, code, reason FROM sheet WHERE code IS NOT NULL ORDER BY n"
    for lines in ledger.store.stream(sql, (), CHUNK):
        yield [_refused(Staged(kind, key, account, as_of, {}), Flaw(*why)) for kind, key, account, as_of, *why in lines]


def _refused(row: Staged, why: Flaw) -> Decision:
    return Decision(row, "dead", code=why.code, reason=why.reason)


def _good(kind: Kind, ledger: Ledger) -> Iterator[list[Staged]]:
    sql = "SELECT kind, key, account_id, as_of, fields FROM sheet WHERE kind=? AND code IS NULL ORDER BY n"
    for lines in ledger.store.stream(sql, (kind,), CHUNK):
        yield [Staged(kind, key, account, as_of, Text(fields)) for _, key, account, as_of, fields in lines]


def _scores(destination: Destination, accepts: Capabilities, ledger: Ledger) -> Iterator[list[Decision]]:
    missing = Flaw("no_account", "the destination does not have this account, and accounts are not created there")
    for chunk in _good("score", ledger):
        keys = [row.key for row in chunk]
        found = destination.read("score", keys)
        confirmed = ledger.confirmed("score", keys)
        on_the_way = _on_the_way("score", keys, ledger)
        look(row.fields for row in chunk if row.key in found)
        decided = []
        for row in chunk:
            if row.key not in found and not accepts.creates_accounts:
                decided.append(_refused(row, missing))
                continue
            newest, doubt = on_the_way.get(row.key, ("", None))
            decided.append(decide(row, found.get(row.key), confirmed.get(row.key), newest=newest, in_doubt=doubt))
        refused = [(decision.code, decision.row.key) for decision in decided if decision.verdict == "dead"]
        ledger.store.many("UPDATE sheet SET code=? WHERE kind='score' AND key=?", refused)
        yield decided


def _tasks(destination: Destination, ledger: Ledger) -> Iterator[list[Decision]]:
    missing = Flaw("no_account", "the destination does not have this account and no score creates it")
    for chunk in _good("task", ledger):
        keys = [row.key for row in chunk]
        accounts = sorted({row.account_id for row in chunk})
        found = destination.read("task", keys)
        confirmed = ledger.confirmed("task", keys)
        on_the_way = _on_the_way("task", keys, ledger)
        alive = destination.read("score", accounts)
        scores = {key: seen.as_of for key, seen in ledger.confirmed("score", accounts).items() if key in alive}
        scores |= {key: as_of for key, (as_of, _) in _on_the_way("score", accounts, ledger).items()}
        coming = _scored_here(accounts, ledger) | set(scores)
        look(row.fields for row in chunk if row.key in found)
        decided = []
        for row in chunk:
            if row.account_id not in alive and row.account_id not in coming:
                decided.append(_refused(row, missing))
                continue
            newest, doubt = on_the_way.get(row.key, ("", None))
            decision = decide(
                row,
                found.get(row.key),
                confirmed.get(row.key),
                newest=max(newest, scores.get(row.account_id, "")),
                in_doubt=doubt,
                had_account=row.account_id in alive,
            )
            decided.append(decision)
        new = {(decision.row.account_id,) for decision in decided if decision.verdict == "new"}
        ledger.store.many("INSERT INTO tasked (account_id) VALUES (?) ON CONFLICT (account_id) DO NOTHING", new)
        yield decided


def _on_the_way(kind: Kind, keys: Sequence[str], ledger: Ledger) -> dict[str, tuple[str, Doubt | None]]:
    """Rows of an earlier run not yet finished: their as_of, and what they may have written where one was attempted."""
    columns = "key, as_of, attempts, payload, before, was"
    lines = ledger.store.keyed(columns, "outbox", ledger.dest, kind, keys, f"AND {LIVE}")
    return {
        key: (as_of, Doubt(Text(payload), before and Text(before), was) if attempts else None)
        for key, as_of, attempts, payload, before, was in lines
    }


def _scored_here(accounts: Sequence[str], ledger: Ledger) -> set[str]:
    marks = ",".join("?" * len(accounts))
    sql = f"SELECT key FROM sheet WHERE kind='score' AND code IS NULL AND key IN ({marks})"
    return {key for (key,) in ledger.store.rows(sql, list(accounts))}
