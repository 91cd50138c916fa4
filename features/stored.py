"""What a build reads more than once, stored for as long as the build takes: the engine's only state."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from data_contracts.sources import Facts
from features.bits import Bits, bits_of
from features.feature_table import available, leaves_of
from features.indicator import Indicator
from features.measure import DAYS_IN_WEEK, Leaf, Span
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

Keep = Callable[[str, Any], Any]


@contextmanager
def stored(
    facts: Facts, snapshots: Snapshots, indicators: Mapping[str, Indicator], engine: Any, cohort: Any = None
) -> Iterator[Facts]:
    """The facts, good for these snapshots and indicators alone, with shared reductions in temporary tables of `engine`.

    Events are read only as far back as a window looks. What lies before is read for the last day of use alone, and of
    the accounts of `cohort` (where given) that were not seen since. The values of every indicator are the same as without.
    """
    with _plainly_put(), _temporary(engine) as keep:
        yield replace(facts, tables=_tables(facts, snapshots, indicators, cohort, keep))


def _tables(
    facts: Facts, snapshots: Snapshots, indicators: Mapping[str, Indicator], cohort: Any, keep: Keep
) -> Mapping[str, Any]:
    if EVENTS not in facts.tables:
        return facts.tables
    leaves = [leaf for leaf in leaves_of(indicators) if available(facts, leaf.reduction)]
    ago = _furthest_state(leaves)
    tables = {**facts.tables, **_apart(facts.tables[EVENTS], snapshots, leaves, ago)}
    if ago % DAYS_IN_WEEK == 0:
        tables[ANCHOR] = snapshots.anchor
    often = _read_often(leaves)
    for name in [name for name in SHARED if name in often]:
        tables[name] = keep(name, SHARED[name](tables))
    if USE_WEEKS in often:
        reach = max(leaf.reach for leaf in leaves if USE_WEEKS in leaf.reduction.shares)
        weeks = bits_of(by_people(events(tables)), ("module", "feature"), snapshots, reach)
        tables[USE_WEEKS] = Bits(keep(USE_WEEKS, weeks.rows), reach)
    if cohort is not None and DAYS_OF_USE in often:
        unseen = _not_seen_since(tables[DAYS_OF_USE], cohort, snapshots, ago)
        tables[EARLIER] = tables[EARLIER].semi_join(unseen, "account_id")
    return tables


@contextmanager
def _temporary(engine: Any) -> Iterator[Keep]:
    """What stores a table under a name until the build is over."""
    kept: list[str] = []

    def keep(name: str, table: Any) -> Any:
        kept.append(f"stored_{name}")
        # Not `overwrite`: it would be written under another name first and then copied.
        engine.drop_table(kept[-1], force=True)
        return engine.create_table(kept[-1], table, temp=True)

    try:
        yield keep
    finally:
        for name in kept:
            engine.drop_table(name, force=True)


@contextmanager
def _plainly_put() -> Iterator[None]:
    """Puts a query together sooner: no step is merged into the next, which any engine does by itself.

    Nor is garbage looked for: a query is some hundred thousand small objects that all live until it is sent.
    """
    import ibis

    collecting, merging = gc.isenabled(), ibis.options.sql.fuse_selects
    gc.disable()
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = merging
        if collecting:
            gc.enable()


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


def _furthest_state(leaves: Sequence[Leaf]) -> int:
    """Days before as_of at which the last use is asked for; mostly it is asked for as_of itself."""
    return max(
        (leaf.ago for leaf in leaves if isinstance(leaf, Span) and leaf.reduction.table in (EVENTS, "*")), default=0
    )


def _apart(events: Any, snapshots: Snapshots, leaves: Sequence[Leaf], ago: int) -> dict[str, Any]:
    """The events within reach of a window, and those before. Compared as moments, so that whole row groups are skipped."""
    import ibis

    reach = max((leaf.reach for leaf in leaves if leaf.reduction.table == EVENTS), default=0)
    reach = max(reach, -(-ago // DAYS_IN_WEEK))
    at = events["occurred_at"]
    first = ibis.literal(_midnight(snapshots.dates[0] - timedelta(weeks=reach)), at.type())
    end = ibis.literal(_midnight(snapshots.dates[-1]), at.type())
    settled = events["known_at"] < ibis.literal(_midnight(snapshots.dates[0]), events["known_at"].type())
    return {
        RECENT: events.filter((at >= first) & (at < end)),
        EARLIER: events.mutate(**{SETTLED: settled}).filter(at < first),
    }


def _not_seen_since(days: Any, cohort: Any, snapshots: Snapshots, ago: int) -> Any:
    """account_id of the accounts that nobody was known to use within reach of a window: of them older days may count."""
    first = day_number(snapshots.dates[0])
    seen = days.filter(days["user_id"].notnull() & (days["known_day"] < first) & (days["day"] < first - ago))
    if GONE in days.columns:
        seen = seen.filter(seen[GONE].isnull())
    return cohort.select("account_id").distinct().anti_join(seen, "account_id")


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time())
