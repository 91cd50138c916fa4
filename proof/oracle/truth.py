"""What became of every line of the cohort, told from the facts alone: labels for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from proof.oracle.cohort import LOSSES, label
from proof.oracle.past import Row, World, day
from proof.oracle.table import cohort

Key = tuple[date, str]
# What a customer does; our own outreach counts only where somebody came.
ACTS = {
    "usage_events": "occurred_at",
    "support_tickets": "opened_at",
    "survey_responses": "answered_at",
    "touchpoints": "occurred_at",
    "milestones": "reached_at",
}


def labels(
    world: World,
    dates: Iterable[date],
    *,
    kind: str = "decision",
    horizon_days: int,
    gap_days: int,
    lapse_days: int,
    data_until: date,
    min_tenure_days: int = 7,
    kinds: Sequence[str] = LOSSES,
) -> dict[Key, Row]:
    """(as_of, account) → known_loss, churned (null while it cannot be known), decided_in_gap, in_window, mature."""
    terms: dict[str, list[Row]] = {}
    for term in world["subscriptions"]:
        terms.setdefault(term["account_id"], []).append(Row(term))
    contracts = {"accounts": world["accounts"], "subscriptions": world["subscriptions"]}
    lively = _days_alive(world) if kind == "inactivity" else {}
    found: dict[Key, Row] = {}
    for as_of in dates:
        for account, view in cohort(contracts, as_of, min_tenure_days=min_tenure_days, kinds=kinds).items():
            told = label(
                {"subscriptions": terms[account]},
                view.line,
                horizon_days=horizon_days,
                gap_days=gap_days,
                data_until=data_until,
                lapse_days=lapse_days,
                kinds=kinds,
            )
            if kind == "inactivity":
                opens = as_of + timedelta(days=gap_days)
                closes = opens + timedelta(days=horizon_days)
                silent = not any(opens <= d < closes for d in lively.get(account, ()))
                told |= {"decided_in_gap": False, "churned": int(silent) if told["mature"] else None}
            found[as_of, account] = Row({**told, "known_loss": view.line["known_loss"]})
    return found


def _days_alive(world: World) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for table, at in ACTS.items():
        for row in map(Row, world.get(table, [])):
            ours = table == "touchpoints" and row["direction"] != "theirs" and not row["attended"]
            if row[at] is not None and not ours:
                found.setdefault(row["account_id"], set()).add(day(row[at]))
    return found
