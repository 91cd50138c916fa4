"""What moved a probability since a week ago, in one sentence whose shown numbers add up."""

from __future__ import annotations

from collections.abc import Mapping

from serving.workbench.pages.charts import apportioned
from serving.workbench.pages.words import decimals, percent, rounded, signed

MOST_PARTS = 3


def change_told(before: float, after: float, parts: Mapping[str, float]) -> str:
    r"""`parts` are percentage points by name that add up to the change; small ones are told together.

    >>> change_told(0.31, 0.38, {"usage": 4.8, "contract": 2.1, "payment": 0.1}).replace("\xa0", " ")
    '38 % now, 31 % a week ago: +5 from usage, +2 from contract.'
    >>> change_told(0.31, 0.311, {"usage": 0.1}).replace("\xa0", " ")
    '31 % now, as a week ago.'
    >>> change_told(0.3149, 0.3251, {"usage": 1.02}).replace("\xa0", " ")
    '33 % now, 31 % a week ago: +2 from usage.'
    """
    places = decimals(after)
    unit = 10**places
    ordered = sorted(parts.items(), key=lambda part: (-abs(part[1]), part[0]))
    told = [(name, points * unit) for name, points in ordered[:MOST_PARTS] if abs(points * unit) >= 0.5]
    rest = sum(points * unit for _, points in ordered[len(told) :])
    whole = rounded(after * 100 * unit) - rounded(before * 100 * unit)
    shown = apportioned([*(points for _, points in told), rest], whole)
    said = [
        f"{signed(units, places)} from {name}"
        for (name, _), units in zip([*told, ("all else", rest)], shown, strict=True)
        if units
    ]
    if not said:
        return f"{percent(after, places)} now, as a week ago."
    return f"{percent(after, places)} now, {percent(before, places)} a week ago: {', '.join(said)}."
