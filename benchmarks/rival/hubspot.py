"""HubSpot's emulator as a counterpart: companies that are there, scores for them, keys as customers have them."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from benchmarks.rival.judge import Stored
from benchmarks.rival.staged_set import ACCOUNTS, account
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.hubspot_setup import setup
from tests.crm.hubspot_oracle import Emulator

KEY = "churn_account_id"
SENT = ("as_of", "risk_tier", "churn_probability", "health_score", "reason_1")
ODD_KEYS = ("b/1", "b#1", "b?x=1", "b%41", "b&idProperty=name")


def opened(hub: Emulator) -> list[str]:
    """A new account with our properties and the companies of the book and of the odd keys; all keys."""
    hub.reset(task_unique="on", raw_kept=2000, ten_secondly=100_000)
    crm = HubSpotCrm(SecretStr(hub.token), address=hub.url)
    setup(crm, create=True)
    crm.close()
    keys = [account(i) for i in range(ACCOUNTS)] + list(ODD_KEYS)
    hub.control("seed", {"type": "companies", "records": [{"name": key, KEY: key} for key in keys]})
    hub.control("forget", {})
    return keys


def named(field: str) -> str:
    """Our field's property."""
    return field if field.startswith("churn_") else f"churn_{field}"


def stored(hub: Emulator) -> list[Stored]:
    """What the companies hold, numbers as numbers."""
    return [("score", r["properties"].get(KEY, ""), _fields(r["properties"])) for r in hub.records()]


def _fields(properties: dict[str, Any]) -> dict[str, Any]:
    found = {field: properties.get(named(field)) or None for field in SENT}
    for number in ("churn_probability", "health_score"):
        found[number] = None if found[number] is None else float(str(found[number]))
    return found
