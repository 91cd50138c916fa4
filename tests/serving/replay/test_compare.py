"""Published and rebuilt rows compared: to the bit, whatever their order, and what may have made a difference."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from serving.workbench.replay.compare import Difference, differences, same
from serving.workbench.replay.why import Circumstances, why

KNOWN = Circumstances(
    same_code=True,
    settings_kept=True,
    undated=frozenset({"touchpoints", "accounts"}),
    rests_on={"replies_28d": frozenset({"touchpoints"}), "past_due_days": frozenset({"invoices"})},
    scored_again=(),
)


def table(**columns: list[object]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def test_equal_rows_in_another_order_do_not_differ() -> None:
    one = table(account_id=["a", "b"], score=[0.1, None], tier=["red", None])
    other = table(account_id=["b", "a"], score=[None, 0.1], tier=[None, "red"])
    assert list(differences("scores", one, other, ["account_id"])) == []


def test_a_number_differs_by_its_last_bit_and_by_its_sign_of_zero() -> None:
    one = table(account_id=["a", "b", "c"], score=[0.3, 0.0, float("nan")])
    other = table(account_id=["a", "b", "c"], score=[0.1 + 0.2, -0.0, float("nan")])
    found = list(differences("scores", one, other, ["account_id"]))
    assert [(d.account_id, d.published, d.rebuilt) for d in found] == [("a", 0.3, 0.1 + 0.2), ("b", 0.0, -0.0)]


def test_a_sign_of_zero_alone_is_seen_and_so_is_a_truth_that_was_a_number() -> None:
    one, other = table(account_id=["a"], score=[0.0]), table(account_id=["a"], score=[-0.0])
    assert [d.field for d in differences("scores", one, other, ["account_id"])] == ["score"]
    assert not same(1, True)
    assert not same(1, 1.0)


def test_null_is_no_nan_and_a_date_no_text() -> None:
    day = date(2026, 6, 1)
    found = differences(
        "scores",
        table(account_id=["a"], score=pa.array([None], pa.float64()), day=[day]),
        table(account_id=["a"], score=[float("nan")], day=[day.isoformat()]),
        ["account_id"],
    )
    assert [d.field for d in found] == ["score", "day"]


def test_a_column_of_nulls_alone_equals_itself_and_differs_from_a_value() -> None:
    nothing, something = table(account_id=["a"], model=[None]), table(account_id=["a"], model=["1"])
    assert list(differences("scores", nothing, nothing, ["account_id"])) == []
    found = list(differences("scores", nothing, something, ["account_id"]))
    assert [(d.field, d.published, d.rebuilt) for d in found] == [("model", None, "1")]
    empty = pa.table({"account_id": pa.array([], pa.string()), "model": pa.array([], pa.null())})
    assert list(differences("scores", empty, empty, ["account_id"])) == []


def test_a_row_or_a_field_on_one_side_alone_is_a_difference() -> None:
    one = table(account_id=["a", "a"], task_key=["x", "y"], owner=["anna", "anna"])
    other = table(account_id=["a", "b"], task_key=["x", "z"], owner=["anna", "bob"], zone=["UTC", "UTC"])
    assert list(differences("tasks", one, other, ["account_id", "task_key"])) == [
        Difference("tasks", "a", "y", "row", "there", "absent"),
        Difference("tasks", "b", "z", "row", "absent", "there"),
        Difference("tasks", "a", "x", "zone", "absent", "UTC"),
    ]


VALUES = st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=5)


@given(one=VALUES, other=VALUES)
def test_a_table_equals_itself_and_a_difference_is_told_exactly_where_values_are_not_the_same(
    one: list[float | None], other: list[float | None]
) -> None:
    rows = list(zip(one, other, strict=False))
    ids = [str(n) for n in range(len(rows))]
    left = table(account_id=ids, v=pa.array([a for a, _ in rows], pa.float64()))
    right = table(account_id=ids, v=pa.array([b for _, b in rows], pa.float64()))
    assert list(differences("t", left, left, ["account_id"])) == []
    told = {d.account_id for d in differences("t", left, right, ["account_id"])}
    assert told == {i for i, (a, b) in zip(ids, rows, strict=True) if not same(a, b)}


def difference(table_: str, field: str) -> Difference:
    return Difference(table_, "a", "", field, 1.0, 2.0)


def test_nothing_is_explained_where_nothing_differs() -> None:
    assert list(why([], KNOWN)) == []


def test_a_source_that_cannot_tell_its_changes_is_named_and_one_that_can_apart() -> None:
    found = [difference("features", "replies_28d"), difference("features", "past_due_days")]
    assert list(why(found, KNOWN)) == [
        "A row may have been changed, added or taken away since: touchpoints delivers no known_at, so that it cannot be "
        "told from one of then.",
        "Or rows of invoices that were known before the day were changed without a new known_at.",
    ]


def test_an_owner_comes_from_the_accounts_and_a_tier_from_the_whole_book() -> None:
    assert "accounts delivers no known_at" in next(why([difference("tasks", "owner_id")], KNOWN))
    assert "touchpoints delivers no known_at" in next(why([difference("scores", "risk_tier")], KNOWN))


def test_other_code_lost_settings_and_weeks_scored_again_are_told() -> None:
    later = Circumstances(False, False, frozenset(), {}, (date(2026, 5, 25),))
    assert list(why([difference("tasks", "row")], later)) == [
        "The code is not the one that made the run.",
        "The run did not keep its settings: those of churn.toml as they stand today were used.",
        "Earlier weeks were scored again after the run (2026-05-25): what they had asked for then is no longer kept.",
    ]
    unknown = Circumstances(None, True, frozenset(), {}, ())
    assert list(why([difference("scores", "arr")], unknown)) == [
        "The run did not keep which code made it: it may have been another."
    ]
