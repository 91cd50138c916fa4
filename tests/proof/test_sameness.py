"""Two frames are the same to the last bit, or the difference is told."""

from __future__ import annotations

from proof.sameness import differences
from tests.proof.rows import frame


def test_the_order_of_rows_is_no_difference() -> None:
    assert differences(frame(("a", 0, 1.0), ("b", 0, None)), frame(("b", 0, None), ("a", 0, 1.0))) == []


def test_the_last_bit_is() -> None:
    (text,) = differences(frame(("a", 0, 0.3)), frame(("a", 0, 0.1 + 0.2)))
    assert text == "`nps`: 1 of 1 rows differ, first account a at 2025-03-03: 0.3 became 0.30000000000000004"


def test_a_value_that_comes_or_goes_is() -> None:
    assert "null became 4.0" in differences(frame(("a", 0, None)), frame(("a", 0, 4.0)))[0]
    assert "4.0 became null" in differences(frame(("a", 0, 4.0)), frame(("a", 0, None)))[0]


def test_rows_that_come_and_go_are() -> None:
    found = differences(frame(("a", 0, 1.0), ("b", 0, 1.0)), frame(("a", 0, 1.0), ("c", 0, 1.0)))
    assert found == [
        "1 rows: account b at 2025-03-03 is gone",
        "1 rows: account c at 2025-03-03 was not there before",
    ]


def test_columns_that_come_and_go_are() -> None:
    one = frame(("a", 0, 1.0))
    assert differences(one.assign(more=1.0), one) == ["column `more` is there only before"]
    assert differences(one, one.assign(more=1.0)) == ["column `more` is there only after"]


def test_words_are_compared_as_words() -> None:
    one = frame(("a", 0, 1.0))
    assert differences(one.assign(segment="smb"), one.assign(segment="smb")) == []
    assert "smb became null" in differences(one.assign(segment="smb"), one.assign(segment=None))[0]
    assert differences(one.assign(segment=None), one.assign(segment=None)) == []
