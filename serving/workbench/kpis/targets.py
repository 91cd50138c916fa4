"""What the metrics should reach, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from policy.policy import Policy

Verdict = Literal["met", "unmet", "unknown"]


@dataclass(frozen=True)
class Target:
    """A value to reach from below (`at_least`) or to stay at or under; `excellent` is a second one, where there is one."""

    value: float
    at_least: bool = True
    excellent: float | None = None

    def met(self, value: float | None) -> bool | None:
        """Whether it is met; the target itself is enough. Null while the value is not known.

        >>> Target(0.9).met(0.9), Target(0.1, at_least=False).met(0.11), Target(0.9).met(None)
        (True, False, None)
        """
        if value is None:
            return None
        return value >= self.value if self.at_least else value <= self.value

    def gap(self, value: float | None) -> float | None:
        """How much is missing; negative where it is exceeded. Null while the value is not known."""
        if value is None:
            return None
        return self.value - value if self.at_least else value - self.value

    def verdict(self, value: float | None) -> Verdict:
        """In a word."""
        met = self.met(value)
        return "unknown" if met is None else "met" if met else "unmet"


def targets(policy: Policy) -> Mapping[str, Target]:
    """Metric name → what it should reach. Of two readings of a metric the policy says which one is judged."""
    metrics = policy.metrics
    churn = Target(metrics.churn_target, at_least=False)
    good, excellent = metrics.nps_target
    return {
        leading(policy)["M1"]: Target(metrics.grr_target),
        leading(policy)["M2"]: Target(metrics.nrr_target),
        "logo_churn": churn,
        "arr_churn": churn,
        "nps": Target(good, excellent=excellent),
        "nps_by_account": Target(good, excellent=excellent),
        "csat": Target(metrics.csat_target),
        "activation_rate": Target(policy.onboarding.activation.target),
    }


def leading(policy: Policy) -> Mapping[str, str]:
    """Of the metrics that can be read in two ways, rule id → name of the one that the policy takes."""
    metrics = policy.metrics
    return {
        "M1": "grr" if metrics.grr == "with_contraction" else "grr_churn_only",
        "M2": "nrr" if metrics.nrr == "with_contraction" else "nrr_churn_only",
        "M4": "time_to_churn_median" if metrics.time_to_churn == "kaplan_meier" else "time_to_churn_mean",
        "M6": "ltv_margin" if metrics.ltv == "margin" else "ltv_revenue",
        "O5": f"time_to_value_{'contract' if policy.onboarding.value_from == 'contract_start' else 'signup'}",
    }
