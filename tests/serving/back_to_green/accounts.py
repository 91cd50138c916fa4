"""Accounts whose every score can be worked out by hand, and movements of others like them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from policy.policy import Policy, load_policy, policy_from
from serving.workbench.back_to_green import WayBack, ways_back

DAY = date(2026, 11, 30)
ALL = {"open_escalations": 1, "past_due_days": 20, "learning_91d": 3, "seat_utilisation_28d": 0.55}
"""What others moved: enough to be green."""

# Usage 45 (the mean of 50 and 40), engagement 60, sentiment 100 capped at 40, commercial 30:
# 0.4 × 45 + 0.25 × 60 + 0.2 × 40 + 0.15 × 30 = 45.5.
ACCOUNT: Mapping[str, Any] = {
    "account_id": "acc-1",
    "arr": 30_000.0,
    "seats": 10.0,
    "tenure_days": 400.0,
    "user_days_per_seat_28d": 2.0,
    "seat_utilisation_28d": 0.3,
    "learning_91d": 0.0,
    "nps": 10.0,
    "open_escalations": 1.0,
    "past_due_days": 20.0,
}
POINTS = {
    "user_days_per_seat_28d": 50.0,
    "seat_utilisation_28d": 40.0,
    "learning_91d": 60.0,
    "open_escalations": 0.0,
    "past_due_days": 30.0,
}


def accounts(*changed: Mapping[str, Any]) -> pd.DataFrame:
    """One row each, like the account above but for what is given."""
    return pd.DataFrame([{**ACCOUNT, "account_id": f"acc-{n}", **row} for n, row in enumerate(changed or ({},), 1)])


def like(indicator: str, *changes: float, points: float | None = None, segment: str = "mid_market") -> pd.DataFrame:
    """Movements for the better of other accounts, one each, that began where the account above stands."""
    return pd.DataFrame(
        {
            "account_id": [f"other-{n}" for n in range(len(changes))],
            "team_segment": segment,
            "indicator": indicator,
            "start_points": POINTS[indicator] if points is None else points,
            "change": [float(c) for c in changes],
        }
    )


def all_got(**changes: float) -> pd.DataFrame:
    """Ten other accounts that all moved each input by as much."""
    return pd.concat([like(name, *[change] * 10) for name, change in changes.items()], ignore_index=True)


def any_coverage(**back_to_green: Any) -> Policy:
    """The default policy, but an account is rated however little is known of it."""
    given = {"health": {"tier_coverage": 0.0}, "back_to_green": back_to_green}
    return policy_from(given, where="test")


DEFAULT = load_policy()


def one(movements: pd.DataFrame, policy: Policy | None = None, **account: Any) -> WayBack:
    """The way back of the account above, changed by what is given."""
    return ways_back(accounts(account), movements, policy or any_coverage(), DAY, currency="USD")[0]
