"""ARR of leavers flagged in time, at a budget of a tenth of the book a week."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from trials.alerts import caught_arr, jaccard, red_list

FIRST = date(2026, 1, 5)


def weekly(lost: dict[str, float], weeks: int = 2) -> pd.DataFrame:
    """Ten accounts of 100, 200 … 1,000 ARR on two Mondays; some are lost so many days after the first."""
    rows = [
        (f"a{i}", FIRST + timedelta(weeks=w), 7.0 * w, 100.0 * (i + 1), lost.get(f"a{i}", np.nan))
        for w in range(weeks)
        for i in range(10)
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "as_of", "as_of_day", "arr", "lost_day"])
    return frame.assign(churned=(frame["lost_day"] - frame["as_of_day"]).between(14, 103).astype(float))


def flagging(frame: pd.DataFrame, first: str, second: str) -> np.ndarray:
    """Scores that flag one account each Monday."""
    wanted = np.where(frame["as_of"] == FIRST, first, second)
    return (frame["account_id"].to_numpy() == wanted).astype(float)


def test_a_leaver_counts_once_with_its_arr() -> None:
    rows = weekly({"a2": 60.0, "a5": 80.0})
    assert caught_arr(rows, flagging(rows, "a2", "a2")) == (300.0, 900.0)
    assert caught_arr(rows, flagging(rows, "a2", "a5")) == (900.0, 900.0)


def test_an_alert_less_than_45_days_ahead_comes_too_late() -> None:
    rows = weekly({"a2": 51.0})
    # On the second Monday 44 days are left; on the first, 51.
    assert caught_arr(rows, flagging(rows, "a0", "a2")) == (0.0, 300.0)
    assert caught_arr(rows, flagging(rows, "a2", "a0")) == (300.0, 300.0)


def test_whoever_could_not_be_flagged_in_time_is_not_asked_for() -> None:
    rows = weekly({"a2": 30.0, "a3": 200.0})
    assert caught_arr(rows, flagging(rows, "a2", "a3")) == (0.0, 0.0)


def test_red_lists_hold_the_riskiest_share() -> None:
    score = np.arange(100.0)
    assert red_list(score) == frozenset(range(95, 100))
    assert jaccard(red_list(score), red_list(-score)) == 0.0
