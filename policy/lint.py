"""What a policy contains that somebody should know: conflicts decided, anti-patterns, and the scenario's sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from policy.conflict import Conflict, Found
from policy.conflicts_in_score import health_conflicts, signal_conflicts, task_conflicts
from policy.conflicts_in_service import metric_conflicts, onboarding_conflicts, segment_conflicts
from policy.errors import did_you_mean
from policy.policy import Policy
from policy.scenario import Audited, audit
from policy.segments import row_of
from policy.signals import SIGNALS

SOURCES: tuple[Callable[[Policy], Found], ...] = (
    health_conflicts,
    signal_conflicts,
    task_conflicts,
    segment_conflicts,
    onboarding_conflicts,
    metric_conflicts,
)


@dataclass(frozen=True)
class AntiPattern:
    """Something the texts warn of, where it stands in the policy, and the cure.

    An `error` leaves people with an alert and nothing to do about it; a `warning` is for a person to judge.
    """

    name: str
    where: str
    cure: str
    severity: Literal["error", "warning"] = "warning"


@dataclass(frozen=True)
class Findings:
    """All that `churn policy lint` prints. None of it makes a policy invalid; an error gives the command exit code 3."""

    policy: Policy
    conflicts: tuple[Conflict, ...]
    anti_patterns: tuple[AntiPattern, ...]
    scenario: tuple[Audited, ...]

    @property
    def errors(self) -> tuple[AntiPattern, ...]:
        """The anti-patterns that are errors."""
        return tuple(a for a in self.anti_patterns if a.severity == "error")

    def as_json(self) -> dict[str, Any]:
        """Plain lists and tables."""
        return {
            "version": self.policy.version,
            "author": self.policy.author,
            "reason": self.policy.reason,
            "conflicts": [{**asdict(c), "planned": c.planned} for c in self.conflicts],
            "anti_patterns": [asdict(a) for a in self.anti_patterns],
            "scenario": [asdict(a) for a in self.scenario],
        }


def lint(policy: Policy) -> Findings:
    """Look through a policy."""
    return Findings(
        policy,
        tuple(conflict for source in SOURCES for conflict in source(policy)),
        tuple(_anti_patterns(policy)),
        audit(policy.scenario, policy.segments, activation_from=policy.onboarding.activation.from_rate),
    )


def _anti_patterns(policy: Policy) -> Iterator[AntiPattern]:
    for signal in SIGNALS:
        if policy.signals.plays.get(signal) is None:
            yield AntiPattern(
                "alert without a playbook",
                f"signals.plays.{signal}",
                "Name the play that answers it, or nobody knows what to do.",
                "error",
            )
    if set(SIGNALS) - {"adoption", "growth"} <= set(policy.signals.confirmatory):
        yield AntiPattern(
            "reactive only",
            "signals.confirmatory",
            "Name at least one warning that leads: what only confirms a decision comes too late.",
        )
    rows = [row_of(arr, policy.segments) for arr in policy.segments.boundaries()]
    if len({(r.service, r.owner_types, r.cadence, r.accounts_per_csm, r.human) for r in rows}) == 1:
        yield AntiPattern(
            "one policy for all segments",
            "segments.rows",
            "Serve at least one segment otherwise: the same effort is too much for the small and too little for the "
            "large.",
        )
    for name, play in policy.plays.items():
        if not (play.success_metric or "").strip():
            yield AntiPattern(
                "playbook without a success metric",
                f"plays.{name}.success_metric",
                "Say what shows that it worked.",
            )
        if play.owner_type is None:
            yield AntiPattern("playbook without an owner", f"plays.{name}.owner_type", "Name the role that does it.")
        if play.step_days is None:
            yield AntiPattern(
                "playbook without due times", f"plays.{name}.step_days", "Say by which day each step is due."
            )
    read = {i.indicator for inputs in policy.health.inputs.values() for i in inputs}
    read |= {cap.while_ for cap in policy.health.caps}
    for name in policy.back_to_green.inputs:
        if name not in read:
            yield AntiPattern(
                "a change that the health score does not read",
                f"back_to_green.inputs.{name}",
                f"It is never offered. {did_you_mean(name, read)}",
            )
    if not (policy.feature_requests.routed_to or "").strip():
        yield AntiPattern(
            "feedback not routed to product",
            "feature_requests.routed_to",
            "Name the team that gets the requests and answers them.",
        )
