"""A record as a person sees it in HubSpot's own pages, and what becomes of what they type there.

Documented: everything is stored as UTC; a `date` shows the day that it is set to, in whatever zone; a `datetime` shows
in the time zone of who looks, here the account's. What a page shows has no seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.crm.hubspot_store import Record, Store
from tests.crm.hubspot_values import iso

MINUTE = "%Y-%m-%d %H:%M"


def shown(store: Store, record: Record) -> dict[str, str]:
    """The properties as the page shows them."""
    known, zone = store.definitions[record.kind], ZoneInfo(store.options.zone)
    return {
        name: datetime.fromisoformat(value).astimezone(zone).strftime(MINUTE)
        if name in known and known[name].type == "datetime"
        else value
        for name, value in record.properties.items()
    }


def stored(store: Store, record: Record, typed: dict[str, str]) -> dict[str, str]:
    """What is stored of what a person typed: a moment of their zone as UTC, a day as the day."""
    known, zone = store.definitions[record.kind], ZoneInfo(store.options.zone)

    def value(name: str, text: str) -> Any:
        if known[name].type != "datetime":
            return text
        at = datetime.strptime(text, MINUTE).replace(tzinfo=zone).astimezone(UTC)
        return iso(round(at.timestamp() * 1000))

    return {name: value(name, text) for name, text in typed.items()}
