"""The geometry of lines and stacked bars over months: values in, positions in % of the height and steps of the width out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.workbench.pages.words import known


@dataclass(frozen=True, slots=True)
class Line:
    """A series as an SVG path over x = 0…count and y = 0 (top)…100; a month that is not known leaves a gap."""

    name: str
    path: str
    last: float | None
    last_y: float | None


@dataclass(frozen=True, slots=True)
class Lines:
    """Several series on one scale from `low` to `high`; `target_y` is null where there is no target within it."""

    count: int
    low: float
    high: float
    lines: tuple[Line, ...]
    target_y: float | None


def lines(series: Sequence[tuple[str, Sequence[float | None]]], *, target: float | None = None) -> Lines | None:
    """Series of equal length on one scale, which holds every value and the target; null where nothing is known.

    >>> found = lines([("a", [1.0, None, 3.0, 2.0])])
    >>> found.lines[0].path, found.low, found.high
    ('M0.5 100 M2.5 0 L3.5 50', 1.0, 3.0)
    """
    values = [v for _, own in series for v in map(known, own) if v is not None]
    if not values:
        return None
    low, high = min([*values, *_given(target)]), max([*values, *_given(target)])
    span = (high - low) or 1.0

    def y(value: float) -> float:
        return round((high - value) / span * 100, 2)

    drawn = []
    for name, own in series:
        path, pen, last = [], "M", None
        for i, value in enumerate(map(known, own)):
            if value is None:
                pen = "M"
                continue
            path.append(f"{pen}{i + 0.5:g} {y(value):g}")
            pen, last = "L", value
        drawn.append(Line(name, " ".join(path), last, None if last is None else y(last)))
    count = max((len(own) for _, own in series), default=0)
    return Lines(count, low, high, tuple(drawn), None if target is None else y(target))


@dataclass(frozen=True, slots=True)
class Stack:
    """What was lost and gained in a month: (kind, top, height) in % of the height, around `zero`."""

    bars: tuple[tuple[str, float, float], ...]


def stacks(months: Sequence[Sequence[tuple[str, float]]]) -> tuple[float, tuple[Stack, ...]]:
    """(where zero lies in % from the top, a stack a month): gains upwards, losses (negative amounts) downwards.

    >>> stacks([[("new", 30.0), ("churn", -10.0)]])
    (75.0, (Stack(bars=(('new', 0.0, 75.0), ('churn', 75.0, 25.0))),))
    """
    up = max((sum(v for _, v in month if v > 0) for month in months), default=0.0)
    down = max((-sum(v for _, v in month if v < 0) for month in months), default=0.0)
    whole = (up + down) or 1.0
    zero = up / whole * 100
    found = []
    for month in months:
        above = below = zero
        bars = []
        for kind, value in month:
            height = abs(value) / whole * 100
            if value > 0:
                above -= height
                bars.append((kind, round(above, 2), round(height, 2)))
            elif value < 0:
                bars.append((kind, round(below, 2), round(height, 2)))
                below += height
        found.append(Stack(tuple(bars)))
    return round(zero, 2), tuple(found)


def _given(value: float | None) -> list[float]:
    return [] if value is None else [value]
