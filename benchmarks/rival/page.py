"""The table of docs/reliability.md between its markers, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import section
from benchmarks.rival.scene import Case, Result

BEGIN, END = "<!-- begin: rival -->", "<!-- end: rival -->"
Measured = Sequence[tuple[Case, Mapping[str, Sequence[Result]]]]


def table(measured: Measured, version: str, command: str) -> str:
    """What stands between the markers."""
    shown = "\n".join(_row(case, results) for case, results in measured)
    turns = sum(case.turns for case, _ in measured)
    return f"""## Beside another tool

Written by `{command}`. {version} (`drt-core`, Apache-2.0, `requirements.rival.lock`) and this project's write-back
brought the same 134 rows (100 scores, 34 tasks) into the same kind of counterpart, {turns} turns each: two tables of a real
Postgres, or an HTTP endpoint behind a proxy that makes the faults, or (scores alone) HubSpot's emulator. Judged is what the
counterpart holds afterwards, by key, never what a tool reports. A run that reported failed rows was followed by what the tool documents for that:
`drt run` and `drt retry`, or the same `churn apply` again.

drt was configured from its documented options, the best found for each counterpart: `mode: upsert`, `incremental_strategy: diff` and
`match_policy: update_only` into Postgres; `mode: incremental` by `as_of`, a request a row and `native_idempotency_key`
over HTTP; everywhere `on_error: skip`, the dead letter queue and five retries. Over HTTP churn sent up to 100 rows a request,
or 10 where a fault needs several requests to meet.

*as staged*: every row is there, once and right. *told*: the last report said that something is amiss; *not told*: it did not. Figures of several turns are sums, or a range.

| what happens | counterpart | drt | churn |
|---|---|---|---|
{shown}

Where the rival's answer comes from (its own source, by file and function):

{chr(10).join(_why(case) for case, _ in measured)}

Not compared, because drt does not offer it: tasks in HubSpot (its destination takes contacts, deals and companies), a
rollback, a limit on rejected rows within a run. Not compared, because ours does not: its other destinations and sources,
deletes (`mode: mirror`), masking. Salesforce (Bulk API 2.0 in both) was not compared. drt's HubSpot destination has the
vendor's address and `/crm/v3` as a constant: it was replaced by the emulator's, which speaks the dated versions of the API."""


def put(page: Path, text: str) -> None:
    """Write it between the markers of a page, which is made where it is missing; what stands around it stays."""
    section.put(page, "rival", text)


def outcome(results: Sequence[Result], missing: str = "") -> str:
    """One cell.

    >>> from benchmarks.rival.judge import Verdict
    >>> outcome([Result(Verdict(), False)])
    'as staged'
    >>> outcome([Result(Verdict(lost=("a",)), False, "9 calls"), Result(Verdict(lost=("b", "c")), False, "7 calls")])
    '**3 lost**, not told; 9 calls; 7 calls'
    """
    sums = [sum(result.verdict.counts[i] for result in results) for i in range(3)]
    said = ", ".join(f"{n} {what}" for n, what in zip(sums, ("lost", "doubled", "wrong"), strict=True) if n)
    told = any(result.told for result in results)
    figures = "; ".join(dict.fromkeys(result.figure for result in results if result.figure))
    if missing and said:
        cell = f"not offered: {missing} ({said})"
    else:
        cell = f"**{said}**, {'told' if told else 'not told'}" if said else "as staged" + (", told" if told else "")
    return cell + (f"; {figures}" if figures else "")


def _row(case: Case, results: Mapping[str, Sequence[Result]]) -> str:
    times = f" ({case.turns} turns)" if case.turns > 1 else ""
    cells = [outcome(results["drt"], case.missing), outcome(results["churn"])]
    return f"| {_named(case)}{times} | {case.counterpart} | {' | '.join(cells)} |"


def _named(case: Case) -> str:
    way = case.drt.get("way")
    return case.name + (f" (drt: `cursor_field: {way['cursor_field']}`)" if way else "")


def _why(case: Case) -> str:
    return f"- {_named(case)} ({case.counterpart}): {case.why}"
