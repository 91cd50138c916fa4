"""A row's owner as the destination calls them: many a CRM has ids of its own, which our sources need not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from serving.writeback.destination import Kind
from serving.writeback.staged import Staged

OWNER = "owner_id"
Directory = Mapping[str, str]
"""What may stand for an owner → the destination's id of them: an id for itself, an address in small letters."""


def directory(ids: Iterable[str], addresses: Iterable[tuple[str, str]]) -> Directory:
    """Of the owners who can be given something now; an address that two of them share stands for neither.

    >>> directory(["1", "2", "3"], [("Ann@example.com", "1"), ("desk@example.com", "2"), ("desk@example.com", "3")])
    {'ann@example.com': '1', '1': '1', '2': '2', '3': '3'}
    """
    whose: dict[str, set[str]] = {}
    for address, number in addresses:
        whose.setdefault(address.strip().lower(), set()).add(number)
    found = {address: next(iter(who)) for address, who in whose.items() if address and len(who) == 1}
    return found | {number: number for number in ids}


class Assigned:
    """The rows, each with its owner's id of the destination; `unknown` counts those that go without.

    Of a row whose owner the destination does not know, the owner is not sent: nothing else of it is held up, and what
    the destination shows as owner stays. A kind without a directory is left as it is, and so is a row of nobody's.
    """

    def __init__(self, rows: Iterable[Staged], directories: Mapping[Kind, Directory]) -> None:
        self.rows, self.directories = rows, directories
        self.unknown = 0

    def __iter__(self) -> Iterator[Staged]:
        for row in self.rows:
            known = self.directories.get(row.kind)
            yield row if known is None or OWNER not in row.fields else self._assigned(row, known)

    def _assigned(self, row: Staged, known: Directory) -> Staged:
        given, address = row.fields[OWNER], row.owner_email
        if not given and not address:
            return row
        spelt = (str(given or ""), (address or "").strip().lower(), str(given or "").strip().lower())
        found = next((known[one] for one in spelt if one in known), None)
        if found is None:
            self.unknown += 1
            return replace(row, fields={name: value for name, value in row.fields.items() if name != OWNER})
        return replace(row, fields={**row.fields, OWNER: found})


def ownerless(rows: int, destination: str) -> str:
    """What is said of rows whose owner the destination does not know."""
    return f"{rows:,} rows go without an owner: {destination} has no active one of their id or e-mail address."
