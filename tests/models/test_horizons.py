"""Horizons that agree with each other and with the probability shown, and who tells of which period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from models import horizons
from models.calendar import CALENDAR
from models.horizons import HORIZONS, Course, calendar_ahead, fit_course, person_periods
from models.scorer import Array

NAN = float("nan")


def contracts(
    notice: list[float], *, end: list[float] | None = None, length: float = 365.0, signed: float = 0.0
) -> pd.DataFrame:
    """Rows with these days to the last day of notice; by default the term ends on that day."""
    return pd.DataFrame(
        {
            "days_to_notice": notice,
            "days_to_term_end": end or notice,
            "term_length_days": length,
            "renewal_signed": signed,
        }
    )


def course(own: int = 90, **calendar: float) -> Course:
    return Course(gap_days=14, horizon_days=own, level=-3.0, rising=0.1, calendar=calendar)


probabilities = st.floats(0.0, 1.0)
days = st.one_of(st.floats(-60, 800), st.just(NAN))


@settings(deadline=None)
@drawn(
    st.lists(st.tuples(probabilities, days, days), min_size=1, max_size=20),
    st.sampled_from((7, 30, 45, 60, 90, 120, 180, 200, 365)),
    st.lists(st.floats(-6, 6), min_size=len(CALENDAR), max_size=len(CALENDAR)),
    st.sampled_from((NAN, 30.0, 365.0, 1095.0)),
)
def test_a_longer_horizon_is_never_less_likely_and_the_own_one_is_the_probability_shown(
    rows: list[tuple[float, float, float]], own: int, weights: list[float], length: float
) -> None:
    shown, notice, end = (np.array(column) for column in zip(*rows, strict=True))
    features = contracts(notice.tolist(), end=end.tolist(), length=length)
    found = course(own, **dict(zip(CALENDAR, weights, strict=True))).horizons(features, shown)
    table = found[[f"p_{h}d" for h in HORIZONS]].to_numpy()
    assert ((table >= 0) & (table <= 1)).all()
    assert (np.diff(table, axis=1) >= 0).all()
    if own in HORIZONS:
        assert (found[f"p_{own}d"].to_numpy() == shown).all()
    median = found["median_days"]
    assert median.isna().any() or median.between(0, 180).all()
    assert (median.notna() == (found["p_180d"] >= 0.5 - 1e-9)).sum() >= (abs(found["p_180d"] - 0.5) > 1e-6).sum()


def test_the_last_digit_of_a_float_turns_no_two_horizons_around() -> None:
    shown = np.random.default_rng(0).random(2000)
    # No hazard after the first month: all four horizons are the same number, reached on different ways.
    flat = np.tile([0.0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3], (2000, 1))
    for own in (30, 60, 90, 180):
        assert (np.diff(horizons.given(flat, shown, own), axis=1) >= 0).all()


def test_half_are_lost_on_the_median_day_of_a_steady_hazard() -> None:
    steady = Course(0, 90, -3.0, 0.0, {})
    found = steady.horizons(contracts([900.0] * 4), np.array([0.5, 0.75, 0.25, NAN]))
    # At a steady hazard 1 − 0.25^(45/90) is a half; 1 − 0.75^(180/90) is less than one.
    assert found["median_days"].tolist() == pytest.approx([90.0, 45.0, NAN, NAN], nan_ok=True)
    assert found["p_30d"].tolist() == pytest.approx([0.2063, 0.3700, 0.0914, NAN], abs=5e-5, nan_ok=True)
    assert found["p_180d"].tolist() == pytest.approx([0.75, 0.9375, 0.4375, NAN], nan_ok=True)


def test_the_calendar_says_in_which_month_the_risk_lies() -> None:
    # The risk is high from two weeks before to two weeks after the last day of notice, which lies 16 and 90 days after
    # the gap: all of the first comes early, and of the second half lies beyond the 90 days, 1 − 0.7² in all.
    around = {f"calendar_open_{knot}": 8.0 for knot in (-14, 0, 14)}
    found = Course(14, 90, -6.0, 0.0, around).horizons(
        contracts([30.0, 104.0], end=[130.0, 204.0]), np.array([0.3, 0.3])
    )
    assert found["p_30d"].tolist() == pytest.approx([0.27, 0.00], abs=0.03)
    assert found["p_60d"].tolist() == pytest.approx([0.30, 0.02], abs=0.03)
    assert found["p_180d"].tolist() == pytest.approx([0.30, 0.51], abs=0.03)


def test_the_dates_of_a_term_come_nearer_and_its_like_follows_it() -> None:
    features = contracts([60.0, 10.0, 60.0, 20.0, NAN], end=[90.0, 40.0, 90.0, 20.0, NAN])
    features["term_length_days"] = [365.0, 365.0, NAN, 30.0, 365.0]
    features["renewal_signed"] = [1.0, 1.0, 0.0, 0.0, 1.0]
    found = calendar_ahead(features, 100)
    # The 30-day term has ended on days 20, 50 and 80 ahead: the fourth ends on day 110.
    assert found["days_to_term_end"].tolist() == pytest.approx([355.0, 305.0, 390.0, 10.0, NAN], nan_ok=True)
    assert found["days_to_notice"].tolist() == pytest.approx([325.0, 275.0, 360.0, 10.0, NAN], nan_ok=True)
    assert found["renewal_signed"].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    before = calendar_ahead(features, 89)
    assert before["days_to_term_end"].tolist()[0] == 1.0
    assert before["renewal_signed"].tolist()[0] == 1.0


def told(seen: list[float], lost: list[float], periods: int = 3) -> set[tuple[int, int, float]]:
    row, period, label = person_periods(np.array(seen), np.array(lost), periods)
    return set(zip(row.tolist(), period.tolist(), label.tolist(), strict=True))


def test_a_row_tells_of_every_period_seen_to_its_end_until_it_is_lost() -> None:
    # Stayed; lost on day 30, the first of the second period; lost on day 29.
    assert told([180, 180, 180], [NAN, 30, 29]) == {
        (0, 0, 0.0),
        (0, 1, 0.0),
        (0, 2, 0.0),
        (1, 0, 0.0),
        (1, 1, 1.0),
        (2, 0, 1.0),
    }


def test_an_immature_row_tells_of_what_has_passed_and_a_period_half_seen_of_nobody() -> None:
    # Seen for 60 days: two periods. Seen for 59: one. Lost on day 40 of 45 seen: the survivors of that period are not known.
    assert told([60, 59, 45, 29], [NAN, NAN, 40, 5]) == {(0, 0, 0.0), (0, 1, 0.0), (1, 0, 0.0), (2, 0, 0.0)}


def book(*, seen: float = 180.0, accounts: int = 600) -> pd.DataFrame:
    """Far from any notice, 5 % leave in each 30 days; at the notice, half of those there."""
    rng = np.random.default_rng(1)
    features = contracts(rng.choice([900.0, 74.0], accounts).tolist(), length=1095.0)
    hazard: Array = np.full((accounts, 6), 0.05)
    hazard[:, 1] = np.where(features["days_to_notice"] == 74.0, 0.5, 0.05)
    lost = rng.random((accounts, 6)) < hazard
    first = np.where(lost.any(axis=1), lost.argmax(axis=1) * 30.0 + 15, NAN)
    known = first < seen
    return features.assign(
        account_id=[f"a{i:03d}" for i in range(accounts)], days_seen=seen, days_to_loss=np.where(known, first, NAN)
    )


def test_a_fitted_course_finds_the_months_of_the_losses() -> None:
    found = fit_course(book(), gap_days=14, horizon_days=90)
    assert found is not None
    hazard = -np.expm1(-np.diff(found.cumulated(contracts([900.0, 74.0], length=1095.0)), axis=1))
    assert hazard[0, :2].tolist() == pytest.approx([0.05, 0.05], abs=0.03)
    assert hazard[1, 1] == pytest.approx(0.5, abs=0.15)
    assert Course(**found.parameters()) == found


def test_immature_rows_are_used() -> None:
    # Only the first of the three months that their label needs has been seen, and of it alone a course is learned.
    found = fit_course(book(seen=30.0), gap_days=14, horizon_days=90)
    assert found is not None
    first = -np.expm1(-found.cumulated(contracts([900.0], length=1095.0))[0, 1])
    assert first == pytest.approx(0.05, abs=0.03)
    assert fit_course(book(seen=29.0), gap_days=14, horizon_days=90) is None


def test_rows_that_share_a_calendar_are_counted_together() -> None:
    rows = book(accounts=60)
    dates = ["days_to_notice", "days_to_term_end"]
    twice = pd.concat([rows, rows.assign(**{name: rows[name] + 1e-9 for name in dates})], ignore_index=True)
    doubled = pd.concat([rows, rows], ignore_index=True)
    apart, together = (fit_course(r, gap_days=14, horizon_days=90) for r in (twice, doubled))
    assert apart is not None
    assert together is not None
    asked = contracts([900.0, 74.0, 300.0], length=1095.0)
    assert together.cumulated(asked) == pytest.approx(apart.cumulated(asked), abs=1e-4)
