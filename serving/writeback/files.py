"""Files for whoever takes them from there: the newest scores and all tasks as CSV or Parquet, each replaced whole.

What was delivered is kept in a SQLite file beside them; the files are written from it when a delivery ends, in one
move each, so that nobody ever reads half a file.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Kind, Scalar
from serving.writeback.sqlite import TABLES, SqliteCrm

Format = Literal["csv", "parquet"]
STATE = ".delivered.sqlite"
AT_ONCE = 10_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run. A number is no text: it keeps its sign."""


class FilesCrm(SqliteCrm):
    """The files `accounts.FORMAT` and `tasks.FORMAT` of a folder.

    With `for_people` a text in a CSV that a spreadsheet would run as a formula gets an apostrophe before it.
    """

    def __init__(self, folder: Path, form: Format, *, for_people: bool = True) -> None:
        super().__init__(folder / STATE)
        self.folder = folder
        self.form = form
        self.for_people = for_people

    @property
    def name(self) -> str:
        """The folder's name."""
        return f"files:{self.folder.name}"

    def finish(self) -> None:
        """Write both files anew."""
        if not self.path.exists():
            return
        kinds: tuple[Kind, ...] = ("score", "task")
        try:
            for kind in kinds:
                table, _ = TABLES[kind]
                path = self.folder / f"{table}.{self.form}"
                part = path.with_name(f".{path.name}.part")
                names, batches = self._all(kind)
                (self._csv if self.form == "csv" else _parquet)(part, names, batches)
                os.replace(part, path)  # noqa: PTH105 - the one call that replaces a file on every system
        except OSError as exc:
            cure = "Free some space or give write access, then apply again: the files are written from what is kept."
            message = f"the files cannot be written: {exc.strerror}."
            raise DeliveryIncomplete(message, where=self.folder.name, cure=cure) from exc

    def _all(self, kind: Kind) -> tuple[list[str], Iterator[list[tuple[Scalar, ...]]]]:
        table, key = TABLES[kind]
        with self._open("rw") as db:
            names = [str(name) for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]

        def batches() -> Iterator[list[tuple[Scalar, ...]]]:
            with self._open("rw") as db:
                cursor = db.execute(f"SELECT * FROM {table} ORDER BY {key}")
                while lines := cursor.fetchmany(AT_ONCE):
                    yield lines

        return names, batches()

    def _csv(self, path: Path, names: Sequence[str], batches: Iterator[list[tuple[Scalar, ...]]]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            for lines in batches:
                writer.writerows([map(self._cell, line) for line in lines])

    def _cell(self, value: Scalar) -> Scalar:
        return f"'{value}" if self.for_people and isinstance(value, str) and value.startswith(FORMULA) else value


def _parquet(path: Path, names: Sequence[str], batches: Iterator[list[tuple[Scalar, ...]]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Whole columns, for a batch may hold nothing but nulls, and then says nothing of its column's type.
    columns: list[list[Scalar]] = [[] for _ in names]
    for lines in batches:
        for column, values in zip(columns, zip(*lines, strict=True), strict=True):
            column.extend(values)
    table = {}
    for name, held in zip(names, columns, strict=True):
        kinds = {type(value) for value in held if value is not None}
        if kinds <= {int}:
            table[name] = pa.array(held, pa.int64())
        elif kinds <= {int, float}:
            table[name] = pa.array(held, pa.float64())
        else:
            table[name] = pa.array([None if value is None else str(value) for value in held], pa.string())
    pq.write_table(pa.table(table), path)
