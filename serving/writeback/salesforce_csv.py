"""The files of the Bulk API: uploads within its limit, and results row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from serving.writeback.salesforce_prepare import Ready
from serving.writeback.salesforce_values import cell

UPLOAD_BYTES = 100_000_000


class Told(NamedTuple):
    """One line of a result file: the row's key or id, the record's id, and the error, where there is one."""

    who: str
    id: str
    error: str


def uploads(rows: Sequence[Ready], who: str, limit: int = UPLOAD_BYTES) -> Iterator[tuple[bytes, list[Ready]]]:
    """The rows as CSV files below `limit` bytes, each with its rows; `who` is the column that names the record.

    Rows of one parent follow each other: batches that share a parent would lock each other out. A row leaves the
    columns that it does not have as they are.
    """
    names = sorted({name for row in rows for name in row.values})
    head = ",".join([who, *names]).encode() + b"\n"
    parts, held, size = [head], list[Ready](), len(head)
    for row in sorted(rows, key=lambda row: (row.parent, row.key)):
        values = row.values
        cells = [cell(row.id or row.key), *[cell(values[name]) if name in values else "" for name in names]]
        line = ",".join(cells).encode() + b"\n"
        if held and size + len(line) > limit:
            yield b"".join(parts), held
            parts, held, size = [head], [], len(head)
        parts.append(line)
        held.append(row)
        size += len(line)
    if held:
        yield b"".join(parts), held


def results(content: bytes, who: str) -> Iterator[Told]:
    """The lines of a result file; none of a file that is empty.

    >>> list(results(b'"sf__Id","sf__Error",Id\\n"001A","UNABLE_TO_LOCK_ROW:busy:--",001A\\n', "Id"))
    [Told(who='001A', id='001A', error='UNABLE_TO_LOCK_ROW:busy:--')]
    """
    lines = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""))
    head = next(lines, None)
    if not head or who not in head:
        return
    place = head.index(who)
    record = head.index("sf__Id") if "sf__Id" in head else None
    error = head.index("sf__Error") if "sf__Error" in head else None
    for line in lines:
        if len(line) == len(head):
            yield Told(
                line[place], line[record] if record is not None else "", line[error] if error is not None else ""
            )
