"""Small facts for the tests of the workbench: one account, its terms, and rows as they come from the tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from policy.policy import Policy, load_policy
from serving.workbench.plays.account import Account
from serving.workbench.plays.terms import Term

AS_OF = date(2026, 6, 1)
POLICY = load_policy()


def account(name: str = "a", **more: Any) -> Account:
    given = {
        "name": "Acme",
        "owner_id": "csm-1",
        "zone": "UTC",
        "started_on": date(2025, 1, 1),
        "arr": 60_000.0,
        "tier": "green",
        "risk": "low",
        "policy": POLICY,
    }
    return Account(name, **(given | more))


def term(starts: str, ends: str, arr: float = 1_000.0, **more: Any) -> Term:
    return Term("a", date.fromisoformat(starts), date.fromisoformat(ends), arr, **more)


def milestone(name: str, kind: str, reached: str | None = None, due: str | None = None) -> dict[str, Any]:
    return {"account_id": "a", "milestone": name, "kind": kind, "reached_at": at(reached), "due_on": at(due)}


def touch(kind: str, on: str, **more: Any) -> dict[str, Any]:
    row = {"touch_id": f"{kind} {on}", "account_id": "a", "kind": kind, "direction": "ours", "occurred_at": at(on)}
    return row | {"responded_at": None, "attended": None, "reason": None} | more


def answer(score: float, on: str, kind: str = "nps", user: str = "u") -> dict[str, Any]:
    return {"account_id": "a", "user_id": user, "kind": kind, "score": score, "answered_at": at(on)}


def person(user: str = "u", role: str = "user", **more: Any) -> dict[str, Any]:
    return {"account_id": "a", "user_id": user, "role": role, "deactivated_at": None, "bounced_at": None} | more


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def with_rules(**sections: Any) -> Policy:
    """The default policy with keys of its sections changed."""
    changed = {s: getattr(POLICY, s).model_copy(update=keys) for s, keys in sections.items()}
    return POLICY.model_copy(update=changed)
