"""A long list of small things that does not lie in memory: beyond a megabyte it goes to a file that ends with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, TypeVar, overload
from weakref import finalize

Line = TypeVar("Line")
IN_MEMORY, READ_AT_ONCE = 1 << 20, 1 << 16


class Lines(Sequence[Line]):
    """What was appended, as values of JSON; `made` turns them into a line again. Read from the beginning, as a whole.

    >>> lines = Lines(tuple)
    >>> lines.append("a1", 0.5)
    >>> list(lines), len(lines), lines == [("a1", 0.5)]
    ([('a1', 0.5)], 1, True)
    """

    def __init__(self, made: Callable[[list[Any]], Line]) -> None:
        self._made = made
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 closed with the list
        self._count = 0
        finalize(self, self._file.close)

    def append(self, *values: Any) -> None:
        """One more."""
        self._file.seek(0, 2)
        self._file.write(json.dumps(values, default=str).encode() + b"\n")
        self._count += 1

    def __iter__(self) -> Iterator[Line]:
        place = 0
        while True:
            self._file.seek(place)
            texts = self._file.readlines(READ_AT_ONCE)
            if not texts:
                return
            place = self._file.tell()
            for text in texts:
                yield self._made(json.loads(text))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Line: ...
    @overload
    def __getitem__(self, place: slice) -> list[Line]: ...
    def __getitem__(self, place: int | slice) -> Line | list[Line]:
        return list(self)[place]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequence)
            and len(self) == len(other)
            and all(a == b for a, b in zip(self, other, strict=True))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{self._count} lines>"
