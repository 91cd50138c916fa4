"""The calendar's course: a chain of straight lines over the days to notice, and what ends it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.calendar import CALENDAR, KNOTS, Calendar, calendar_design, fitted_calendar
from models.linear_scorers import fit_calendar

YEARLY = {"days_to_notice": 200.0, "days_to_term_end": 230.0, "term_length_days": 365.0, "renewal_signed": 0.0}


def on(**given: float) -> dict[str, float]:
    """The columns a row stands on, and with how much of it."""
    row = calendar_design(pd.DataFrame([YEARLY | given]))[0]
    return {name: round(float(v), 6) for name, v in zip(CALENDAR, row, strict=True) if v}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"days_to_notice": 28}, {"calendar_open_28": 1}),
        ({"days_to_notice": 31.5}, {"calendar_open_28": 0.75, "calendar_open_42": 0.25}),
        ({"days_to_notice": -400}, {"calendar_open_-28": 1}),
        ({"days_to_notice": 4000}, {"calendar_open_365": 1}),
        ({"days_to_notice": np.nan}, {"calendar_open_365": 1}),
        ({"days_to_notice": 28, "days_to_term_end": 28}, {"calendar_open_28": 1, "calendar_open_to_the_end_28": 1}),
        ({"days_to_notice": 28, "renewal_signed": 1}, {"calendar_signed": 1}),
        ({"days_to_notice": 28, "renewal_signed": np.nan}, {"calendar_open_28": 1}),
        ({"days_to_notice": 28, "term_length_days": 45}, {"calendar_monthly": 1}),
        ({"days_to_notice": 28, "term_length_days": 31, "renewal_signed": 2}, {"calendar_monthly_signed": 1}),
        ({"days_to_notice": 28, "term_length_days": 401}, {"calendar_open_28": 1, "calendar_multi_year": 1}),
        ({"days_to_notice": 28, "term_length_days": np.nan}, {"calendar_open_28": 1}),
    ],
)
def test_where_a_row_stands(given: dict[str, float], expected: dict[str, float]) -> None:
    assert on(**given) == expected


def test_between_knots_the_log_odds_run_in_a_straight_line() -> None:
    calendar = Calendar({"calendar_open_28": 1.0, "calendar_open_42": 3.0}, {})
    days = pd.DataFrame([YEARLY | {"days_to_notice": d} for d in (28, 35, 42, 49, 56)])
    assert calendar.total(days).tolist() == [1.0, 2.0, 3.0, 1.5, 0.0]


def test_centred_the_average_row_of_the_training_data_gets_nothing() -> None:
    rng = np.random.default_rng(0)
    days = pd.DataFrame([YEARLY | {"days_to_notice": d} for d in rng.integers(-50, 500, 300)])
    coefficients = rng.normal(size=len(CALENDAR))
    found, moved = fitted_calendar(coefficients, days)
    assert found.margins(days).mean().abs().max() < 1e-12
    np.testing.assert_allclose(found.total(days) + moved, calendar_design(days) @ coefficients, atol=1e-12)


@pytest.mark.parametrize("length", [30.0, 365.0, 800.0])
def test_a_signed_term_is_never_told_as_riskier_than_the_same_term_unsigned(length: float) -> None:
    ends = [{"days_to_notice": d, "days_to_term_end": d + n} for d in range(-60, 500, 7) for n in (0, 30)]
    days = pd.DataFrame([YEARLY | end | {"term_length_days": length} for end in ends])
    for seed in range(20):
        found, _ = fitted_calendar(np.random.default_rng(seed).normal(size=len(CALENDAR)), days)
        assert (found.total(days.assign(renewal_signed=1.0)) <= found.total(days) + 1e-12).all()


def test_the_course_that_made_the_churn_is_found_again() -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(-30, 365, 60_000).astype(float)
    risk = np.where((days >= 14) & (days <= 104), 0.3, 0.01)
    frame = pd.DataFrame({name: np.full(len(days), v) for name, v in YEARLY.items()}).assign(days_to_notice=days)
    scorer = fit_calendar(frame, (rng.random(len(days)) < risk).astype(float))
    told = scorer.score(pd.DataFrame([YEARLY | {"days_to_notice": float(d)} for d in (-10, 28, 56, 90, 140, 300)]))
    assert told[[0, 4, 5]].max() < 0.03
    assert told[1:4] == pytest.approx(0.3, abs=0.05)
    assert len(KNOTS) == 16
