"""The verdict on the health score's weights in a sentence, and weights as whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Bounds = tuple[float, float]


def sentence(
    verdict: str,
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    intervals: Mapping[str, Mapping[str, Bounds]],
    gain: Mapping[str, Any],
    lost: int,
) -> str:
    """What the verdict rests on, with its numbers; weights are of 100."""
    if verdict == "change":
        moved = ", ".join(
            f"{c} {ours[c]:.0f} → {theirs[c]:.0f} ({told(intervals[c]['ci_all_four'])})"
            for c in ours
            if outside(ours[c], intervals[c]["ci_all_four"])
        )
        low, high = gain["log_loss_ci"]
        return (
            f"Other weights tell churn better: fitted before each of {gain['n_origins']} origins they saved "
            f"{gain['log_loss']:.4f} of log-loss on later rows [{low:.4f}, {high:.4f}]. {moved}."
        )
    text = "Your data cannot tell these weights apart from others"
    if not gain["n_origins"]:
        return f"{text}: the history is too short to judge any on later rows."
    ranges = ", ".join(f"{c} {told(found['ci_all_four'])}" for c, found in intervals.items())
    return f"{text}: {lost} churned accounts allow {ranges}, {_why(ours, intervals, gain)}."


def _why(ours: Mapping[str, float], intervals: Mapping[str, Mapping[str, Bounds]], gain: Mapping[str, Any]) -> str:
    saved, window = gain["log_loss_ci"], gain["roc_auc_in_window_ci"]
    if not saved or saved[0] <= 0:
        return "and the weights fitted on earlier rows told later ones no better, beyond chance"
    if window and window[1] < 0:
        return "and in the renewal window the fitted ones rank worse"
    return "and every weight of the policy lies within"


def outside(value: float, bounds: Bounds) -> bool:
    """Whether a value is not in an interval.

    >>> outside(40, (40.0, 60.0)), outside(39, (40.0, 60.0))
    (False, True)
    """
    return not bounds[0] <= value <= bounds[1]


def told(bounds: Bounds) -> str:
    """An interval of a weight.

    >>> told((0.0, 17.6))
    '0–18'
    """
    return f"{bounds[0]:.0f}–{bounds[1]:.0f}"


def whole(weights: Mapping[str, float]) -> dict[str, int]:
    """Weights as whole numbers that still sum to 100: the largest remainders are rounded up.

    >>> whole({"usage": 33.4, "engagement": 33.4, "sentiment": 33.2, "commercial": 0.0})
    {'usage': 34, 'engagement': 33, 'sentiment': 33, 'commercial': 0}
    """
    found = {c: int(value) for c, value in weights.items()}
    missing = 100 - sum(found.values())
    for c in sorted(weights, key=lambda c: found[c] - weights[c])[:missing]:
        found[c] += 1
    return found
