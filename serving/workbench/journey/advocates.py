"""Who may be asked to speak for us, how many champions an account has, and who referred us to others (V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from policy.policy import Policy
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row

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

    `green_since` is the first of the unbroken green snapshots up to as_of, null where it is not green now. `nps` is the
    newest answer, null where nobody answered within a year's cadence. `champions` are those with access.
    """

    account_id: str
    candidate: bool
    lacks: tuple[str, ...]
    green_since: date | None
    nps: float | None
    champions: int
    referrals: int
    asks: tuple[str, ...]


def advocate(
    account: Account,
    past: Sequence[Past],
    answers: Iterable[Row],
    people: Iterable[Row],
    touches: Iterable[Row],
    at_risk: bool,
    as_of: date,
    policy: Policy,
) -> Advocate:
    """Green for `green_quarters` quarters without a break, a promoter as the newest answer, and no risk episode.

    `past` are the tiers of earlier snapshots and of as_of; quarters are covered only if one reaches back so far.
    """
    rule, lacks = policy.advocacy, []
    since = _green_since(past)
    if since is None or since > as_of - timedelta(days=rule.green_quarters * QUARTER_DAYS):
        told = "not green" if since is None else f"green since {since.isoformat()}"
        lacks.append(f"{told}, {rule.green_quarters} quarters are needed")
    newest = max(
        ((r["answered_at"], r["score"]) for r in answers if r["kind"] == "nps" and r["answered_at"] is not None),
        default=None,
        key=lambda pair: pair[0],
    )
    nps = None if newest is None else float(newest[1])
    if nps is None or nps < rule.promoter_from:
        lacks.append("no NPS answer" if nps is None else f"the newest NPS answer is {nps:g}")
    if account.tier is None:
        lacks.append("not scored: too young, or its loss is known")
    if at_risk:
        lacks.append("a risk episode goes on")
    return Advocate(
        account.account_id,
        not lacks,
        tuple(lacks),
        since,
        nps,
        sum(p.get("role") == "champion" and _here(p) for p in people),
        sum(str(t.get("reason") or "").lower() == REFERRAL for t in touches),
        () if lacks else rule.asks,
    )


def snapshots_back(as_of: date, policy: Policy) -> list[date]:
    """The days at which the tier is looked at: every four weeks back, as far as the quarters reach; oldest first."""
    least = as_of - timedelta(days=policy.advocacy.green_quarters * QUARTER_DAYS)
    days = [as_of]
    while days[-1] > least:
        days.append(days[-1] - timedelta(weeks=4))
    return sorted(days)


def _green_since(past: Sequence[Past]) -> date | None:
    since = None
    for one in sorted(past, key=lambda p: p.on, reverse=True):
        if one.tier != "green":
            break
        since = one.on
    return since


def _here(person: Mapping[str, object]) -> bool:
    return person.get("deactivated_at") is None and person.get("bounced_at") is None
