"""The fast path from a company to its indicators gives what the raw path gives: tables on disk, SELECTs, contracts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.snapshots import Snapshots
from pipelines.build_features import checked_sources, features_at
from pipelines.demo import project_of
from pipelines.settings import open_project
from simulation import World, simulate
from simulation.drawn import drawn_world
from trials.emission import emitted

UNTIL = date(2026, 6, 1)
DATES = Snapshots.of((UNTIL - timedelta(days=7 * 40), UNTIL))


def small(seed: int, family: str) -> World:
    return replace(drawn_world(seed, family=family, accounts=150, until=UNTIL), weeks=90, burn_in_weeks=60)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "family"), [(11, "mixed"), (12, "threshold"), (13, "null")])
def test_the_fast_path_equals_the_raw_path(seed: int, family: str, tmp_path: Path) -> None:
    world = small(seed, family)
    project = open_project(project_of(tmp_path / "book", world))
    with checked_sources(project) as checked:
        assert not any(table.quarantined for table in checked.report.tables.values() if table.name != "usage_events")
        _, raw = features_at(checked, DATES)
    with emitted(simulate(world, truth_on=()), project) as checked:
        _, fast = features_at(checked, DATES)
    pd.testing.assert_frame_equal(fast, raw, check_exact=True)
    assert len(raw) > 200
