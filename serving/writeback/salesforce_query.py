"""Finding records by the values of their key field, many in one query."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from serving.writeback.destination import Busy, Key
from serving.writeback.salesforce_calls import Calls, Refused

LONGEST = 16_384
"""Bytes of address and headers together, above which a call is refused."""
OTHER_HEADERS = 1_500
TOO_LONG = (413, 414, 431)
_BARE = "'(),:@-._~!*$;/?|"
_PLAIN = re.compile(r"[\w|:@.,-]*", re.ASCII)
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})

Record = dict[str, Any]


def literal(text: str) -> str:
    r"""A text as it stands in a query.

    >>> print(literal("O'Neil \\ Sons"))
    'O\'Neil \\ Sons'
    """
    return f"'{text.translate(_ESCAPES)}'"


def chunks(keys: Sequence[Key], room: int) -> Iterator[list[str]]:
    """The keys as they stand in the address of a call, in lists that fit into `room` bytes.

    >>> list(chunks(["a", "b", "ä"], room=8))
    [["'a'", "'b'"], ["'%C3%A4'"]]
    """
    held: list[str] = []
    size = 0
    for key in keys:
        text = literal(key)
        if not _PLAIN.fullmatch(key):
            text = quote(text, safe=_BARE)
        if held and size + len(text) > room:
            yield held
            held, size = [], 0
        held.append(text)
        size += len(text) + 1
    if held:
        yield held


class Query:
    """Reads of one org."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls

    def find(self, of: str, key: str, keys: Sequence[Key], names: Sequence[str]) -> Iterator[list[Record]]:
        """Records of the object `of` whose `key` is among `keys`, in lists, each record with its key.

        Salesforce compares without regard to case where the field does not say otherwise: what is found may be
        another key than any that was looked for. What lies in the recycle bin is not found. Raises Busy.
        """
        columns = ",".join(dict.fromkeys([key, *names]))
        head = f"{self.calls.root}/query?q=" + quote(f"SELECT {columns} FROM {of} WHERE {key} IN (", safe=_BARE)
        self.calls.sign_in.bearer()  # its length is part of what a call has room for
        room = LONGEST - OTHER_HEADERS - self.calls.sign_in.token_length - len(head)
        for some in chunks(list(dict.fromkeys(keys)), room):
            yield from self._found(head, some, of)

    def all(self, of: str, names: Sequence[str], where: str) -> Iterator[list[Record]]:
        """Every record of the object `of` that meets a condition, in lists. Raises Busy."""
        text = quote(f"SELECT {','.join(names)} FROM {of} WHERE {where}", safe=_BARE)
        try:
            yield from self._pages(self.calls.read(f"{self.calls.root}/query?q={text}"))
        except Refused as no:
            raise self.calls.stopped(no, f"it refuses to be asked about {of}") from no

    def _found(self, head: str, some: list[str], of: str) -> Iterator[list[Record]]:
        try:
            page = self.calls.read(f"{head}{','.join(some)})")
        except Refused as no:
            if no.status not in TOO_LONG or len(some) == 1:
                raise self.calls.stopped(no, f"it refuses to be asked about {of}") from no
            half = len(some) // 2
            yield from self._found(head, some[:half], of)
            yield from self._found(head, some[half:], of)
            return
        yield from self._pages(page)

    def _pages(self, page: Any) -> Iterator[list[Record]]:
        while True:
            yield page["records"]
            if page.get("done", True):
                return
            try:
                page = self.calls.read(str(page["nextRecordsUrl"]))
            except Refused as no:  # the cursor is lost: whoever asked asks from the beginning
                raise Busy(code=no.label) from no
