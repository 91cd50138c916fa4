"""Book of business: how many accounts and hours each owner holds, against the policy's ratios and the hours there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd

from policy.policy import Policy
from policy.segments import row_of, touch_model
from serving.workbench.plays.step import owner_type
from serving.workbench.team import Team

OWED = ("check_in", "qbr", "onboarding", "step", "play")
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
    "backlog_hours",
    "owed_hours",
    "overdue_hours",
    "available_hours",
    "free_hours",
)
ROLE_COLUMNS = (
    "role",
    "as_of",
    "people",
    "accounts",
    "arr",
    "owed_hours",
    "borne_hours",
    "overdue_hours",
    "available_hours",
    "free_hours",
)


@dataclass(frozen=True)
class CapacityReport:
    """Who holds how much, and who is missing.

    `owners` (OWNER_COLUMNS), whoever owns an account or is named for a role: `book_share` is the share of a full book by
    the policy's accounts per CSM (1 is full), `verdict` over (more than the most), under (less than the fewest) or
    within, null where no ARR is known. Hours are what falls due in the week that begins on `as_of`, `overdue_hours` what
    fell due before it, and `backlog_hours` the part of that which is worked off this week: the policy says in how many
    weeks. `owed_hours` is their sum without what stays overdue, `free_hours` what is left, below 0 where too much is
    owed. `role_known` is false where no owner type is given.
    `roles` (ROLE_COLUMNS): `owed_hours` and `overdue_hours` are work of the role, whoever does it; where nobody has the
    role it falls to the owners of the accounts. `borne_hours` is what people of the role have to do, such work included;
    hours available are null where nobody has it.
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


def play_role(play: object, policy: Policy) -> str:
    """Who does a play by its name; the default's where it is none."""
    found = next((p for p in policy.plays.values() if p.play == play), policy.plays["default"])
    return owner_type(found, policy)


def day_hours(role: str, policy: Policy) -> float | None:
    """Hours that one person of a role has on a working day; null where the policy gives the role none.

    >>> from policy.policy import load_policy
    >>> day_hours("csm", load_policy()), day_hours("cs_operations", load_policy())
    (6.0, 4.0)
    """
    week = policy.segments.hours_per_week.get(role)
    return None if week is None else week / len(policy.tasks.business_hours.weekdays)


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


def capacity_report(
    accounts: pd.DataFrame,
    work: pd.DataFrame,
    team: Team,
    policy: Policy,
    as_of: date,
    *,
    gone: Mapping[str, str | None] | None = None,
) -> CapacityReport:
    """Hours owed against hours available, by owner and by role.

    `accounts`: account_id, owner_id, owner_type, arr. `work` as `owed_work` gives it. `gone`: owners of accounts that
    were lost and may still be owed something.
    """
    whose = dict(gone or {}) | {
        str(a): None if pd.isna(o) else str(o)
        for a, o in zip(accounts["account_id"], accounts["owner_id"], strict=True)
    }
    work = work[work["account_id"].isin(list(whose))].copy()
    roles = [r if isinstance(r, str) else None for r in work["role"]]
    work["by"] = [
        team.does(role, whose[str(account)], str(account))
        for role, account in zip(roles, work["account_id"], strict=True)
    ]
    work["of_role"] = [
        role or team.roles.get(str(by), (None, False))[0] for role, by in zip(roles, work["by"], strict=True)
    ]
    late = work["overdue"].astype(bool)
    # Whoever catches up takes an even part of what is overdue each week: neglect makes nobody's time free.
    work["week_hours"] = work["hours"].where(~late, work["hours"] / policy.capacity.backlog_weeks)
    owners = _owners(accounts, work, team, policy)
    return CapacityReport(
        owners=_typed(owners, OWNER_COLUMNS, as_of),
        roles=_typed(_roles(owners, work, team, policy), ROLE_COLUMNS, as_of),
        unowned=_unowned(accounts, work),
    )


def hours_for_plays(owners: pd.DataFrame) -> dict[str, float]:
    """Owner → hours of the week that all other work owed leaves for plays; 0 where it takes all."""
    routine = owners["owed_hours"] - owners["play_hours"]
    left = (owners["available_hours"] - routine).clip(lower=0).fillna(0.0)
    return dict(zip(owners["owner_id"].astype(str), left.astype(float), strict=True))


def _owners(accounts: pd.DataFrame, work: pd.DataFrame, team: Team, policy: Policy) -> list[dict[str, Any]]:
    rows = []
    for owner, (role, known) in sorted(team.roles.items()):
        own = accounts[accounts["owner_id"] == owner]
        mine = work[work["by"] == owner]
        late = mine["overdue"].astype(bool)
        hours = {what: float(mine.loc[~late & (mine["what"] == what), "hours"].sum()) for what in OWED}
        backlog = float(mine.loc[late, "week_hours"].sum())
        owed = sum(hours.values()) + backlog
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
                "backlog_hours": backlog,
                "owed_hours": owed,
                "overdue_hours": float(mine.loc[late, "hours"].sum()),
                "available_hours": available,
                "free_hours": None if available is None else available - owed,
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


def _roles(owners: list[dict[str, Any]], work: pd.DataFrame, team: Team, policy: Policy) -> list[dict[str, Any]]:
    rows = []
    late = work["overdue"].astype(bool)
    for role in policy.segments.owner_types:
        # Hours count once: under the main role of who has several.
        main = [o for o in owners if o["role"] == role]
        of_role = work["of_role"] == role
        borne = sum(o["owed_hours"] for o in main)
        week_hours = policy.segments.hours_per_week.get(role)
        available = week_hours * len(main) if main and week_hours is not None else None
        rows.append(
            {
                "role": role,
                "people": len(team.people.get(role, ())),
                "accounts": sum(o["accounts"] for o in main),
                "arr": sum(o["arr"] for o in main),
                "owed_hours": float(work.loc[of_role, "week_hours"].sum()),
                "borne_hours": borne,
                "overdue_hours": float(work.loc[of_role & late, "hours"].sum()),
                "available_hours": available,
                "free_hours": None if available is None else available - borne,
            }
        )
    return rows


def _unowned(accounts: pd.DataFrame, work: pd.DataFrame) -> pd.DataFrame:
    alone = accounts[accounts["owner_id"].isna()]
    owed = work.groupby("account_id")["week_hours"].sum()
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
