"""What on the card must be read first: figures that are too good, or no better than the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.metrics import LEAST_CHURNED
from policy.proof import Proof


def leakage_alarms(
    columns: Mapping[str, Any], *, proof: Proof, horizon_days: int, median_term_days: float, churned_accounts: int
) -> list[str]:
    """A sentence per scorer whose pooled AUC lies beyond what mainly annual contracts allow; none on few losses.

    A book of annual contracts is mostly decided by its calendar, and a quarter ahead no honest figure says so much.
    """
    annual = median_term_days >= proof.annual_term_days and horizon_days <= proof.longest_horizon_days
    if not annual or churned_accounts < LEAST_CHURNED:
        return []
    return [
        f"LEAKAGE ALARM: {name} reaches a pooled ROC-AUC of {found['discrimination']['roc_auc']['value']:.3f} on mainly "
        f"annual contracts; above {proof.pooled.limit:.2f} something knows the outcome. Run `churn prove-no-leak`."
        for name, found in columns.items()
        if (found["discrimination"]["roc_auc"]["value"] or 0.0) > proof.pooled.limit
    ]


def warnings(shipped: Mapping[str, Any], disjoint: Mapping[str, Any] | None) -> list[str]:
    """A sentence for everything that the shipped scorer's figures do not show or show to be wanting."""
    found = []
    skill = shipped["overall"]["skill_above_calendar"]
    if skill["ci"] is None or skill["ci"][0] <= 0:
        found.append(
            "The shipped scorer is not shown to know more than the calendar: its skill above it includes zero."
        )
    ratio = shipped["calibration"]["observed_expected"]
    if ratio["ci"] is not None and not ratio["ci"][0] <= 1 <= ratio["ci"][1]:
        more = "more" if ratio["value"] > 1 else "fewer"
        found.append(f"{more.capitalize()} churned than promised: observed ÷ expected is {ratio['value']:.2f}.")
    ece = shipped["calibration"]["ece"]
    if ece["verdict"] == "beyond noise":
        found.append("The calibration error is larger than chance explains: a probability does not mean what it says.")
    if shipped["discrimination"]["roc_auc_in_window"]["value"] is None:
        found.append("Too few losses inside the renewal window to say how the shipped scorer ranks there.")
    seen = None if disjoint is None else disjoint["gain_from_seen"]
    if seen is not None and seen["ci"] is not None and seen["ci"][0] > 0:
        found.append(
            f"Part of the skill is recognising accounts: ROC-AUC is {seen['value']:.3f} lower on accounts never seen "
            "in training."
        )
    return found
