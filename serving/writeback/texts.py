"""A row's fields as the ledger keeps them: JSON text, written once and read when they are first looked at."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence

from serving.writeback.destination import Row, Scalar

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


class Text(Mapping[str, Scalar]):
    """Fields from their text.

    >>> fields = Text('{"risk_tier": "red"}')
    >>> fields["risk_tier"], fields == {"risk_tier": "red"}
    ('red', True)
    """

    __slots__ = ("_fields", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._fields: dict[str, Scalar] | None = None

    @property
    def fields(self) -> dict[str, Scalar]:
        """As a dictionary, not to be changed."""
        if self._fields is None:
            self._fields = json.loads(self.text)
        return self._fields

    def __getitem__(self, name: str) -> Scalar:
        return self.fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self.fields.keys()

    def items(self) -> ItemsView[str, Scalar]:
        """Names and values."""
        return self.fields.items()


def plain(fields: Row) -> Row:
    """The fields as a dictionary, for whoever looks at each."""
    return fields.fields if isinstance(fields, Text) else fields


def read(texts: Sequence[str]) -> list[dict[str, Scalar]]:
    """The fields of many rows: read at once, they share the texts of their names."""
    found: list[dict[str, Scalar]] = json.loads(f"[{','.join(texts)}]")
    return found


def look(rows: Iterable[Row]) -> None:
    """Read the fields of many rows that will all be looked at."""
    unread = [fields for fields in rows if isinstance(fields, Text) and fields._fields is None]
    for fields, found in zip(unread, read([fields.text for fields in unread]), strict=True):
        fields._fields = found


def text_of(fields: Row) -> str:
    """The fields as text. Raises ValueError for a number that JSON does not know."""
    return fields.text if isinstance(fields, Text) else _encode(fields if type(fields) is dict else dict(fields))
