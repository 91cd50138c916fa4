"""The metrics as one workbook: a sheet per table. The one door to openpyxl."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from policy.errors import UsageError

FORMULA = ("=", "+", "-", "@", "\t", "\r")
SUFFIX = ".xlsx"


def write_workbook(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    """One sheet per table, its columns in a first row that stays in sight; written whole or not at all.

    What is not known is an empty cell. A text that a spreadsheet would take for a formula is a text: a customer may be
    called `=SUM(A1)`. Raises UsageError where the name does not end in .xlsx.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Font

    if path.suffix.lower() != SUFFIX:
        raise UsageError(f"{path.name} is no workbook.", where="--export", cure=f"Give a name that ends in {SUFFIX}.")
    book = Workbook()
    book.remove(book.active)
    for name, frame in tables.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        rows = [list(frame.columns), *frame.astype(object).itertuples(index=False)]
        for row, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                _fill(sheet.cell(row, column), value)
                if row == 1:
                    sheet.cell(row, column).font = Font(bold=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    book.save(part)
    part.replace(path)
    return path


def _fill(cell: Any, value: Any) -> None:
    if value is None or value is pd.NaT or (not isinstance(value, str) and pd.isna(value)):
        return
    if isinstance(value, str):
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        # openpyxl takes a leading = for a formula; the others are taken by a program that reads the text again.
        cell.data_type = "s"
        if value.startswith(FORMULA):
            cell.quotePrefix = True
        return
    cell.value = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime() if value != value.normalize() else value.date()
    if isinstance(value, datetime | date | bool | int | float):
        return value
    return value.item()
