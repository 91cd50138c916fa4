"""How the product was used over the period: before and after with both days, and the weeks between."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from features.catalogue import catalogue
from policy.policy import Policy
from serving.reasons import formatted, moves_enough
from serving.workbench.qbr.records import Movement, Week

SHOWN = {
    "active_users_28d": "People active in four weeks",
    "active_user_days_28d": "Daily logins in four weeks",
    "seat_utilisation_28d": "Paid seats in use",
    "modules_used_28d": "Modules in use",
    "core_adoption_28d": "Core features in everyday use",
    "advanced_use_share_28d": "Advanced features in use",
    "learning_91d": "Trainings and webinars joined in a quarter",
    "tickets_28d": "Questions to support in four weeks",
    "first_response_hours_84d": "Our first answer to a question, in twelve weeks",
}
UNKNOWN = "not known"


def movements(
    before: Mapping[str, float | None], after: Mapping[str, float | None], policy: Policy, *, currency: str
) -> tuple[Movement, ...]:
    """Each figure that is known at the end of the period, in the order above."""
    found = [
        movement(name, before.get(name), after.get(name), policy, currency=currency)
        for name in SHOWN
        if known(after.get(name)) is not None
    ]
    return tuple(found)


def movement(indicator: str, before: float | None, after: float | None, policy: Policy, *, currency: str) -> Movement:
    """One figure before and after; it moved if it did by the share that `evidence.least_change` asks for."""
    old, new = known(before), known(after)
    declared = catalogue(policy)[indicator]
    texts = [UNKNOWN if v is None else formatted(v, declared.unit, currency) for v in (old, new)]
    if old is None or new is None:
        return Movement(indicator, SHOWN[indicator], old, new, texts[0], texts[1], "unknown", None)
    moved = texts[0] != texts[1] and moves_enough(old, new, policy.evidence.least_change)
    better = None if not moved or declared.risk is None else (new > old) == (declared.risk == "lower")
    direction = "unchanged" if texts[0] == texts[1] else "up" if new > old else "down"
    return Movement(indicator, SHOWN[indicator], old, new, texts[0], texts[1], direction, better)  # type: ignore[arg-type]


def weeks(logins: Sequence[float | None], as_of: date, days: int) -> tuple[Week, ...]:
    """The weeks of the period, oldest first, from logins by age in weeks."""
    count = min(days // 7, len(logins))
    shown = [(n, known(logins[n])) for n in reversed(range(count))]
    return tuple(Week(as_of - timedelta(weeks=n + 1), None if v is None else round(v)) for n, v in shown)


def known(value: float | None) -> float | None:
    """The value; null where it is null or no number."""
    return None if value is None or not math.isfinite(value) else float(value)
