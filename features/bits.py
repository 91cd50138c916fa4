"""One bit per week of activity: the weeks of every person or feature as masks that serve a block of snapshots each.

The lowest bit of a block's mask is the week before its last snapshot. A mask has room for the block's snapshots and for
as many weeks as a leaf may look back from the first of them; more snapshots than that need a further block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from features.reductions.shapes import GONE
from features.snapshots import Snapshots

BITS = 63  # usable bits of a signed 64-bit mask
NEVER = 10**6  # a week after all others
IN_TIME = -1  # learned in the week in which it happened


@dataclass(frozen=True)
class Bits:
    """account_id, the columns the masks are kept by, `late`, and one mask per block of snapshots: mask_0, mask_1, …

    `late` is the week in which facts were learned where that is not their own. Where facts are restated, `gone` is the
    first week in which they no longer count. The masks hold `reach` weeks before every snapshot.
    """

    rows: Any
    reach: int

    def of(self, column: str) -> Bits:
        """The same by one column alone, as `entity`; where it is null there is nothing to count."""
        rows = self.rows.filter(self.rows[column].notnull()).mutate(entity=self.rows[column])
        masks = {name: rows[name].bit_or() for name in rows.columns if name.startswith("mask_")}
        return Bits(rows.group_by("account_id", "entity", *_versions(rows)).agg(**masks), self.reach)


def bits_of(rows: Any, by: Sequence[str], snapshots: Snapshots, reach: int) -> Bits:
    """The weeks in which facts fall, per account and `by`; `rows` holds day, known_day and, where restated, gone_day."""
    import ibis

    anchor, blocks = snapshots.anchor, list(blocks_of(snapshots, reach))
    week = (rows["day"] - anchor) // 7
    learned = (rows["known_day"] - anchor) // 7
    # Asked only of what was learned on a later day at all: most facts are spared the second division.
    late = (rows["known_day"] > rows["day"]).ifelse((learned > week).ifelse(learned, IN_TIME), IN_TIME)
    gone = {"gone": gone_week(rows, anchor)} if GONE in rows.columns else {}
    first, end = anchor + 7 * (blocks[0][0] - reach), anchor + 7 * blocks[-1][-1]
    found = rows.filter((rows["day"] >= first) & (rows["day"] < end)).select(
        "account_id", *by, week=week, late=late, **gone
    )
    one = ibis.literal(1, "int8").cast("int64")
    masks = {}
    for number, block in enumerate(blocks):
        newest = block[-1] - 1
        # Held within bounds though the filter holds it too: DuckDB may shift first, and refuses what overflows.
        bit = one << ibis.greatest(0, ibis.least(BITS - 1, newest - found["week"])).cast("int32")
        within = None if len(blocks) == 1 else found["week"].between(block[0] - reach, newest)
        masks[f"mask_{number}"] = bit.bit_or(where=within)
    return Bits(found.group_by("account_id", *by, *_versions(found)).agg(**masks), reach)


def blocks_of(snapshots: Snapshots, reach: int) -> Iterator[list[int]]:
    """Snapshot indexes in runs short enough for one mask."""
    block: list[int] = []
    for index in map(snapshots.index, snapshots.dates):
        if block and index - block[0] + reach > BITS - 1:
            yield block
            block = []
        block.append(index)
    yield block


def seen(bits: Bits, number: int, block: Sequence[int], only: Any = None) -> Any:
    """account_id, entity, snapshot and `recent`: the weeks in which the entity was active, the last one as bit 0.

    `only` holds the entities that count at all, as `that_count` gives them.
    """
    import ibis
    import pyarrow as pa

    masks = bits.rows.select("account_id", "entity", *_versions(bits.rows), mask=bits.rows[f"mask_{number}"])
    masks = masks.filter(masks["mask"] != 0)
    if only is not None:
        masks = masks.inner_join(only, ["account_id", "entity"])
    shifts = [block[-1] - snapshot for snapshot in block]
    grid = ibis.memtable(pa.table({"snapshot": pa.array(block, pa.int64()), "shift": pa.array(shifts, pa.int32())}))
    held = (_taken_back if "gone" in masks.columns else _growing)(masks, grid)
    recent = (held["mask"] >> held["shift"]) & ibis.literal(2**bits.reach - 1, "int64")
    if only is not None:
        counts = (held["counts_from"] < held["snapshot"]) & (held["snapshot"] <= held["counts_until"])
        recent = counts.ifelse(recent, 0)
    # Most entities are silent at most snapshots, and nothing is ever asked about the silent.
    return held.select("account_id", "entity", "snapshot", recent=recent).filter(lambda t: t["recent"] != 0)


def that_count(only: Any, anchor: int) -> Any:
    """account_id and entity of those that count at all, with the weeks in which that is known and taken back."""
    if only is None:
        return None
    since = (only["known_day"] - anchor) // 7
    return only.select("account_id", "entity", counts_from=since, counts_until=gone_week(only, anchor))


def gone_week(rows: Any, anchor: int) -> Any:
    """The first week in which a restated fact no longer counts; NEVER for the others."""
    import ibis

    if GONE not in rows.columns:
        return ibis.literal(NEVER, "int64")
    return ((rows[GONE] - anchor) // 7).coalesce(NEVER)


def _versions(rows: Any) -> list[str]:
    return [name for name in ("late", "gone") if name in rows.columns]


def _growing(masks: Any, grid: Any) -> Any:
    """One mask per entity and snapshot: a mask holds until a late fact is learned, which adds its weeks to it."""
    import ibis

    entity = ["account_id", "entity", *_counting(masks)]
    changes = ibis.window(group_by=entity, order_by="late", rows=(None, 0))
    until = masks["late"].lead(default=NEVER).over(ibis.window(group_by=entity, order_by="late"))
    held = masks.mutate(mask=masks["mask"].bit_or().over(changes), until=until)
    crossed = held.cross_join(grid)
    return crossed.filter((crossed["late"] < crossed["snapshot"]) & (crossed["snapshot"] <= crossed["until"]))


def _taken_back(masks: Any, grid: Any) -> Any:
    """One mask per entity and snapshot, of the facts known and not yet taken back."""
    crossed = masks.cross_join(grid)
    crossed = crossed.filter((crossed["late"] < crossed["snapshot"]) & (crossed["gone"] >= crossed["snapshot"]))
    found = crossed.group_by("account_id", "entity", *_counting(masks), "snapshot", "shift")
    return found.agg(mask=lambda t: t["mask"].bit_or())


def _counting(masks: Any) -> list[str]:
    return [name for name in ("counts_from", "counts_until") if name in masks.columns]
