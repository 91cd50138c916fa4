"""The customer's feature requests with their status: answered, or with the product team and by when (Q4, V1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from policy.policy import Policy
from serving.reasons import long_date
from serving.workbench.qbr.records import Request

KIND = "feature_request"
NO_TEXT = "A request whose words were not recorded"


def requests(touchpoints: pd.DataFrame | None, account: str, as_of: date, policy: Policy) -> tuple[Request, ...]:
    """The account's requests known before as_of, unanswered ones first and the oldest of them first."""
    if touchpoints is None:
        return ()
    own = touchpoints[(touchpoints["account_id"] == account) & (touchpoints["kind"] == KIND)]
    found = [_request(row, as_of, policy) for row in own.to_dict("records")]
    return tuple(sorted(found, key=lambda r: (r.status == "answered", r.asked_on, r.text)))


def _request(row: dict[Any, Any], as_of: date, policy: Policy) -> Request:
    asked = pd.Timestamp(row["occurred_at"]).date()
    answered = None if pd.isna(row["responded_at"]) else pd.Timestamp(row["responded_at"]).date()
    text = NO_TEXT if pd.isna(row["reason"]) else str(row["reason"]).strip() or NO_TEXT
    due = asked + timedelta(days=policy.feature_requests.answer_days)
    team = policy.feature_requests.routed_to
    head = f"{text}, asked on {long_date(asked)}"
    if answered:
        return Request(text, asked, "answered", answered, due, f"{head}: answered on {long_date(answered)}.")
    where = f"with the {team} team" if team else "not passed on to a team yet"
    if due < as_of:
        return Request(text, asked, "overdue", None, due, f"{head}: {where}; our answer was due by {long_date(due)}.")
    return Request(text, asked, "open", None, due, f"{head}: {where}; an answer is due by {long_date(due)}.")
