"""Distinct people, features and modules: one bit per week of activity, asked for any pattern of weeks.

A mask holds the weeks in which one entity (a person, a feature) of an account was active. For a snapshot it is shifted so
that bit 0 is the last week before as_of; a condition then looks at some of its bits (`measure.Active`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from features.distinct import Active, Adopted, Leading, Mask, Pattern
from features.reductions.shapes import GONE, days_active
from features.snapshots import Snapshots

BITS = 63  # usable bits of a signed 64-bit mask
NEVER = 10**6  # a week after all others


def mask_table(
    rows: Any, leaves: Sequence[Mask | Pattern], snapshots: Snapshots, only: Any = None, reach: int = 0
) -> Any:
    """account_id, snapshot and one count of distinct entities per leaf.

    `rows` holds account_id, entity, day, known_day, and gone_day where facts may be taken back; `only`, where given,
    account_id, entity and the days from and until which an entity counts (`Reduction.only`). The masks hold at least
    `reach` weeks before each snapshot.
    """

    def counted(seen: Any) -> Any:
        counts = {leaf.name: _holds(seen["recent"], leaf.conditions).cast("int64").sum() for leaf in leaves}
        return seen.group_by("account_id", "snapshot").agg(**counts)

    return _in_blocks(rows, max(reach, *(leaf.reach for leaf in leaves)), snapshots, counted, only=only)


def leading_table(rows: Any, leaf: Leading, snapshots: Snapshots, others: Any = None) -> Any:
    """account_id, snapshot and how many of the most regular entities meet the leaf's further condition.

    `others` are the rows the condition looks at, where they are not those that say who is regular.
    """
    import ibis

    def counted(seen: Any) -> Any:
        found = seen.mutate(
            regular=_active_blocks(seen["recent"], leaf.over), met=_holds(seen["asked"], [leaf.condition])
        )
        # Those alike in regularity share one row: there are only so many active weeks.
        levels = found.filter(found["regular"] > 0).group_by("account_id", "snapshot", "regular")
        levels = levels.agg(people=lambda t: t.count(), met=lambda t: t["met"].cast("int64").sum())
        by = [levels["account_id"], levels["snapshot"]]
        above = (
            levels["people"].sum().over(ibis.window(group_by=by, order_by=levels["regular"].desc(), rows=(None, 0)))
            - levels["people"]
        )
        wanted = levels["people"].sum().over(ibis.window(group_by=by)).cast("float64") * float(leaf.share)
        top = levels.mutate(leads=(above == 0) | (above.cast("float64") < wanted))
        return top.filter(top["leads"]).group_by("account_id", "snapshot").agg(**{leaf.name: lambda t: t["met"].sum()})

    return _in_blocks(rows, leaf.reach, snapshots, counted, others=others)


def adopted_table(rows: Any, leaf: Adopted, snapshots: Snapshots) -> Any:
    """account_id, snapshot and how many entities enough people used on enough days.

    `rows` also holds `member`. Two people took part where the first and the last of them by name differ.
    """
    import ibis

    days = days_active(rows, "entity").mutate(member=ibis.null("string"))
    people = rows.mutate(active=0)
    both = ibis.union(_weekly(days, snapshots.anchor), _weekly(people, snapshots.anchor), distinct=False)
    pairs = _pairs([(snapshots.index(d), age + leaf.ago) for d in snapshots.dates for age in range(leaf.weeks)])
    joined = both.join(pairs, both["week"] == pairs["calendar_week"])
    seen = joined.filter((joined["learned"] < joined["snapshot"]) & (joined["gone"] >= joined["snapshot"]))
    used = seen.group_by("account_id", "entity", "snapshot").agg(
        days=seen["days"].sum(), first=seen["first"].min(), last=seen["last"].max()
    )
    enough = used["days"] >= int(leaf.days)
    if int(leaf.people) > 1:
        enough = enough & (used["first"] != used["last"])
    adopted = used.filter(enough)
    return adopted.group_by("account_id", "snapshot").agg(**{leaf.name: adopted.count()})


def _weekly(rows: Any, anchor: int) -> Any:
    """Days of use, and the first and last person by name, per entity, week, and week learned and taken back."""
    import ibis

    week, learned = (rows["day"] - anchor) // 7, (ibis.greatest(rows["known_day"], rows["day"]) - anchor) // 7
    found = rows.group_by("account_id", "entity", week=week, learned=learned, gone=_gone_week(rows, anchor))
    return found.agg(days=rows["active"].sum().cast("int64"), first=rows["member"].min(), last=rows["member"].max())


def _pairs(pairs: Sequence[tuple[int, int]]) -> Any:
    """(snapshot, week that lies so many weeks before it) as a table."""
    import ibis
    import pyarrow as pa

    weeks = [s - 1 - age for s, age in pairs]
    return ibis.memtable(
        pa.table(
            {"snapshot": pa.array([s for s, _ in pairs], pa.int64()), "calendar_week": pa.array(weeks, pa.int64())}
        )
    )


def _in_blocks(
    rows: Any, reach: int, snapshots: Snapshots, counted: Any, *, only: Any = None, others: Any = None
) -> Any:
    """What `counted` makes of the masks, for as many snapshots at a time as one mask can serve."""
    import ibis

    parts = []
    for block in _blocks(snapshots, reach):
        seen = _seen(rows, block, reach, snapshots.anchor, only)
        asked = None if others is None else _seen(others, block, reach, snapshots.anchor)
        parts.append(counted(_beside(seen, asked)))
    return parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)


def _beside(seen: Any, other: Any) -> Any:
    """The masks with `asked`: the mask of the same entity in the other rows, its own where there are none."""
    if other is None:
        return seen.mutate(asked=seen["recent"])
    other = other.select(
        other_account=other["account_id"],
        other_entity=other["entity"],
        other_snapshot=other["snapshot"],
        other_recent=other["recent"],
    )
    joined = seen.left_join(
        other,
        [
            seen["account_id"] == other["other_account"],
            seen["entity"] == other["other_entity"],
            seen["snapshot"] == other["other_snapshot"],
        ],
    )
    return joined.select(*seen.columns, asked=joined["other_recent"].coalesce(0))


def _blocks(snapshots: Snapshots, reach: int) -> Iterator[list[int]]:
    """Snapshot indexes in runs short enough for one mask."""
    block: list[int] = []
    for index in map(snapshots.index, snapshots.dates):
        if block and index - block[0] + reach > BITS - 1:
            yield block
            block = []
        block.append(index)
    yield block


def _seen(rows: Any, block: list[int], reach: int, anchor: int, only: Any = None) -> Any:
    """account_id, entity, snapshot and `recent`: the weeks in which the entity was active, the last one as bit 0."""
    import ibis
    import pyarrow as pa

    newest, oldest = block[-1] - 1, block[0] - reach
    week = (rows["day"] - anchor) // 7
    learned = (rows["known_day"] - anchor) // 7
    # Facts learned in their own week need no second look; late ones carry the week they were learned in.
    late = (learned > week).ifelse(learned, ibis.literal(-1, "int64"))
    seen = rows.mutate(week=week, late=late, gone=_gone_week(rows, anchor))
    seen = seen.filter(lambda t: t["week"].between(oldest, newest))
    one = ibis.literal(1, "int8").cast("int64")
    bit = one << (newest - seen["week"]).clip(lower=0, upper=BITS - 1).cast("int32")
    by = ["account_id", "entity", "late", *(["gone"] if GONE in rows.columns else [])]
    masks = seen.mutate(bit=bit).group_by(by).agg(mask=lambda t: t["bit"].bit_or())
    grid = ibis.memtable(pa.table({"snapshot": pa.array(block, pa.int64())}))
    crossed = (_taken_back if GONE in rows.columns else _growing)(masks, _that_count(only, anchor), grid)
    shift = (newest + 1 - crossed["snapshot"]).clip(lower=0, upper=BITS - 1).cast("int32")
    recent = (crossed["mask"] >> shift) & ibis.literal(2**reach - 1, "int64")
    # Most entities are silent at most snapshots, and nothing is ever asked about the silent.
    return crossed.mutate(recent=recent).filter(lambda t: t["recent"] != 0)


def _growing(masks: Any, only: Any, grid: Any) -> Any:
    """One mask per entity and snapshot: a mask holds until a late fact is learned, which adds its weeks to it."""
    import ibis

    changes = ibis.window(group_by=["account_id", "entity"], order_by="late", rows=(None, 0))
    ordered = ibis.window(group_by=["account_id", "entity"], order_by="late")
    until = masks["late"].lead(default=NEVER).over(ordered)
    held = masks.mutate(mask=masks["mask"].bit_or().over(changes), until=until)
    crossed = _crossed(held, only, grid)
    return crossed.filter((crossed["late"] < crossed["snapshot"]) & (crossed["snapshot"] <= crossed["until"]))


def _taken_back(masks: Any, only: Any, grid: Any) -> Any:
    """One mask per entity and snapshot, of the facts known and not yet taken back."""
    crossed = _crossed(masks, only, grid)
    crossed = crossed.filter((crossed["late"] < crossed["snapshot"]) & (crossed["gone"] >= crossed["snapshot"]))
    return crossed.group_by("account_id", "entity", "snapshot").agg(mask=lambda t: t["mask"].bit_or())


def _crossed(masks: Any, only: Any, grid: Any) -> Any:
    """Every mask at every snapshot, where only some entities count at those at which they do."""
    if only is None:
        return masks.cross_join(grid)
    counted = masks.inner_join(only, ["account_id", "entity"]).cross_join(grid)
    return counted.filter(
        (counted["counts_from"] < counted["snapshot"]) & (counted["snapshot"] <= counted["counts_until"])
    )


def _that_count(only: Any, anchor: int) -> Any:
    """The entities that count at all, with the weeks in which that is known and taken back."""
    if only is None:
        return None
    since = (only["known_day"] - anchor) // 7
    return only.select("account_id", "entity", counts_from=since, counts_until=_gone_week(only, anchor))


def _gone_week(rows: Any, anchor: int) -> Any:
    """The first week in which a restated fact no longer counts; NEVER for the others."""
    import ibis

    if GONE not in rows.columns:
        return ibis.literal(NEVER, "int64")
    return ((rows[GONE] - anchor) // 7).coalesce(NEVER)


def _holds(recent: Any, conditions: Sequence[Active]) -> Any:
    """Whether every condition holds for the weeks of `recent`."""
    import ibis

    found = [_holds_one(recent, condition) for condition in conditions]
    return found[0] if len(found) == 1 else ibis.and_(*found)


def _holds_one(recent: Any, condition: Active) -> Any:
    if int(condition.blocks) == 1:
        active = _block(recent, condition, 0)
        return active if condition.most is None else ~active
    count = _active_blocks(recent, condition)
    enough = count >= int(condition.least)
    return enough if condition.most is None else enough & (count <= condition.most)


def _active_blocks(recent: Any, condition: Active) -> Any:
    count = _block(recent, condition, 0).cast("int64")
    for block in range(1, int(condition.blocks)):
        count = count + _block(recent, condition, block).cast("int64")
    return count


def _block(recent: Any, condition: Active, block: int) -> Any:
    """Whether one block of weeks holds activity."""
    import ibis

    weeks = int(condition.weeks)
    bits = (2**weeks - 1) << (int(condition.ago) + block * weeks)
    return recent & ibis.literal(bits, "int64") != 0
