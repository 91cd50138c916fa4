"""Does a naive second opinion in plain loops, which shares no code with the engine, come to the same values?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from proof.finding import Finding, judged
from proof.oracle.past import Row

CHECK = "second_opinion"
ASKS = (
    "Cohort and indicators of a sample of accounts were computed again by plain loops over plain rows: do both agree, "
    "and is there an opinion on every column?"
)
CURE = (
    "Find out which of the two is wrong; `proof/oracle` holds the second opinion. A column that it does not know has no "
    "proof: write it there from its meaning alone."
)
EPOCH = date(1970, 1, 1)
GRID = {"account_id", "as_of", "snapshot", "as_of_day"}  # where a row stands, not what it says
Opinion = Mapping[tuple[date, str], Row]


@dataclass(frozen=True)
class Compared:
    """What the engine built (`what` names it), and the columns of it that this opinion cannot speak about."""

    what: str
    frame: pd.DataFrame
    opinion: Opinion
    left_out: Collection[str] = ()


def second_opinion(compared: Collection[Compared], *, tolerance: float) -> Finding:
    """Compare every column of every frame with what the opinion says of the same accounts and dates."""
    failures: list[str] = []
    values = 0
    columns: set[str] = set()
    for part in compared:
        failures += _rows(part)
        for name in part.frame.columns:
            if name in GRID or name in part.left_out:
                continue
            count, text = _column(part, name, tolerance)
            values += count
            columns.add(name)
            failures += [text] if text else []
    first = next(iter(compared))
    measured = {
        "accounts": len({account for _, account in first.opinion}),
        "dates": sorted({as_of.isoformat() for as_of, _ in first.opinion}),
        "columns": len(columns),
        "values": values,
        "tolerance": tolerance,
        "without_data": sorted(set.intersection(*(set(p.left_out) for p in compared))),
    }
    return judged(CHECK, ASKS, measured, failures, cure=CURE)


def _rows(part: Compared) -> list[str]:
    keys = set(zip(part.frame["as_of"], part.frame["account_id"], strict=True))
    found = []
    for lone, words in ((keys - set(part.opinion), "only the engine"), (set(part.opinion) - keys, "only the opinion")):
        if lone:
            as_of, account = min(lone)
            found.append(f"{part.what}: {len(lone)} rows are in the cohort of {words}, first {account} at {as_of}")
    return found


def _column(part: Compared, name: str, tolerance: float) -> tuple[int, str | None]:
    if part.opinion and not any(name in _told(row) for row in part.opinion.values()):
        return 0, f"{part.what}: there is no second opinion on `{name}`"
    unlike, first, seen = 0, "", 0
    for as_of, account, value in zip(part.frame["as_of"], part.frame["account_id"], part.frame[name], strict=True):
        row = part.opinion.get((as_of, account))
        if row is None:
            continue
        seen += 1
        expected = _told(row)[name]
        if not _agree(value, expected, tolerance):
            first = first or f"{account} at {as_of}: engine {_shown(value)}, opinion {_shown(expected)}"
            unlike += 1
    return seen, f"{part.what}: `{name}` differs in {unlike} of {seen} rows, first {first}" if unlike else None


def _told(row: Row) -> Row:
    """The opinion's row with its dates as the day numbers that the engine counts in."""
    found = Row(row)
    if row["days_to_term_end"] is not None:
        found["term_end_day"] = (row["as_of"] - EPOCH).days + row["days_to_term_end"]
    if row["deadline"] is not None:
        found["deadline_day"] = (row["deadline"] - EPOCH).days
    return found


def _agree(value: Any, expected: Any, tolerance: float) -> bool:
    if expected is None or pd.isna(value):
        return expected is None and bool(pd.isna(value))
    if isinstance(expected, str):
        return bool(value == expected)
    return abs(float(value) - float(expected)) <= tolerance * max(1.0, abs(float(expected)))


def _shown(value: Any) -> str:
    return "null" if value is None or pd.isna(value) else f"{value}"
