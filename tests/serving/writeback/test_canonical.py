"""One value, however a CRM spells it; two values, however alike they look."""

from __future__ import annotations

import pytest

from serving.writeback.canonical import mark, marks, row_hash, same
from serving.writeback.destination import Scalar


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0.1 + 0.2, 0.3),
        (90, 90.0),
        (True, 1),
        (-0.0, 0),
        (1e300, 1e300),
        ("2025-01-06T23:30:00-01:00", "2025-01-07T00:30:00Z"),
        ("2025-03-30T02:30:00+02:00", "2025-03-30T00:30:00.000Z"),
        (None, None),
    ],
)
def test_the_same_value(left: Scalar, right: Scalar) -> None:
    assert same(left, right)
    assert mark(left) == mark(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (0.123456, 0.123458),
        ("1", 1),
        ("", None),
        (0, None),
        ("None", None),
        ("a", "a "),
        ("é", "e\u0301"),
        ("2025-01-06", "2025-01-06T00:00:00Z"),
        ("2025-13-06T00:00:00Z", "2025-13-06T00:00Z"),
    ],
)
def test_different_values(left: Scalar, right: Scalar) -> None:
    assert not same(left, right)
    assert mark(left) != mark(right)


def test_a_rows_hash_ignores_the_order_the_run_and_the_hour_but_not_the_dates() -> None:
    row: dict[str, Scalar] = {"a": 1, "run_id": "r1", "published_at": "2025-01-06T05:00Z", "expires_on": "2025-01-20"}
    same_row: dict[str, Scalar] = {"expires_on": "2025-01-20", "published_at": "later", "run_id": "r2", "a": 1.0}
    assert row_hash(marks(row)) == row_hash(marks(same_row))
    assert row_hash(marks(row)) != row_hash(marks({**row, "expires_on": "2025-01-27"}))
    assert row_hash(marks({"a": "b"})) != row_hash(marks({"ab": ""}))
