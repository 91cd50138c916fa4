"""drt-core: a project of two syncs, scores and tasks, read from the mart and configured from its documented options.

Into Postgres: `mode: upsert` with `incremental_strategy: diff` (only what changed is sent), accounts `update_only`. Over
HTTP, where the diff is not offered: `mode: incremental` by `as_of`, a request a row, tasks with an idempotency key.
Everywhere: `on_error: skip`, the dead letter queue on, five retries, no pacing.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.rival.hubspot import KEY, SENT, named
from benchmarks.rival.staged_set import SCORE_COLUMNS, TASK_COLUMNS
from benchmarks.rival.tables import Tables
from benchmarks.rival.tool import CANARY, LONGEST_RUN, Report, begin
from serving.writeback.hubspot_line import VERSION
from serving.writeback.staged import Staged
from tests.crm.hubspot_oracle import Emulator

RETRY = {"max_attempts": 6, "initial_backoff": 0.5, "backoff_multiplier": 2.0}
RATE = {"requests_per_second": 500}
# Its HubSpot destination has the vendor's address and `/crm/v3/objects` as a constant. That is the one thing that is
# changed, at the start: the emulator speaks the dated versions alone, whose requests for one record are the same.
AT_A_TEST_SERVER = """
import os
from drt.destinations import hubspot
hubspot._HUBSPOT_API = os.environ["HUBSPOT_OBJECTS"]
from drt.cli.main import app
app()
"""
KEYS = {"scores": "account_id", "tasks": "task_key"}
DIFF = {"mode": "upsert", "incremental_strategy": "diff"}
CURSOR = {"mode": "incremental", "cursor_field": "as_of"}


class Drt:
    """Its command `drt`, in a folder of its own. `url` is the HTTP endpoint, `hub` HubSpot; else the CRM is Postgres.

    `options` are added to both syncs' `sync:` block, `scores` to the scores' alone; `batch` sends many rows a request.
    """

    name = "drt"

    def __init__(
        self,
        command: Path,
        folder: Path,
        tables: Tables,
        *,
        url: str = "",
        hub: Emulator | None = None,
        batch: bool = False,
        way: dict[str, Any] | None = None,
        scores: dict[str, Any] | None = None,
    ) -> None:
        self.command, self.folder, self.tables = command, folder, tables
        self.url, self.hub, self.batch = url, hub, batch
        self.way = way or (CURSOR if url or hub else DIFF)
        self.scores = scores or {}
        self._settle()

    def stage(self, rows: Sequence[Staged]) -> None:
        """Into the mart."""
        self.tables.fill(rows)

    def start(self, *more: str) -> subprocess.Popen[str]:
        """`drt run`."""
        return self._begin("run", "--verbose", "--output", "json", *more)

    def report(self, process: subprocess.Popen[str]) -> Report:
        """Its exit code, and the failed rows by its JSON."""
        out, err = process.communicate(timeout=LONGEST_RUN)
        start = out.find("{")
        try:
            syncs = json.loads(out[start:])["syncs"] if start >= 0 else []
        except (ValueError, KeyError):
            syncs = []
        # A company that `update_only` does not find counts as skipped, in the same report.
        failed = sum(int(one.get(name) or 0) for one in syncs for name in ("rows_failed", "rows_skipped"))
        return Report(process.returncode, failed, out + err)

    def recover(self) -> Report:
        """`drt run` again, then `drt retry` for what is in the queues."""
        found = [self.report(self.start())]
        for sync in ["scores"] if self.hub else KEYS:
            process = self._begin("retry", sync)
            out, err = process.communicate(timeout=LONGEST_RUN)
            still = re.search(r"(\d+) still failing", out)
            found.append(Report(process.returncode, int(still[1]) if still else 0, out + err))
        output = "\n".join(one.output for one in found)
        return Report(max(one.exit for one in found), max(one.failed for one in found), output)

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        password = urlsplit(self.tables.address).password or ""
        secrets = {"RIVAL_PASSWORD": password, "RIVAL_TOKEN": CANARY}
        command = [str(self.command)]
        if self.hub:
            objects = f"{self.hub.url}/crm/objects/{VERSION}"
            secrets |= {"HUBSPOT_OBJECTS": objects, "HUBSPOT_TOKEN": self.hub.token}
            command = [str(self.command.parent / "python"), "-c", AT_A_TEST_SERVER]
        environment = {**secrets, "HOME": str(self.folder), "DO_NOT_TRACK": "1", "NO_COLOR": "1", "COLUMNS": "200"}
        return begin([*command, *words], self.folder, environment)

    def _settle(self) -> None:
        at = urlsplit(self.tables.address)
        database = {"host": at.hostname, "port": at.port, "dbname": at.path.lstrip("/"), "user": at.username}
        access = {**database, "password_env": "RIVAL_PASSWORD"}
        self._write(".drt/profiles.yml", {"mart": {"type": "postgres", **access}})
        self._write("drt_project.yml", {"name": "rival", "profile": "mart"})
        for sync, key in KEYS.items():
            if self.hub and sync == "tasks":
                continue
            columns = SCORE_COLUMNS if sync == "scores" else TASK_COLUMNS
            options = {**self.way, "batch_size": 100, "on_error": "skip", "dlq": {"enabled": True}, "retry": RETRY}
            if sync == "scores":
                options |= {} if self.url else {"match_policy": "update_only"}
                options |= self.scores
            names = ", ".join([key, *columns])
            self._write(
                f"syncs/{sync}.yml",
                {
                    "name": sync,
                    "model": f"SELECT {names} FROM mart.{sync} ORDER BY {key}",
                    "destination": self._destination(sync, access),
                    "sync": options,
                },
            )

    def _destination(self, sync: str, access: dict[str, Any]) -> dict[str, Any]:
        if self.hub:
            return self._companies()
        return self._over_http(sync) if self.url else self._into_tables(sync, access)

    def _companies(self) -> dict[str, Any]:
        values = {KEY: "account_id", **{named(field): field for field in SENT}}
        template = ", ".join(
            f'"{name}": {{{{ row.{field} | string | tojson_safe }}}}' for name, field in values.items()
        )
        auth = {"type": "bearer", "token_env": "HUBSPOT_TOKEN"}
        return {
            "type": "hubspot",
            "object_type": "companies",
            "id_property": KEY,
            "properties_template": f"{{{template}}}",
            "auth": auth,
            "retry": RETRY,
        }

    def _into_tables(self, sync: str, access: dict[str, Any]) -> dict[str, Any]:
        table = "crm.accounts" if sync == "scores" else "crm.tasks"
        return {"type": "postgres", **access, "table": table, "upsert_key": [KEYS[sync]]}

    def _over_http(self, sync: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": "rest_api",
            "url": f"{self.url}/{sync}" + ("/batch" if self.batch else ""),
            "method": "POST",
            "auth": {"type": "bearer", "token_env": "RIVAL_TOKEN"},
            "retry": RETRY,
            "rate_limit": RATE,
        }
        if self.batch:
            template = '{"rows": {{ rows | tojson_safe }}}'
            return {
                **found,
                "body_mode": "batch",
                "batch_template": template,
                "headers": {"Content-Type": "application/json"},
            }
        if sync == "tasks":
            found["native_idempotency_key"] = "{{ row.task_key }}"
        return found

    def _write(self, name: str, content: dict[str, Any]) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, and needs no library to write.
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")
