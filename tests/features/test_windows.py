"""Kernel, mask and span on five-row timelines; every expected number is counted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest

from features.distinct import Mask
from features.masks import mask_table
from features.measure import Kernel, Measure, Reduction, Span, weeks
from features.reductions.shapes import until_next, while_any
from features.snapshots import Snapshots, day_number
from features.windows import kernel_table, span_table

MONDAY, THURSDAY = date(2025, 6, 2), date(2025, 6, 5)
FACTS = Reduction("facts", "usage_events", lambda tables: tables["facts"])
LATER = 10**5


def timeline(as_of: date, columns: Sequence[str], *rows: tuple[Any, ...]) -> Any:
    """Rows whose first column is the account; day, known_day and end_day are days before as_of (0 = as_of itself)."""
    found: dict[str, list[Any]] = {name: [] for name in ("account_id", *columns)}
    for row in rows:
        for name, value in zip(found, row, strict=True):
            days = name.endswith("day") and value is not None
            found[name].append(day_number(as_of) - value if days else value)
    kinds = dict.fromkeys(("account_id", "entity", "member"), pa.string())
    return ibis.memtable(pa.table({n: pa.array(v, kinds.get(n, pa.int64())) for n, v in found.items()}))


def answers(table: Any, column: str, snapshots: Snapshots) -> dict[tuple[str, date], int]:
    rows = table.to_pyarrow().to_pylist()
    at = {snapshots.index(d): d for d in snapshots.dates}
    return {(r["account_id"], at[r["snapshot"]]): r[column] for r in rows}


def one(table: Any, leaf: Any, as_of: date) -> int | None:
    """The value of account `a` at the only snapshot."""
    return answers(table, leaf.name, Snapshots.of([as_of])).get(("a", as_of))


@pytest.mark.parametrize("as_of", [MONDAY, THURSDAY])
def test_kernel_counts_the_days_from_28_before_up_to_the_day_before(as_of: date) -> None:
    rows = timeline(
        as_of, ("day", "known_day", "n"), ("a", 29, 29, 1), ("a", 28, 28, 10), ("a", 7, 7, 100), ("a", 1, 1, 1000), ("a", 0, 0, 10000)
    )  # fmt: skip
    leaf = Measure(FACTS, "n")(28)
    assert one(kernel_table(rows, [leaf], Snapshots.of([as_of])), leaf, as_of) == 1110


def test_kernel_looks_past_a_fact_that_is_learned_on_as_of_or_later() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "n"), ("a", 10, 10, 1), ("a", 10, 1, 10), ("a", 10, 0, 100), ("a", 10, -5, 1000), ("a", 2, 0, 10000)
    )  # fmt: skip
    leaf = Measure(FACTS, "n")(28)
    assert one(kernel_table(rows, [leaf], Snapshots.of([MONDAY])), leaf, MONDAY) == 11


def test_kernel_ago_ends_that_many_days_before() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "n"), ("a", 57, 57, 1), ("a", 56, 56, 10), ("a", 29, 29, 100), ("a", 28, 28, 1000), ("a", 29, 0, 10000)
    )  # fmt: skip
    leaf = Measure(FACTS, "n")(28, ago=28)
    assert one(kernel_table(rows, [leaf], Snapshots.of([MONDAY])), leaf, MONDAY) == 110


def test_kernel_weights_belong_to_ages_newest_first() -> None:
    rows = timeline(MONDAY, ("day", "known_day", "n"), ("a", 1, 1, 5), ("a", 7, 7, 5), ("a", 8, 8, 3), ("a", 15, 15, 2))
    leaf = Kernel(FACTS, "n", (100, 10, 1))
    assert one(kernel_table(rows, [leaf], Snapshots.of([MONDAY])), leaf, MONDAY) == 1032


def test_kernel_serves_every_snapshot_at_once_and_learns_between_them() -> None:
    snapshots = Snapshots.of([MONDAY - timedelta(days=7), MONDAY, MONDAY + timedelta(days=14)])
    rows = timeline(
        MONDAY, ("day", "known_day", "n"), ("a", 8, 8, 1), ("a", 8, 7, 10), ("a", 8, 3, 100), ("b", 1, 1, 1000), ("a", -1, -1, 10000)
    )  # fmt: skip
    leaf = Measure(FACTS, "n")(14)
    assert answers(kernel_table(rows, [leaf], snapshots), leaf.name, snapshots) == {
        ("a", snapshots.dates[0]): 1,
        ("a", MONDAY): 111,
        ("b", MONDAY): 1000,
        ("a", snapshots.dates[2]): 10000,
    }


def test_trend_is_the_slope_of_least_squares() -> None:
    # Four weeks with 1, 2, 3 and 4 a week, oldest first: one more a week.
    rows = timeline(
        MONDAY, ("day", "known_day", "n"), ("a", 28, 28, 1), ("a", 21, 21, 2), ("a", 14, 14, 3), ("a", 7, 7, 4)
    )
    trend = Measure(FACTS, "n").trend(28)
    leaf = next(iter(trend.leaves()))
    wide = kernel_table(rows, [leaf], Snapshots.of([MONDAY]))  # type: ignore[list-item]
    assert trend.column(wide).as_table().to_pyarrow().column(0).to_pylist() == [1.0]


def test_windows_are_whole_weeks() -> None:
    assert weeks(28) == 4
    with pytest.raises(ValueError, match="use 28 or 35"):
        weeks(30)


@pytest.mark.parametrize("as_of", [MONDAY, THURSDAY])
def test_mask_counts_an_entity_once_from_28_days_before_up_to_the_day_before(as_of: date) -> None:
    rows = timeline(
        as_of, ("entity", "day", "known_day"), ("a", "x", 29, 29), ("a", "y", 28, 28), ("a", "y", 3, 3), ("a", "z", 1, 1), ("a", "v", 0, 0)
    )  # fmt: skip
    leaf = Mask(FACTS, 4)
    assert one(mask_table(rows, [leaf], Snapshots.of([as_of])), leaf, as_of) == 2


def test_mask_ago_looks_at_the_weeks_before() -> None:
    rows = timeline(
        MONDAY, ("entity", "day", "known_day"), ("a", "w", 57, 57), ("a", "x", 56, 56), ("a", "y", 29, 29), ("a", "z", 28, 28), ("a", "x", 1, 1)
    )  # fmt: skip
    before, now = Mask(FACTS, 4, ago=4), Mask(FACTS, 4)
    table = mask_table(rows, [before, now], Snapshots.of([MONDAY]))
    assert one(table, before, MONDAY) == 2
    assert one(table, now, MONDAY) == 2


def test_mask_looks_past_what_is_learned_late() -> None:
    rows = timeline(
        MONDAY, ("entity", "day", "known_day"), ("a", "x", 10, 1), ("a", "y", 10, 0), ("a", "z", 10, -9), ("a", "z", 20, 0), ("a", "v", 20, 10)
    )  # fmt: skip
    leaf = Mask(FACTS, 4)
    assert one(mask_table(rows, [leaf], Snapshots.of([MONDAY])), leaf, MONDAY) == 2


def test_masks_reach_over_more_weeks_than_one_holds() -> None:
    snapshots = Snapshots.every(1, MONDAY - timedelta(weeks=150), MONDAY)
    # Every third week somebody new comes, the day before that week's as_of.
    rows = timeline(MONDAY, ("entity", "day", "known_day"), *[("a", str(n), 21 * n + 1, 21 * n + 1) for n in range(60)])
    leaf = Mask(FACTS, 2)
    found = answers(mask_table(rows, [leaf], snapshots), leaf.name, snapshots)
    ages = {d: (MONDAY - d).days // 7 for d in snapshots.dates}
    # n weeks before the last as_of, the newest two weeks hold somebody unless he is yet to come in the next one.
    assert {d for (_, d), n in found.items() if n == 1} == {d for d, age in ages.items() if age % 3 != 1}
    assert set(found.values()) <= {0, 1}


def span(rows: Any, leaf: Span, as_of: date = MONDAY) -> int | None:
    return one(span_table(rows, [leaf], Snapshots.of([as_of])), leaf, as_of)


@pytest.mark.parametrize("as_of", [MONDAY, THURSDAY])
def test_span_holds_from_the_day_after_its_start_through_its_last_day(as_of: date) -> None:
    rows = timeline(
        as_of, ("day", "known_day", "end_day", "n"),
        ("a", 0, 0, None, 1), ("a", 1, 1, None, 10), ("a", 9, 9, 1, 100), ("a", 9, 9, 0, 1000), ("a", 9, 9, -4, 10000),
    )  # fmt: skip
    assert span(rows, Span(FACTS, "sum", "n"), as_of) == 11010
    assert span(rows, Span(FACTS, "count"), as_of) == 3


def test_span_begins_once_it_is_known() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "end_day", "n"),
        ("a", 9, 1, None, 1), ("a", 9, 0, None, 10), ("a", 9, -3, None, 100), ("a", 9, 2, 5, 1000),
    )  # fmt: skip
    assert span(rows, Span(FACTS, "sum", "n")) == 1


def test_span_ages_and_extremes() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "end_day", "n"),
        ("a", 30, 30, None, 7), ("a", 12, 12, None, 9), ("a", 2, 2, -5, 4), ("a", 99, 99, 50, 1), ("a", 0, 0, None, 2),
    )  # fmt: skip
    expected = {"age_max": 30, "age_min": 2, "max": 9, "min": 4}
    for agg, value in expected.items():
        assert span(rows, Span(FACTS, agg, "" if agg.startswith("age") else "n")) == value  # type: ignore[arg-type]


def test_span_within_keeps_the_young_states() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "end_day"), ("a", 29, 29, None), ("a", 28, 28, None), ("a", 5, 5, None), ("a", 5, 0, None)
    )  # fmt: skip
    assert span(rows, Span(FACTS, "count", within=28)) == 2


def test_span_ago_asks_for_the_states_of_then_as_known_now() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "end_day", "n"),
        ("a", 365, 365, None, 1), ("a", 364, 364, None, 10), ("a", 400, 400, 364, 100), ("a", 400, 400, 365, 1000),
        ("a", 400, 3, None, 10000), ("a", 400, 0, None, 100000),
    )  # fmt: skip
    then, now = Span(FACTS, "sum", "n", ago=364), Span(FACTS, "sum", "n")
    table = span_table(rows, [then, now], Snapshots.of([MONDAY]))
    assert one(table, then, MONDAY) == 10101
    assert one(table, now, MONDAY) == 10011


def test_a_state_ends_when_its_successor_is_known_not_when_it_happens() -> None:
    rows = timeline(
        MONDAY, ("day", "known_day", "n"), ("a", 20, 20, 1), ("a", 15, 0, 2), ("a", 12, 8, 3), ("b", 20, 20, 4), ("b", 20, 5, 5)
    )  # fmt: skip
    found = until_next(rows, by=("account_id",)).to_pyarrow().to_pylist()
    ends = {r["n"]: None if r["end_day"] is None else day_number(MONDAY) - r["end_day"] for r in found}
    # 1 holds until 3 is known, 2 never holds (3 came and was known before), 4 until more of its day is known.
    assert ends == {1: 0 + 8, 2: 8, 3: None, 4: 5, 5: None}


def test_spans_that_overlap_become_one_and_a_gap_stays() -> None:
    rows = timeline(
        MONDAY, ("entity", "day", "known_day", "end_day"),
        ("a", "x", 90, 90, 60), ("a", "x", 70, 65, 50), ("a", "x", 40, 30, None), ("a", "x", 20, 20, 10),
        ("a", "y", 80, 20, 30), ("a", "y", 10, 0, None),
    )  # fmt: skip
    found = while_any(rows, by=("account_id", "entity")).to_pyarrow().to_pylist()
    held = sorted(
        (r["entity"], *(day_number(MONDAY) - r[c] if r[c] < LATER else None for c in ("day", "end_day"))) for r in found
    )
    # y's first span ended before it was known: it never held.
    assert held == [("x", 30, None), ("x", 90, 50), ("y", 0, None)]


def test_states_that_are_equal_are_one_span_wherever_they_stand() -> None:
    # Five features of one module, bought on one day: in which order a window meets them must not matter.
    states = [
        (f"a{i}", "x", begun, begun, None) for i in range(60) for begun in (90, 90, 90, 40 if i % 3 else 90, 90, 90)
    ]
    rows = timeline(MONDAY, ("entity", "day", "known_day", "end_day"), *states)
    found = while_any(rows, by=("account_id", "entity")).to_pyarrow().to_pylist()
    assert sorted(r["account_id"] for r in found) == sorted(f"a{i}" for i in range(60))
    assert {day_number(MONDAY) - r["day"] for r in found} == {90}
