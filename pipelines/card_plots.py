"""The plots of the evaluation card as shapes; the template draws them, text stays text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

WIDTH, HEIGHT = 360.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 18.0, 8.0, 36.0
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One curve: its name, its style, its path, a bar (x, y low, y high) for each interval."""

    name: str
    style: str
    path: str
    bars: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True)
class Plot:
    """Axes with ticks (place, text), curves, and a marked x (place, text; null where there is none)."""

    title: str
    across: str
    up: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]
    marked: tuple[float, str] | None = None


@dataclass(frozen=True)
class Axes:
    """From values to places on the plot."""

    x_most: float
    y_least: float
    y_most: float

    def x(self, value: float) -> float:
        """Place across."""
        return round(LEFT + value / self.x_most * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        """Place down; what lies beyond the frame stays on its edge."""
        held = min(max(value, self.y_least), self.y_most)
        share = (held - self.y_least) / (self.y_most - self.y_least)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def path(self, points: Points) -> str:
        """An SVG path through the points."""
        return "M" + " L".join(f"{self.x(x)} {self.y(y)}" for x, y in points)


def calibration_plot(card: Mapping[str, Any]) -> Plot:
    """Promised against observed churn; the shipped scorer with its intervals."""
    curves = {name: card["curves"][name]["calibration"] for name in ("calendar", "shipped")}
    tops = [p["promised"] for c in curves.values() for p in c] + [(p["ci"] or (0, 0))[1] for p in curves["shipped"]]
    most = max(0.02, *tops) * 1.05
    axes = Axes(most, 0.0, most)
    lines = [Line("honest", "even", axes.path([(0, 0), (most, most)]))]
    for name, curve in curves.items():
        bars = tuple(
            (axes.x(p["promised"]), axes.y(p["ci"][0]), axes.y(p["ci"][1]))
            for p in curve
            if name == "shipped" and p["ci"] is not None
        )
        lines.append(Line(name, name, axes.path([(p["promised"], p["observed"]) for p in curve]), bars))
    ticks = _ticks(most)
    return Plot(
        "Calibration",
        "promised probability, tenths of the rows",
        "observed churn",
        tuple((axes.x(t), _share(t)) for t in ticks),
        tuple((axes.y(t), _share(t)) for t in ticks),
        tuple(lines),
    )


def benefit_plot(card: Mapping[str, Any]) -> Plot:
    """Net benefit by the probability from which one acts, beside acting on everyone and on no one."""
    curves = {name: card["curves"][name]["net_benefit"] for name in ("calendar", "shipped")}
    rate, most = card["test"]["base_rate"], curves["shipped"][-1][0]
    top = max([rate, *(b for c in curves.values() for _, b in c)]) * 1.1
    axes = Axes(most, -top / 4, top)
    everyone = [(t, rate - (1 - rate) * t / (1 - t)) for t, _ in curves["shipped"]]
    shown = [p for p in everyone if p[1] >= axes.y_least] or everyone[:1]
    lines = [
        Line("act on no one", "even", axes.path([(0, 0), (most, 0)])),
        Line("act on everyone", "all", axes.path([(0, rate), *shown])),
        *(Line(name, name, axes.path(curve)) for name, curve in curves.items()),
    ]
    return Plot(
        "Net benefit",
        "act from this probability on",
        "leavers found per row, less false alarms",
        tuple((axes.x(t), _share(t)) for t in _ticks(most)),
        tuple((axes.y(t), f"{t:.3g}") for t in _ticks(top)),
        tuple(lines),
        (axes.x(card["money"]["pays_from"]), "pays from here") if card["money"]["pays_from"] < most else None,
    )


@dataclass(frozen=True)
class Lane:
    """One row of the split diagram: bars (from, width, style) in thousandths of the whole time."""

    label: str
    bars: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Diagram:
    """The split: lanes below each other over the same time, and the dates at both ends."""

    begins: date
    ends: date
    lanes: tuple[Lane, ...]


def split_diagram(split: Mapping[str, Any], *, embargo_days: int) -> Diagram:
    """Training and test snapshots with what their labels look at, and the rolling origins inside the training period."""
    days = {name: [date.fromisoformat(d) for d in split[name]] for name in ("trained", "purged", "tested")}
    gap, horizon = split["gap_days"], split["horizon_days"]
    begins = days["trained"][0]
    ends = max(date.fromisoformat(split["data_until"]), days["tested"][-1] + timedelta(days=gap + horizon))
    whole = (ends - begins).days or 1

    def bar(start: date, stop: date, style: str) -> tuple[float, float, str]:
        left = 1000 * (start - begins).days / whole
        return round(left, 1), round(max(3.0, 1000 * (stop - start).days / whole), 1), style

    def window(last: date) -> list[tuple[float, float, str]]:
        opens = last + timedelta(days=gap)
        return [bar(last, opens, "gap"), bar(opens, opens + timedelta(days=horizon), "label")]

    lanes = [
        Lane("training snapshots", tuple(bar(d, d, "train") for d in days["trained"])),
        Lane("their last label", tuple(window(days["trained"][-1]))),
        Lane("purged", tuple(bar(d, d, "purged") for d in days["purged"])),
        Lane("test snapshots", tuple(bar(d, d, "test") for d in days["tested"])),
        Lane("their last label", tuple(window(days["tested"][-1]))),
    ]
    for number, origin in enumerate(split["origins"], 1):
        (first, last), (start, stop) = (tuple(map(date.fromisoformat, origin[side])) for side in ("train", "test"))
        closes = last + timedelta(days=gap + horizon)
        lanes.append(
            Lane(
                f"origin {number}",
                (
                    bar(first, last, "train"),
                    *window(last),
                    bar(closes, closes + timedelta(days=embargo_days), "embargo"),
                    bar(start, stop, "test"),
                ),
            )
        )
    return Diagram(begins, ends, tuple(lanes))


def _ticks(most: float) -> list[float]:
    """Three to six round numbers from 0 to `most`.

    >>> _ticks(0.27), _ticks(0.05)
    ([0.0, 0.1, 0.2], [0.0, 0.01, 0.02, 0.03, 0.04, 0.05])
    """
    step = next(s * 10.0**e for e in range(-6, 2) for s in (1, 2, 5) if most / (s * 10.0**e) <= 5.0001)
    return [round(i * step, 9) for i in range(int(most / step + 1e-4) + 1)]


def _share(value: float) -> str:
    return f"{100 * value:g} %"
