"""What a build reads more than once, stored for as long as the build takes: the engine's only state."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from data_contracts.sources import Facts
from features.bits import Bits, bits_of
from features.feature_table import available, leaves_of
from features.indicator import Indicator
from features.measure import Leaf
from features.reductions.events import (
    ANCHOR,
    DAYS_OF_USE,
    EARLIER,
    EVENTS,
    RECENT,
    SETTLED,
    SHARED,
    USE_WEEKS,
    by_people,
    events,
)
from features.reductions.shapes import GONE
from features.snapshots import Snapshots, day_number


@contextmanager
def stored(
    facts: Facts, snapshots: Snapshots, indicators: Mapping[str, Indicator], engine: Any, cohort: Any = None
) -> Iterator[Facts]:
    """The facts, good for these snapshots and indicators alone, with shared reductions in temporary tables of `engine`.

    Events are read only as far back as a window looks. What lies before is read for the last day of use alone, and of
    the accounts of `cohort` (where given) that were not seen since. The values of every indicator are the same as without.
    """
    if EVENTS not in facts.tables:
        yield facts
        return
    leaves = [leaf for leaf in leaves_of(indicators) if available(facts, leaf.reduction)]
    tables = {**facts.tables, **_apart(facts.tables[EVENTS], snapshots, leaves), ANCHOR: snapshots.anchor}
    kept: list[str] = []

    def keep(name: str, table: Any) -> Any:
        kept.append(f"stored_{name}")
        return engine.create_table(f"stored_{name}", table, temp=True, overwrite=True)

    collecting = gc.isenabled()
    # A query is some ten thousand small objects that live until it is sent: looking for garbage among them finds none.
    gc.disable()
    try:
        often = _read_often(leaves)
        for name in [name for name in SHARED if name in often]:
            tables[name] = keep(name, SHARED[name](tables))
        if USE_WEEKS in often:
            reach = max(leaf.reach for leaf in leaves if USE_WEEKS in leaf.reduction.shares)
            weeks = bits_of(by_people(events(tables)), ("module", "feature"), snapshots, reach)
            tables[USE_WEEKS] = Bits(keep(USE_WEEKS, weeks.rows), reach)
        if cohort is not None and DAYS_OF_USE in often:
            unseen = _not_seen_since(tables[DAYS_OF_USE], cohort, snapshots)
            tables[EARLIER] = tables[EARLIER].semi_join(unseen, "account_id")
        yield replace(facts, tables=tables)
    finally:
        if collecting:
            gc.enable()
        for name in kept:
            engine.drop_table(name, force=True)


def in_parts(indicators: Mapping[str, Indicator]) -> list[dict[str, Indicator]]:
    """The indicators component by component: a statement for each takes less memory and planning than one for all."""
    parts: dict[str, dict[str, Indicator]] = {}
    for name, indicator in indicators.items():
        parts.setdefault(indicator.component, {})[name] = indicator
    return list(parts.values())


def _read_often(leaves: Sequence[Leaf]) -> set[str]:
    """What more than one reduction reads."""
    counted = Counter(name for reduction in {leaf.reduction for leaf in leaves} for name in reduction.shares)
    return {name for name, times in counted.items() if times > 1}


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


def _not_seen_since(days: Any, cohort: Any, snapshots: Snapshots) -> Any:
    """account_id of the accounts that nobody was known to use within reach of a window: of them older days may count."""
    seen = days.filter(days["user_id"].notnull() & (days["known_day"] < day_number(snapshots.dates[0])))
    if GONE in days.columns:
        seen = seen.filter(seen[GONE].isnull())
    return cohort.select("account_id").distinct().anti_join(seen, "account_id")


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time())
