"""Accounts for the tests of reviews."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from serving.workbench.reviews.account import Account, Sign

CALM = Account(
    account_id="a",
    name="Acme",
    segment="retail",
    team_segment="smb",
    touch_model="tech",
    owner="anna",
    arr=1000.0,
    health_tier="green",
    health_score=80.0,
    health_before=None,
    probability=0.02,
    probability_before=None,
    risk_tier="low",
    horizon_days=90,
    low_evidence=False,
    reasons=(),
    change="",
    signals=(),
    play=None,
)
WARNING = Sign("W1", "warning", "2026-05-04", "Logins are down 40 % since 4 May 2026.", "login drop", "adoption rescue")
CHANCE = Sign("E1", "expansion", "2026-05-04", "95 % of the features paid for were used since 4 May 2026.")


def account(account_id: str = "a", **fields: Any) -> Account:
    return replace(CALM, account_id=account_id, **fields)
