"""Gap 14, horizon 90, test from 31 August: which rows a panel may hold, counted again by hand."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from proof.finding import Finding
from proof.oracle.past import Row
from proof.oracle.truth import Key
from proof.windows import Windows, windows
from tests.proof.rows import labelled, monday

# 2025-03-03 + 104 days is 2025-06-15; the window of week 11 ends on 31 August itself: it may train.
DATES = Windows(14, 90, date(2025, 8, 31), date(2026, 1, 1), date(2025, 12, 31))
LAST_WEEK, FIRST_TEST_WEEK = 11, 26


def told(*rows: tuple[str, int, int | None], **flags: bool) -> dict[Key, Row]:
    """The recount: account, week, label."""
    line = {"in_window": False, "known_loss": False, "decided_in_gap": False, **flags}
    return {(monday(w), a): Row({**line, "churned": y, "mature": y is not None}) for a, w, y in rows}


def judged(train: pd.DataFrame, test: pd.DataFrame, recount: dict[Key, Row], dates: Windows = DATES) -> Finding:
    return windows(train, test, dates, recount)


TRAIN, TEST = labelled(("a", 0, 0), ("a", LAST_WEEK, 1)), labelled(("b", FIRST_TEST_WEEK, 1))
RECOUNT = told(("a", 0, 0), ("a", LAST_WEEK, 1), ("b", FIRST_TEST_WEEK, 1))


def test_a_panel_that_keeps_gap_and_purge_passes() -> None:
    finding = judged(TRAIN, TEST, RECOUNT)
    assert finding.passed
    assert finding.measured["last_training_label_ends"] == "2025-08-31"
    assert finding.measured["recounted_rows"] == 3
    assert finding.measured["recounted_churned_rows"] == 2


def test_a_label_that_ends_a_week_into_the_test_fails() -> None:
    late = labelled(("a", 0, 0), ("a", LAST_WEEK + 1, 1))
    finding = judged(late, TEST, told(("a", 0, 0), ("a", LAST_WEEK + 1, 1), ("b", FIRST_TEST_WEEK, 1)))
    assert "1 training rows have labels that end after the test begins on 2025-08-31" in finding.failures[0]


def test_a_label_that_nobody_can_know_yet_fails() -> None:
    early_end = Windows(14, 90, date(2025, 8, 31), date(2025, 12, 1), date(2025, 12, 31))
    assert "1 test rows have labels that the data until 2025-12-01 cannot know" in " ".join(
        judged(TRAIN, TEST, RECOUNT, early_end).failures
    )


def test_an_end_of_the_data_beyond_every_fact_fails() -> None:
    stretched = Windows(14, 90, date(2025, 8, 31), date(2026, 1, 1), date(2025, 12, 30))
    assert "the newest fact is of 2025-12-30" in judged(TRAIN, TEST, RECOUNT, stretched).failures[0]


@pytest.mark.parametrize(
    ("recount", "words"),
    [
        (told(("b", FIRST_TEST_WEEK, 0)), "`churned` of 1 test rows differs from the recount"),
        (told(("b", FIRST_TEST_WEEK, 1), in_window=True), "`in_window` of 1 test rows differs"),
        (told(("b", FIRST_TEST_WEEK, None), decided_in_gap=True), "should not be there (decided in the gap)"),
        (told(("b", FIRST_TEST_WEEK, 1), known_loss=True), "should not be there (known loss)"),
        (told(("b", FIRST_TEST_WEEK, 1), ("b2", FIRST_TEST_WEEK, 1)), "1 test rows are missing"),
    ],
)
def test_the_recount_finds_a_wrong_label_a_stray_row_and_a_missing_one(recount: dict[Key, Row], words: str) -> None:
    assert words in " ".join(judged(TRAIN, TEST, recount).failures)


def test_a_row_without_a_label_fails() -> None:
    empty = TEST.assign(churned=float("nan"))
    assert "1 test rows have no label" in " ".join(judged(TRAIN, empty, {}).failures)
