"""Book of business: how many accounts and hours each owner holds, against the policy's ratios and the hours there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd

from policy.policy import Policy
from policy.segments import row_of, touch_model
from serving.workbench.journey.cadence import Owed
from serving.workbench.plays.account import Account

WEEK_DAYS = 7
OWED = ("check_in", "qbr", "onboarding", "play")
OWNER_COLUMNS = (
    "owner_id",
    "as_of",
    "role",
    "role_known",
    "accounts",
    "accounts_without_arr",
    "arr",
    "book_share",
    "verdict",
    *(f"{what}_hours" for what in OWED),
    "owed_hours",
    "overdue_hours",
    "available_hours",
    "free_hours",
)
ROLE_COLUMNS = ("role", "as_of", "people", "accounts", "arr", "owed_hours", "available_hours", "free_hours")


@dataclass(frozen=True)
class CapacityReport:
    """Who holds how much, and who is missing.

    `owners` (OWNER_COLUMNS): `book_share` is the share of a full book by the policy's accounts per CSM (1 is full),
    `verdict` over (more than the most), under (less than the fewest) or within, null where no ARR is known; hours are
    what falls due in the week that begins on `as_of`, and `owed_hours` their sum; `overdue_hours` fell due before it and
    stand beside: a backlog is told, and not taken from every week anew. `free_hours` is what is left, below 0 where too
    much is owed. `role_known` is false where no owner type is given.
    `roles` (ROLE_COLUMNS): the same by role; hours available are null where nobody of the role owns an account.
    `unowned`: account_id, arr, owed_hours of accounts without an owner, largest ARR first.
    """

    owners: pd.DataFrame
    roles: pd.DataFrame
    unowned: pd.DataFrame


def role_of(owner_type: object) -> str | None:
    """An owner type as the policy writes roles; null where none is given.

    >>> role_of("Renewals Manager"), role_of("CSM"), role_of(None)
    ('renewals_manager', 'csm', None)
    """
    if not isinstance(owner_type, str) or not owner_type.strip():
        return None
    return owner_type.strip().lower().replace(" ", "_").replace("-", "_")


def play_hours(play: object, policy: Policy) -> float:
    """Hours of a play by its name; the default's where it has none or is none."""
    usual = policy.plays["default"].hours or 0.0
    own = next((p.hours for p in policy.plays.values() if p.play == play), None)
    return usual if own is None else own


def owners_roles(accounts: pd.DataFrame, policy: Policy) -> dict[str, tuple[str, bool]]:
    """Owner → (role, whether it is known): the type most of their accounts give, of equals the first by name.

    Where none is given, the first owner type of the policy is assumed.
    """
    found = {}
    for owner, own in accounts.dropna(subset=["owner_id"]).groupby("owner_id", sort=True):
        counts = own["owner_type"].map(role_of).dropna().value_counts()
        best = sorted(counts[counts == counts.max()].index) if len(counts) else []
        found[str(owner)] = (best[0], True) if best else (policy.segments.owner_types[0], False)
    return found


def owed_work(
    accounts: Mapping[str, Account], owed: Iterable[Owed], done: Set[tuple[str, str]], policy: Policy, as_of: date
) -> pd.DataFrame:
    """What is owed before the week that begins on `as_of` ends: account_id, what, role, hours, due_on, overdue.

    `owed` are the contacts of the cadence (S3, S6); an account without a known ARR is owed nothing. `done`: onboarding
    tasks (account, task up to its colon) that are reached. Role is null for what falls to the account's owner.
    """
    hours = {"check_in": ("check_in", policy.capacity.check_in_hours), "review": ("qbr", policy.capacity.qbr_hours)}
    rows: list[tuple[Any, ...]] = [
        (o.account_id, hours[o.kind][0], None, hours[o.kind][1], o.due_on) for o in owed if o.kind in hours
    ]
    for name, account in accounts.items():
        if account.started_on is None or account.touch in (None, *policy.onboarding.mail_only):
            continue
        if (as_of - account.started_on).days >= policy.onboarding.tenure_days + WEEK_DAYS:
            continue
        rows += [
            (name, "onboarding", task.owner_type, policy.capacity.onboarding_hours, due_on)
            for task in policy.onboarding.tasks
            if (name, task.task.partition(":")[0]) not in done
            and as_of <= (due_on := account.started_on + timedelta(days=task.due_day))
        ]
    rows = [row for row in rows if row[-1] < as_of + timedelta(days=WEEK_DAYS)]
    found = pd.DataFrame(rows, columns=["account_id", "what", "role", "hours", "due_on"])
    overdue = pd.Series([due_on < as_of for due_on in found["due_on"]], dtype=bool)
    return found.astype({"role": object, "hours": float}).assign(overdue=overdue)


def capacity_report(
    accounts: pd.DataFrame, owed: pd.DataFrame, plays: pd.DataFrame, policy: Policy, as_of: date
) -> CapacityReport:
    """Hours owed against hours available, by owner and by role.

    `accounts`: account_id, owner_id, owner_type, arr. `owed` as `owed_work` gives it. `plays`: account_id, hours of the
    plays that are promised for this week.
    """
    roles = owners_roles(accounts, policy)
    whose = {
        str(a): None if pd.isna(o) else str(o)
        for a, o in zip(accounts["account_id"], accounts["owner_id"], strict=True)
    }
    work = pd.concat([owed, plays.assign(what="play", role=None, overdue=False)], ignore_index=True)
    work["owner_id"] = work["account_id"].map(whose)
    late = work["overdue"].astype(bool)
    # What another role does is owed by that role, unless it is the owner's own.
    own_role = work["owner_id"].map({owner: role for owner, (role, _) in roles.items()})
    work["by_owner"] = work["role"].isna() | (work["role"] == own_role)
    owners = _owners(accounts, work[work["by_owner"]], roles, policy)
    return CapacityReport(
        owners=_typed(owners, OWNER_COLUMNS, as_of),
        roles=_typed(_roles(owners, work[~late], policy), ROLE_COLUMNS, as_of),
        unowned=_unowned(accounts, work[~late]),
    )


def hours_for_plays(owners: pd.DataFrame) -> dict[str, float]:
    """Owner → hours of the week that check-ins, reviews and onboarding leave for plays; 0 where they take all."""
    routine = owners["owed_hours"] - owners["play_hours"]
    left = (owners["available_hours"] - routine).clip(lower=0).fillna(0.0)
    return dict(zip(owners["owner_id"].astype(str), left.astype(float), strict=True))


def _owners(
    accounts: pd.DataFrame, work: pd.DataFrame, roles: Mapping[str, tuple[str, bool]], policy: Policy
) -> list[dict[str, Any]]:
    rows = []
    for owner, (role, known) in roles.items():
        own = accounts[accounts["owner_id"] == owner]
        mine = work[work["owner_id"] == owner]
        late = mine["overdue"].astype(bool)
        week, backlog = mine[~late], mine[late]
        hours = {what: float(week.loc[week["what"] == what, "hours"].sum()) for what in OWED}
        available = policy.segments.hours_per_week.get(role)
        share, verdict = _book(own["arr"].dropna(), policy)
        rows.append(
            {
                "owner_id": owner,
                "role": role,
                "role_known": known,
                "accounts": len(own),
                "accounts_without_arr": int(own["arr"].isna().sum()),
                "arr": float(own["arr"].sum()),
                "book_share": share,
                "verdict": verdict,
                **{f"{what}_hours": hours[what] for what in OWED},
                "owed_hours": sum(hours.values()),
                "overdue_hours": float(backlog["hours"].sum()),
                "available_hours": available,
                "free_hours": None if available is None else available - sum(hours.values()),
            }
        )
    return rows


def _book(arr: pd.Series, policy: Policy) -> tuple[float | None, str | None]:
    """(share of a full book, verdict): each account takes its row's share of a CSM; the fewest are the touch model's."""
    if not len(arr):
        return None, None
    # As fractions: fifty fiftieths are one book, and no rounding may call it over.
    most = sum(Fraction(1, row_of(float(v), policy.segments).accounts_per_csm) for v in arr)
    readings = policy.segments.touch_readings
    fewest = [readings[touch_model(float(v), policy.segments)].accounts_per_csm for v in arr]
    least = sum(Fraction(1, ratio[0]) for ratio in fewest if ratio is not None)
    return float(most), "over" if most > 1 else "under" if least < 1 else "within"


def _roles(owners: list[dict[str, Any]], work: pd.DataFrame, policy: Policy) -> list[dict[str, Any]]:
    rows = []
    others = work[~work["by_owner"]]
    for role in policy.segments.owner_types:
        people = [o for o in owners if o["role"] == role]
        owed = sum(o["owed_hours"] for o in people) + float(others.loc[others["role"] == role, "hours"].sum())
        week_hours = policy.segments.hours_per_week.get(role)
        available = week_hours * len(people) if people and week_hours is not None else None
        rows.append(
            {
                "role": role,
                "people": len(people),
                "accounts": sum(o["accounts"] for o in people),
                "arr": sum(o["arr"] for o in people),
                "owed_hours": owed,
                "available_hours": available,
                "free_hours": None if available is None else available - owed,
            }
        )
    return rows


def _unowned(accounts: pd.DataFrame, work: pd.DataFrame) -> pd.DataFrame:
    alone = accounts[accounts["owner_id"].isna()]
    owed = work[work["role"].isna()].groupby("account_id")["hours"].sum()
    found = pd.DataFrame(
        {
            "account_id": alone["account_id"].astype("string"),
            "arr": alone["arr"].astype("float64"),
            "owed_hours": alone["account_id"].map(owed).fillna(0.0).astype("float64"),
        }
    )
    return found.sort_values(["arr", "account_id"], ascending=[False, True], ignore_index=True)


def _typed(rows: list[dict[str, Any]], columns: tuple[str, ...], as_of: date) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(columns)).assign(as_of=as_of)
    numbers = [c for c in columns if c.endswith("_hours") or c in ("arr", "book_share")]
    texts = [c for c in ("owner_id", "role", "verdict") if c in columns]
    return frame.astype({**dict.fromkeys(numbers, "float64"), **dict.fromkeys(texts, "string")})
