"""A real CRM on loopback: Tryton, in an environment and a process of its own, driven over HTTP and read in its file."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / ".venv-tryton"
DATABASE, USER, PERSON, MODULE = "crm", "admin", "anna", "churn_crm"
INIT_SECONDS, START_SECONDS, STOP_SECONDS, LIFE_SECONDS = 120, 60, 20, 1800
CONFIG = """\
[database]
uri = sqlite://
path = {folder}/database
[web]
listen = 127.0.0.1:{port}
root = {folder}/nothing
"""
# Tryton finds modules by their entry point: with this beside the copied folder nothing needs to be installed.
ENTRY_POINTS = f"[trytond.modules]\n{MODULE} = {MODULE}\n"
METADATA = f"Metadata-Version: 2.1\nName: {MODULE}\nVersion: 8.2.0\n"


class Refused(Exception):
    """What the server answered instead of a result."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status, self.reason = status, reason


@dataclass
class Tryton:
    """A running server. What it stores is read from its SQLite file, by nobody's code but this."""

    url: str
    file: Path
    password: str
    database: str = DATABASE
    user: str = USER
    _sessions: dict[str, str] = field(default_factory=dict)

    def rpc(self, method: str, *params: Any, user: str = USER, context: Mapping[str, Any] | None = None) -> Any:
        """The result of a call. Raises `Refused` with the HTTP status."""
        if user not in self._sessions:
            logged_in = self._post({"method": "common.db.login", "params": [user, {"password": self.password}, "en"]})
            self._sessions[user] = base64.b64encode(f"{user}:{logged_in[0]}:{logged_in[1]}".encode()).decode()
        return self._post({"method": method, "params": [*params, dict(context or {})]}, self._sessions[user])

    def add_accounts(self, account_ids: Sequence[str]) -> None:
        """Accounts as a company has them before our first delivery."""
        rows = [{"name": f"Firm {account}", "churn_account_id": account} for account in account_ids]
        self.rpc("model.party.party.create", rows)

    def as_person(self, method: str, *params: Any) -> Any:
        """The same call by Anna, who works with this CRM."""
        if not self.query("SELECT 1 FROM res_user WHERE login=?", PERSON):
            self.rpc("model.res.user.create", [{"name": "Anna", "login": PERSON, "password": self.password}])
        return self.rpc(method, *params, user=PERSON)

    def query(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the server's own file, opened to be read only."""
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql, values)]

    def parties(self) -> dict[str, dict[str, Any]]:
        """Every account that has our key, by that key, without the prefix `churn_`."""
        rows = self.query("SELECT * FROM party_party WHERE churn_account_id IS NOT NULL")
        return {row["churn_account_id"]: {k.removeprefix("churn_"): v for k, v in row.items()} for row in rows}

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Every task, by its key, with the account it belongs to."""
        sql = "SELECT t.*, p.churn_account_id account_id FROM churn_task t JOIN party_party p ON p.id = t.party"
        return {row["task_key"]: row for row in self.query(sql)}

    def duplicates(self) -> list[str]:
        """Keys that stand in the file more than once."""
        both = "SELECT churn_account_id key FROM party_party UNION ALL SELECT task_key FROM churn_task"
        grouped = f"SELECT key FROM ({both}) WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1"
        return [row["key"] for row in self.query(grouped)]

    def _post(self, body: Mapping[str, Any], session: str | None = None) -> Any:
        # Without an `id` errors come as HTTP statuses; with one they come as 200.
        headers = {"Authorization": f"Session {session}"} if session else {}
        answer = httpx.post(f"{self.url}/{self.database}/rpc/", json=body, headers=headers, timeout=30)
        if answer.status_code != 200:
            raise Refused(answer.status_code, answer.text)
        return answer.json()


def missing() -> str | None:
    """Why no server can be started here, or None."""
    return None if (ENVIRONMENT / "bin" / "trytond").exists() else "no Tryton here: `make tryton` installs it"


@contextmanager
def server() -> Iterator[Tryton]:
    """A fresh CRM without accounts; it ends with the block, in half an hour at the latest.

    Where none can be started the test is skipped with the reason; under CI it fails.
    """
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; CI must run the Tryton tests", pytrace=False)
        pytest.skip(reason)
    content, password = _new_database()
    folder = Path(tempfile.mkdtemp(prefix="churn-tryton-"))
    try:
        port = _free_port()
        file = _lay_out(folder, port)
        file.write_bytes(content)
        with (folder / "log").open("w", encoding="utf-8") as log:
            # `timeout` outlives a test run that is killed: no server stays behind.
            running = subprocess.Popen(
                ["timeout", "--signal=INT", str(LIFE_SECONDS), *_program("trytond", folder)],
                env=_variables(folder), cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, running, folder / "log")
            yield Tryton(url, file, password)
        finally:
            running.send_signal(signal.SIGINT)
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait(STOP_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _new_database() -> tuple[bytes, str]:
    """The file of a new database with our module, and its password: made once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="churn-tryton-"))
    try:
        file = _lay_out(folder, 0)
        file.touch()
        password = secrets.token_hex(12)
        (folder / "password").write_text(password, encoding="utf-8")
        (folder / "password").chmod(0o600)
        options = ("-u", "ir", MODULE, "--activate-dependencies", "--email", "admin@example.com")
        made = subprocess.run(
            [*_program("trytond-admin", folder), *options],
            env=_variables(folder) | {"TRYTONPASSFILE": str(folder / "password")},
            cwd=folder, capture_output=True, text=True, timeout=INIT_SECONDS, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return file.read_bytes(), password
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(folder: Path, port: int) -> Path:
    """The settings and our module in the folder; returns where the database file belongs."""
    for name in ("database", "nothing", f"modules/{MODULE}-8.2.0.dist-info"):
        (folder / name).mkdir(parents=True)
    shutil.copytree(HERE / "tryton_module", folder / "modules" / MODULE)
    (folder / f"modules/{MODULE}-8.2.0.dist-info" / "METADATA").write_text(METADATA, encoding="utf-8")
    (folder / f"modules/{MODULE}-8.2.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS, encoding="utf-8")
    (folder / "trytond.conf").write_text(CONFIG.format(folder=folder, port=port), encoding="utf-8")
    return folder / "database" / f"{DATABASE}.sqlite"


def _program(name: str, folder: Path) -> list[str]:
    return [str(ENVIRONMENT / "bin" / name), "-c", str(folder / "trytond.conf"), "-d", DATABASE]


def _variables(folder: Path) -> dict[str, str]:
    # Nothing of the caller's: a stray TRYTOND_… variable would override the settings.
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "PYTHONPATH": str(folder / "modules"),
        "LANG": "C.UTF-8",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.post(f"{url}/rpc/", json={"method": "common.server.version", "params": []}, timeout=5)
        except httpx.TransportError:
            assert running.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, f"no answer in {START_SECONDS} s: {log.read_text(encoding='utf-8')}"
            time.sleep(0.05)
        else:
            return
