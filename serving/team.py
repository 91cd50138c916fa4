"""Who does a task: a person of its role where the project names any, else the owner of the account (S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

Team = Mapping[str, Sequence[str]]
"""Role → the CRM's ids of the people who have it."""


def person(account_id: str, role: str, owner_id: str | None, team: Team) -> str | None:
    """Whose task it is; null where nobody is known.

    The owner of the account keeps it where they have the role. Several people share the accounts by a hash of account
    and person: an account never moves between runs, and somebody who joins or leaves moves few others.

    >>> person("a", "csm", "u-1", {}), person("a", "renewals_manager", "u-1", {"renewals_manager": ["u-7"]})
    ('u-1', 'u-7')
    """
    people = team.get(role, ())
    if not people or owner_id in people:
        return owner_id
    return min(people, key=lambda one: sha256(f"{account_id}|{one}".encode()).digest())
