"""A company on disk."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulation.company import Company


def write_company(company: Company, folder: Path, truth_folder: Path) -> None:
    """Write each table as `<folder>/<table>.parquet` and the truth as `<truth_folder>/truth.parquet`.

    The truth needs a folder of its own: what reads all files of `folder` must not find it.
    """
    if truth_folder.resolve() == folder.resolve() or folder.resolve() in truth_folder.resolve().parents:
        raise ValueError(f"The truth would lie among the source tables in {folder}. Give it a folder outside.")
    folder.mkdir(parents=True, exist_ok=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    for name, frame in company.tables.items():
        _write(frame, folder / f"{name}.parquet")
    _write(company.truth, truth_folder / "truth.parquet")


def _write(frame: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, path, compression="zstd", coerce_timestamps="us")
