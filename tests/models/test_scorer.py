"""The linear scorers: rank transform, missing values, and columns that say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.linear import Column, Linear, fit_linear, ranked
from models.linear_scorers import fit_calendar, fit_logistic, fit_recency
from models.scorer import sigmoid
from tests.models.books import DIRECTIONS

CALENDAR_SPEAKS = {"days_to_notice", "term_length_days", "renewal_signed"}
GRID = (0.0, 1.0, 1.0, 1.0, 4.0)


@pytest.mark.parametrize(
    ("value", "place"), [(-9, -1.0), (0, -1.0), (0.5, -0.75), (1, 0.0), (2.5, 0.75), (4, 1.0), (99, 1.0)]
)
def test_a_value_is_placed_on_the_grid_and_equal_quantiles_share_their_middle(value: float, place: float) -> None:
    assert ranked(np.array([float(value)]), GRID).tolist() == [place]


def test_the_rank_transform_never_falls() -> None:
    places = ranked(np.linspace(-1, 5, 500), GRID)
    assert (np.diff(places) >= 0).all()


def test_a_grid_of_one_point_places_everything_in_the_middle() -> None:
    assert ranked(np.array([1.0, 7.0]), (3.0,)).tolist() == [0.0, 0.0]


def test_a_score_by_hand() -> None:
    scorer = Linear("logistic", -2.0, (Column("nps", (0.0, 5.0, 10.0), -1.0, 0.3), Column("late", (0.0, 30.0), 0.5, 0)))
    frame = pd.DataFrame({"nps": [0.0, 10.0, np.nan], "late": [30.0, 0.0, 15.0]})
    assert scorer.score(frame) == pytest.approx(sigmoid(np.array([-2 + 1 + 0.5, -2 - 1 - 0.5, -2 + 0.3])))
    base, contributions = scorer.margins(frame)
    assert base == -2.0
    assert contributions.to_numpy().tolist() == [[1.0, 0.5], [-1.0, -0.5], [0.3, 0.0]]


def test_a_missing_value_has_a_coefficient_of_its_own() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    x[::2] = np.nan
    y = (rng.random(2000) < np.where(np.isnan(x), 0.5, 0.05)).astype(float)
    found = fit_linear("logistic", pd.DataFrame({"nps": x}), y, {"nps": 0}, strength=1.0)
    unknown, middle = found.score(pd.DataFrame({"nps": [np.nan, 0.0]}))
    assert unknown == pytest.approx(0.5, abs=0.05)
    assert middle == pytest.approx(0.05, abs=0.03)


def test_constant_and_empty_columns_are_left_out_and_a_gap_counts() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=100), "constant": 3.0, "empty": np.nan, "gap": 1.0})
    frame.loc[::2, "gap"] = np.nan
    y = (rng.random(100) < 0.3).astype(float)
    found = fit_linear("logistic", frame, y, dict.fromkeys(["x", "constant", "empty", "gap"], 0), strength=1.0)
    assert [c.indicator for c in found.columns] == ["x", "gap"]


def test_without_any_column_left_everybody_gets_the_base_rate() -> None:
    frame = pd.DataFrame({"constant": [1.0] * 4})
    found = fit_linear("recency", frame, np.array([1.0, 0, 0, 0]), {"constant": 0}, strength=1.0)
    assert found.columns == ()
    assert found.score(frame) == pytest.approx([0.25] * 4)


def test_a_value_far_outside_the_training_data_cannot_run_away(train: pd.DataFrame) -> None:
    found = fit_recency(train, train["churned"].to_numpy())
    worst = float(train["days_since_last_activity"].max())
    ends = found.score(pd.DataFrame({"days_since_last_activity": [worst, 1e9]}))
    assert ends[0] == ends[1]


def test_recency_reads_one_indicator_and_the_calendar_nothing_about_the_customer(train: pd.DataFrame) -> None:
    y = train["churned"].to_numpy()
    assert [c.indicator for c in fit_recency(train, y).columns] == ["days_since_last_activity"]
    assert set(fit_calendar(train, y).margins(train)[1]) == CALENDAR_SPEAKS
    logistic = set(fit_logistic(train, y, DIRECTIONS).margins(train)[1])
    assert logistic == {*DIRECTIONS, *CALENDAR_SPEAKS}


def test_recency_rises_with_silence(train: pd.DataFrame) -> None:
    found = fit_recency(train, train["churned"].to_numpy())
    silence = pd.DataFrame({"days_since_last_activity": [1.0, 5.0, 20.0, 100.0]})
    assert (np.diff(found.score(silence)) > 0).any()
    assert (np.diff(found.score(silence)) >= 0).all()


def test_no_indicator_of_the_logistic_is_told_against_its_declared_direction(train: pd.DataFrame) -> None:
    turned = {name: -side for name, side in DIRECTIONS.items()}
    y = train["churned"].to_numpy()
    for directions in (DIRECTIONS, turned):
        found = {c.indicator: c.coefficient for c in fit_logistic(train, y, directions).columns}
        assert all(found[name] * side >= 0 for name, side in directions.items() if name in found)
    # The data speak for the declared directions: turned round, next to nothing is left.
    assert sum(found[name] != 0 for name, side in DIRECTIONS.items() if side) <= 2
