"""When something is wrong with all of it: a delivery that would do too much stops before it sends anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from policy.delivery import Delivery
from serving.writeback.decision import Decision

TIERS = ("risk_tier", "health_tier")
WORSE = {"low": 0, "medium": 1, "high": 2, "green": 0, "yellow": 1, "red": 2, "unrated": 3}
"""From good to bad; a tier that data no longer give is the worst."""
NAMES = ("rejected", "tier_moves", "new_tasks", "sources")


class SourceMove(NamedTuple):
    """A source table whose volume moved: its rows of the last four weeks, and what they were in four weeks before."""

    table: str
    before: float
    now: float


class Trip(NamedTuple):
    """A breaker that tripped, and why."""

    breaker: str
    message: str


def too_many(part: int, of: int, share: float, least: int) -> bool:
    """Whether `part` is at least `least` and more than `share` of the whole.

    >>> too_many(19, 19, 0.05, 20), too_many(20, 400, 0.05, 20), too_many(21, 400, 0.05, 20)
    (False, False, True)
    """
    return part >= least and part > share * of


@dataclass(slots=True)
class Watch:
    """What a delivery would do in all, counted as its decisions go by."""

    rows: int = 0
    rejected: int = 0
    scores: int = 0
    had_tier: Counter[str] = field(default_factory=Counter)
    moved: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """By tier, and whether for the worse. In a usual week about as many move one way as the other; where a source has
    broken, or a policy or model has changed, most move one way, or very many move both."""

    def see(self, decision: Decision) -> None:
        """Count one decision."""
        self.rows += 1
        if decision.verdict == "dead":
            self.rejected += 1
        elif decision.row.kind == "score":
            self.scores += 1
            for name in TIERS:
                self.had_tier[name] += bool((decision.found or {}).get(name))
                if name in decision.changes and decision.changes[name].before is not None:
                    before, after = decision.changes[name]
                    self.moved[name, WORSE.get(str(after), 9) > WORSE.get(str(before), 0)] += 1

    def trips(self, limits: Delivery, tasked: int, usual: Sequence[int], sources: Sequence[SourceMove]) -> list[Trip]:
        """The breakers that trip.

        `tasked` accounts get a task which the CRM does not have; `usual`: how many did in earlier runs, the newest first.
        """
        least, found = limits.least_rows, []
        if too_many(self.rejected, self.rows, limits.rejected_share, least):
            found.append(
                Trip("rejected", f"{self.rejected} of {self.rows} rows are quarantined, {_more(limits.rejected_share)}")
            )
        for (name, worse), moved in sorted(self.moved.items()):
            if too_many(moved, self.had_tier[name], limits.tier_moves_share, least):
                told = (
                    f"`{name}` would get {'worse' if worse else 'better'} in {moved} of {self.had_tier[name]} accounts"
                )
                found.append(Trip("tier_moves", f"{told}, {_more(limits.tier_moves_share)}"))
        new = tasked
        if too_many(new, self.scores, limits.new_tasks_share, least):
            told = f"{new} of {self.scores} accounts would get a new task"
            found.append(Trip("new_tasks", f"{told}, {_more(limits.new_tasks_share)}"))
        elif len(usual) >= limits.usual_runs and new >= least:
            often = median(usual[: limits.usual_runs])
            if new > limits.new_tasks_times * often:
                told = f"{new} accounts would get a new task, more than {limits.new_tasks_times:g} times the usual"
                found.append(Trip("new_tasks", f"{told} {often:g}"))
        for table, before, now in sources:
            if before >= limits.source_least_rows and abs(now - before) > limits.source_moves_share * before:
                told = f"`{table}` has {now:,.0f} rows in the last four weeks, usual are {before:,.0f}"
                found.append(Trip("sources", told))
        return found


def default_limits() -> Delivery:
    """Those of the default policy, for whoever has no project."""
    from policy.policy import load_policy  # YAML is read only where nobody brings the project's

    return load_policy().delivery


def stopping(trips: Sequence[Trip], accepted: Collection[str]) -> list[Trip]:
    """The trips that nobody has looked at and accepted."""
    return [trip for trip in trips if trip.breaker not in accepted]


def _more(share: float) -> str:
    return f"more than {share:.0%}".replace("%", " %")
