"""A HubSpot account with the company's accounts, the client for it, and the oracle that judges what arrived there.

The oracle reads the emulator's own records and compares them with the rows by rules of its own: it uses nothing of the
client's, and never our ledger.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from serving.writeback.delivery import Applied
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.hubspot_setup import setup
from serving.writeback.staged import Staged
from tests.crm import clock, company
from tests.crm.company import ACCOUNTS, TASKS, WEEK_1, WEEK_2, apply, score
from tests.crm.hubspot_oracle import Emulator

__all__ = ["ACCOUNTS", "TASKS", "WEEK_1", "WEEK_2", "apply", "score"]

MODES = {"unique keys": "on", "keys refused": "off", "keys not kept unique": "silent"}
WRITES = "batch/(update|create)$"
TIMEOUT, SETTLE = 0.6, 1.0
PROPERTIES = {
    "subject": "hs_task_subject",
    "body": "hs_task_body",
    "due_at": "hs_timestamp",
    "priority": "hs_task_priority",
    "status": "hs_task_status",
    "owner_id": "hubspot_owner_id",
}
WORDS = {"high": "HIGH", "normal": "MEDIUM", "low": "LOW", "open": "NOT_STARTED", "done": "COMPLETED"}


Hurried = partial(clock.Hurried, longest=0.1)


def task(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    """A task of an owner that HubSpot knows."""
    return company.task(number, as_of, **{"owner_id": str(101 + number % 3), **fields})


def book(as_of: str = WEEK_1) -> list[Staged]:
    return [score(i, as_of) for i in range(ACCOUNTS)] + [task(i, as_of) for i in range(TASKS)]


def client(hub: Emulator, **options: Any) -> HubSpotCrm:
    usual = {"address": hub.url, "answer_seconds": TIMEOUT, "settle_seconds": SETTLE, "batch_size": 10}
    return HubSpotCrm(SecretStr(hub.token), account="test", **{**usual, **options})


def opened(hub: Emulator, tasks: str = "on", **options: Any) -> None:
    """A new account of a company that has its accounts and our properties, and never heard of us otherwise."""
    hub.reset(**{"task_unique": tasks, "raw_kept": 5000, "ten_secondly": 100_000, **options})
    crm = client(hub, answer_seconds=30)
    steps = setup(crm, create=True)
    crm.close()
    assert {step.state for step in steps} <= {"ready", "made"}, steps
    records = [{"name": f"Company {i}", "churn_account_id": f"a{i:03}"} for i in range(ACCOUNTS)]
    hub.control("seed", {"type": "companies", "records": records})
    hub.control("forget", {})


def missing_or_wrong(hub: Emulator, rows: Sequence[Staged]) -> list[str]:
    """What HubSpot's records say otherwise than the rows. Empty is nothing lost."""
    stored = {"score": hub.by("churn_account_id"), "task": hub.by("churn_task_key", "tasks")}
    companies = {record["id"]: key for key, record in stored["score"].items()}
    wrong = []
    for row in rows:
        found = stored[row.kind].get(row.key)
        if found is None:
            wrong.append(f"{row.key} is lost")
            continue
        if row.kind == "task":
            whose = [companies.get(i) for i in found["associations"].get("companies", [])]
            wrong += [f"{row.key} belongs to {whose}"] if whose != [row.account_id] else []
        for name, value in row.fields.items():
            if name in ("account_id", "arr") or (row.kind == "score" and name == "owner_id"):
                continue  # what HubSpot is not told of
            own = name if name.startswith("churn_") else f"churn_{name}"
            text = found["properties"].get(PROPERTIES.get(name, own) if row.kind == "task" else own)
            if not _says(name, text, value):
                wrong.append(f"{row.key}.{name}: {text!r}, not {value!r}")
    return wrong


def _says(name: str, text: str | None, value: Any) -> bool:
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, int | float):
        return abs(float(text) - value) < 1e-9
    if name in ("due_at", "published_at"):
        return abs((datetime.fromisoformat(text) - datetime.fromisoformat(value)).total_seconds()) < 0.001
    if name in ("priority", "status"):
        return text == WORDS[value]
    return (html.unescape(text.replace("<br>", "\n")) if name == "body" else text) == value


def doubled(hub: Emulator) -> dict[str, Any]:
    """Keys that two records have, the recycling bin left out, and tasks too many of one subject, company and week."""
    found: dict[str, Any] = {**hub.duplicates("churn_account_id"), **hub.duplicates("churn_task_key", "tasks")}
    told = Counter(
        (*task["associations"].get("companies", ["nobody"]), task["properties"].get("churn_task_key", "")[-10:])
        for task in hub.records("tasks")
    )
    return found | {str(one): times for one, times in told.items() if times > 1}


def nothing_lost_nothing_doubled(hub: Emulator, rows: Sequence[Staged], applied: Applied) -> None:
    wrong = missing_or_wrong(hub, rows)
    assert not wrong, wrong[:5]
    assert not doubled(hub)
    assert len(hub.records("tasks")) == sum(row.kind == "task" for row in rows)
    assert len(hub.records()) == ACCOUNTS, "a company was created"
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows), 0, 0), applied
    assert hub.violations() == []
