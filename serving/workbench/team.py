"""Who has which role, and who of them does what an account is owed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from serving.team import person


@dataclass(frozen=True)
class Team:
    """Roles and people. `roles` holds each person's main role and whether it is known; `people` everyone of each role,
    `named` those who are named for one and do its work on accounts of others, too."""

    roles: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    named: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def does(self, role: str | None, owner: str | None, account: str) -> str | None:
        """Who does work of a role for an account: whom its task goes to in the CRM; null where that is nobody."""
        return owner if role is None else person(account, role, owner, self.named)


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
    given = {role: tuple(named[role]) for role in named}
    for role in sorted(given, key=lambda r: places.get(r, len(places)), reverse=True):
        for one in given[role]:
            people.setdefault(role, set()).add(one)
            main[one] = (role, True)
    return Team(main, {role: tuple(sorted(people[role])) for role in sorted(people)}, given)
