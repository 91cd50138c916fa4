"""docs/benchmarks.md, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.case import ROOT, Case
from benchmarks.generate import SIZES
from benchmarks.goals import Goal, Results

NOTES = ROOT / "benchmarks" / "notes.md"
VERDICT = {True: "reached", False: "**missed**", None: "–"}


def page(goals: Sequence[Goal], results: Results, machine: Mapping[str, Any], command: str) -> str:
    """The page: goals with their ratios, then every case in CPU seconds, then what stands in benchmarks/notes.md."""
    runs = [run for measured in results.values() for run in measured]
    days = sorted({run.at[:10] for run in runs})
    busy = sum(run.provisional for run in runs)
    return f"""# Benchmarks

Written by `{command}` from what it measured; nothing here is typed in, but the notes at the end.

{machine["cpu"]}, {machine["cores"]} cores, {machine["memory_gb"]} GB, {machine["system"]}; Python {machine["python"]}, {machine["libraries"]}.
Measured {_days(days)}: {len(runs)} runs, cases in turns, each in a process of its own. Figures are CPU seconds of all threads, imports
excluded; ratios are taken within one turn, and the table gives their median, least and greatest. {_busy(busy, len(runs))}

## Goals

| what | goal | median | least – greatest | n | |
|---|---|---|---|---|---|
{chr(10).join(_goal_row(goal, results) for goal in goals)}

*scan*: one DuckDB read of four columns of every event (account, person, moment, count), aggregated, from the same source: the
Parquet files, or the accepted table in the DuckDB warehouse. *Core columns*: the {_core()} of usage that need no other table;
they read seven columns of the events. Data: {_sizes()}; 104 weeks, generated (`benchmarks/book.py`).

## Same results

{_same(results)}

## Cases

| case | CPU s, median | least – greatest | peak GB | n |
|---|---|---|---|---|
{chr(10).join(_case_row(case, results) for case in results if results[case])}

{NOTES.read_text(encoding="utf-8").strip()}
"""


def _days(days: Sequence[str]) -> str:
    return "on " + (days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}") if days else "never"


def _busy(busy: int, runs: int) -> str:
    if not busy:
        return "The machine was idle otherwise."
    return f"**Provisional**: at the start of {busy} of the {runs} runs the machine was busy with other work."


def _core() -> int:
    from benchmarks.columns import CORE

    return len(CORE)


def _sizes() -> str:
    wanted = [size for size in SIZES.values() if size.name != "tiny"]
    return ", ".join(f"{s.name} about {s.events / 1e6:.4g} M events of {s.accounts:,} accounts" for s in wanted)


def _goal_row(goal: Goal, results: Results) -> str:
    figures = goal.figures(results)
    target = "" if goal.limit is None else f"{'≥' if goal.at_least else '≤'} {goal.limit:g} {goal.unit}"
    if not figures:
        return f"| {goal.name} | {target} | not run | | 0 | |"
    spread = f"{min(figures):.2f} – {max(figures):.2f}"
    return (
        f"| {goal.name} | {target} | {median(figures):.2f} {goal.unit} | {spread} | {len(figures)} "
        f"| {VERDICT[goal.reached(figures)]} |"
    )


def _case_row(case: Case, results: Results) -> str:
    cpu, rss = [run.cpu for run in results[case]], max(run.rss for run in results[case])
    return f"| {case.name} | {median(cpu):.2f} | {min(cpu):.2f} – {max(cpu):.2f} | {rss:.2f} | {len(cpu)} |"


def _same(results: Results) -> str:
    """Where two contenders built the same columns of the same data, whether count and sum of every column agree."""
    said = []
    for case, runs in results.items():
        ours = results.get(Case("engine", case.size, case.snapshots, case.columns))
        if (
            case.contender in ("raw_sql", "pandas", "featuretools")
            and runs
            and ours
            and ours[0].digest
            and runs[0].digest
        ):
            differ = different(ours[0].digest, runs[0].digest)
            said.append(f"- {case.name}: {'as the engine' if not differ else 'differs in ' + ', '.join(differ)}.")
    return "\n".join(said) or "No two contenders built the same columns in this run."


def different(one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> list[str]:
    """Columns whose number of values or sum differ by more than the last digits of floating point."""

    def alike(a: Sequence[float], b: Sequence[float]) -> bool:
        return a[0] == b[0] and abs(a[1] - b[1]) <= 1e-6 * max(1.0, abs(a[1]))

    return sorted(n for n in {*one, *other} if n not in one or n not in other or not alike(one[n], other[n]))
