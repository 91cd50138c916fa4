"""The rule-based, weighted health score: 0–100, high is healthy (H1–H21)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from policy.policy import COMPONENTS, HealthInput, Policy

# Sums of decimal weights miss by some 1e-14: 75 must not come out as 74.99999999999999, a yellow 74 on every page.
DECIMALS = 10


def health_scores(features: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row per feature row: health_score, coverage, health_tier and one column per component score.

    Null inputs are left out and the rest renormalised, within a component and then across. `coverage` is the share of
    the applicable weight that had data. The number is null only where nothing had data. Accounts that are still
    onboarding (`tenure_days`) are weighted as such.
    """
    components, covered = {}, {}
    for component in COMPONENTS:
        components[component], covered[component] = _component(features, component, policy)
    scores = pd.DataFrame(components, index=features.index)
    weights = row_weights(features, policy)
    present = scores.notna().astype(float) * weights
    total = present.sum(axis=1)
    score = (scores.fillna(0.0) * present).sum(axis=1) / total.where(total > 0)
    coverage = (pd.DataFrame(covered, index=features.index) * weights).sum(axis=1) / weights.sum(axis=1)
    out = scores.add_suffix("_score")
    out["health_score"] = score
    out["coverage"] = coverage
    out = out.round(DECIMALS)
    out["health_tier"] = [policy.tier(s, c) for s, c in zip(out["health_score"], out["coverage"], strict=True)]
    return out


def health_parts(features: pd.DataFrame, policy: Policy) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """(weights, points, lowered), one column per indicator: Σ weight × points + Σ lowered is the score.

    Weights are shares of 1 after missing inputs are left out; `lowered` holds what each cap takes off the score (zero
    or negative), under the indicator that caps.
    """
    scores = {c: _component(features, c, policy)[0] for c in COMPONENTS}
    live = pd.DataFrame(scores, index=features.index).notna().astype(float) * row_weights(features, policy)
    live = live.div(live.sum(axis=1).replace(0.0, np.nan), axis=0).fillna(0.0)
    weights: dict[str, pd.Series] = {}
    gained: dict[str, pd.Series] = {}
    lowered: dict[str, pd.Series] = {}
    for component in COMPONENTS:
        table, shares = _points_table(features, component, policy)
        present = table.notna().astype(float).mul(shares, axis=1)
        inner = present.div(present.sum(axis=1).replace(0.0, np.nan), axis=0).fillna(0.0)
        for indicator in map(str, table):
            weights[indicator] = inner[indicator] * live[component]
            gained[indicator] = table[indicator].fillna(0.0)
        left = (inner * table.fillna(0.0)).sum(axis=1)
        for cap in policy.health.caps:
            if cap.component == component and cap.while_ in features:
                capped = left.where(~(features[cap.while_] > 0), left.clip(upper=cap.at_most))
                taken = (capped - left) * live[component]
                lowered[cap.while_] = lowered[cap.while_] + taken if cap.while_ in lowered else taken
                left = capped
    return (
        pd.DataFrame(weights, index=features.index),
        pd.DataFrame(gained, index=features.index),
        pd.DataFrame(lowered, index=features.index),
    )


def row_weights(features: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The weight of each component for each row: an onboarding account's own (O6), else the usual ones.

    Without a known tenure the usual ones hold.
    """
    tenure = features.get("tenure_days", pd.Series(np.nan, index=features.index)).astype(float)
    young = (tenure < policy.onboarding.tenure_days).to_numpy()
    usual, onboarding = policy.health.weights, policy.health.onboarding_weights
    return pd.DataFrame(
        {c: np.where(young, float(onboarding[c]), float(usual[c])) for c in COMPONENTS}, index=features.index
    )


def points(values: pd.Series, rule: HealthInput) -> pd.Series:
    """Points of one input, 0–100; null stays null, and so does a value below the first of the steps.

    >>> rule = HealthInput(indicator="past_due_days", share=1, steps=((0, 100), (1, 70), (15, 30), (31, 0)))
    >>> points(pd.Series([0, 1, 14, 15, 30, 31, None]), rule).tolist()
    [100.0, 70.0, 70.0, 30.0, 30.0, 0.0, nan]
    """
    xs, ys = np.array(rule.points or rule.steps, dtype=float).T
    raw = values.astype(float).to_numpy()
    if rule.points:
        found = np.interp(raw, xs, ys)
    else:
        place = np.searchsorted(xs, raw, side="right") - 1
        found = np.where(place < 0, np.nan, ys[place])
    return pd.Series(np.where(np.isnan(raw), np.nan, found), index=values.index)


def _component(features: pd.DataFrame, component: str, policy: Policy) -> tuple[pd.Series, pd.Series]:
    """(score, share of the applicable inputs' weight that had data)."""
    table, shares = _points_table(features, component, policy)
    present = table.notna().astype(float).mul(shares, axis=1)
    total = present.sum(axis=1)
    score = (table.fillna(0.0) * present).sum(axis=1) / total.where(total > 0)
    for cap in policy.health.caps:
        if cap.component == component and cap.while_ in features:
            score = score.where(~(features[cap.while_] > 0), score.clip(upper=cap.at_most))
    return score, total / _applicable(features, table, component, policy)


def _applicable(features: pd.DataFrame, table: pd.DataFrame, component: str, policy: Policy) -> pd.Series:
    """The share of a component's inputs that could have had data: what does not apply is not missing (H7, H8)."""
    share = pd.Series(0.0, index=table.index)
    for rule in policy.health.inputs[component]:
        applies = pd.Series(True, index=table.index)
        if rule.if_applicable:
            applies = table[rule.indicator].notna() if rule.indicator in table else ~applies
        if rule.unless_zero is not None and rule.unless_zero in features:
            applies = applies & (features[rule.unless_zero] != 0)
        share = share + rule.share * applies
    return share.where(share > 0, 1.0)


def _points_table(features: pd.DataFrame, component: str, policy: Policy) -> tuple[pd.DataFrame, pd.Series]:
    inputs = [i for i in policy.health.inputs[component] if i.indicator in features]
    found = {i.indicator: _input_points(features, i, policy) for i in inputs}
    shares = pd.Series({i.indicator: i.share for i in inputs}, dtype=float)
    return pd.DataFrame(found, index=features.index), shares


def _input_points(features: pd.DataFrame, rule: HealthInput, policy: Policy) -> pd.Series:
    found = points(features[rule.indicator], rule)
    health = policy.health
    if rule.indicator == "nps":
        found = _faded(found, features, "nps_age_days", health.nps_neutral_points, health.nps_fade_days)
    if rule.indicator == "csat":
        found = _faded(found, features, "csat_age_days", health.csat_neutral_points, health.csat_fade_days)
    if rule.indicator == "tickets_vs_segment_28d" and "tickets_28d" in features:
        found = found.where(~(features["tickets_28d"] == 0), _silence(features, policy))
    if rule.unless_zero is not None and rule.unless_zero in features:
        found = found.where(features[rule.unless_zero] != 0)
    return found


def _faded(found: pd.Series, features: pd.DataFrame, age: str, neutral: float, days: int) -> pd.Series:
    """An old answer says less every day: its points go to neutral on a straight line (H13)."""
    if age not in features:
        return found
    return found + (neutral - found) * (features[age] / days).clip(upper=1.0)


def _silence(features: pd.DataFrame, policy: Policy) -> pd.Series:
    """No tickets: neutral while usage holds, low when usage falls too (H10)."""
    change = features.get("login_change_28d", pd.Series(np.nan, index=features.index))
    chosen = policy.health.silent_ticket_points
    return pd.Series(
        np.where(change <= policy.health.falling_usage, chosen.falling, chosen.healthy), index=features.index
    )


def component_weights(policy: Policy, *, onboarding: bool = False) -> Mapping[str, int]:
    """Weights as whole numbers for people to read."""
    weights = policy.health.onboarding_weights if onboarding else policy.health.weights
    return {c: round(weights[c]) for c in COMPONENTS}


def mix_warnings(tiers: Mapping[str, int], policy: Policy) -> list[str]:
    """A sentence for each tier whose share of the rated accounts is far from what the policy expects (H4).

    Cut-offs are fixed: the mix is reported, never forced.

    >>> from policy.policy import load_policy
    >>> mix_warnings({"green": 40, "yellow": 45, "red": 15}, load_policy())
    ['green 40 % of the rated accounts, 70 % expected', 'yellow 45 % of the rated accounts, 20 % expected']
    """
    rated = sum(tiers.get(name, 0) for name in policy.health.expected_mix)
    if not rated:
        return []
    found = []
    for name, expected in policy.health.expected_mix.items():
        share = tiers.get(name, 0) / rated
        if abs(share - expected) > policy.health.mix_tolerance + 1e-9:
            found.append(f"{name} {share:.0%} of the rated accounts, {expected:.0%} expected".replace("%", " %"))
    return found
