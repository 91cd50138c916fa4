"""Who may own a record in HubSpot: its owners have ids of their own, which are no ids of users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from serving.writeback.hubspot_line import Line
from serving.writeback.owners import Directory, directory

OWNER_PROPERTY = "hubspot_owner_id"
PAGE = 100


def owners(line: Line) -> Directory:
    """The owners that are not archived, by id and, where they are persons, by e-mail address. Raises Busy."""
    found = list(_pages(line))
    persons = [one for one in found if one.get("type") == "PERSON" and one.get("email")]
    return directory((str(one["id"]) for one in found), ((str(one["email"]), str(one["id"])) for one in persons))


def _pages(line: Line) -> Iterator[Mapping[str, Any]]:
    after = ""
    while True:
        asked = {"limit": PAGE, "archived": "false", **({"after": after} if after else {})}
        reply = line.read(f"/crm/owners/{line.version}?{urlencode(asked)}")
        yield from (one for one in reply.parts("results") if "id" in one and not one.get("archived"))
        after = str(((reply.body.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            return
