"""Small steps every reduction shares: days, the day a fact became known or was restated, states that end.

Where a source restates its rows, a row is one *version* of a fact: it counts from the day it was known until `gone_day`,
the day a later version of the same key became known. Tables without restatements have no such column, and pay nothing.
"""

from __future__ import annotations

from typing import Any

from features.snapshots import day_of

OPEN = 10**6  # a day after all others: a state that has not ended
GONE = "gone_day"


def dated(table: Any, at: str) -> Any:
    """The table with `day` (of the column `at`), `known_day` and, where restated, `gone_day`; undated rows are no facts.

    A mutable date becomes known when it happens, or with its row where the row is learned later.
    """
    rows = with_gone(table.filter(table[at].notnull()))
    day, known = day_of(rows[at]), rows["known_at"]
    # Most facts are known when they happen: comparing moments first spares them a second calendar day.
    known_day = (known > rows[at].cast(known.type())).ifelse(later(day, day_of(known)), day)
    return rows.mutate(day=day, known_day=known_day)


def with_gone(table: Any) -> Any:
    """The table with `gone_day` where it holds restatements."""
    if "superseded_at" not in table.columns:
        return table
    return table.mutate(**{GONE: day_of(table["superseded_at"])})


def kept(rows: Any, *names: str, **values: Any) -> Any:
    """account_id, day, known_day (and gone_day where there is one), further columns by name, and new ones."""
    found = ["account_id", "day", "known_day", *names, *([GONE] if GONE in rows.columns else [])]
    return rows.select(*[name for name in found if name not in values], **values)


def later(one: Any, other: Any) -> Any:
    """The later of two days; where the other is null, the first."""
    return (other > one).ifelse(other, one)


def sooner(one: Any, other: Any) -> Any:
    """The sooner of two days; null only where both are."""
    return (other < one).ifelse(other, one).coalesce(one, other)


def visible_together(rows: Any, *, known: Any, gone: Any | None) -> Any:
    """Rows of a join, counting only while both sides do: known once both are, gone once one of them is."""
    both = {"known_day": later(rows["known_day"], known)}
    if gone is not None or GONE in rows.columns:
        mine = rows[GONE] if GONE in rows.columns else None
        both[GONE] = gone if mine is None else mine if gone is None else sooner(mine, gone)
    found = rows.mutate(**both)
    if GONE in found.columns:
        found = found.filter(found[GONE].isnull() | (found[GONE] > found["known_day"]))
    return found


def until_next(rows: Any, *, by: tuple[str, ...]) -> Any:
    """States that hold until a later one of the same group becomes known: `end_day` is the day that happens.

    Facts of one day are one state: give one row per group, day and, where more of the day is learned later, known_day.
    A later state that will be restated ends none: it may disappear again. See `latest_states` where that matters.
    """
    import ibis

    following = ibis.window(group_by=list(by), order_by=["day", "known_day"], rows=(1, None))
    known = rows["known_day"]
    if GONE in rows.columns:
        known = rows[GONE].isnull().ifelse(known, None)
    return rows.mutate(end_day=known.min().over(following))


def latest_states(rows: Any, *, by: tuple[str, ...]) -> Any:
    """The rows of the newest day of each group that are visible, as states: `day` stays the fact's own.

    Gives account_id and the other columns of `rows`, known_day and end_day: between two days on which anything of the
    group became known or was restated, the visible rows of the newest day hold. Several may: they are of one day.
    """
    import ibis

    if GONE not in rows.columns:
        rows = rows.mutate(**{GONE: ibis.null("int64")})
    point = ibis.union(
        rows.select(*by, point="known_day"),
        rows.filter(rows[GONE].notnull()).select(*by, point=GONE),
        distinct=True,
    )
    ordered = ibis.window(group_by=list(by), order_by="point")
    point = point.mutate(until=point["point"].lead().over(ordered))
    held = _held(point, rows, by)
    newest = held["day"].max().over(ibis.window(group_by=[*by, "point"]))
    held = held.mutate(newest=newest)
    held = held.filter(held["day"] == held["newest"])
    return held.drop("known_day", GONE, "newest").rename(known_day="point", end_day="until")


def _held(point: Any, rows: Any, by: tuple[str, ...]) -> Any:
    """Every point in time with the rows that were visible then."""
    renamed = rows.rename({f"fact_{name}": name for name in by})
    matches = [point[name] == renamed[f"fact_{name}"] for name in by]
    joined = point.inner_join(
        renamed,
        [
            *matches,
            renamed["known_day"] <= point["point"],
            renamed[GONE].coalesce(OPEN) > point["point"],
        ],
    )
    return joined.drop(*[f"fact_{name}" for name in by])


def while_any(rows: Any, *, by: tuple[str, ...]) -> Any:
    """States of one group as the spans in which any of them holds: `by`, day, known_day (the same) and end_day.

    A state holds once it has begun and is known, until its end or its restatement; spans that overlap become one.
    """
    import ibis

    until = rows["end_day"].coalesce(OPEN)
    if GONE in rows.columns:
        gone = rows[GONE].coalesce(OPEN)
        until = (gone < until).ifelse(gone, until)
    held = rows.select(*by, begun=later(rows["day"], rows["known_day"]), until=until)
    # Each once: two alike could change places between the two windows below.
    held = held.filter(held["begun"] < held["until"]).distinct()
    earlier = ibis.window(group_by=list(by), order_by=["begun", "until"], rows=(None, -1))
    held = held.mutate(reach=held["until"].max().over(earlier))
    held = held.mutate(first=(held["reach"].isnull() | (held["begun"] >= held["reach"])).cast("int64"))
    upto = ibis.window(group_by=list(by), order_by=["begun", "until"], rows=(None, 0))
    held = held.mutate(island=held["first"].sum().over(upto))
    spans = held.group_by(*by, "island").agg(day=held["begun"].min(), end_day=held["until"].max())
    return spans.mutate(known_day=spans["day"]).drop("island")


def days_active(rows: Any, *by: str) -> Any:
    """One row per account, the columns `by` and day, with the earliest day it was known; `active` is 1.

    Where facts are restated, one row per stretch in which any fact of that day was visible.
    """
    if GONE not in rows.columns:
        return rows.group_by("account_id", *by, "day").agg(known_day=rows["known_day"].min()).mutate(active=1)
    import ibis

    held = rows.mutate(on=rows["day"], day=rows["known_day"], end_day=ibis.null("int64"))
    spans = while_any(held, by=("account_id", *by, "on"))
    gone = (spans["end_day"] < OPEN).ifelse(spans["end_day"], None)
    return spans.select("account_id", *by, "known_day", day=spans["on"], active=1, **{GONE: gone})


def cents(column: Any) -> Any:
    """Money as whole cents (int64)."""
    return (column * 100).round().cast("int64")


def thousandths(column: Any) -> Any:
    """A score as whole thousandths (int64)."""
    return (column * 1000).round().cast("int64")
