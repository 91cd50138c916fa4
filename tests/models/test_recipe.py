"""What is settled inside the training period: whether scorers start from the calendar."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.recipe import Recipe, calendar_earns, settled

WINDOW = 90
MONDAYS = [date(2023, 1, 2) + timedelta(weeks=4 * i) for i in range(26)]


def book(ends: list[date], leaves: float, accounts: int = 300) -> pd.DataFrame:
    """Year-long terms that end on these days in turn; who may still give notice in the window leaves at the rate given."""
    rng = np.random.default_rng(4)
    rows = []
    for monday in MONDAYS:
        for i in range(accounts):
            ahead = [(e - monday).days for e in (ends[i % len(ends)] + timedelta(days=365 * y) for y in range(4))]
            left = min(d for d in ahead if d > 0)
            risk = leaves if 30 <= left <= 120 else 0.02
            rows.append((f"a{i}", monday, float(rng.random() < risk), left - 30.0, float(left)))
    frame = pd.DataFrame(rows, columns=["account_id", "as_of", "churned", "days_to_notice", "days_to_term_end"])
    return frame.assign(term_length_days=365.0, renewal_signed=0.0)


def all_year_round() -> list[date]:
    return [date(2023, 1, 1) + timedelta(days=7 * i) for i in range(52)]


def test_where_terms_end_all_year_round_scorers_start_from_the_calendar() -> None:
    assert calendar_earns(book(all_year_round(), 0.25), window_days=WINDOW)


def test_where_last_years_dates_do_not_come_again_they_start_from_the_base_rate() -> None:
    frame = book([date(2026, 1, 1)], 0.02)
    # Everyone's term ends on one day. Early dates saw a run on the exits; the days to the end are new ever after.
    early = frame["as_of"] < MONDAYS[8]
    frame.loc[early & (frame["account_id"].str[1:].astype(int) % 3 == 0), "churned"] = 1.0
    assert settled(frame, window_days=WINDOW) == Recipe(calendar=False)


def test_without_a_judgement_the_calendar_is_kept() -> None:
    kept = book(all_year_round(), 0.25).query("as_of < @MONDAYS[3]")
    assert calendar_earns(kept, window_days=WINDOW)
