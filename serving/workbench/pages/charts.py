"""The geometry of the charts: numbers in, positions in per cent of the width out. Jinja macros draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from serving.workbench.pages.view import AccountView, Week
from serving.workbench.pages.words import PERCENT, day, decimals, known, rounded, scaled, signed, spaced

Kind = Literal["base", "up", "down", "flat", "total"]
_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the drivers chart: a bar from where the row above ended; `left`, `width`, `end` in % of the chart."""

    label: str
    sentence: str | None
    shown: str
    kind: Kind
    left: float
    width: float
    end: float
    told: str


def driver_bars(account: AccountView) -> list[Bar]:
    """The average account, what raises, what lowers, total; empty where probability, base or drivers are not available.

    The shown numbers add up to the shown total exactly: each is rounded down and the missing units go to the largest
    remainders. Effects too small to show are one row; what the drivers leave unexplained is a row of its own.
    """
    probability, base = known(account.probability), known(account.base_probability)
    if probability is None or base is None or not account.drivers:
        return []
    places = decimals(probability)
    unit = 10**places
    effects = [(driver.group, driver.sentence, (known(driver.points) or 0.0) * unit) for driver in account.drivers]
    effects.sort(key=lambda effect: (-abs(effect[2]), effect[0]))
    large = [effect for effect in effects[:_MOST_ROWS] if abs(effect[2]) >= 0.5]
    small = effects[len(large) :]
    raising = [effect for effect in large if effect[2] > 0]
    lowering = [effect for effect in large if effect[2] <= 0]
    rows = [*raising, *lowering]
    if len(small) > 1:
        rows.append((f"{len(small)} smaller effects together", None, sum(effect[2] for effect in small)))
    rows.extend(small if len(small) == 1 else ())
    total = rounded(probability * 100 * unit)
    unexplained = probability * 100 * unit - base * 100 * unit - sum(effect[2] for effect in effects)
    if abs(unexplained) >= 1:
        rows.append(("Not explained by these groups", None, unexplained))
    else:  # less than the last digit shown: it belongs to the rounding of the first row
        rows[0] = (*rows[0][:2], rows[0][2] + unexplained)
    start, *steps = apportioned([base * 100 * unit, *(row[2] for row in rows)], total)
    return _drawn(start, [(*row[:2], step) for row, step in zip(rows, steps, strict=True)], total, places)


def apportioned(values: Sequence[float], total: int) -> list[int]:
    """Whole numbers that differ from `values` by at most one each and add up to `total`, their rounded sum.

    >>> apportioned([8.2, 14.4, 9.4, -1.0], 31)
    [8, 15, 9, -1]
    """
    whole = [int(value // 1) for value in values]
    order = sorted(range(len(values)), key=lambda i: (whole[i] - values[i], i))
    for i in order[: total - sum(whole)]:
        whole[i] += 1
    return whole


def _drawn(start: int, steps: list[tuple[str, str | None, int]], total: int, places: int) -> list[Bar]:
    ends = [start]
    for *_, step in steps:
        ends.append(ends[-1] + step)
    low, high = min(0, *ends), max(1, *ends)

    def x(units: int) -> float:
        return round((units - low) / (high - low) * 100, 2)

    def bar(label: str, text: str | None, shown: str, kind: Kind, a: int, b: int, told: str) -> Bar:
        return Bar(label, text, shown, kind, x(min(a, b)), round(abs(x(b) - x(a)), 2), x(b), told)

    at = f"{scaled(start, places)}{PERCENT}"
    bars = [bar("Average account", None, at, "base", 0, start, f"Average account {at}")]
    for (label, text, step), before, after in zip(steps, ends, ends[1:], strict=False):
        kind: Kind = "up" if step > 0 else "down" if step < 0 else "flat"
        told = f"{spaced(label)}: from {scaled(before, places)} to {scaled(after, places)}{PERCENT}"
        bars.append(bar(spaced(label), text, signed(step, places), kind, before, after, told))
    at = f"{scaled(total, places)}{PERCENT}"
    return [*bars, bar("Churn probability", None, at, "total", 0, total, f"Churn probability {at}")]


@dataclass(frozen=True, slots=True)
class Point:
    """One week that is marked: `x` in % of the width, `y` in % of the height from the top."""

    x: float
    y: float
    value: int
    starts: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The usage chart. Paths use x = weeks and y = 0 (top) to 100; gaps are (left, width) in % of the width."""

    count: int
    lines: list[str]
    areas: list[str]
    gaps: list[tuple[float, float]]
    alone: list[Point]
    first: Point
    last: Point
    peak: Point
    missing: int


def usage_trend(weeks: Sequence[Week]) -> Trend | None:
    """Runs of known weeks as lines, missing weeks as gaps (never as 0); null where no week is known."""
    count = len(weeks)
    top = max((week.active_user_days for week in weeks if week.active_user_days is not None), default=None)
    if top is None:
        return None

    def point(index: int, value: int) -> Point:
        y = round(100 - value / max(top, 1) * 100, 2)
        return Point(round((index + 0.5) / count * 100, 2), y, value, day(weeks[index].starts))

    points = [None if w.active_user_days is None else point(i, w.active_user_days) for i, w in enumerate(weeks)]
    seen = [p for p in points if p is not None]
    lines, areas, alone, gaps = [], [], [], []
    for begin, end in _runs([p is not None for p in points]):
        run = [(i + 0.5, p) for i, p in enumerate(points[begin:end], begin) if p is not None]
        if not run:
            # From the last known week to the next, which sit in the middle of their own week.
            left, right = max(begin - 0.5, 0), min(end + 0.5, count)
            gaps.append((round(left / count * 100, 2), round((right - left) / count * 100, 2)))
        elif len(run) == 1:
            alone.append(run[0][1])
        else:
            path = " L".join(f"{x:g} {p.y:g}" for x, p in run)
            lines.append(f"M{path}")
            areas.append(f"M{run[0][0]:g} 100 L{path} L{run[-1][0]:g} 100 Z")
    return Trend(count, lines, areas, gaps, alone, seen[0], seen[-1], min(seen, key=lambda p: p.y), count - len(seen))


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Half-open stretches of equal flags."""
    cuts = [0, *(i for i in range(1, len(flags)) if flags[i] != flags[i - 1]), len(flags)]
    return list(pairwise(cuts))
