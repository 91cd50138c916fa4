"""The window engine: kernel, mask and span, each evaluated for every snapshot of a run at once.

`day` counts from 1970-01-01; week w holds the days [anchor + 7w, anchor + 7w + 7); snapshot s looks back at the weeks
before it, so age 0 is week s - 1. A fact counts at s only if it happened and was known before the as_of date.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from features.measure import Kernel, Mask, Reduction, Span
from features.snapshots import Snapshots

BITS = 63  # usable bits of a signed 64-bit mask


def kernel_table(rows: Any, leaves: Sequence[Kernel], snapshots: Snapshots) -> Any:
    """account_id, snapshot and one exact integer column per leaf, where any fact falls into a window.

    `rows` holds account_id, day, known_day and integer values.
    """
    weekly = _weekly(rows, sorted({leaf.value for leaf in leaves}), snapshots.anchor)
    calendar = _calendar(leaves, snapshots)
    joined = weekly.join(calendar, weekly["week"] == calendar["calendar_week"])
    seen = joined.filter(joined["learned"] < joined["snapshot"])
    names = {vector: f"k{i}" for i, vector in enumerate(_distinct_weights(leaves))}
    sums = {leaf.name: (seen[leaf.value] * seen[names[leaf.weights]]).sum() for leaf in leaves}
    return seen.group_by("account_id", "snapshot").agg(**sums)


def _weekly(rows: Any, values: Sequence[str], anchor: int) -> Any:
    """Facts per account and week, apart by the week in which they were learned where that is later."""
    import ibis

    week = (rows["day"] - anchor) // 7
    learned = (ibis.greatest(rows["known_day"], rows["day"]) - anchor) // 7
    return rows.group_by(account_id="account_id", week=week, learned=learned).agg(
        **{v: rows[v].sum().cast("int64") for v in values}
    )


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
        columns[f"k{i}"] = pa.array([vector[age] if age < len(vector) else 0 for _, age in pairs], pa.int64())
    return ibis.memtable(pa.table(columns))


def mask_table(rows: Any, leaves: Sequence[Mask], snapshots: Snapshots) -> Any:
    """account_id, snapshot and one count of distinct entities per leaf.

    `rows` holds account_id, entity, day, known_day. One bit per week; a mask serves as many snapshots as fit.
    """
    import ibis

    reach = max(leaf.weeks + leaf.ago for leaf in leaves)
    parts = [_mask_block(rows, leaves, block, reach, snapshots.anchor) for block in _blocks(snapshots, reach)]
    return parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)


def _blocks(snapshots: Snapshots, reach: int) -> Iterator[list[int]]:
    """Snapshot indexes in runs short enough for one mask."""
    block: list[int] = []
    for index in map(snapshots.index, snapshots.dates):
        if block and index - block[0] + reach > BITS - 1:
            yield block
            block = []
        block.append(index)
    yield block


def _mask_block(rows: Any, leaves: Sequence[Mask], block: list[int], reach: int, anchor: int) -> Any:
    import ibis
    import pyarrow as pa

    newest, oldest = block[-1] - 1, block[0] - reach
    week = (rows["day"] - anchor) // 7
    learned = (rows["known_day"] - anchor) // 7
    # Facts learned in their own week need no second look; late ones carry the week they were learned in.
    late = (learned > week).ifelse(learned, ibis.literal(-1, "int64"))
    seen = rows.mutate(week=week, late=late).filter(lambda t: t["week"].between(oldest, newest))
    one = ibis.literal(1, "int8").cast("int64")
    bit = one << (newest - seen["week"]).clip(lower=0, upper=BITS - 1).cast("int32")
    masks = seen.mutate(bit=bit).group_by("account_id", "entity", "late").agg(mask=lambda t: t["bit"].bit_or())
    grid = ibis.memtable(pa.table({"snapshot": pa.array(block, pa.int64())}))
    crossed = masks.cross_join(grid).filter(lambda t: t["late"] < t["snapshot"])
    crossed = crossed.group_by("account_id", "entity", "snapshot").agg(mask=lambda t: t["mask"].bit_or())
    counts = {}
    for leaf in leaves:
        shift = (newest + 1 - crossed["snapshot"] + leaf.ago).clip(lower=0, upper=BITS - 1).cast("int32")
        window = ibis.literal(2**leaf.weeks - 1, "int64")
        counts[leaf.name] = ((crossed["mask"] >> shift) & window != 0).cast("int64").sum()
    return crossed.group_by("account_id", "snapshot").agg(**counts)


def span_table(rows: Any, leaves: Sequence[Span], snapshots: Snapshots) -> Any:
    """account_id, snapshot and one aggregate per leaf over the states that hold at the snapshot.

    `rows` holds account_id, day (start), end_day (null: open), known_day and integer values. A state holds at as_of
    when it started and was known before as_of and has not ended before it.
    """
    import ibis

    grid = snapshots.grid()
    parts: dict[int, list[Span]] = {}
    for leaf in leaves:
        parts.setdefault(leaf.ago, []).append(leaf)
    tables = []
    for ago, group in parts.items():
        start = ibis.greatest(rows["day"] + ago, rows["known_day"])
        bounded = rows.mutate(lo=start + 1, hi=rows["end_day"].coalesce(10**6) + ago)
        held = bounded.join(grid, [bounded["lo"] <= grid["as_of_day"], bounded["hi"] >= grid["as_of_day"]], how="inner")
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
