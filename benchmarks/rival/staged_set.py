"""The rows that both tools have to bring into the CRM: every account's score, and a task for every third account."""

from __future__ import annotations

from typing import Any

from serving.writeback.staged import Staged

WEEK_1, WEEK_2 = "2025-01-06", "2025-01-13"
ACCOUNTS = 100
SCORE_COLUMNS = {
    "as_of": "text",
    "owner_id": "text",
    "risk_tier": "text",
    "churn_probability": "double precision",
    "health_score": "double precision",
    "reason_1": "text",
}
TASK_COLUMNS = {
    "account_id": "text",
    "as_of": "text",
    "subject": "text",
    "body": "text",
    "owner_id": "text",
    "due_at": "text",
    "priority": "text",
}


def account(number: int) -> str:
    """The key of an account."""
    return f"a{number:03}"


def score(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    """An account's score of a week; every week moves the tier."""
    usual = {
        "owner_id": f"csm-{number % 4}",
        "risk_tier": ("red", "amber", "green")[(number + int(as_of[-2:])) % 3],
        "churn_probability": round((number + int(as_of[-2:])) / 180, 6),
        "health_score": float(number),
        "reason_1": f"Logins fell by {number} % in the week of {as_of}",
    }
    return Staged("score", account(number), account(number), as_of, {**usual, **fields})


def task(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    """An account's task of a week."""
    usual = {
        "subject": f"Call {account(number)}",
        "body": "Logins fell, and nobody answered the last survey.",
        "owner_id": f"csm-{number % 4}",
        "due_at": "2025-01-17T09:00:00+00:00",
        "priority": "high",
    }
    return Staged("task", f"{account(number)}|reengage|{as_of}", account(number), as_of, {**usual, **fields})


def book(as_of: str = WEEK_1, **odd: Any) -> list[Staged]:
    """100 scores and 34 tasks; `odd` are fields of account a050 alone."""
    scores = [score(i, as_of, **(odd if i == 50 else {})) for i in range(ACCOUNTS)]
    return scores + [task(i, as_of) for i in range(0, ACCOUNTS, 3)]
