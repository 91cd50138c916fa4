"""The window engine: kernels and spans, each evaluated for every snapshot of a run at once; `masks` has the third shape.

`day` counts from 1970-01-01; week w holds the days [anchor + 7w, anchor + 7w + 7); snapshot s looks back at the weeks
before it, so age 0 is week s - 1. A fact counts at s only if it happened and was known before the as_of date, and has
not been restated before it (`gone_day`, where a table has restatements).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.measure import Kernel, Reduction, Span
from features.reductions.shapes import GONE, OPEN, later
from features.snapshots import Snapshots


def kernel_table(rows: Any, leaves: Sequence[Kernel], snapshots: Snapshots) -> Any:
    """account_id, snapshot and one whole number per leaf, where any fact falls into a window.

    `rows` holds account_id, day, known_day and integer values. The sums are float64: exact up to 2^53, whatever the
    order, and cheaper than the 128 bits into which DuckDB sums integers.
    """
    return stacked_kernels([(rows, leaves)], snapshots)


def stacked_kernels(parts: Sequence[tuple[Any, Sequence[Kernel]]], snapshots: Snapshots) -> Any:
    """The same for leaves over several reductions at once: their weeks lie in one table and meet the calendar together.

    A leaf is null or 0 where its own facts fall into no window but those of another reduction do.
    """
    leaves = [leaf for _, group in parts for leaf in group]
    weekly = _side_by_side([_weekly(rows, group, snapshots.anchor) for rows, group in parts])
    calendar = _calendar(leaves, snapshots)
    joined = weekly.join(calendar, weekly["week"] == calendar["calendar_week"])
    found = joined.filter(joined["learned"] < joined["snapshot"])
    names = {vector: f"k{i}" for i, vector in enumerate(_distinct_weights(leaves))}
    sums = {leaf.name: (found[_value(leaf)] * found[names[leaf.weights]]).sum() for leaf in leaves}
    return found.group_by("account_id", "snapshot").agg(**sums)


def by_length(leaves: Sequence[Kernel]) -> list[list[Kernel]]:
    """Leaves apart by how far they look back, to a power of two weeks: a week meets every snapshot of the longest."""
    found: dict[int, list[Kernel]] = {}
    for leaf in leaves:
        found.setdefault(max(16, 1 << (leaf.reach - 1).bit_length()), []).append(leaf)
    return [found[length] for length in sorted(found)]


def _value(leaf: Kernel) -> str:
    return f"{leaf.reduction.name}__{leaf.value}"


def _side_by_side(tables: Sequence[Any]) -> Any:
    """Weekly tables as one, a row per account, week and week learned: what another table counts is null until then."""
    import ibis

    if len(tables) == 1:
        return tables[0]
    key = ["account_id", "week", "learned"]
    values = [name for table in tables for name in table.columns if name not in key]
    empty = ibis.null("float64")
    rows = [t.select(*key, **{v: t[v] if v in t.columns else empty for v in values}) for t in tables]
    one = ibis.union(*rows, distinct=False)
    return one.group_by(key).agg(**{v: one[v].sum() for v in values})


def _weekly(rows: Any, leaves: Sequence[Kernel], anchor: int) -> Any:
    """Facts per account and week, apart by the week in which they were learned where that is later."""
    values = sorted({leaf.value for leaf in leaves})
    if GONE in rows.columns:
        rows = _with_what_is_taken_back(rows, values)
    week = (rows["day"] - anchor) // 7
    learned = (later(rows["day"], rows["known_day"]) - anchor) // 7
    return rows.group_by(account_id="account_id", week=week, learned=learned).agg(
        **{_value(leaf): rows[leaf.value].cast("float64").sum() for leaf in leaves}
    )


def _with_what_is_taken_back(rows: Any, values: Sequence[str]) -> Any:
    """A restated fact a second time with its values negated, learned on the day of the restatement: sums forget it."""
    import ibis

    plain = rows.select("account_id", "day", "known_day", *values)
    back = rows.filter(rows[GONE].notnull())
    back = back.select("account_id", "day", known_day=back[GONE], **{v: -back[v] for v in values})
    return ibis.union(plain, back.select(*plain.columns), distinct=False)


def _distinct_weights(leaves: Sequence[Kernel]) -> list[tuple[int, ...]]:
    return sorted({leaf.weights for leaf in leaves})


def _calendar(leaves: Sequence[Kernel], snapshots: Snapshots) -> Any:
    import ibis
    import pyarrow as pa

    vectors = _distinct_weights(leaves)
    longest = max(map(len, vectors))
    pairs = [(snapshots.index(d), age) for d in snapshots.dates for age in range(longest)]
    columns = {
        "snapshot": pa.array([s for s, _ in pairs], pa.int64()),
        "calendar_week": pa.array([s - 1 - age for s, age in pairs], pa.int64()),
    }
    for i, vector in enumerate(vectors):
        columns[f"k{i}"] = pa.array([vector[age] if age < len(vector) else 0 for _, age in pairs], pa.float64())
    return ibis.memtable(pa.table(columns))


def span_table(rows: Any, leaves: Sequence[Span], snapshots: Snapshots, cohort: Any = None) -> Any:
    """account_id, snapshot and one aggregate per leaf over the states that hold at the snapshot.

    `cohort` says how old an account is, for leaves that ask what began by a day of its first term.

    `rows` holds account_id, day (start), end_day (null: open), known_day and integer values. A state holds at as_of
    when it started and was known before as_of and has not ended before it.
    """
    grid = snapshots.grid()
    parts: dict[int, list[Span]] = {}
    for leaf in leaves:
        parts.setdefault(leaf.ago, []).append(leaf)
    tables = []
    for ago, group in parts.items():
        until = rows["end_day"].coalesce(OPEN) + ago
        if GONE in rows.columns:
            # What was restated is forgotten, however long ago the state is asked for.
            until = (rows[GONE] < until).ifelse(rows[GONE], until)
        bounded = rows.mutate(lo=later(rows["day"] + ago, rows["known_day"]) + 1, hi=until)
        # A state that holds on no day of the snapshots' weekday meets none of them: most of the daily ones end here.
        bounded = bounded.filter((bounded["hi"] - snapshots.anchor) // 7 * 7 + snapshots.anchor >= bounded["lo"])
        held = bounded.join(grid, [bounded["lo"] <= grid["as_of_day"], bounded["hi"] >= grid["as_of_day"]], how="inner")
        if any(leaf.by_day is not None for leaf in group):
            tenure = cohort.select("snapshot", "tenure_days", tenured="account_id")
            held = held.left_join(
                tenure, [held["account_id"] == tenure["tenured"], held["snapshot"] == tenure["snapshot"]]
            ).drop("snapshot_right")
        age = held["as_of_day"] - ago - held["day"]
        tables.append(held.group_by("account_id", "snapshot").agg(**{x.name: _span_value(held, age, x) for x in group}))
    joined = tables[0]
    for other in tables[1:]:
        joined = joined.outer_join(other, ["account_id", "snapshot"])
        joined = joined.mutate(
            account_id=joined["account_id"].coalesce(joined["account_id_right"]),
            snapshot=joined["snapshot"].coalesce(joined["snapshot_right"]),
        ).drop("account_id_right", "snapshot_right")
    return joined


def _span_value(held: Any, age: Any, leaf: Span) -> Any:
    where = None if leaf.within is None else age <= leaf.within
    if leaf.by_day is not None:
        in_time = age >= held["tenure_days"] - int(leaf.by_day)
        where = in_time if where is None else where & in_time
    match leaf.agg:
        case "count":
            return held.count(where=where)
        case "age_max":
            return age.max(where=where)
        case "age_min":
            return age.min(where=where)
        case _:
            return getattr(held[leaf.value], leaf.agg)(where=where)


def by_reduction(leaves: Sequence[Any]) -> Mapping[Reduction, list[Any]]:
    """Leaves grouped by the reduction they read, equal ones once, in a fixed order."""
    grouped: dict[Reduction, dict[str, Any]] = {}
    for leaf in sorted(leaves, key=lambda x: x.name):
        grouped.setdefault(leaf.reduction, {})[leaf.name] = leaf
    return {reduction: list(named.values()) for reduction, named in grouped.items()}
