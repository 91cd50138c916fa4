"""An account and its peers, small enough to say by hand what its business review holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from serving.workbench.qbr import Gate, Material

DAY = date(2026, 11, 30)
SINCE = date(2026, 8, 31)
NOW: Mapping[str, Any] = {
    "active_users_28d": 14.0,
    "active_user_days_28d": 120.0,
    "seat_utilisation_28d": 0.3,
    "user_days_per_seat_28d": 2.4,
    "modules_used_28d": 3.0,
    "module_breadth_28d": 0.5,
    "core_adoption_28d": 0.4,
    "advanced_use_share_28d": None,
    "meeting_attendance_182d": 0.5,
    "learning_91d": 0.0,
    "tickets_28d": 2.0,
    "first_response_hours_84d": 5.0,
    "open_escalations": 1.0,
    "oldest_escalation_days": 12.0,
    "open_tickets": 0.0,
    "oldest_open_ticket_days": None,
    "nps": 7.0,
    "nps_answers_182d": 2.0,
    "csat": None,
    "csat_answers_182d": 0.0,
}
BEFORE = {"active_users_28d": 10.0, "active_user_days_28d": 150.0, "seat_utilisation_28d": 0.3, "learning_91d": 1.0}
# Probability, score and revenue have digits that stand nowhere else.
SCORED: Mapping[str, Any] = {
    "account_id": "acc-1",
    "health_score": 61.83,
    "health_tier": "yellow",
    "risk_tier": "high",
    "churn_probability": 0.4273,
    "horizon_days": 90,
    "arr": 31_416.0,
    "usage_score": 67.1,
    "engagement_score": 53.9,
    "sentiment_score": None,
    "commercial_score": 88.2,
    "reason_1": "The champion left and nobody took over.",
    "reason_2": None,
    "reason_3": None,
}
ABOUT: Mapping[str, Any] = {
    "name": "Granite <Press> & Co",
    "owner_id": "csm-07",
    "term_ends_on": date(2027, 2, 14),
    **{f"week_{n:02d}": float(30 - n) for n in range(26)},
}
CLOSED = Gate(False, "health is yellow, and green is needed.")


def features(*peers: Mapping[str, Any], **own: Any) -> pd.DataFrame:
    rows = [{**NOW, **own, "account_id": "acc-1", "arr": 31_416.0}]
    rows += [{**NOW, "account_id": f"peer-{n}", "arr": 40_000.0, **peer} for n, peer in enumerate(peers)]
    return pd.DataFrame(rows)


def milestones(*rows: tuple[str, str, str | None, str | None], account: str = "acc-1") -> pd.DataFrame:
    """(milestone, kind, due_on, reached_at) as known tables hold them."""
    frame = pd.DataFrame(
        [(account, *row) for row in rows], columns=["account_id", "milestone", "kind", "due_on", "reached_at"]
    )
    return frame.astype({"due_on": "datetime64[us]", "reached_at": "datetime64[us]"})


def touchpoints(*rows: tuple[str, str, str | None, str | None], account: str = "acc-1") -> pd.DataFrame:
    """(kind, occurred_at, responded_at, reason)."""
    frame = pd.DataFrame(
        [(account, *row) for row in rows], columns=["account_id", "kind", "occurred_at", "responded_at", "reason"]
    )
    frame["attended"] = pd.Series(pd.NA, index=frame.index, dtype="boolean")
    return frame.astype({"occurred_at": "datetime64[us]", "responded_at": "datetime64[us]", "reason": "string"})


def feedback(*rows: tuple[str, str, str | None, str], account: str = "acc-1") -> pd.DataFrame:
    """(task_key, value, reason, recorded_at), outcomes all."""
    columns = ["account_id", "task_key", "value", "reason", "recorded_at"]
    frame = pd.DataFrame([(account, *row) for row in rows], columns=columns)
    frame = frame.assign(kind="task_outcome", feedback_id=[f"f{n}" for n in range(len(frame))])
    return frame.astype({"recorded_at": "datetime64[us]", "reason": "string"})


def surveys(*rows: tuple[str, float, str, str | None], account: str = "acc-1") -> pd.DataFrame:
    """(kind, score, answered_at, comment)."""
    frame = pd.DataFrame(
        [(account, *row) for row in rows], columns=["account_id", "kind", "score", "answered_at", "comment"]
    )
    return frame.astype({"answered_at": "datetime64[us]", "comment": "string"})


def task(key: str, as_of: date, subject: str, due: str) -> dict[str, Any]:
    return {
        "account_id": "acc-1",
        "task_key": key,
        "as_of": as_of,
        "subject": subject,
        "play": "adoption rescue",
        "due_at": pd.Timestamp(due),
    }


def material(**changed: Any) -> Material:
    given: dict[str, Any] = {
        "account_id": "acc-1",
        "as_of": DAY,
        "scored": SCORED,
        "about": ABOUT,
        "before": BEFORE,
        "features": features(*[{}] * 6),
        "tables": {},
        "tasks": [],
        "signals": [],
        "gate": CLOSED,
    }
    return Material(**{**given, **changed})
