"""The oracle's feature table: one plain row per account in the cohort of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import median
from typing import Any

from proof.oracle import (
    adoption,
    commercial,
    engagement,
    lifecycle,
    payment,
    people,
    sentiment,
    support,
    usage,
)
from proof.oracle.cohort import LOSSES, line, with_merger_dates
from proof.oracle.past import Row, View, World, views

MODULES = (usage, adoption, support, engagement, sentiment, commercial, payment, people, lifecycle)
INDICATORS = {name: found for module in MODULES for name, found in module.INDICATORS.items()}
EVIDENCE = {name: found for module in MODULES for name, found in module.EVIDENCE.items()}
PERCENTILES = ("arr_percentile", "user_days_per_seat_percentile_28d")
MINUS_MEDIAN = ("tickets_vs_segment_28d", "login_change_vs_segment_28d")


def cohort(
    world: World,
    as_of: date,
    uncovered: Mapping[str, set[str]] | None = None,
    *,
    min_tenure_days: int = 7,
    kinds: Sequence[str] = LOSSES,
) -> dict[str, View]:
    """Account → its view, its line filled, for every account in the cohort."""
    found = views(with_merger_dates(world), as_of, uncovered or {})
    lines = {account: line(view, min_tenure_days, kinds) for account, view in found.items()}
    for account, view in found.items():
        view.line = lines[account] or Row()
    return {account: found[account] for account in sorted(found) if lines[account]}


def feature_rows(world: World, as_of: date, uncovered: Mapping[str, set[str]], **rule: Any) -> dict[str, Row]:
    """Account → its line of the cohort with every indicator and, as NAME__before and NAME__after, its evidence."""
    scored = cohort(world, as_of, uncovered, **rule)
    rows = {account: Row({**view.line, **_values(view)}) for account, view in scored.items()}
    for name in PERCENTILES:
        _against_peers(rows, name, _share_below)
    for name in MINUS_MEDIAN:
        _against_peers(rows, name, lambda value, peers: value - median(peers))
    return rows


def _values(view: View) -> Row:
    found = Row()
    for name, (tables, of) in INDICATORS.items():
        available = all(view.covers(table) for table in tables)
        found[name] = of(view) if available else None
        if name in EVIDENCE:
            for role, part in zip(("before", "after"), EVIDENCE[name], strict=True):
                found[f"{name}__{role}"] = part(view) if available else None
    return found


def _against_peers(rows: dict[str, Row], name: str, compare: object) -> None:
    """The second step, across the accounts of one segment at one as_of; nulls are nobody's peers."""
    values = {account: row[name] for account, row in rows.items() if row[name] is not None}
    for account, value in values.items():
        segment = rows[account]["segment"]
        peers = [v for other, v in values.items() if rows[other]["segment"] == segment]
        rows[account][name] = compare(value, peers)  # type: ignore[operator]


def _share_below(value: float, peers: list[float]) -> float:
    return sum(1 for p in peers if p < value) / (len(peers) - 1) if len(peers) > 1 else 0.0
