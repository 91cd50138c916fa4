"""This project's write-back, in a process of its own. The child reads what it is to do in JSON from a file."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.rival.staged_set import SCORE_COLUMNS, TASK_COLUMNS
from benchmarks.rival.tables import Tables
from benchmarks.rival.tool import CANARY, LONGEST_RUN, Report, begin
from policy.errors import DeliveryIncomplete, Locked, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.names import Names
from serving.writeback.place import rejections
from serving.writeback.postgres import PostgresCrm, Table
from serving.writeback.staged import Staged
from serving.writeback.webhook import WebhookCrm
from tests.crm.hubspot_oracle import Emulator

ROOT = Path(__file__).parents[2]
NAMES = Names(
    {name: name for name in SCORE_COLUMNS},
    {name: name for name in TASK_COLUMNS if name not in ("account_id", "as_of")},
)
# Every tier moves every week and a third of the accounts has a task: what the breakers are for is not measured here.
ACCEPTED = ("new_tasks", "tier_moves")


class Ours:
    """A ledger in a folder of its own. `url` is the HTTP endpoint, `hub` HubSpot; else the CRM is Postgres.

    `batch_size` is the webhook's, so that it makes enough calls to be killed between.
    """

    name = "churn"

    def __init__(
        self, folder: Path, tables: Tables, *, url: str = "", hub: Emulator | None = None, batch_size: int = 100
    ) -> None:
        self.folder, self.tables, self.url, self.hub, self.batch_size = folder, tables, url, hub, batch_size
        self.runs = 0
        self.rows: list[Staged] = []

    def stage(self, rows: Sequence[Staged]) -> None:
        """The next run's rows, and its number."""
        self.rows = list(rows)
        self.runs += 1

    def start(self) -> subprocess.Popen[str]:
        """`apply`, as `churn apply` calls it."""
        order = {"run": f"run {self.runs}", "url": self.url, "batch_size": self.batch_size, "folder": str(self.folder)}
        path = self.folder / f"order-{self.runs}.json"
        path.write_text(json.dumps({**order, "rows": [asdict(row) for row in self.rows]}), encoding="utf-8")
        environment = {"ADDRESS": self.tables.address, "TOKEN": CANARY, "PYTHONPATH": str(ROOT)}
        if self.hub:
            environment |= {"HUBSPOT_ADDRESS": self.hub.url, "HUBSPOT_TOKEN": self.hub.token}
        return begin([sys.executable, "-m", "benchmarks.rival.ours", str(path)], ROOT, environment)

    def report(self, process: subprocess.Popen[str]) -> Report:
        """Its exit code, and the rows that it quarantined or deferred."""
        out, err = process.communicate(timeout=LONGEST_RUN)
        told = json.loads(out.splitlines()[-1]) if out.strip() else {}
        return Report(process.returncode, told.get("rejected", 0) + told.get("deferred", 0), out + err)

    def recover(self) -> Report:
        """The same once more."""
        return self.report(self.start())


def destination(order: Mapping[str, Any], folder: Path) -> PostgresCrm | WebhookCrm | HubSpotCrm:
    """The one that the order names."""
    if address := os.environ.get("HUBSPOT_ADDRESS"):
        return HubSpotCrm(SecretStr(os.environ["HUBSPOT_TOKEN"]), address=address, account="rival")
    if order["url"]:
        address, secret = f"{order['url']}/webhook", SecretStr(os.environ["TOKEN"])
        crm = WebhookCrm(address, secret, hosts=(), label="endpoint", state=folder / "taken.sqlite")
        crm.batch_size = order["batch_size"]
        return crm
    tables = {"accounts": Table("crm.accounts", "account_id"), "tasks": Table("crm.tasks", "task_key", "account_id")}
    return PostgresCrm(SecretStr(os.environ["ADDRESS"]), NAMES, label="crm", **tables)


def main() -> None:
    """The child: deliver, print the counts, exit with 1 where a row is not accounted for."""
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    path = Path(sys.argv[1])
    order = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    rows = [Staged(**row) for row in order["rows"]]
    folder = Path(order["folder"])
    crm = destination(order, folder)
    ledger = folder / "ledger.sqlite"
    try:
        applied = apply(rows, crm, ledger, run_id=order["run"], accepted=ACCEPTED, patience=60)
    except (DeliveryIncomplete, SettingsError, Locked) as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(1)
    finally:
        crm.close()
    dead = [[line.key, line.code] for line in rejections(ledger)]
    edited = [list(one) for one in applied.edited]
    sys.stdout.write(json.dumps({**applied.as_json(), "rejections": dead, "edited": edited}) + "\n")
    sys.exit(0 if applied.complete and not applied.rejected else 1)


if __name__ == "__main__":
    main()
