"""The red list on small timelines: who is on it, and how far two lists agree."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Resampler
from models.red_list import agreement, red_list, week_to_week

WEEKS = (date(2026, 1, 5), date(2026, 1, 12), date(2026, 1, 19))


def timeline(listed: dict[str, str]) -> tuple[pd.DataFrame, pd.Series]:
    """account → one sign a week: `x` on the list, `-` off it, a blank where the account is not in the book."""
    rows = [(a, day, sign == "x") for a, signs in listed.items() for day, sign in zip(WEEKS, signs, strict=True)]
    kept = [row for row, sign in zip(rows, "".join(listed.values()), strict=True) if sign != " "]
    frame = pd.DataFrame(kept, columns=["account_id", "as_of", "listed"])
    return frame, frame["listed"]


def test_the_riskiest_share_of_each_week_is_on_it_and_a_tie_at_the_cut_is_not() -> None:
    rows = pd.DataFrame({"account_id": list("abcdabcd"), "as_of": [WEEKS[0]] * 4 + [WEEKS[1]] * 4})
    score = np.array([0.9, 0.8, 0.1, 0.1, 0.5, 0.5, 0.5, 0.9])
    assert red_list(score, rows, share=0.5).tolist() == [True, True, False, False, False, False, False, True]


def test_two_lists_agree_by_the_accounts_on_both_among_those_on_either() -> None:
    rows, ours = timeline({"a": "xx-", "b": "-x-", "c": "x--"})
    theirs = pd.Series([True, True, False, False, False, False, False, False, False])
    # First week: a of {a, c}; second: a of {a, b}; in the third both are empty and it does not count.
    value, draws = agreement(ours, theirs, rows, Resampler.of(rows["account_id"], draws=50))
    assert value == pytest.approx(0.5)
    assert ((draws >= 0) & (draws <= 1) | np.isnan(draws)).all()


def test_next_week_is_compared_over_the_accounts_that_are_still_there() -> None:
    rows, listed = timeline({"a": "xxx", "b": "x- ", "c": "-xx", "d": "x  "})
    # First to second: a of {a, b, c}, d has left. Second to third: {a, c} of {a, c}, b has left.
    value, draws = week_to_week(listed, rows, Resampler.of(rows["account_id"], draws=50))
    assert value == pytest.approx((1 / 3 + 1) / 2)
    assert np.nanmax(draws) <= 1


def test_there_is_no_next_week_in_a_single_one() -> None:
    rows, listed = timeline({"a": "x  ", "b": "-  "})
    value, draws = week_to_week(listed, rows, Resampler.of(rows["account_id"], draws=5))
    assert value is None
    assert np.isnan(draws).all()


def test_lists_that_are_always_empty_have_no_agreement() -> None:
    rows, listed = timeline({"a": "---", "b": "---"})
    assert agreement(listed, listed, rows, Resampler.of(rows["account_id"], draws=5))[0] is None
