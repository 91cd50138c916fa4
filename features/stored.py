"""What a build reads more than once, stored for as long as the build takes: the engine's only state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from data_contracts.sources import Facts
from features.feature_table import available, leaves_of
from features.indicator import Indicator
from features.measure import Leaf
from features.reductions.events import EARLIER, EVENTS, RECENT, SETTLED, SHARED
from features.snapshots import Snapshots


@contextmanager
def stored(facts: Facts, snapshots: Snapshots, indicators: Mapping[str, Indicator], engine: Any) -> Iterator[Facts]:
    """The facts, good for these snapshots and indicators alone, with shared reductions in temporary tables of `engine`.

    Events are read only as far back as a window looks; of what lies before, the last day of use is kept. The values of
    every indicator are the same as without.
    """
    if EVENTS not in facts.tables:
        yield facts
        return
    leaves = [leaf for leaf in leaves_of(indicators) if available(facts, leaf.reduction)]
    tables = {**facts.tables, **_apart(facts.tables[EVENTS], snapshots, leaves)}
    kept = []
    try:
        for name in _read_often(leaves):
            tables[name] = engine.create_table(f"stored_{name}", SHARED[name](tables), temp=True, overwrite=True)
            kept.append(f"stored_{name}")
        yield replace(facts, tables=tables)
    finally:
        for name in kept:
            engine.drop_table(name, force=True)


def in_parts(indicators: Mapping[str, Indicator]) -> list[dict[str, Indicator]]:
    """The indicators component by component: a statement for each takes less memory and planning than one for all."""
    parts: dict[str, dict[str, Indicator]] = {}
    for name, indicator in indicators.items():
        parts.setdefault(indicator.component, {})[name] = indicator
    return list(parts.values())


def _read_often(leaves: Sequence[Leaf]) -> list[str]:
    """Shared reductions that more than one reduction reads."""
    counted = Counter(name for reduction in {leaf.reduction for leaf in leaves} for name in reduction.shares)
    return [name for name in SHARED if counted[name] > 1]


def _apart(events: Any, snapshots: Snapshots, leaves: Sequence[Leaf]) -> dict[str, Any]:
    """The events within reach of a window, and those before. Compared as moments, so that whole row groups are skipped."""
    import ibis

    reach = max((leaf.reach for leaf in leaves if leaf.reduction.table == EVENTS), default=0)
    at = events["occurred_at"]
    first = ibis.literal(_midnight(snapshots.dates[0] - timedelta(weeks=reach)), at.type())
    end = ibis.literal(_midnight(snapshots.dates[-1]), at.type())
    settled = events["known_at"] < ibis.literal(_midnight(snapshots.dates[0]), events["known_at"].type())
    return {
        RECENT: events.filter((at >= first) & (at < end)),
        EARLIER: events.mutate(**{SETTLED: settled}).filter(at < first),
    }


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time())
