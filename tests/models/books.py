"""Small made-up books: indicator frames whose churn follows a hidden health, and frames at chosen health points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.scorer import Array, sigmoid
from policy.policy import COMPONENTS, HealthInput, Policy

# Indicator → monotone direction, as the catalogue declares it.
DIRECTIONS: Mapping[str, int] = {
    name: {"higher": 1, "lower": -1, None: 0}[catalogue()[name].risk]
    for name in (
        "login_change_28d",
        "seat_utilisation_28d",
        "mail_open_rate_84d",
        "tickets_28d",
        "nps",
        "open_escalations",
        "past_due_days",
        "key_people_left_91d",
        "days_since_last_activity",
        "milestones_missed",
        "days_to_term_end",
    )
}
GROUPS: Mapping[str, str] = {name: i.group for name, i in catalogue().items()}


def book(*, accounts: int = 300, snapshots: int = 4, seed: int = 0) -> pd.DataFrame:
    """account_id, as_of, churned and indicators; several rows an account, values missing here and there."""
    rng = np.random.default_rng(seed)
    hidden = np.repeat(rng.normal(size=accounts), snapshots)
    n = len(hidden)

    def noisy(scale: float) -> Array:
        return -hidden + rng.normal(scale=scale, size=n)

    frame = pd.DataFrame(
        {
            "account_id": np.repeat([f"a{i:04d}" for i in range(accounts)], snapshots),
            "as_of": np.tile(pd.date_range("2025-01-06", periods=snapshots, freq="28D").date, accounts),
            "login_change_28d": np.clip(-0.25 * noisy(0.7), -1, 2),
            "seat_utilisation_28d": sigmoid(-noisy(0.7)),
            "mail_open_rate_84d": sigmoid(-noisy(1.5)),
            "tickets_28d": rng.poisson(1.0, n).astype(float),
            "nps": np.clip(np.round(7 - 2 * noisy(1.0)), 0, 10),
            "nps_age_days": rng.integers(1, 200, n).astype(float),
            "open_escalations": (rng.random(n) < 0.1).astype(float),
            "past_due_days": np.where(rng.random(n) < 0.3, rng.integers(1, 60, n), 0).astype(float),
            "key_people_left_91d": rng.poisson(0.2, n).astype(float),
            "days_since_last_activity": np.clip(np.round(3 * np.exp(noisy(0.5))), 1, 200),
            "milestones_missed": rng.poisson(0.5, n).astype(float),
            "days_to_term_end": rng.integers(1, 365, n).astype(float),
            "term_length_days": rng.choice([30.0, 365.0, 730.0], n),
            "renewal_signed": (rng.random(n) < 0.05).astype(float),
        }
    )
    frame["days_to_notice"] = frame["days_to_term_end"] - np.where(rng.random(n) < 0.3, 0, 30)
    frame.loc[rng.random(n) < 0.4, ["nps", "nps_age_days"]] = np.nan
    frame.loc[rng.random(n) < 0.1, "mail_open_rate_84d"] = np.nan
    soon = frame["days_to_notice"].between(14, 104).to_numpy() & (frame["term_length_days"] > 45).to_numpy()
    frame["churned"] = (rng.random(n) < sigmoid(-2.5 - 1.2 * hidden + 1.5 * soon)).astype(float)
    return frame


def value_at(rule: HealthInput, points: float) -> float:
    """A value that earns these points; NaN where none does."""
    xs, ys = np.array(rule.points or rule.steps, dtype=float).T
    if rule.steps:
        return float(xs[ys == points][0]) if (ys == points).any() else np.nan
    # Where points rise and fall again, the falling side: one value per number of points.
    xs, ys = (xs[np.argmax(ys) :], ys[np.argmax(ys) :]) if np.argmax(ys) < len(ys) - 1 else (xs, ys)
    order = np.argsort(ys, kind="stable")
    if not ys.min() <= points <= ys.max():
        return np.nan
    return float(np.interp(points, ys[order], xs[order]))


def at_points(policy: Policy, **components: float) -> pd.DataFrame:
    """One row whose components score these points; inputs that cannot, and components not named, are missing."""
    row = {
        rule.indicator: value_at(rule, components[component]) if component in components else np.nan
        for component in COMPONENTS
        for rule in policy.health.inputs[component]
    }
    return pd.DataFrame([row])
