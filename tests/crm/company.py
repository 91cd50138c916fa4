"""A small company's scores and tasks, a CRM that has its accounts, and the oracle that judges what arrived there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from serving.writeback import delivery
from serving.writeback.delivery import Applied
from serving.writeback.staged import Staged
from tests.crm.tryton_server import Tryton

WEEK_1, WEEK_2 = "2025-01-06", "2025-01-13"
ACCOUNTS, TASKS = 60, 20
# The requests that change something, by their bodies.
WRITES = r'"method":"model\.[a-z.]+\.(write|create)"'


# Every third account has a task and every tier moves each week: nothing that should stop these tests.
apply = partial(delivery.apply, accepted=("new_tasks", "tier_moves"))


def score(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    usual = {
        "owner_id": f"csm-{number % 4}",
        "risk_tier": ("high", "medium", "low")[(number + int(as_of[-2:])) % 3],
        "health_score": number,
        "churn_probability": round(number / 180, 6),
        "arr": 1000.5 * number,
        "reason_1": f'Logins fell by {number} %: naïve 🔥, "quoted" <b>',
        "expires_on": "2025-01-20",
        "published_at": f"{as_of}T05:30:00+00:00",
        "run_id": f"run of {as_of}",
    }
    return Staged("score", f"a{number:03}", f"a{number:03}", as_of, usual | fields)


def task(number: int, as_of: str = WEEK_1, **fields: Any) -> Staged:
    usual = {
        "account_id": f"a{number:03}",
        "play": "reengage",
        "step": "assess",
        "subject": "Assess: health went from green to red",
        "body": "What the data show:\n- logins fell\n\t=SUM(1;2) 🔥",
        "owner_id": f"csm-{number % 4}",
        "due_at": "2025-01-07T06:30:00+01:00",
        "priority": "high",
    }
    return Staged("task", f"a{number:03}|reengage:assess|{as_of}", f"a{number:03}", as_of, usual | fields)


def book(as_of: str = WEEK_1) -> list[Staged]:
    return [score(i, as_of) for i in range(ACCOUNTS)] + [task(i, as_of) for i in range(TASKS)]


def accounts_only(tryton: Tryton) -> None:
    """The CRM of a company that never heard of us; what earlier tests left is gone."""
    mine = [row["id"] for row in tryton.query("SELECT id FROM party_party WHERE churn_account_id IS NOT NULL")]
    if mine:
        tryton.rpc("model.party.party.delete", mine)
    tryton.add_accounts([f"a{i:03}" for i in range(ACCOUNTS)])


def missing_or_wrong(tryton: Tryton, rows: Sequence[Staged]) -> list[str]:
    """What the CRM's file says otherwise than the rows: the oracle. Empty is nothing lost."""
    stored = {"score": tryton.parties(), "task": tryton.tasks()}
    names = {"reason_1": "reason", "owner_id": "owner", "churn_probability": "probability"}
    wrong = []
    for row in rows:
        found = stored[row.kind].get(row.key)
        if found is None:
            wrong.append(f"{row.key} is lost")
            continue
        for name, value in row.fields.items():
            if (seen := _as_sent(found[names.get(name, name)], value)) != value:
                wrong.append(f"{row.key}.{name}: {seen!r}, not {value!r}")
    return wrong


def _as_sent(stored: Any, value: Any) -> Any:
    """A value of the file in the form it was sent in, if it is the same one."""
    if stored is None:
        return None
    if isinstance(value, float):
        return value if abs(float(stored) - value) < 1e-9 else float(stored)
    if isinstance(value, str) and "T" in value and value[:2] == "20":
        same = datetime.fromisoformat(f"{stored}+00:00") == datetime.fromisoformat(value)
        return value if same else stored
    return stored


def nothing_lost_nothing_doubled(tryton: Tryton, rows: Sequence[Staged], applied: Applied) -> None:
    wrong, doubled = missing_or_wrong(tryton, rows), tryton.duplicates()
    assert not wrong, wrong[:5]
    assert not doubled, doubled
    assert len(tryton.tasks()) == sum(row.kind == "task" for row in rows)
    assert len(tryton.parties()) == ACCOUNTS, "an account was created"
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows), 0, 0), applied
