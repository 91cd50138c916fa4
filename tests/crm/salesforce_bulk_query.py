"""Bulk API 2.0 query jobs: a query whose records are fetched in sets, each set leading to the next by its locator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.crm.salesforce_csv import written
from tests.crm.salesforce_store import Row, now

# A set without `maxRecords` holds as many rows as the platform thinks fit.
MOST = 100_000


@dataclass
class QueryJob:
    """A query job; its records are those found when it was made."""

    id: str
    operation: str
    object: str
    version: str
    names: list[str]
    places: list[int]
    rows: list[Row]
    state: str = "JobComplete"
    polls: int = 0
    created: str = field(default_factory=now)

    def info(self) -> dict[str, Any]:
        """The job as its calls answer with it; the first look finds it queued, the second done."""
        told = {
            "id": self.id, "operation": self.operation, "object": self.object, "createdById": "005Hs0000000002MAA",
            "createdDate": self.created, "systemModstamp": self.created, "state": self.state,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(self.version),
            "lineEnding": "LF", "columnDelimiter": "COMMA",
        }  # fmt: skip
        if self.polls:
            told |= {"jobType": "V2Query", "numberRecordsProcessed": len(self.rows), "retries": 0}
            told |= {"totalProcessingTime": 1, "isPkChunkingSupported": True}
        elif self.state == "JobComplete":
            told["state"] = "UploadComplete"
        self.polls += 1
        return told

    def results(self, locator: str | None, most: int | None) -> tuple[str, dict[str, str]]:
        """One set of records, and the headers that lead to the next: the locator of the last set is the text "null"."""
        start = int(locator, 36) if locator else 0
        stop = min(start + (most or MOST), len(self.rows))
        lines = [written(self.names, ",")]
        lines += [written([_cell(row[place]) for place in self.places], ",") for row in self.rows[start:stop]]
        more = stop < len(self.rows)
        return "\n".join([*lines, ""]), {
            "Sforce-NumberOfRecords": str(stop - start),
            "Sforce-Locator": _base36(stop) if more else "null",
        }


def _cell(value: Any) -> str:
    """A value as the Bulk API writes it: times end in Z there, not in +0000."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"{text[:-5]}Z" if isinstance(value, str) and len(text) == 28 and text.endswith("+0000") else text


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"
