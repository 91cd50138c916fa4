"""Who may own a record in Salesforce: its active users, whose ids our sources need not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from serving.writeback.owners import Directory, directory
from serving.writeback.salesforce_query import Query

SHORT = 15
"""Characters of an id without the three that make it safe to compare in any case."""


def owners(query: Query) -> Directory:
    """The active users by id in both lengths, by user name, and by e-mail address where only one of them has it.

    A user name is one user's alone, an address need not be: where the two say different things, the user name counts.
    Raises Busy, or DeliveryIncomplete where the integration's user may not see users.
    """
    users = list(_active(query))
    by_address = directory((), ((str(one["Email"] or ""), str(one["Id"])) for one in users))
    by_name = directory((), ((str(one["Username"]), str(one["Id"])) for one in users))
    ids = {spelt: str(one["Id"]) for one in users for spelt in (str(one["Id"]), str(one["Id"])[:SHORT])}
    return {**by_address, **by_name, **ids}


def _active(query: Query) -> Iterator[dict[str, Any]]:
    for page in query.all("User", ["Id", "Username", "Email"], "IsActive = true"):
        yield from page
