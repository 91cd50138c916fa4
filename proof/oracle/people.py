"""People indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

from proof.oracle.past import Row, View, day, ratio
from proof.oracle.usage import EVENTS, people

USERS = "users"
KEY = ("champion", "sponsor")


def left_on(row: Row) -> date | None:
    """The first sign that a person is gone: deactivated, or mail bounced for good."""
    return min((day(row[c]) for c in ("deactivated_at", "bounced_at") if row[c]), default=None)


def in_place(view: View, *roles: str, ago: int = 0) -> int:
    """People whose row was there so many days ago (as known now) and who had not left then."""
    on = view.as_of - timedelta(days=ago)
    rows = [r for r in view.of(USERS) if day(r["created_at"]) < on]
    rows = [r for r in rows if not roles or r["role"] in roles]
    return sum(1 for r in rows if (gone := left_on(r)) is None or gone >= on)


def left(view: View, days: int, *roles: str) -> int:
    since = view.as_of - timedelta(days=days)
    rows = [r for r in view.of(USERS) if not roles or r["role"] in roles]
    gone = [d for r in rows if (d := left_on(r)) is not None]
    return sum(1 for d in [*gone, *(lost_roles(view, roles) if roles else [])] if d >= since)


def lost_roles(view: View, roles: tuple[str, ...]) -> list[date]:
    """Days on which a person in place was known to have a role no longer."""
    found: list[date] = []
    last: dict[str, Row] = {}
    for row in view.versions:
        before = last.get(row["user_id"])
        if before is not None and before["role"] in roles and row["role"] not in roles:
            changed = day(row["known_at"])
            ended = left_on(before)
            if ended is None or ended >= changed:
                found.append(changed)
        last[row["user_id"]] = row
    return found


def used_by(view: View, days: int, ago: int = 0) -> set[str]:
    return people(view, days, ago)


def weekly_silent(view: View) -> int:
    """Active in each of four weeks, then silent for 21 days."""
    weekly = set.intersection(*(used_by(view, 7, 21 + 7 * week) for week in range(4)))
    return len(weekly - used_by(view, 21))


def top_silent(view: View) -> int:
    weeks = [used_by(view, 7, 21 + 7 * week) for week in range(12)]
    regular = {person: sum(person in week for week in weeks) for person in set().union(*weeks)}
    if not regular:
        return 0
    places = max(1, ceil(0.1 * len(regular)))
    last = sorted(regular.values(), reverse=True)[places - 1]
    return len({person for person, n in regular.items() if n >= last} - used_by(view, 21))


def in_roles(view: View, roles: tuple[str, ...]) -> set[str]:
    return {r["user_id"] for r in view.of(USERS) if r["role"] in roles and left_on(r) is None}


def key_silent(view: View) -> int:
    return len((in_roles(view, KEY) & used_by(view, 28, 21)) - used_by(view, 21))


def departments(view: View) -> int:
    active = used_by(view, 28)
    rows = [r for r in view.of(USERS) if left_on(r) is None and r["user_id"] in active]
    return len({r["department"] for r in rows} - {None})


def admin_turnover(view: View) -> float | None:
    gone = left(view, 182, "admin")
    return ratio(gone, gone + in_place(view, "admin"))


def people_change(view: View) -> float | None:
    share = ratio(in_place(view), in_place(view, ago=91))
    return None if share is None else share - 1


def longest_key(view: View) -> int | None:
    rows = [r for r in view.of(USERS) if r["role"] in KEY and left_on(r) is None]
    return max((view.age(r["created_at"]) for r in rows), default=None)


def idle_people(view: View) -> float | None:
    share = ratio(len(used_by(view, 28)), in_place(view))
    return None if share is None else max(1 - share, 0)


INDICATORS = {
    "key_people": ((USERS,), lambda v: in_place(v, *KEY)),
    "key_people_left_91d": ((USERS,), lambda v: left(v, 91, *KEY)),
    "key_people_left_182d": ((USERS,), lambda v: left(v, 182, *KEY)),
    "admins_left_91d": ((USERS,), lambda v: left(v, 91, "admin")),
    "people_left_28d": ((USERS,), lambda v: left(v, 28)),
    "people_in_place": ((USERS,), lambda v: in_place(v)),
    "champions": ((USERS,), lambda v: in_place(v, "champion")),
    "sponsors": ((USERS,), lambda v: in_place(v, "sponsor")),
    "admins": ((USERS,), lambda v: in_place(v, "admin")),
    "admin_turnover_182d": ((USERS,), admin_turnover),
    "people_joined_91d": ((USERS,), lambda v: v.count(USERS, "created_at", 91)),
    "people_change_91d": ((USERS,), people_change),
    "key_person_tenure_days": ((USERS,), longest_key),
    "access_share": ((USERS,), lambda v: ratio(in_place(v), v.line["seats"])),
    "idle_people_share_28d": ((USERS, EVENTS), idle_people),
    "weekly_users_silent": ((EVENTS,), weekly_silent),
    "top_users_silent": ((EVENTS,), top_silent),
    "key_people_silent": ((USERS, EVENTS), key_silent),
    "departments_28d": ((USERS, EVENTS), departments),
}  # fmt: skip
EVIDENCE = {"people_change_91d": (lambda v: in_place(v, ago=91), in_place)}
