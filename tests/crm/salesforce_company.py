"""A small company's Salesforce org, its scores and tasks, and the oracle that judges what arrived there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import SecretStr

from serving.writeback import delivery
from serving.writeback.delivery import Applied
from serving.writeback.destination import Outgoing
from serving.writeback.salesforce import SalesforceCrm
from serving.writeback.salesforce_fields import default_names
from serving.writeback.staged import Staged
from tests.crm import clock, company
from tests.crm.salesforce_ids import record_id
from tests.crm.salesforce_schema import PREFIXES
from tests.crm.salesforce_server import Emulator

CLIENT_ID, USER = "3MVG9.consumer.key", "integration@example.org"
WEEK_1, WEEK_2 = "2025-01-06", "2025-01-13"
ACCOUNTS, TASKS = 60, 20
ACCOUNT_KEY, TASK_KEY = "Churn_Account_Id__c", "Churn_Task_Key__c"
PERSON = record_id(PREFIXES["User"], 0)
KEY = {"type": "Text", "externalId": True, "unique": True}
_TYPES: dict[str, dict[str, Any]] = {
    **{name: {"type": "Number", "precision": 18, "scale": 6} for name in ("churn_probability", "health_score")},
    **{name: {"type": "Date"} for name in ("as_of", "expires_on")},
    "published_at": {"type": "DateTime"},
}
FIELDS: dict[str, list[dict[str, Any]]] = {
    "Account": [
        {"name": ACCOUNT_KEY, "length": 40, **KEY},
        *(
            {"name": theirs, **_TYPES.get(ours, {"type": "Text", "length": 255})}
            for ours, theirs in default_names().score.items()
        ),
    ],
    "Task": [
        {"name": TASK_KEY, "length": 120, **KEY},
        *({"name": f"Churn_{name}__c", "type": "Text", "length": 255} for name in ("Play", "Step")),
    ],
}
# Every third account has a task and every tier moves each week: nothing that should stop these tests.
apply = partial(delivery.apply, accepted=("new_tasks", "tier_moves"))


def client(org: Emulator, **options: Any) -> SalesforceCrm:
    options = {"answer_seconds": 5.0, "poll_seconds": 20.0} | options
    address = options.pop("address", org.url)
    return SalesforceCrm(
        address, key=SecretStr(org.private_key), client_id=CLIENT_ID, username=USER, audience=org.url, **options
    )


@contextmanager
def connected(org: Emulator, **options: Any) -> Iterator[SalesforceCrm]:
    crm = client(org, **options)
    try:
        yield crm
    finally:
        crm.close()


def score(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    usual = {
        "risk_tier": ("high", "medium", "low")[(number + int(as_of[-2:])) % 3],
        "health_score": number,
        "churn_probability": round(number / 180, 6),
        "reason_1": f'Logins fell by {number} %: naïve 🔥, "quoted" <b>',
        "reason_2": None,
        "expires_on": "2025-01-20",
        "published_at": f"{as_of}T05:30:00.123456+00:00",
        "run_id": f"run of {as_of}",
        "arr": 1000.5 * number,
    }
    return Staged("score", f"a{number:03}", f"a{number:03}", as_of, usual | fields)


def task(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    """A task of an owner that the org knows."""
    return company.task(number, as_of, **{"owner_id": PERSON, **fields})


def book(as_of: str = WEEK_1, accounts: int = ACCOUNTS, tasks: int = TASKS) -> list[Staged]:
    return [score(i, as_of) for i in range(accounts)] + [task(i, as_of) for i in range(tasks)]


Hurried = partial(clock.Hurried, longest=0.01)


def outgoing(row: Staged, *, create: bool | None = None, **seen: Any) -> Outgoing:
    fields = {name: value for name, value in row.fields.items() if name not in ("account_id", "arr")}
    return Outgoing(row.key, row.account_id, fields, row.kind == "task" if create is None else create, seen)


class Nothing:
    """A handle without a ledger."""

    job: str | None = None

    def save(self, job: str) -> None:
        self.job = job


def accounts_only(org: Emulator, accounts: int = ACCOUNTS) -> None:
    """The org of a company that never heard of us."""
    org.call("reset")
    org.seed("Account", ["Name", ACCOUNT_KEY], [[f"Firm {i}", f"a{i:03}"] for i in range(accounts)])


def stored(org: Emulator, kind: str) -> dict[str, dict[str, Any]]:
    """Every record that has a key of ours; a key that two records have is told as a failure."""
    object_name, key = ("Account", ACCOUNT_KEY) if kind == "score" else ("Task", TASK_KEY)
    found = [row for row in org.records(object_name) if row[key] is not None]
    assert len({row[key] for row in found}) == len(found), "a key on two records"
    return {row[key]: row for row in found}


def missing_or_wrong(org: Emulator, rows: Sequence[Staged]) -> list[str]:
    """What the org's records say otherwise than the rows: the oracle. Empty is nothing lost."""
    held = {kind: stored(org, kind) for kind in ("score", "task")}
    names = {"score": default_names().score, "task": default_names().task}
    accounts, wrong = {row["Id"]: key for key, row in held["score"].items()}, []
    for row in rows:
        found = held[row.kind].get(row.key)
        if found is None:
            wrong.append(f"{row.key} is lost")
            continue
        if row.kind == "task" and accounts.get(found["WhatId"]) != row.account_id:
            wrong.append(f"{row.key} hangs on another account")
        for name, value in row.fields.items():
            if name in names[row.kind] and not _same(name, found[names[row.kind][name]], value):
                wrong.append(f"{row.key}.{name}: {found[names[row.kind][name]]!r}, not {value!r}")
    return wrong


def _same(name: str, held: Any, value: Any) -> bool:
    if name == "due_at":
        return bool(held == value[:10])
    if name == "priority":
        return bool(held == value.title())
    if name == "published_at":
        return abs((datetime.fromisoformat(held) - datetime.fromisoformat(value)).total_seconds()) < 0.001
    return bool(held == value)


def nothing_lost_nothing_doubled(org: Emulator, rows: Sequence[Staged], applied: Applied) -> None:
    wrong = missing_or_wrong(org, rows)
    assert not wrong, wrong[:5]
    assert len(org.records("Task", "Id")) == sum(row.kind == "task" for row in rows), "a task was doubled"
    assert len(org.records("Account", "Id")) == ACCOUNTS, "an account was created"
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows), 0, 0), applied


def environment(org: Emulator) -> dict[str, str]:
    """What a process of its own needs to know to reach the org."""
    return {**os.environ, "CRM_KEY": org.private_key, "CRM_AUDIENCE": org.url}
