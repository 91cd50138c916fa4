"""The owners of the account: read, in pages, as the vendor's document of version 2026-03 describes.

Silent there, and chosen the harder way: how many a page holds at most, and what the cursor looks like.
"""

from __future__ import annotations

from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import Store
from tests.crm.hubspot_values import iso

MOST = 100
CURSOR = "owner-"


def listed(store: Store, call: Call) -> tuple[int, dict[str, Any]]:
    """One page: those that are archived, or those that are not; with `email` only who has it."""
    if call.method != "GET":
        raise errors.Refused(405, "METHOD_NOT_ALLOWED", f"{call.method} is not possible here")
    limit, archived = call.number("limit", 100, MOST), call.flag("archived")
    email, after = call.one("email"), call.one("after").removeprefix(CURSOR)
    ids = store.options.archived_owners if archived else store.options.owners
    emails = store.options.owner_emails
    wanted = [i for i in sorted(ids) if i > after and (not email or emails.get(i) == email)]
    page = wanted[:limit]
    answer: dict[str, Any] = {"results": [_shown(i, emails.get(i), archived, store.now()) for i in page]}
    if len(wanted) > limit:
        cursor = f"{CURSOR}{page[-1]}"
        answer["paging"] = {"next": {"after": cursor, "link": f"https://api.hubapi.com{call.path}?after={cursor}"}}
    return 200, answer


def _shown(owner: str, email: str | None, archived: bool, now: int) -> dict[str, Any]:
    at = {"createdAt": iso(now - 1000), "updatedAt": iso(now)}
    known = {"email": email} if email else {}
    return {"id": owner, "type": "PERSON", "userId": 9_000_000 + int(owner), "archived": archived, **known, **at}
