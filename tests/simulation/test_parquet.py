"""A company survives the way to disk, byte for byte, and the truth keeps its distance."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from simulation import Company, write_company


def test_every_table_is_one_file_and_reads_back(small_company: Company, tmp_path: Path) -> None:
    write_company(small_company, tmp_path / "data", tmp_path / "truth")
    assert {path.stem for path in (tmp_path / "data").iterdir()} == set(small_company.tables)
    assert [path.name for path in (tmp_path / "truth").iterdir()] == ["truth.parquet"]
    for name in ("accounts", "subscriptions", "crm_feedback"):
        back = pd.read_parquet(tmp_path / "data" / f"{name}.parquet")
        pd.testing.assert_frame_equal(back, small_company.tables[name])


def test_equal_companies_give_equal_bytes(small_company: Company, tmp_path: Path) -> None:
    for folder in ("first", "second"):
        write_company(small_company, tmp_path / folder, tmp_path / f"{folder}-truth")
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


def test_the_truth_may_not_lie_among_the_tables(small_company: Company, tmp_path: Path) -> None:
    for truth in (tmp_path, tmp_path / "inside"):
        with pytest.raises(ValueError, match="Give it a folder outside"):
            write_company(small_company, tmp_path, truth)
