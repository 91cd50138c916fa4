"""What is built before and after a corruption, and under other names."""

from __future__ import annotations

import pandas as pd

from proof.finding import Finding
from proof.future import Corrupted, corruption
from proof.order import order, renamed
from tests.proof.rows import frame, monday


def corrupted(after: pd.DataFrame, *, ahead: int = 9) -> Finding:
    before = frame(("a", 0, 1.0), ("b", 0, None))
    return corruption([Corrupted(monday(0), 3, ahead, before, after)], accounts=2)


def test_the_same_before_and_after_passes() -> None:
    finding = corrupted(frame(("b", 0, None), ("a", 0, 1.0)))
    assert finding.passed
    assert finding.measured["corruptions"] == [
        {"as_of": "2025-03-03", "seed": 3, "facts_ahead": 9, "rows": 2, "columns": 3}
    ]


def test_a_value_that_moves_and_a_line_that_goes_are_named_with_their_corruption() -> None:
    found = corrupted(frame(("a", 0, 2.0))).failures
    assert found == (
        "as of 2025-03-03, corruption 3: 1 rows: account b at 2025-03-03 is gone",
        "as of 2025-03-03, corruption 3: `nps`: 1 of 1 rows differ, first account a at 2025-03-03: 1.0 became 2.0",
    )


def test_where_nothing_lies_ahead_nothing_is_proved() -> None:
    assert corrupted(frame(("a", 0, 1.0), ("b", 0, None)), ahead=0).verdict == "not judged"


def test_under_other_names_each_account_keeps_its_values() -> None:
    before = frame(("a", 0, 1.0), ("b", 0, 2.0))
    names = {renamed("a"): "a", renamed("b"): "b"}
    assert order(before, frame((renamed("b"), 0, 2.0), (renamed("a"), 0, 1.0)), names).passed
    assert order(before, frame((renamed("b"), 0, 1.0), (renamed("a"), 0, 2.0)), names).verdict == "failed"


def test_other_names_stand_in_another_order() -> None:
    ids = [f"acc-{i:05d}" for i in range(50)]
    assert sorted(ids, key=renamed) != ids
    assert len(set(map(renamed, ids))) == 50
    assert renamed("a", salt=1) != renamed("a")
