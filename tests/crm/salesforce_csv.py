"""The CSV files of the Bulk API 2.0: how an upload is taken apart, and how results are put together.

Documented under "Prepare CSV Files": UTF-8; quotes double inside quotes; values are not trimmed, yet a space before
or after a quote makes the row an error; line ending and delimiter are those of the job.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
LONGEST_HEADER = 32_000


class BadFile(Exception):
    """Why a whole upload cannot be processed, as the job's `errorMessage` says it."""


@dataclass(frozen=True)
class Upload:
    """An upload taken apart: its header, and its rows as they were written."""

    header: list[str]
    head: str
    rows: list[str]
    delimiter: str
    end: str
    quoted: bool

    def cells(self, start: int, stop: int) -> list[list[str] | None]:
        """Rows in cells; None for one that cannot be read or has not as many cells as the header."""
        wide, by = len(self.header), self.delimiter
        if not self.quoted:
            return [cells if len(cells := row.split(by)) == wide else None for row in self.rows[start:stop]]
        return [
            _cells(row, by, wide) if '"' in row else (cells if len(cells := row.split(by)) == wide else None)
            for row in self.rows[start:stop]
        ]


def taken_apart(data: bytes, *, delimiter: str, line_ending: str, quoted_newlines: bool = True) -> Upload:
    """The header and rows of an upload; BadFile where the whole file is wrong."""
    by, end = DELIMITERS[delimiter], LINE_ENDINGS[line_ending]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadFile(f"InvalidBatch : Failed to read request. Exception: malformed UTF-8 at byte {exc.start}") from exc
    # A byte order mark is left where it is: the documents allow none, and the first field's name is then unknown.
    wrong = BadFile(
        f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
    )
    quoted = '"' in text
    rows = _lines(text) if quoted else text.split("\n")
    while rows and rows[-1].strip("\r") == "":
        rows.pop()
    if not rows:
        raise BadFile("InvalidBatch : Failed to parse CSV header: no data")
    # Seen in many projects' threads: the file's line ending must be the job's, or the job fails with nothing written.
    if end == "\n" and any(row.endswith("\r") for row in rows):
        raise wrong
    if end == "\r\n":
        if any(not row.endswith("\r") for row in rows[: len(rows) - (not text.endswith("\n"))]):
            raise wrong
        rows = [row.removesuffix("\r") for row in rows]
    if quoted and not quoted_newlines and any("\n" in row for row in rows):
        raise wrong
    head = rows[0]
    if len(head) > LONGEST_HEADER:
        raise BadFile(f"InvalidBatch : CSV header is longer than {LONGEST_HEADER} characters")
    header = _cells(head, by, None)
    if header is None:
        raise BadFile("InvalidBatch : Failed to parse CSV header")
    return Upload(header, head, rows[1:], by, end, quoted)


def _lines(text: str) -> list[str]:
    """Rows that may hold line ends between quotes: lines are joined until their quotes are even."""
    lines = text.split("\n")
    if not any(line.count('"') & 1 for line in lines):
        return lines
    rows: list[str] = []
    held: list[str] = []
    for line in lines:
        odd = line.count('"') & 1
        if not held and not odd:
            rows.append(line)
            continue
        held.append(line)
        if odd and len(held) > 1:
            rows.append("\n".join(held))
            held = []
    return rows + held


def _cells(row: str, by: str, wide: int | None) -> list[str] | None:
    try:
        cells = next(csv.reader([row], delimiter=by, strict=True, doublequote=True), None)
    except csv.Error:
        return None
    if cells is None or (wide is not None and len(cells) != wide):
        return None
    # A quote in a cell that does not begin with one: Python reads it as text, the platform does not.
    doubtful, strict = _patterns(by)
    return None if " " in row and doubtful.search(row) and not strict.fullmatch(row) else cells


@lru_cache
def _patterns(by: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A row that may have a quote within a cell, and one that has none but around whole cells."""
    end = re.escape(by)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{end}]*)'
    return re.compile(rf'(?:^|{end})[^"{end}]+"'), re.compile(rf"{cell}(?:{end}{cell})*", re.DOTALL)


def written(cells: Sequence[str], by: str) -> str:
    """A line of results: every value between quotes, as the platform writes them."""
    return by.join('"' + cell.replace('"', '""') + '"' for cell in cells)


def blocks(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Where each block of rows begins and ends."""
    return ((start, min(start + size, total)) for start in range(0, total, size))
