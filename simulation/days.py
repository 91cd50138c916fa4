"""Day numbers: moments are float days since 1970-01-01 (UTC), null is NaN; the tables get timestamps."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.integer[Any]]
"""Whole numbers of any width: weekly states of many accounts are kept narrow."""
Moments = npt.NDArray[np.datetime64]

SECONDS = 86_400
HOLIDAY_DEPTH = (("12-20", "01-04", 0.30), ("08-05", "08-23", 0.60))
"""First day, last day (month-day, inclusive) and share of usage left, each year."""


def day_number(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_number(date(1970, 1, 8))
    7
    """
    return (day - date(1970, 1, 1)).days


def add_months(days: Ints, months: Ints) -> Ints:
    """The same day of the month, `months` later; days of the month above 28 do not occur in terms."""
    at = days.astype("datetime64[D]")
    month = at.astype("datetime64[M]")
    within = at - month.astype("datetime64[D]")
    later = (month + months.astype("timedelta64[M]")).astype("datetime64[D]") + within
    return later.astype(np.int64)


def term_start(days: Ints) -> Ints:
    """The day itself, or the 28th where the month goes on, so that every later month has that day."""
    at = days.astype("datetime64[D]")
    within = (at - at.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    return days - np.maximum(within - 27, 0)


def timestamps(moments: Floats) -> Moments:
    """Moments to the second as datetime64[us]; NaN becomes NaT."""
    known = np.isfinite(moments)
    seconds = np.round(np.where(known, moments, 0.0) * SECONDS).astype(np.int64)
    stamps = seconds.astype("datetime64[s]").astype("datetime64[us]")
    stamps[~known] = np.datetime64("NaT")
    return stamps


def midnights(moments: Floats) -> Moments:
    """Moments as dates: datetime64[us] at 00:00; NaN becomes NaT."""
    return timestamps(np.floor(moments))


def happened(moments: Floats, until: int) -> Floats:
    """Moments before `until`; later ones have not happened yet and become null."""
    return np.where(moments < until, moments, np.nan)


def office_hours(rng: np.random.Generator, size: int) -> Floats:
    """Times of day within 07:00 and 19:00 UTC, as fractions of a day."""
    return rng.triangular(7 / 24, 13 / 24, 19 / 24, size)


def holiday_factor(days: Ints) -> Floats:
    """Share of ordinary usage left on each day: 1.0 but for two dips a year that every account shows."""
    month_day = np.array([text[5:] for text in days.astype("datetime64[D]").astype(str)])
    factor = np.ones(len(days))
    for first, last, left in HOLIDAY_DEPTH:
        inside = (
            (month_day >= first) | (month_day <= last) if first > last else (month_day >= first) & (month_day <= last)
        )
        factor[inside] = left
    return factor
