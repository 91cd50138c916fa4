"""Small steps every reduction shares: days, the day a fact became known, states that end where a successor begins."""

from __future__ import annotations

from typing import Any

from features.snapshots import day_of

OPEN = 10**6  # a day after all others: a state that has not ended


def dated(table: Any, at: str) -> Any:
    """The table with `day` (of the column `at`) and `known_day`; rows without a date are no facts.

    A mutable date becomes known when it happens, or with its row where the row is learned later.
    """
    rows = table.filter(table[at].notnull())
    day = day_of(rows[at])
    known = day_of(rows["known_at"])
    return rows.mutate(day=day, known_day=(known > day).ifelse(known, day))


def until_next(rows: Any, *, by: tuple[str, ...]) -> Any:
    """States that hold until a later one of the same group becomes known: `end_day` is the day that happens.

    Facts of one day are one state: give one row per group, day and, where more of the day is learned later, known_day.
    """
    import ibis

    following = ibis.window(group_by=list(by), order_by=["day", "known_day"], rows=(1, None))
    return rows.mutate(end_day=rows["known_day"].min().over(following))


def while_any(rows: Any, *, by: tuple[str, ...]) -> Any:
    """States of one group as the spans in which any of them holds: `by`, day, known_day (the same) and end_day.

    A state holds once it has begun and is known, until its end; spans that overlap become one.
    """
    import ibis

    begun = (rows["known_day"] > rows["day"]).ifelse(rows["known_day"], rows["day"])
    held = rows.select(*by, begun=begun, until=rows["end_day"].coalesce(OPEN))
    # Equal states have no order: two windows could each see another one of them first, and split one span in two.
    held = held.filter(held["begun"] < held["until"]).distinct()
    earlier = ibis.window(group_by=list(by), order_by=["begun", "until"], rows=(None, -1))
    held = held.mutate(reach=held["until"].max().over(earlier))
    held = held.mutate(first=(held["reach"].isnull() | (held["begun"] >= held["reach"])).cast("int64"))
    upto = ibis.window(group_by=list(by), order_by=["begun", "until"], rows=(None, 0))
    held = held.mutate(island=held["first"].sum().over(upto))
    spans = held.group_by(*by, "island").agg(day=held["begun"].min(), end_day=held["until"].max())
    return spans.mutate(known_day=spans["day"]).drop("island")


def days_active(rows: Any, *by: str) -> Any:
    """One row per account, the columns `by` and day, with the earliest day it was known; `active` is 1."""
    return rows.group_by("account_id", *by, "day").agg(known_day=rows["known_day"].min()).mutate(active=1)


def cents(column: Any) -> Any:
    """Money as whole cents (int64)."""
    return (column * 100).round().cast("int64")


def thousandths(column: Any) -> Any:
    """A score as whole thousandths (int64)."""
    return (column * 1000).round().cast("int64")
