"""The feature table on a local Spark session, in a process of its own: `python -m tests.features.on_spark IN OUT NAME…`.

IN holds one Parquet file per table, OUT becomes the features' one. When this process ends, its Java ends with it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq

from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.compatibility import compatible
from features.feature_table import feature_table
from tests.features.conftest import SHAPES

COVERAGE = "_coverage"


def session(folder: Path) -> Any:
    """Two threads on loopback, no pages, everything it writes in the folder."""
    # Here and not above: the doctests look into this file where Spark is not installed.
    from pyspark.sql import SparkSession

    options = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder / "local"),
    }
    return SparkSession.builder.master("local[2]").config(map=options).getOrCreate()


def main(source: Path, target: Path, *names: str) -> None:
    """Read the tables from files, as Spark would: Ibis hands it in-memory ones with the word NaN for missing text."""
    running = session(target.parent)
    connection = compatible(ibis.pyspark.connect(running))
    read = {path.stem: connection.read_parquet(path, table_name=path.stem) for path in sorted(source.glob("*.parquet"))}
    covered = {name.removesuffix(COVERAGE): read.pop(name) for name in list(read) if name.endswith(COVERAGE)}
    facts, snapshots = Facts(read, covered), SHAPES["weekly"]
    members = connection.create_view("members", cohort(facts, snapshots, CohortRule()))
    chosen = {name: catalogue()[name] for name in names}
    pq.write_table(connection.to_pyarrow(feature_table(facts, members, snapshots, chosen)), target)
    running.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
