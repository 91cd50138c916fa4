"""Engine and second opinion, side by side: every disagreement has a sentence."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from proof.opinion import Compared, second_opinion
from proof.oracle.past import Row
from tests.proof.rows import monday

LINE = {"as_of": monday(0), "account_id": "a", "segment": "smb", "nps": 7.0, "arr": 1200.0}


def opinion(**other: Any) -> dict[Any, Row]:
    return {(monday(0), "a"): Row({**LINE, **other})}


def compared(told: dict[Any, Row], *left_out: str, **other: Any) -> list[str]:
    frame = pd.DataFrame([{**LINE, "snapshot": 1, "as_of_day": 2, **other}])
    return list(second_opinion([Compared("whole book", frame, told, set(left_out))], tolerance=1e-9).failures)


def test_equal_values_pass_and_where_a_row_stands_is_not_compared() -> None:
    assert compared(opinion()) == []


@pytest.mark.parametrize(
    ("engine", "told", "fails"),
    [(7.0, 7.0 + 6.9e-9, False), (7.0, 7.0 + 7.1e-9, True), (0.0, 0.9e-9, False), (0.0, 1.1e-9, True)],
)
def test_the_tolerance_is_relative_above_one(engine: float, told: float, fails: bool) -> None:
    assert bool(compared(opinion(nps=told), nps=engine)) is fails


def test_null_is_not_zero() -> None:
    assert compared(opinion(nps=None), nps=0.0) == [
        "whole book: `nps` differs in 1 of 1 rows, first a at 2025-03-03: engine 0.0, opinion null"
    ]
    assert compared(opinion(nps=0.0), nps=None) != []
    assert compared(opinion(nps=None), nps=None) == []


def test_words_are_compared() -> None:
    assert compared(opinion(segment="large")) != []
    assert compared(opinion(segment=None), segment=None) == []


def test_a_column_that_nobody_else_knows_is_named() -> None:
    assert compared(opinion(), mystery=1.0) == ["whole book: there is no second opinion on `mystery`"]


def test_a_column_without_data_is_left_out() -> None:
    assert compared(opinion(nps=0), "nps", nps=None) == []


def test_a_line_of_the_cohort_that_only_one_knows_is_named() -> None:
    more = {**opinion(), (monday(0), "b"): Row({**LINE, "account_id": "b"})}
    assert compared(more) == ["whole book: 1 rows are in the cohort of only the opinion, first b at 2025-03-03"]
    assert "only the engine" in " ".join(compared({(monday(0), "b"): Row(LINE)}))


def test_days_are_told_as_the_numbers_the_engine_counts_in() -> None:
    told = opinion(days_to_term_end=30, deadline=monday(1))
    # 2025-03-03 is day 20,150 since 1970-01-01.
    assert compared(told, term_end_day=20_180, deadline_day=20_157, days_to_term_end=30) == []
    assert compared(told, term_end_day=20_181, days_to_term_end=30) != []
    assert compared(told, deadline_day=20_158) != []
