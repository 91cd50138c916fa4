"""The same expressions on DuckDB, on a real Postgres and on Spark: the same cohort and the same values, to the bit."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import as_arrow
from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.compatibility import compatible
from features.distinct import Mask
from features.feature_table import feature_table
from features.measure import Kernel, Span
from tests.features.building import connect, facts_of, frames_of, in_key_order
from tests.features.conftest import SHAPES
from tests.features.worlds import UNCOVERED, covered, world
from tests.postgres import server

ROOT = Path(__file__).resolve().parents[2]
SEED, SNAPSHOTS = 1, SHAPES["weekly"]
# A kernel, a mask, a span, a comparison across accounts, and a ratio that is null below its baseline.
FIVE = (
    "active_user_days_28d",
    "active_users_28d",
    "oldest_open_ticket_days",
    "arr_percentile",
    "login_change_28d",
)
# Postgres has no median over a window.
NOT_ON_POSTGRES = {name for name, i in catalogue().items() if i.across == "minus_median"}


def tables() -> dict[str, pa.Table]:
    return {name: as_arrow(frame, source_contracts()[name]) for name, frame in frames_of(world(SEED)).items()}


def coverage() -> dict[str, list[str]]:
    return {table: covered(table, world(SEED)) for table in UNCOVERED}


def built(facts: Facts, connection: Any, names: tuple[str, ...] | set[str]) -> pd.DataFrame:
    chosen = {name: catalogue()[name] for name in catalogue() if name in names}
    members = connection.create_view("members", cohort(facts, SNAPSHOTS, CohortRule()), overwrite=True)
    return in_key_order(connection.to_pyarrow(feature_table(facts, members, SNAPSHOTS, chosen)))


def on_duckdb(names: tuple[str, ...] | set[str]) -> pd.DataFrame:
    """The values on DuckDB, which `test_catalogue.py` compares with the oracle."""
    connection = connect()
    return built(facts_of(frames_of(world(SEED)), coverage(), connection), connection, names)


@pytest.fixture(scope="module")
def at_home() -> pd.DataFrame:
    return on_duckdb(FIVE)


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[Any, Facts]]:
    with server() as address:
        connection = compatible(ibis.connect(address))
        yield connection, facts_of(frames_of(world(SEED)), coverage(), connection)
        connection.disconnect()


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Equal to the bit, column by column, over the columns of `one`."""
    pd.testing.assert_frame_equal(one, other[list(one.columns)], check_exact=True, check_dtype=False)
    for name in set(one.columns) & set(catalogue()):
        assert one[name].to_numpy("float64").tobytes() == other[name].to_numpy("float64").tobytes(), name
        assert one[name].nunique() >= 3, f"{name}: nothing to compare"


def test_the_five_are_of_every_shape() -> None:
    leaves = [leaf for name in FIVE for leaf in catalogue()[name].expr.leaves()]
    assert {Kernel, Mask, Span} <= {type(leaf) for leaf in leaves}
    assert [name for name in FIVE if catalogue()[name].across] == ["arr_percentile"]
    assert catalogue()["login_change_28d"].before is not None


def test_five_indicators_are_the_same_on_postgres(postgres: tuple[Any, Facts], at_home: pd.DataFrame) -> None:
    connection, facts = postgres
    same(built(facts, connection, FIVE), at_home)


@pytest.mark.slow
def test_every_indicator_without_a_median_is_the_same_on_postgres(postgres: tuple[Any, Facts]) -> None:
    connection, facts = postgres
    names = set(catalogue()) - NOT_ON_POSTGRES
    assert len(NOT_ON_POSTGRES) < 10
    frame, at_home = built(facts, connection, names), on_duckdb(names)
    pd.testing.assert_frame_equal(frame, at_home[list(frame.columns)], check_exact=True, check_dtype=False)


@pytest.mark.slow
def test_five_indicators_are_the_same_on_spark(tmp_path: Path, at_home: pd.DataFrame) -> None:
    for there, what in ((importlib.util.find_spec("pyspark"), "PySpark"), (shutil.which("java"), "Java")):
        if there is None:
            pytest.skip(f"{what} is not installed: `make spark` installs it")
    source, target = tmp_path / "tables", tmp_path / "features.parquet"
    source.mkdir()
    for name, rows in tables().items():
        pq.write_table(rows, source / f"{name}.parquet")
    for name, accounts in coverage().items():
        pq.write_table(pa.table({"account_id": pa.array(accounts)}), source / f"{name}_coverage.parquet")
    on_loopback = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.features.on_spark", source, target, *FIVE],
        env={**os.environ, **on_loopback}, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    same(in_key_order(pq.read_table(target)), at_home)


def test_ibis_itself_stays_as_it_is(postgres: tuple[Any, Facts]) -> None:
    connection = ibis.duckdb.connect()
    before = connection.compiler
    assert compatible(connection).compiler is before
    assert postgres[0].compiler is not type(postgres[0]).compiler
    assert type(type(postgres[0]).compiler).__module__.startswith("ibis.")


def test_a_boolean_becomes_any_number_on_postgres(postgres: tuple[Any, Facts]) -> None:
    connection, _ = postgres
    both = ibis.memtable(pa.table({"flag": pa.array([True, False, None])}))
    found: Mapping[str, list[Any]] = connection.to_pyarrow(
        both.select(whole=both["flag"].cast("int64"), broken=both["flag"].cast("float64"))
    ).to_pydict()
    assert found == {"whole": [1, 0, None], "broken": [1.0, 0.0, None]}
