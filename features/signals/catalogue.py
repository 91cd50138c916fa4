"""All signals of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from features.signals.chances import adoption, growth
from features.signals.signal import Signal
from features.signals.warnings import feature_decline, key_people, login_drop, payment, renewal, spoken, ticket_spike
from policy.policy import Policy


def signals(policy: Policy) -> Mapping[str, Signal]:
    """Signal by id (W1 … E2), with the policy's numbers, cadence, tag and play."""
    rules = policy.signals
    declared = (
        login_drop(rules.login_drop),
        ticket_spike(rules.ticket_spike),
        key_people(rules.key_people),
        payment(rules.payment),
        spoken(rules.voice),
        renewal(rules.renewal),
        feature_decline(rules.feature_decline, rules.login_drop.least_tenure_days),
        adoption(rules.adoption),
        growth(rules.growth),
    )
    return {
        s.id: replace(
            s, weekly=s.name in rules.weekly, confirmatory=rules.confirms(s.name), play=rules.plays.get(s.name)
        )
        for s in declared
    }
