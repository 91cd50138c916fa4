"""Which columns are built, at which snapshots: said once for every contender."""

from __future__ import annotations

from datetime import date, timedelta

LAST_AS_OF = date(2025, 12, 29)  # the Monday after the book's last week

# What usage says without entitlements: every shape, seven columns of the events.
CORE = (
    "active_user_days_28d",
    "active_user_days_7d",
    "user_days_per_seat_28d",
    "login_change_28d",
    "login_change_7d",
    "usage_trend_84d",
    "active_days_28d",
    "events_28d",
    "events_change_28d",
    "days_since_last_use",
    "active_users_28d",
    "active_users_7d",
    "active_users_change_28d",
    "stickiness_28d",
    "seat_utilisation_28d",
    "modules_used_28d",
    "features_used_28d",
    "features_used_change_28d",
    "api_events_28d",
)
# What featuretools can say with one training window.
FIVE = ("events_28d", "active_days_28d", "active_users_28d", "modules_used_28d", "features_used_28d")
# Windows of a measure that the core has already, for the price of one more.
FURTHER_WINDOWS = tuple(range(2, 12))


def as_of_dates(snapshots: int, *, stride_weeks: int = 1) -> list[date]:
    """The newest as_of dates of the book, ascending."""
    return sorted(LAST_AS_OF - timedelta(weeks=stride_weeks * n) for n in range(snapshots))
