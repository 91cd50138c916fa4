"""What the calendar alone does to a feature row until the day of a recovery: ages grow, the term runs down (I8, H13, H20).

Nothing that somebody would have to do is assumed: an unpaid invoice stays unpaid, and logins go on as they are.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from serving.workbench.back_to_green.levers import LOGIN_CHANGE, LOGINS, USER_DAYS_BEFORE, logins_at_rest

Numbers = npt.NDArray[np.float64]
AGES = (
    "tenure_days",
    "account_age_days",
    "key_person_tenure_days",
    "nps_age_days",
    "csat_age_days",
    "sponsor_rating_age_days",
)
"""Older by every day."""
AHEAD = ("days_to_term_end", "days_to_notice")
"""Nearer by every day."""
STANDING = ("term_length_days", "terms_begun", "days_to_first_value", "signup_to_first_value_days")
"""Marked as the calendar's, but the same as long as the term goes on, or reached once and for all."""
LASTING = ("past_due_days", "oldest_escalation_days", "oldest_missed_days")
"""Days that something has stood open, 0 where nothing does; it stays open until somebody closes it."""
ANSWERS = {"nps": "nps_age_days", "csat": "csat_age_days"}
ANSWERED_WITHIN = 182
"""Days after which an answer is no longer looked at: the indicators are null from then on."""


def advanced(rows: pd.DataFrame, days: int) -> pd.DataFrame:
    """The feature rows as they would stand so many days on, if all went on as it does.

    A term that ends before is taken as renewed for as long again; `term_ends_first` says where that is not certain. The
    change in logins is told against the twelve weeks that will then lie before, which hold the four weeks of today.
    """
    held = {n: _numbers(rows, n) for n in (*AGES, *AHEAD, *LASTING, *ANSWERS, LOGIN_CHANGE) if n in rows}
    found = {n: held[n] + days for n in AGES if n in held}
    found |= {n: held[n] + np.where(held[n] > 0, days, 0) for n in LASTING if n in held}
    for name, age in ANSWERS.items():
        if name in held and age in held:
            found[name] = np.where(found[age] > ANSWERED_WITHIN, np.nan, held[name])
    if "days_to_term_end" in held:
        left = held["days_to_term_end"] - days
        again = np.where(left < 0, _renewed(left, _numbers(rows, "term_length_days")), left)
        found["days_to_term_end"] = again
        if "days_to_notice" in held:
            found["days_to_notice"] = held["days_to_notice"] - days + (again - left)
    if LOGIN_CHANGE in held:
        found[LOGIN_CHANGE] = _login_change(rows, held[LOGIN_CHANGE])
    return rows.assign(**found)


def term_ends_first(rows: pd.DataFrame, days: int) -> pd.Series:
    """Whether the term ends before that many days are over and it is still open whether another follows.

    It is settled where the next term is signed, or where the term renews by itself and notice can no longer be given.
    """
    left, notice = _numbers(rows, "days_to_term_end"), _numbers(rows, "days_to_notice")
    settled = (_numbers(rows, "renewal_signed") > 0) | ((_numbers(rows, "auto_renews") == 1) & (notice < 0))
    return pd.Series((left < days) & ~settled, index=rows.index)


def _renewed(left: Numbers, length: Numbers) -> Numbers:
    """Days to the end of the term that then runs; null where the length of the present one is not known."""
    return np.where(length > 0, np.mod(left, np.where(length > 0, length, 1.0)), np.nan)


def _login_change(rows: pd.DataFrame, today: Numbers) -> Numbers:
    """Logins as they are against what will be the blocks before; where that cannot be told, as it is today."""
    read = [n for n in (LOGINS, LOGIN_CHANGE, USER_DAYS_BEFORE, "seats") if n in rows]
    found = today.copy()
    for place, row in enumerate(rows[read].astype(float).to_dict("records")):
        per, logins = logins_at_rest({str(k): v for k, v in row.items()}), row.get(LOGINS, np.nan)
        if per is not None and logins == logins:
            found[place] = logins / per - 1
    return found


def _numbers(rows: pd.DataFrame, name: str) -> Numbers:
    """The column; nulls where it is not delivered."""
    return rows[name].to_numpy(dtype=float) if name in rows else np.full(len(rows), np.nan)
