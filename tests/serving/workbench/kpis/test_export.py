"""The workbook: a sheet per table, unknown is empty, and a text is never a formula."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from policy.errors import UsageError
from serving.workbench.kpis.export import write_workbook


def test_every_table_is_a_sheet_with_its_columns_and_what_is_unknown_is_empty(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "name": pd.Series(["grr", None], dtype="string"),
            "value": [0.5, float("nan")],
            "n": [7, 0],
            "met": pd.Series([True, None], dtype="boolean"),
            "as_of": [pd.Timestamp("2026-07-01"), pd.NaT],
        }
    )
    path = write_workbook({"metrics": frame, "empty": frame.iloc[:0]}, tmp_path / "deep" / "kpis.xlsx")
    book = load_workbook(path)
    assert book.sheetnames == ["metrics", "empty"]
    rows = list(book["metrics"].iter_rows(values_only=True))
    assert rows == [
        ("name", "value", "n", "met", "as_of"),
        ("grr", 0.5, 7, True, datetime.fromisoformat("2026-07-01")),
        (None, None, 0, None, None),
    ]
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "#N/A"])
def test_a_text_that_looks_like_a_formula_is_a_text(tmp_path: Path, text: str) -> None:
    frame = pd.DataFrame({text: pd.Series([text], dtype="string")})
    cells = list(load_workbook(write_workbook({"t": frame}, tmp_path / "t.xlsx"))["t"].iter_rows())
    for (cell,) in cells:
        assert (cell.value, cell.data_type) == (text, "s")
        assert cell.quotePrefix == (not text.startswith("#"))


def test_characters_that_no_sheet_can_hold_are_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": pd.Series(["a\x07b"], dtype="string")})
    assert load_workbook(write_workbook({"t": frame}, tmp_path / "t.xlsx"))["t"]["A2"].value == "ab"


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"kpis\.csv is no workbook"):
        write_workbook({}, tmp_path / "kpis.csv")
