"""The past is the past."""

from __future__ import annotations

import pandas as pd

from proof.split import split
from tests.proof.rows import labelled

TRAIN, TEST = labelled(("a", 0, 0), ("b", 1, 1)), labelled(("a", 2, 0))


def test_weeks_in_order_pass() -> None:
    finding = split(TRAIN, TEST)
    assert finding.passed
    assert finding.measured["train_until"] == "2025-03-10"
    assert finding.measured["test_from"] == "2025-03-17"


def test_training_in_the_week_of_the_first_test_row_fails() -> None:
    assert "1 training rows are not before" in split(labelled(("a", 0, 0), ("b", 2, 1)), TEST).failures[0]


def test_a_row_on_both_sides_fails() -> None:
    assert any("rows train and test" in text for text in split(TRAIN, pd.concat([TEST, TRAIN[:1]])).failures)


def test_a_row_that_is_there_twice_fails() -> None:
    assert split(pd.concat([TRAIN, TRAIN[:1]], ignore_index=True), TEST).failures == (
        "1 training rows are there twice",
    )
