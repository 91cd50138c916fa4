"""A process for the kill tests: delivers a small book, and dies at a named point if told so. Run as a script.

usage: one_life.py FOLDER AS_OF CRM(keyed|appending) POINT(or -) NTH ACCOUNTS
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from policy.delivery import Delivery
from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

LIMITS = Delivery(
    least_rows=20, rejected_share=0.05, tier_moves_share=0.15, new_tasks_share=0.15, new_tasks_times=3, usual_runs=4,
    source_moves_share=0.5, source_least_rows=100, undo_runs=3, alone_tries=3,
)  # fmt: skip


def book(as_of: str, accounts: int) -> list[Staged]:
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
    def describe(self) -> Capabilities:
        return dataclasses.replace(super().describe(), batch_size=8)


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


def main() -> None:
    folder, as_of, which, point, nth, accounts = sys.argv[1:]
    path = Path(folder, "crm.sqlite")
    crm = SmallBatches(path) if which == "keyed" else AppendingCrm(path)
    seen = 0

    def at(name: str) -> None:
        nonlocal seen
        seen += name == point
        if name == point and seen == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    print("working", flush=True)  # noqa: T201
    ledger = Path(folder, "ledger.sqlite")
    # Every other account has a task here, and every third moves its tier: nothing that should stop these tests.
    calm = ("tier_moves", "new_tasks")
    run_id = f"life {os.getpid()}"
    applied = apply(book(as_of, int(accounts)), crm, ledger, run_id=run_id, limits=LIMITS, accepted=calm, at=at)
    print(json.dumps(applied.as_json()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
