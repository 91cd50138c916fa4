"""Small frames for the checks: a few accounts, a few Mondays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

MONDAY = date(2025, 3, 3)


def monday(weeks: int) -> date:
    return MONDAY + timedelta(weeks=weeks)


def frame(*rows: tuple[str, int, float | None], name: str = "nps") -> pd.DataFrame:
    """Account, week and one value a row."""
    return pd.DataFrame([{"account_id": a, "as_of": monday(w), name: v} for a, w, v in rows]).astype({name: "float64"})


def labelled(*rows: tuple[str, int, int], **columns: Sequence[Any]) -> pd.DataFrame:
    """Account, week and label a row; none of them in the renewal window unless told."""
    found = pd.DataFrame([{"account_id": a, "as_of": monday(w), "churned": float(y)} for a, w, y in rows])
    return found.assign(**{"in_window": False, **columns})
