"""End to end: whatever happens at or after as_of, the features are the same to the last byte."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import as_arrow, corrupted
from data_contracts.sources import Facts
from features.snapshots import Snapshots
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.settings import Project, open_project

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "oulad"
OULAD = Path(__file__).resolve().parents[2] / "examples" / "oulad"


def _features(checked: Checked, as_of: date) -> pd.DataFrame:
    return features_at(checked, Snapshots.of([as_of]))[1]


def _survives_corruption(checked: Checked, as_of: date, seed: int) -> None:
    """Corrupt the accepted tables from as_of on, rebuild in a fresh warehouse, compare byte by byte."""
    contracts = source_contracts()
    tables = {n: t.select(*contracts[n].column_names).to_pandas() for n, t in checked.facts.tables.items()}
    # Outcomes that no snapshot may know are there to be corrupted.
    after = corrupted(tables, contracts, as_of=as_of, seed=seed)
    assert any(len(after[n]) != len(tables[n]) for n in tables)
    engine = ibis.duckdb.connect()
    covered = {n: engine.create_table(f"{n}_coverage", t.to_pyarrow()) for n, t in checked.facts.covered.items()}
    spoiled = Facts(
        {n: engine.create_table(n, as_arrow(frame, contracts[n])) for n, frame in after.items()},
        covered,
        checked.facts.mapped,
    )
    found = _features(Checked(checked.project, spoiled, checked.report, engine), as_of)
    expected = _features(checked, as_of)
    assert len(expected) > 0
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    engine.disconnect()


# On every run the proof's own check does the same (tests/pipelines/test_planted_leaks.py).
@pytest.mark.slow
@pytest.mark.parametrize(("as_of", "seed"), [(date(2026, 2, 2), 2), (date(2025, 3, 3), 1)])
def test_corrupting_the_future_of_the_simulated_company_changes_nothing(
    checked: Checked, as_of: date, seed: int
) -> None:
    _survives_corruption(checked, as_of, seed)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the OULAD files are not beside this checkout (../shared/data/oulad)")
def test_corrupting_the_future_of_oulad_changes_nothing(tmp_path: Path) -> None:
    project = _private(open_project(OULAD, {"data": str(SHARED)}), tmp_path)
    with checked_sources(project) as checked:
        _survives_corruption(checked, date(2013, 5, 6), 3)


def _private(project: Project, folder: Path) -> Project:
    """The same project with its warehouse elsewhere."""
    engine = project.settings.engine.model_copy(update={"url": f"duckdb://{folder / 'warehouse.duckdb'}"})
    return project.model_copy(update={"settings": project.settings.model_copy(update={"engine": engine})})
