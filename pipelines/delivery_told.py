"""Deliveries as an operator reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from serving.writeback.owners import ownerless

SHOWN = 10
"""Lines of a list on the terminal; --json has all."""


def plan(found: Any) -> Any:
    """What an apply would do: counts, what would move, what a person edited, who is nobody's, what would stop it."""
    counts = _grid(
        "If applied now to " + found.destination,
        "",
        "new",
        "changed",
        "dates only",
        "same",
        "old",
        "deleted",
        "rejected",
    )
    for name, of in (("scores", found.scores), ("tasks", found.tasks)):
        columns = (of.new, of.changed, of.refreshed, of.unchanged, of.stale, of.deleted, of.rejected)
        counts.add_row(name, *(f"{n:,}" if n else "–" for n in columns))
    parts: list[Any] = [counts]
    if found.tier_moves:
        moves = Counter((m.field, str(m.before), str(m.after)) for m in found.tier_moves)
        lines = [f"{name.replace('_', ' ')} {a} → {b}: {n:,}" for (name, a, b), n in sorted(moves.items())]
        parts.append(_list(f"Tier moves ({len(found.tier_moves):,})", lines))
    fields = Counter(c.field for c in found.changes)
    if fields:
        parts.append(_list("Fields that would change", [f"{name}: {n:,}" for name, n in fields.most_common()]))
    for title, lines, told in (
        ("New tasks", found.new_tasks, str),
        (
            "Edited by a person, and kept",
            found.edited,
            lambda e: f"{e.key} {e.field}: {e.theirs!r} stays, not {e.ours!r}",
        ),
        ("Accounts without an owner", found.unowned, str),
        ("Rejected", found.rejected, lambda r: f"{r.kind} {r.key}: {r.reason} ({r.code})"),
    ):
        if lines:
            some = [told(line) for line in islice(lines, SHOWN)]
            parts.append(_list(f"{title} ({len(lines):,})", some, of=len(lines)))
    if found.unknown_owners:
        parts.append(Text(ownerless(found.unknown_owners, found.destination), "yellow"))
    if found.resumed:
        parts.append(Text(f"{found.resumed:,} rows that an earlier run left unfinished would be sent along."))
    if found.stops:
        parts.append(
            _list("This would stop before anything is sent", [f"{t.message} [{t.breaker}]" for t in found.stops], "red")
        )
        names = " ".join(f"--accept {name}" for name in sorted({t.breaker for t in found.stops}))
        parts.append(Text(f"If it is as it should be: churn apply {names}"))
    return Group(*parts)


def apply(result: Mapping[str, Any]) -> Any:
    """One line."""
    return Text(
        f"{result['staged']:,} rows staged: {result['written']:,} written, {result['skipped']:,} left as they are, "
        f"{result['rejected']:,} rejected, {result['deferred']:,} deferred. Run {result['run']}."
    )


def rollback(result: Mapping[str, Any]) -> Any:
    """One line."""
    return Text(
        f"Run {result['run']}: {result['restored']:,} of {result['rows']:,} rows show what they showed before, "
        f"{result['kept']:,} stay as a person left them, {result['rejected'] + result['deferred']:,} are still to do."
    )


def status(found: Any) -> Any:
    """The last runs, and what is open."""
    table = _grid(
        f"Deliveries to {found.destination}",
        "run",
        "what",
        "started (UTC)",
        "staged",
        "written",
        "same",
        "rejected",
        "deferred",
        "",
    )
    for run in found.runs:
        ended = "" if run.finished_at else "not finished"
        counts = (run.staged, run.written, run.skipped, run.rejected, run.deferred)
        table.add_row(run.run_id[:12], run.what, run.started_at[:16], *(f"{n:,}" for n in counts), ended)
    parts: list[Any] = [table if found.runs else Text(f"Nothing has been delivered to {found.destination} yet.")]
    if found.waiting:
        told = ", ".join(f"{n:,} {kind}s" for kind, n in found.waiting.items())
        parts.append(Text(f"Still on their way: {told}. `churn apply` goes on with them.", "yellow"))
    if found.rejected:
        lines = [f"{code}: {n:,}" for code, n in found.rejected.items()]
        parts.append(_list("Rejected by the last delivery", lines, "yellow"))
        parts.append(_list("For example", [f"{r.kind} {r.key}: {r.reason}" for r in found.examples]))
        parts.append(Text("Once the cause is cured: churn retry"))
    if found.paused_until:
        parts.append(Text(f"The destination asks not to be called before {found.paused_until}.", "yellow"))
    if found.undoable:
        parts.append(Text(f"Can be rolled back: churn rollback {found.undoable[0]}"))
    return Group(*parts)


def feedback(result: Mapping[str, Any]) -> Any:
    """What is new, and where it went."""
    kinds = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in result["by_kind"].items()) or "nothing new"
    lines = [f"{result['read']:,} read from {result['destination']}: {kinds}."]
    if result["path"]:
        lines.append(f"Kept in {result['path']}.")
    if result["unknown_root_causes"]:
        lines.append(f"Root causes that the policy does not know: {', '.join(result['unknown_root_causes'])}.")
    return Text("\n".join(lines))


def alert(result: Mapping[str, Any]) -> Any:
    """What was sent, what waits, and whom nobody hears of."""
    sent = [
        f"{n:,} messages about {result['alerts'][name]:,} signals by {name}" for name, n in result["messages"].items()
    ]
    lines = [f"Signals of {result['as_of']}: {', '.join(sent) or 'nobody had to be told'}."]
    if result["held"]:
        lines.append(f"{result['held']:,} wait until it is day for their owners.")
    if result["known_before"]:
        lines.append(f"{result['known_before']:,} stood before anybody was told of any, and count as known.")
    if result["unowned"]:
        lines.append(f"Nobody owns {', '.join(result['unowned'][:SHOWN])}: set `unowned_to` in [alerts].")
    return Text("\n".join(lines))


def crm_setup(result: Mapping[str, Any]) -> Any:
    """What is there, what was made, what is still to do and how."""
    if result["ready"]:
        made = sum(line["state"] == "made" for line in result["fields"])
        return Text(f"{result['destination']} is ready{f', {made} fields were made' if made else ''}.")
    table = _grid(f"{result['destination']} is not ready", "object", "field", "what", "note")
    for line in result["fields"]:
        if line["state"] != "ready":
            table.add_row(line["object"], line["name"], line["state"].replace("_", " "), escape(line["note"]))
    return Group(table, _list("To do", [f"{line}" for line in result["steps"]], shown=100))


def _grid(title: str, *heads: str) -> Table:
    table = Table(title=escape(title), title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(
            head, justify="left" if place == 0 or head in ("what", "started (UTC)", "field", "note") else "right"
        )
    return table


def _list(title: str, lines: Sequence[str], style: str = "", shown: int = SHOWN, of: int | None = None) -> Text:
    """The first `shown` lines; `of` how many there are, where not all are given."""
    more = (len(lines) if of is None else of) - shown
    some = [*lines[:shown], *([f"… and {more:,} more"] if more > 0 else [])]
    return Text("\n").join([Text(title, style or "bold"), *(Text(f"  {line}") for line in some), Text("")])
