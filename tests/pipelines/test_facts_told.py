"""The table "What changed" tells movements that are large enough, the weightiest first."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.report import _facts

SINCE = date(2026, 5, 4)


def fact(before: float, after: float) -> dict[str, Any]:
    return {
        "before": before,
        "after": after,
        "before_text": f"{before:.0f}",
        "after_text": f"{after:.0f}",
        "since": SINCE,
    }


def test_a_month_of_31_days_after_one_of_30_is_no_change() -> None:
    moved = [
        {"indicator": "term_length_days", "contribution": 5.0},
        {"indicator": "open_tickets", "contribution": -2.0},
        {"indicator": "arr", "contribution": 0.5},
    ]
    told = {"term_length_days": fact(30, 31), "open_tickets": fact(2, 4), "arr": fact(100, 100)}
    assert [(f.before, f.after) for f in _facts(moved, told, 0.10)] == [("2", "4")]
    assert [(f.before, f.after) for f in _facts(moved, told, 0.01)] == [("30", "31"), ("2", "4")]
