"""From figures to alerts: what lies beyond the policy's limits, beyond chance, and beyond what is usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from models.drift import Drift
from policy.monitoring import Monitoring


@dataclass(frozen=True)
class Alert:
    """What is off, where, the figure, the limit it broke, and a sentence for people."""

    what: Literal["drift", "missing", "observed_expected", "roc_auc", "log_loss"]
    where: str
    value: float
    limit: float
    sentence: str


def drift_alerts(found: Iterable[Drift], rules: Monitoring) -> Iterator[Alert]:
    """One for an indicator whose values moved, and one where it is missing more or less often than it was."""
    for d in found:
        limit = max(rules.psi, d.psi_noise, d.psi_usual)
        if d.psi > limit:
            yield Alert(
                "drift",
                d.indicator,
                d.psi,
                limit,
                f"{d.indicator} no longer looks as it did in training: PSI {d.psi:.2f}, where chance alone stays below "
                f"{d.psi_noise:.2f} and training snapshots mostly below {d.psi_usual:.2f}.",
            )
        change = abs(d.missing_now - d.missing_before)
        limit = max(rules.missing_change, d.missing_noise, d.missing_usual)
        if change > limit:
            yield Alert(
                "missing",
                d.indicator,
                change,
                limit,
                f"{d.indicator} is missing for {d.missing_now:.0%} of the accounts; in the training rows it was for "
                f"{d.missing_before:.0%}.",
            )


def outcome_alerts(
    newest: Mapping[str, Any] | None, figures: Mapping[str, Any], judged: Mapping[str, Any], rules: Monitoring
) -> Iterator[Alert]:
    """From the newest block of observed against expected, and the figures of all matured rows.

    `judged` are the figures of the training's test period. Nothing is concluded below the policy's number of churned
    accounts, nor where an interval leaves room for no change.
    """
    if newest is not None:
        yield from _calibration(newest, rules)
    if figures["n_churned_accounts"] < rules.least_churned_accounts:
        return
    promised, now = judged.get("roc_auc"), figures["roc_auc_ci"]
    if promised is not None and now is not None and now[1] < promised - rules.auc_fall:
        yield Alert(
            "roc_auc",
            "matured",
            figures["roc_auc"],
            promised - rules.auc_fall,
            f"The ranking has become worse: ROC-AUC {figures['roc_auc']:.3f}, 95 % interval up to {now[1]:.3f}; the "
            f"training's test period had {promised:.3f}.",
        )
    gain = figures["log_loss_gain_ci"]
    if gain is not None and gain[1] < 0:
        yield Alert(
            "log_loss",
            "matured",
            figures["log_loss"],
            figures["log_loss_constant"],
            f"The probabilities say less than the training's base rate would: log-loss {figures['log_loss']:.4f} against "
            f"{figures['log_loss_constant']:.4f}.",
        )


def enough(block: Mapping[str, Any], rules: Monitoring) -> bool:
    """Whether so many accounts churned, or were expected to at once, that something can be concluded."""
    seen = max(block["n_churned_accounts"], block["expected_per_snapshot"])
    return bool(seen >= rules.least_churned_accounts)


def _calibration(block: Mapping[str, Any], rules: Monitoring) -> Iterator[Alert]:
    ratio, ci, bounds = block["ratio"], block["ci"], rules.observed_expected
    if ratio is None or ci is None or not enough(block, rules):
        return
    if ratio > bounds.high and ci[0] > 1:
        limit, more = bounds.high, "more"
    elif ratio < bounds.low and ci[1] < 1:
        limit, more = bounds.low, "less"
    else:
        return
    yield Alert(
        "observed_expected",
        f"{block['from']} to {block['until']}",
        ratio,
        limit,
        f"{more.capitalize()} churn than promised: {ratio:.2f} times the expected, 95 % interval {ci[0]:.2f} to "
        f"{ci[1]:.2f}, in the snapshots from {block['from']} to {block['until']}.",
    )
