"""The section `volume` of docs/reliability.md, from what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.delivery.runs import Measured
from benchmarks.running import CALM

SECONDS, MEGABYTES = 300.0, 300.0
"""The goals for a first run, and for every run's memory."""
WHERE = {"sqlite": "SQLite", "salesforce": "Salesforce"}


def section(measured: Sequence[Measured], rows: int, machine: dict[str, Any], day: str, command: str) -> str:
    """What stands between the markers."""
    busiest = max(one.load for one in measured)
    shared = (
        f"The machine was shared (load average up to {busiest:.1f} just before a run): CPU seconds say what it costs, the "
        "wall clock how long it took beside them."
        if busiest > CALM
        else "The machine was idle otherwise."
    )
    return f"""## {rows:,} accounts

Written by `{command}` on {day}: {machine["cpu"]}, {machine["cores"]} cores; Python {machine["python"]}. {shared}

{rows:,} scores and one task for every twentieth account are read from the Parquet files of a scored project, staged and
delivered by one process, with the ledger in a file (`synchronous=FULL`): into the embedded CRM, a SQLite file, and
into the Salesforce emulator of the tests, a process of its own that knows the accounts and answers at once. Then the same run again, and then the
same date scored anew with other figures for a tenth of the accounts. *Reached it* is counted there, not by us: rows of
the file whose last write moved, rows in uploads. *Wrong* are keys that the destination then shows not at all, twice, or
with another figure than the run's files.

| destination | run | rows | written | reached it | wrong | calls | wall s (staged after) | CPU s, ours | CPU s, emulator | peak MB, ours |
|---|---|---|---|---|---|---|---|---|---|---|
{chr(10).join(map(_row, measured))}

{chr(10).join(_goals(measured))}

The same run again makes no call where calls are counted (`costs_calls`); a file is looked at again, and left as it is.
A call to Salesforce looks up as many keys as its address has room for; an ingest job has up to 10,000 rows."""


def _row(one: Measured) -> str:
    calls = "–" if one.calls is None else f"{one.calls:,}"
    after = "" if one.stage_wall is None else f" ({one.stage_wall:.0f})"
    other = "–" if one.other_cpu is None else f"{one.other_cpu:.0f}"
    cells = [WHERE[one.to], one.run, f"{one.staged:,}", f"{one.written:,}", f"{one.arrived:,}", f"{one.wrong:,}", calls]
    return f"| {' | '.join([*cells, f'{one.wall:.0f}{after}', f'{one.cpu:.0f}', other, f'{one.peak_mb:.0f}'])} |"


def _goals(measured: Sequence[Measured]) -> list[str]:
    """Each goal with what became of it."""
    found = []
    for to in dict.fromkeys(one.to for one in measured):
        first, again, changed = (one for one in measured if one.to == to)
        peak = max(first.peak_mb, again.peak_mb, changed.peak_mb)
        judged = [
            (f"first run within {SECONDS:.0f} s", first.wall < SECONDS, f"{first.wall:.0f} s"),
            (f"memory below {MEGABYTES:.0f} MB", peak < MEGABYTES, f"{peak:.0f} MB"),
            (
                "nothing sent again",
                not again.arrived and not again.calls,
                f"{again.arrived} rows, {again.calls or 0} calls",
            ),
            ("what changed is sent, and nothing else", changed.arrived == changed.written, f"{changed.arrived:,} rows"),
            ("nothing lost, doubled or wrong", not any(one.wrong for one in (first, again, changed)), "by key"),
        ]
        told = "; ".join(f"{what}: {'reached' if good else '**missed**'} ({figure})" for what, good, figure in judged)
        found.append(f"- {WHERE[to]}: {told}.")
    return found
