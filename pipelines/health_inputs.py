"""Which indicators the health score reads, so that no more are built where only the score is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from features.catalogue import catalogue
from features.indicator import Indicator
from policy.policy import Policy

READ_BESIDE = ("nps_age_days", "csat_age_days", "tickets_28d", "login_change_28d", "tenure_days")
"""Indicators that say how another input is to be read, or which weights hold."""


def health_inputs(policy: Policy) -> Mapping[str, Indicator]:
    """Every indicator that the health score reads, in the order of the catalogue."""
    rules = [i for inputs in policy.health.inputs.values() for i in inputs]
    named = {i.indicator for i in rules} | {i.unless_zero for i in rules} | {cap.while_ for cap in policy.health.caps}
    return {n: i for n, i in catalogue(policy).items() if n in {*named, *READ_BESIDE}}
