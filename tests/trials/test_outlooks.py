"""Horizons and ranges against the truth, on a course and a range made by hand."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
import pytest

from models.horizons import HORIZONS, Course
from models.outlook import Outlook
from models.score_range import Range
from models.scorer import Array
from trials.outlooks import horizon_figures, range_figures

N = 200
SAID = np.linspace(0.01, 0.4, N)


class Told:
    """A course that says so much of the probability at each horizon."""

    def horizons(self, features: pd.DataFrame, probability: Array) -> pd.DataFrame:
        return pd.DataFrame({f"p_{d}d": probability * d / 180 for d in HORIZONS} | {"median_days": np.nan})


def fresh(**truth: Array) -> pd.DataFrame:
    rows = pd.DataFrame({"account_id": [f"a{i}" for i in range(N)], "arr": 1.0})
    return rows.assign(**{f"hazard_{d}d": SAID * d / 180 for d in HORIZONS}).assign(**truth)


def test_a_course_that_says_the_truth_is_as_good_as_the_oracle_and_better_than_a_steady_hazard() -> None:
    found = horizon_figures(Outlook(course=cast(Course, Told())), fresh(), SAID)
    for figures in found.values():
        assert figures["outlook"] == pytest.approx(figures["oracle"])
        assert figures["outlook"] < figures["steady"]
    assert found["30d"]["base_rate"] > found["30d"]["oracle"]


def test_a_range_is_held_against_each_account_and_against_the_mean_of_its_group() -> None:
    # From .2 to .3 whatever is said; every other account of a group lies at 0, its neighbour at .5: the mean is inside.
    narrow = Range((0.0,), (0.2,), (0.3,), 100, 40, 4)
    found = range_figures(
        Outlook(range=narrow), fresh(hazard_90d=np.where(np.arange(N) % 2, 0.5, 0.0)), np.full(N, 0.25)
    )
    assert (found["accounts_held"], found["groups_held"], found["stretched"]) == (0.0, 1.0, 0.0)
    assert found["width"] == pytest.approx(0.1)
    assert found["churned_accounts"] == 40


def test_a_range_that_had_to_be_stretched_is_counted_and_the_riskiest_stand_apart() -> None:
    low = Range((0.0,), (0.0,), (0.2,), 100, 40, 4)
    found = range_figures(Outlook(range=low), fresh(hazard_90d=SAID), SAID)
    assert found["accounts_held"] == 1.0
    assert found["stretched"] == pytest.approx((SAID > 0.2).mean())
    assert found["top"]["stretched"] == 1.0


def test_without_a_range_the_reason_is_told() -> None:
    assert range_figures(Outlook(reasons={"range": "too few"}), fresh(), SAID) == {"reason": "too few"}
