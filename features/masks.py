"""Distinct people, features and modules: their weeks of activity (`bits`), asked for any pattern of weeks.

For a snapshot an entity's mask is shifted so that bit 0 is the last week before as_of; a condition then looks at some of
its bits (`distinct.Active`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.bits import BITS, Bits, bits_of, blocks_of, gone_week, seen, that_count
from features.distinct import Active, Adopted, Leading, Mask, Pattern
from features.measure import DAYS_IN_WEEK
from features.reductions.shapes import later
from features.snapshots import Snapshots


def mask_table(
    rows: Any, leaves: Sequence[Mask | Pattern], snapshots: Snapshots, only: Any = None, reach: int = 0
) -> Any:
    """account_id, snapshot and one count of distinct entities per leaf.

    `rows` are bits already, or hold account_id, entity, day, known_day, and gone_day where facts may be taken back;
    `only`, where given, account_id, entity and the days from and until which an entity counts (`Reduction.only`). The
    masks hold at least `reach` weeks before each snapshot.
    """

    def counted(found: Any) -> Any:
        counts = {leaf.name: _holds(found["recent"], leaf.conditions).cast("int64").sum() for leaf in leaves}
        return found.group_by("account_id", "snapshot").agg(**counts)

    return _in_blocks(rows, max(reach, *(leaf.reach for leaf in leaves)), snapshots, counted, only=only)


def leading_table(rows: Any, leaf: Leading, snapshots: Snapshots, others: Any = None) -> Any:
    """account_id, snapshot and how many of the most regular entities meet the leaf's further condition.

    `others` are the rows the condition looks at, where they are not those that say who is regular.
    """
    import ibis

    def counted(found: Any) -> Any:
        found = found.mutate(
            regular=_active_blocks(found["recent"], leaf.over), met=_holds(found["asked"], [leaf.condition])
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

    used = _days_of_weeks(rows, snapshots.anchor)
    pairs = _pairs(snapshots, leaf)
    joined = used.join(pairs, used["week"] == pairs["calendar_week"])
    joined = joined.filter((joined["learned"] < joined["snapshot"]) & (joined["gone"] >= joined["snapshot"]))
    # Days that were told of twice, in time and late, are one bit.
    days = (joined["days"] << joined["shift"]).bit_or()
    used = joined.group_by("account_id", "entity", "snapshot").agg(
        days=days, first=joined["first"].min(), last=joined["last"].max()
    )
    one = ibis.literal(1, "int8").cast("int64")
    counted = sum(((used["days"] >> ibis.literal(i, "int32")) & one for i in range(DAYS_IN_WEEK * leaf.weeks)), 0 * one)
    enough = counted >= int(leaf.days)
    if int(leaf.people) > 1:
        enough = enough & (used["first"] != used["last"])
    adopted = used.filter(enough)
    return adopted.group_by("account_id", "snapshot").agg(**{leaf.name: adopted.count()})


def _days_of_weeks(rows: Any, anchor: int) -> Any:
    """The days of use as bits, and the first and last person by name, per entity, week, and week learned and taken back."""
    import ibis

    one = ibis.literal(1, "int8").cast("int64")
    bit = one << ((rows["day"] - anchor) % DAYS_IN_WEEK).cast("int32")
    week, learned = (rows["day"] - anchor) // 7, (later(rows["day"], rows["known_day"]) - anchor) // 7
    found = rows.mutate(bit=bit, week=week, learned=learned, gone=gone_week(rows, anchor))
    found = found.group_by("account_id", "entity", "week", "learned", "gone")
    return found.agg(
        days=lambda t: t["bit"].bit_or(), first=lambda t: t["member"].min(), last=lambda t: t["member"].max()
    )


def _pairs(snapshots: Snapshots, leaf: Adopted) -> Any:
    """snapshot, each week of its window, and the place of that week's first day in the window's bits."""
    import ibis
    import pyarrow as pa

    if DAYS_IN_WEEK * leaf.weeks > BITS:
        raise ValueError(
            f"{leaf.weeks} weeks of days are more than one mask holds: use at most {BITS // DAYS_IN_WEEK}."
        )
    found = [
        (s, s - 1 - age - leaf.ago, DAYS_IN_WEEK * age)
        for s in map(snapshots.index, snapshots.dates)
        for age in range(leaf.weeks)
    ]
    snapshot, week, shift = zip(*found, strict=True)
    return ibis.memtable(
        pa.table(
            {
                "snapshot": pa.array(snapshot, pa.int64()),
                "calendar_week": pa.array(week, pa.int64()),
                "shift": pa.array(shift, pa.int32()),
            }
        )
    )


def _in_blocks(
    rows: Any, reach: int, snapshots: Snapshots, counted: Any, *, only: Any = None, others: Any = None
) -> Any:
    """What `counted` makes of the masks, for as many snapshots at a time as one mask can serve."""
    import ibis

    bits = rows if isinstance(rows, Bits) else bits_of(rows, ("entity",), snapshots, reach)
    asked = None if others is None else bits_of(others, ("entity",), snapshots, bits.reach)
    only = that_count(only, snapshots.anchor)
    parts = []
    for number, block in enumerate(blocks_of(snapshots, bits.reach)):
        beside = None if asked is None else seen(asked, number, block)
        parts.append(counted(_beside(seen(bits, number, block, only), beside)))
    return parts[0] if len(parts) == 1 else ibis.union(*parts, distinct=False)


def _beside(found: Any, other: Any) -> Any:
    """The masks with `asked`: the mask of the same entity in the other rows, its own where there are none."""
    if other is None:
        return found.mutate(asked=found["recent"])
    other = other.select(
        other_account=other["account_id"],
        other_entity=other["entity"],
        other_snapshot=other["snapshot"],
        other_recent=other["recent"],
    )
    joined = found.left_join(
        other,
        [
            found["account_id"] == other["other_account"],
            found["entity"] == other["other_entity"],
            found["snapshot"] == other["other_snapshot"],
        ],
    )
    return joined.select(*found.columns, asked=joined["other_recent"].coalesce(0))


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
