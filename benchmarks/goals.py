"""What is to be shown, as ratios of cases that run in turns, and the cases this takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.case import Case
from benchmarks.columns import FURTHER_WINDOWS
from benchmarks.running import Measured

Results = Mapping[Case, Sequence[Measured]]
LIMIT = "6GB"  # for L, so that the whole process stays within 8 GB
SMALL = "1200MB"  # for M, so that it stays within 2 GB: what DuckDB cannot hold it spills


@dataclass(frozen=True)
class Goal:
    """A figure per repetition, from the cases it needs; reached where the median is at most (or at least) the goal."""

    name: str
    needs: tuple[Case, ...]
    figure: Callable[..., float]
    limit: float | None = None
    at_least: bool = False
    unit: str = "×"

    def figures(self, results: Results) -> list[float]:
        """One per repetition; none where a case was not run."""
        runs = [results.get(case, []) for case in self.needs]
        return [self.figure(*turn) for turn in zip(*runs, strict=False)]

    def reached(self, figures: Sequence[float]) -> bool | None:
        """None where nothing was measured, or no goal is set."""
        if not figures or self.limit is None:
            return None
        value = median(figures)
        return value >= self.limit if self.at_least else value <= self.limit


def _over(one: Measured, other: Measured) -> float:
    return one.cpu / other.cpu


def _rss(one: Measured) -> float:
    return one.rss


def _of_one_window(wider: Measured, core: Measured) -> float:
    return 100 * (wider.cpu / core.cpu - 1) / len(FURTHER_WINDOWS)


def goals(sizes: Sequence[str]) -> list[Goal]:
    """Every goal that can be judged with these sizes."""
    found: list[Goal] = []
    for source in ("parquet", "duckdb"):
        for size in (s for s in sizes if s in ("tiny", "S", "M")):
            found += _engine(size, source)
    for size in (s for s in sizes if s in ("tiny", "S")):
        found += _others(size)
    if "M" in sizes:
        found += _at_m(with_s="S" in sizes)
    if "L" in sizes:
        large = Case("engine", "L", 52, "core", "duckdb", LIMIT)
        found.append(Goal("peak memory, core columns, L/52", (large,), _rss, 8.0, unit="GB"))
    return found


def _engine(size: str, source: str) -> list[Goal]:
    scan = Case("scan", size, source=source)
    limits: dict[int, float | None] = {1: 2.5, 26: 7.0, 52: 8.5}
    if size != "M":
        limits |= {13: None, 104: None}
    found = [
        Goal(
            f"core columns ÷ scan, {size}/{snapshots}, {source}",
            (Case("engine", size, snapshots, "core", source), scan), _over, limits[snapshots],
        )
        for snapshots in sorted(limits)
    ]  # fmt: skip
    every = Case("engine", size, 52, "all", source)
    found.append(Goal(f"whole catalogue ÷ scan, {size}/52, {source}", (every, scan), _over, 25.0))
    return found


def _others(size: str) -> list[Goal]:
    core, five = Case("engine", size, 52, "core"), Case("engine", size, 52, "five")
    wider = Case("engine", size, 52, "core and further windows")
    return [
        Goal(f"Ibis ÷ raw SQL, core columns, {size}/52", (core, Case("raw_sql", size, 52)), _over, 1.1),
        Goal(f"pandas ÷ engine, core columns, {size}/52", (Case("pandas", size, 52), core), _over, 20.0, at_least=True),
        Goal(
            f"pandas ÷ engine, five columns, {size}/52",
            (Case("pandas", size, 52, "five"), five), _over, 20.0, at_least=True,
        ),
        Goal(
            f"featuretools ÷ engine, five columns, {size}/52",
            (Case("featuretools", size, 52, "five"), five), _over, 20.0, at_least=True,
        ),
        Goal(f"one further window of a measure, {size}/52", (wider, core), _of_one_window, 1.0, unit="%"),
    ]  # fmt: skip


def _at_m(*, with_s: bool) -> list[Goal]:
    core, every = Case("engine", "M", 52, "core", "duckdb"), Case("engine", "M", 52, "all", "duckdb")
    check = Case("validation", "M", source="parquet")
    found = [
        Goal(
            "Ibis ÷ raw SQL, core columns, M/52",
            (Case("engine", "M", 52, "core"), Case("raw_sql", "M", 52)),
            _over,
            1.1,
        ),
        Goal("peak memory, core columns, M/52", (core,), _rss, 2.0, unit="GB"),
        Goal("peak memory, whole catalogue, M/52", (every,), _rss, 2.0, unit="GB"),
        Goal(f"peak memory, core columns, M/52 within {SMALL}", (replace(core, memory=SMALL),), _rss, 2.0, unit="GB"),
        Goal(
            f"peak memory, whole catalogue, M/52 within {SMALL}", (replace(every, memory=SMALL),), _rss, 2.0, unit="GB"
        ),
        Goal("checking the events ÷ building the whole catalogue, M/52", (check, every), _over, 1.0),
        Goal("checking the events ÷ building the core columns, M/52", (check, core), _over),
    ]
    if with_s:
        for columns, source in (("core", "parquet"), ("all", "duckdb")):
            pair = (Case("engine", "M", 52, columns, source), Case("engine", "S", 52, columns, source))
            found.append(Goal(f"ten times the data, {columns}, M/52 ÷ S/52, {source}", pair, _over, 12.0))
    return found


def cases(chosen: Sequence[Goal], repetitions: int) -> list[tuple[Case, int]]:
    """Every case the goals need, once, with how often it runs: L once."""
    found = dict.fromkeys(case for goal in chosen for case in goal.needs)
    return [(case, 1 if case.size == "L" else repetitions) for case in found]
