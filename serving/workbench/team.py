"""Who has which role, and who of them does what an account is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zlib import crc32


@dataclass(frozen=True)
class Team:
    """Roles and people. `roles` holds each person's main role and whether it is known; `people` everyone of each role."""

    roles: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def does(self, role: str | None, owner: str | None, account: str) -> str | None:
        """Who does work of a role for an account: somebody who has the role, always the same, else its owner.

        Null where nobody owns the account: it has to be given to somebody first.
        """
        people = self.people.get(role or "", ())
        if owner is None or not people or owner in people:
            return owner
        return people[crc32(account.encode()) % len(people)]


def team_of(owners: Mapping[str, tuple[str, bool]], named: Mapping[str, Iterable[str]], order: Iterable[str]) -> Team:
    """The owners of accounts with their roles, and who is `named` for a role beside; `order`: which role is a person's
    main one where they have several.

    >>> team_of({"anna": ("csm", True)}, {"renewals_manager": ["rob"], "csm": ["anna", "cy"]}, ["csm"]).people
    {'csm': ('anna', 'cy'), 'renewals_manager': ('rob',)}
    """
    places = {role: place for place, role in enumerate(order)}
    people: dict[str, set[str]] = {}
    main = dict(owners)
    for owner, (role, _) in owners.items():
        people.setdefault(role, set()).add(owner)
    for role in sorted(named, key=lambda r: places.get(r, len(places)), reverse=True):
        for person in named[role]:
            people.setdefault(role, set()).add(person)
            main[person] = (role, True)
    return Team(main, {role: tuple(sorted(people[role])) for role in sorted(people)})
