"""Who may be asked to speak for us, how many champions an account has, and who referred us to others (V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from policy.policy import Policy
from policy.segments import row_of
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of

QUARTER_DAYS = 91
REFERRAL = "referral"
"""The reason of a contact that records one."""


class Past(NamedTuple):
    """An account's health at an earlier snapshot."""

    on: date
    tier: str


@dataclass(frozen=True)
class Advocate:
    """One account. `candidate` may be asked for what `asks` names; else `lacks` says why not.

    `green_since` is the first of the unbroken green snapshots up to as_of, null where it is not green now; where
    `or_earlier`, it is the first that was looked at. `nps` is the newest answer, null where nobody answered within the
    account's own cadence. `champions` are those with access. Null counts: the source says nothing of the account.
    """

    account_id: str
    candidate: bool
    lacks: tuple[str, ...]
    green_since: date | None
    or_earlier: bool
    nps: float | None
    champions: int | None
    referrals: int | None
    asks: tuple[str, ...]


def advocate(
    account: Account,
    past: Sequence[Past],
    answers: Iterable[Row] | None,
    people: Iterable[Row] | None,
    touches: Iterable[Row] | None,
    at_risk: bool,
    warnings: Iterable[str] | None,
    as_of: date,
    policy: Policy,
) -> Advocate:
    """Green for `green_quarters` quarters without a break, a promoter as the newest answer, no risk episode, no warning.

    `past` are the tiers of earlier snapshots and of as_of: each of `snapshots_back` has to be there. `warnings` are those
    that stand, null where nobody has looked for any; `answers`, `people` and `touches` are null where not known.
    """
    rule, lacks = policy.advocacy, []
    looked_at = snapshots_back(as_of, policy)
    since = _green_since(past, looked_at)
    if since is None or since > as_of - timedelta(days=rule.green_quarters * QUARTER_DAYS):
        told = "not green" if since is None else f"green since {since.isoformat()}"
        lacks.append(f"{told}, {rule.green_quarters} quarters are needed")
    days = _nps_days(account, policy)
    nps = _newest(answers or (), as_of - timedelta(days=days))
    if answers is None:
        lacks.append("its NPS answers are not known")
    elif nps is None or nps < rule.promoter_from:
        lacks.append(f"no NPS answer within {days} days" if nps is None else f"the newest NPS answer is {nps:g}")
    if account.tier is None:
        lacks.append("not scored: too young, or its loss is known")
    if at_risk:
        lacks.append("a risk episode goes on")
    if warnings is None:
        lacks.append("nobody has looked for warnings")
    else:
        lacks.extend(f"a warning stands: {name}" for name in warnings)
    return Advocate(
        account.account_id,
        not lacks,
        tuple(lacks),
        since,
        since == looked_at[0],
        nps,
        None if people is None else sum(p.get("role") == "champion" and _here(p) for p in people),
        None if touches is None else sum(str(t.get("reason") or "").lower() == REFERRAL for t in touches),
        () if lacks else rule.asks,
    )


def snapshots_back(as_of: date, policy: Policy) -> list[date]:
    """The days at which the tier is looked at: every four weeks back, as far as the quarters reach; oldest first."""
    least = as_of - timedelta(days=policy.advocacy.green_quarters * QUARTER_DAYS)
    days = [as_of]
    while days[-1] > least:
        days.append(days[-1] - timedelta(weeks=4))
    return sorted(days)


def _green_since(past: Sequence[Past], looked_at: Sequence[date]) -> date | None:
    since, tiers = None, {one.on: one.tier for one in past}
    for day in sorted(looked_at, reverse=True):
        if tiers.get(day) != "green":
            break
        since = day
    return since


def _nps_days(account: Account, policy: Policy) -> int:
    """How long an answer counts: until the account is asked again, and where that is not known as long as any is."""
    cadences, segments = policy.segments.cadences, policy.segments
    own = None if account.arr is None else cadences[row_of(account.arr, segments).cadence].nps_days
    return own or max(cadence.nps_days or 0 for cadence in cadences.values())


def _newest(answers: Iterable[Row], since: date) -> float | None:
    """The newest NPS answer from a day on."""
    given = [
        (row["answered_at"], float(row["score"]))
        for row in answers
        if row["kind"] == "nps" and (day := day_of(row["answered_at"])) is not None and day >= since
    ]
    return max(given, key=lambda pair: pair[0])[1] if given else None


def _here(person: Mapping[str, object]) -> bool:
    return person.get("deactivated_at") is None and person.get("bounced_at") is None
