"""A process for the kill tests: delivers a small book or takes one back, and dies at a named point if told so.

Run as a module: FOLDER WHAT CRM POINT NTH ACCOUNTS. WHAT is the as_of of a book, or `rollback` and it; CRM one of `CRMS`;
POINT `-` is nowhere. The ledger is a file of the folder; of `postgres`, whose address comes in CRM_ADDRESS, a schema.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from policy.delivery import Delivery
from serving.writeback.delivery import apply
from serving.writeback.destination import (
    Capabilities,
    Destination,
    Handle,
    Key,
    Kind,
    Outcome,
    Outgoing,
    Row,
    Scalar,
)
from serving.writeback.names import Names
from serving.writeback.place import Place
from serving.writeback.place_postgres import PostgresPlace
from serving.writeback.postgres import PostgresCrm, Table
from serving.writeback.rollback import rollback
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

LIMITS = Delivery(
    least_rows=20, rejected_share=0.05, tier_moves_share=0.15, new_tasks_share=0.15, new_tasks_times=3, usual_runs=4,
    source_moves_share=0.5, source_least_rows=100, undo_runs=3, alone_tries=3,
)  # fmt: skip
# Every other account has a task here, and every third moves its tier: nothing that should stop these tests.
CALM = ("tier_moves", "new_tasks")
SCORE_FIELDS = ("name", "owner_id", "risk_tier", "churn_probability", "expires_on", "as_of")
TASK_FIELDS = ("play", "subject", "status")
BATCH = 8
SECONDS_A_ROW = 0.01
"""How long the slow CRM takes for each."""


def book(as_of: str, accounts: int) -> list[Staged]:
    """A score an account and a task for every other one."""
    rows = []
    for i in range(accounts):
        account_id = f"acc-{i:04d}"
        tier = "red" if (i + int(as_of[-2:])) % 3 == 0 else "green"
        fields: dict[str, Scalar] = {"name": f"Firm {i}", "owner_id": f"csm-{i % 4}", "risk_tier": tier}
        fields |= {"churn_probability": i / accounts, "expires_on": f"after {as_of}"}
        rows.append(Staged("score", account_id, account_id, as_of, fields))
        if i % 2 == 0:
            key = f"{account_id}|reengage|week of {as_of}"
            rows.append(Staged("task", key, account_id, as_of, {"play": "reengage", "subject": f"Call {i}"}))
    return rows


class SmallBatches(SqliteCrm):
    """A file that takes a few rows at a time."""

    def describe(self) -> Capabilities:
        return dataclasses.replace(super().describe(), batch_size=BATCH)


class SlowCrm(SqliteCrm):
    """A file that says when it begins a batch, takes its time with each row, and stores the batch in the end."""

    def describe(self) -> Capabilities:
        return dataclasses.replace(super().describe(), batch_size=64)

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        print("writing", flush=True)  # noqa: T201
        time.sleep(SECONDS_A_ROW * len(batch))
        return super().write(kind, batch, handle)


class AppendingCrm(SmallBatches):
    """The control: no idempotency key, so what an earlier process wrote can be neither found nor refused."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.mine: dict[Kind, dict[Key, Row]] = {"score": {}, "task": {}}

    def describe(self) -> Capabilities:
        return dataclasses.replace(super().describe(), key_unique=True)

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        return {key: self.mine[kind][key] for key in keys if key in self.mine[kind]}

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        table, key_column = ("accounts", "account_id") if kind == "score" else ("tasks", "task_key")
        with sqlite3.connect(self.path) as db:
            for row in batch:
                values = {"account_id": row.account_id, key_column: row.key, **row.fields}
                columns = ", ".join(values)
                if not db.execute("SELECT 1 FROM pragma_table_info(?)", (table,)).fetchone():
                    db.execute(f"CREATE TABLE {table} ({columns})")
                for name in values:
                    if not db.execute("SELECT 1 FROM pragma_table_info(?) WHERE name=?", (table, name)).fetchone():
                        db.execute(f"ALTER TABLE {table} ADD COLUMN {name}")
                db.execute(
                    f"INSERT INTO {table} ({columns}) VALUES ({','.join('?' * len(values))})", [*values.values()]
                )
                self.mine[kind][row.key] = row.fields
        db.close()
        return [Outcome.ok()] * len(batch)


class SmallPostgres(PostgresCrm):
    """Two tables of a real Postgres that take a few rows at a time."""

    def describe(self) -> Capabilities:
        return dataclasses.replace(super().describe(), batch_size=BATCH)


CRMS = {"keyed": SmallBatches, "slow": SlowCrm, "appending": AppendingCrm}


def destination(which: str, folder: Path) -> tuple[Destination, Place | Path]:
    """The CRM of a name, and the ledger that goes with it."""
    if which != "postgres":
        return CRMS[which](folder / "crm.sqlite"), folder / "ledger.sqlite"
    address = SecretStr(os.environ["CRM_ADDRESS"])
    names = Names({name: name for name in SCORE_FIELDS}, {name: name for name in TASK_FIELDS})
    accounts, tasks = Table("crm.accounts", "account_id"), Table("crm.tasks", "task_key", "account_id")
    crm = SmallPostgres(address, names, accounts=accounts, tasks=tasks, label="crm", creates_accounts=True)
    return crm, PostgresPlace(address, "ledger")


def main() -> None:
    folder, what, which, point, nth, accounts = sys.argv[1:]
    crm, ledger = destination(which, Path(folder))
    seen = 0

    def at(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    print("working", flush=True)  # noqa: T201
    task, _, as_of = what.rpartition(" ")
    if task == "rollback":
        done = rollback(f"book of {as_of}", crm, ledger, limits=LIMITS, at=at).as_json()
    else:
        rows, run_id = book(as_of, int(accounts)), f"book of {as_of}"
        done = apply(rows, crm, ledger, run_id=run_id, limits=LIMITS, accepted=CALM, at=at).as_json()
    print(json.dumps(done), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
