"""Which accounts a review goes through, and by which thresholds they were rated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from policy.errors import UsageError, did_you_mean
from policy.policy import Policy
from serving.workbench.reviews.account import Account, riskiest_first

HEALTH, RISK = ("green", "yellow", "red", "unrated"), ("high", "medium", "low")
ANY = "any"
"""What the command line gives to lift a criterion."""
_LINE = re.compile(r"^<!-- churn:criteria (\{.*\}) -->[ \t]*\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Criteria:
    """The selection and the thresholds behind it. An empty tuple is no limit."""

    as_of: str
    tiers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    policy_version: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def chooses(self, account: Account) -> bool:
        """Whether the account is in: its health or its risk tier is named, and its segment, and its owner."""
        return (
            (not self.tiers or bool({account.health_tier, account.risk_tier} & set(self.tiers)))
            and (not self.segments or bool(_segments(account) & set(self.segments)))
            and (not self.owners or account.owner in self.owners)
        )

    def chosen(self, accounts: Iterable[Account]) -> list[Account]:
        """The accounts that are in, riskiest first."""
        return sorted(filter(self.chooses, accounts), key=riskiest_first)


def thresholds(policy: Policy, capacity_share: float) -> dict[str, float]:
    """The numbers by which an account is rated, by their path in the policy (`capacity.share`: in churn.toml)."""
    health = policy.health
    return {
        "health.bands.green": health.bands.green,
        "health.bands.yellow": health.bands.yellow,
        "health.tier_coverage": health.tier_coverage,
        **{f"health.weights.{name}": float(weight) for name, weight in health.weights.items()},
        "capacity.share": capacity_share,
        "risk.medium_times_high": policy.risk.medium_times_high,
    }


def refuse_unknown(criteria: Criteria, accounts: Iterable[Account]) -> None:
    """Raise UsageError for a tier there is none of, and for a segment or an owner that no account of the book has."""
    book = list(accounts)
    known = {
        "--tier": (criteria.tiers, {*HEALTH, *RISK}),
        "--segment": (criteria.segments, {s for a in book for s in _segments(a)}),
        "--owner": (criteria.owners, {a.owner for a in book if a.owner}),
    }
    for option, (asked, there) in known.items():
        for name in asked:
            if name not in there:
                raise UsageError(f"no account has `{name}`.", where=option, cure=did_you_mean(name, [*there, ANY]))


def changed(old: Criteria, new: Criteria) -> Iterator[tuple[str, str, str]]:
    """(what, old, new) of each criterion and threshold that differs, as people read them."""
    then, now = _flat(old), _flat(new)
    for name in {**then, **now}:
        if then.get(name) != now.get(name):
            yield name, told(then.get(name)), told(now.get(name))


def told(value: Any) -> str:
    """A criterion's value; `any` where it sets no limit."""
    if isinstance(value, list | tuple):
        return ", ".join(value) or ANY
    return "absent" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def machine_line(criteria: Criteria) -> str:
    """The comment from which the next call reads the criteria back."""
    # Within a comment: no `--`, which could end it.
    text = json.dumps(asdict(criteria), sort_keys=True).replace("--", "-\\u002d")
    return f"<!-- churn:criteria {text} -->"


def read_back(text: str) -> Criteria | None:
    """The newest criteria that a context names; null where it names none."""
    for line in reversed(_LINE.findall(text)):
        try:
            found = json.loads(line)
            lists = {n: tuple(map(str, found[n])) for n in ("tiers", "segments", "owners")}
            numbers = {str(k): float(v) for k, v in found["thresholds"].items()}
            return Criteria(
                **lists, as_of=str(found["as_of"]), policy_version=str(found["policy_version"]), thresholds=numbers
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return None


def _flat(criteria: Criteria) -> dict[str, Any]:
    found = asdict(criteria)
    return {**found.pop("thresholds"), **found}


def _segments(account: Account) -> set[str]:
    return {s for s in (account.segment, account.team_segment) if s}
