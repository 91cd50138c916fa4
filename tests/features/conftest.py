"""Random books, built once a session: the engine's frames and the oracle's rows for the same snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import corrupted
from features.catalogue import catalogue
from features.snapshots import Snapshots
from proof.oracle.past import Row
from proof.oracle.table import feature_rows
from tests.features.building import engine, frames_of, in_key_order
from tests.features.worlds import UNCOVERED, covered, world

SHAPES = {
    "weekly": Snapshots.every(1, date(2025, 3, 31), date(2025, 9, 29)),
    # Longer than one bit mask reaches.
    "four-weekly": Snapshots.every(4, date(2024, 7, 15), date(2025, 11, 3)),
    "irregular": Snapshots.of(
        [
            date(2024, 8, 8),
            date(2024, 8, 15),
            date(2024, 11, 7),
            date(2025, 6, 5),
            date(2025, 6, 12),
            date(2025, 11, 20),
        ]
    ),
    "one Monday": Snapshots.of([date(2025, 6, 2)]),
    "one Thursday": Snapshots.of([date(2025, 6, 5)]),
}
# World and shape: a compilation of the whole catalogue takes half a minute, so every run compares few, the long run all.
PAIRS = [(3, "irregular"), (4, "irregular")]
FURTHER = [
    (1, "weekly"),
    (2, "four-weekly"),
    (5, "one Monday"),
    (6, "one Monday"),
    (7, "one Thursday"),
    (8, "one Thursday"),
]
# Where the future of a world is cut off: shape, as_of, seed of the corruption.
CUTS = {
    1: ("weekly", date(2025, 6, 30), 1),
    2: ("four-weekly", date(2025, 3, 24), 2),
    3: ("irregular", date(2025, 6, 5), 3),
    7: ("one Thursday", date(2025, 6, 5), 4),
}
Build = Callable[[int, str, dict[str, pd.DataFrame]], pd.DataFrame]
Cut = tuple[date, pd.DataFrame, pd.DataFrame]


@dataclass(frozen=True)
class Comparison:
    """The engine's frame for one world and shape, and what the oracle says of the same snapshots."""

    seed: int
    shape: str
    frame: pd.DataFrame
    oracle: dict[tuple[date, str], Row]


@pytest.fixture(scope="session")
def asked_about(request: pytest.FixtureRequest) -> set[str]:
    """The indicators that the selected tests name, else all: who tests one with `-k` does not wait for the others."""
    named = (item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec"))
    return set(named) & set(catalogue()) or set(catalogue())


@pytest.fixture(scope="session")
def build(asked_about: set[str]) -> Build:
    """The engine's frame for some tables of a world at the snapshots of a shape."""
    engines = {shape: engine(snapshots, asked_about) for shape, snapshots in SHAPES.items()}

    def built(seed: int, shape: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
        return in_key_order(engines[shape](frames, {table: covered(table, world(seed)) for table in UNCOVERED}))

    return built


def compared(build: Build, seed: int, shape: str) -> Comparison:
    book = world(seed)
    oracle = {
        (as_of, account): row
        for as_of in SHAPES[shape].dates
        for account, row in feature_rows(book, as_of, UNCOVERED).items()
    }
    return Comparison(seed, shape, build(seed, shape, frames_of(book)), oracle)


def cut_off(build: Build, whole: Comparison) -> Cut:
    """as_of, the frame up to it, and the same after everything at or after as_of was corrupted."""
    shape, as_of, chance = CUTS[whole.seed]
    assert shape == whole.shape
    assert as_of in SHAPES[shape].dates
    tables = corrupted(frames_of(world(whole.seed)), source_contracts(), as_of=as_of, seed=chance)
    frames = (whole.frame, build(whole.seed, shape, tables))
    before, after = (f[f["as_of"] <= as_of].reset_index(drop=True) for f in frames)
    return as_of, before, after


@pytest.fixture(scope="session")
def comparisons(build: Build) -> list[Comparison]:
    return [compared(build, seed, shape) for seed, shape in PAIRS]


@pytest.fixture(scope="session")
def further(build: Build) -> dict[tuple[int, str], Comparison]:
    """The comparisons of the long run."""
    return {(seed, shape): compared(build, seed, shape) for seed, shape in FURTHER}


@pytest.fixture(scope="session")
def shuffled(comparisons: list[Comparison], build: Build) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One frame, and the same from tables whose rows stand in another order."""
    first = comparisons[0]
    frames = {name: f.sample(frac=1.0, random_state=9) for name, f in frames_of(world(first.seed)).items()}
    return first.frame, build(first.seed, first.shape, frames)


@pytest.fixture(scope="session")
def cut(comparisons: list[Comparison], build: Build) -> list[Cut]:
    return [cut_off(build, whole) for whole in comparisons if whole.seed in CUTS]
