"""A real Postgres on loopback for one test run: made, started, ended by its own id, and gone with its folder."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

START_SECONDS, STOP_SECONDS, LIFE_SECONDS = 60, 20, 1800
USER, DATABASE = "churn_tests", "postgres"
# Not UTC, and with summer time: what reads the session's zone by accident is off by hours.
ZONE = "America/New_York"
# Loopback only, no socket file, and no care for the disk: the folder is thrown away.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": ZONE,
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "20",
}


def binaries() -> Path | None:
    """The folder of Debian's newest Postgres, or of the one on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).parent if here else None


def missing() -> str | None:
    """Why no server can be started here, or None."""
    if binaries() is None:
        return "no Postgres here: neither initdb on the path nor Debian's package `postgresql`"
    if os.geteuid() == 0 and account() is None:
        return "Postgres refuses to run as root, and there is no user `postgres` to run it as"
    return None


def account() -> str | None:
    """Whom the server runs as where the tests run as root."""
    import pwd

    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return None


@contextmanager
def server() -> Iterator[str]:
    """The address of a fresh, empty Postgres with a password; it ends with the block, in half an hour at the latest.

    Where none can be started the test is skipped with the reason; under CI it fails.
    """
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(f"{reason}; CI must run the Postgres tests", pytrace=False)
        pytest.skip(reason)
    where = binaries()
    assert where is not None
    folder = Path(tempfile.mkdtemp(prefix="churn-postgres-"))
    try:
        password = secrets.token_hex(8)
        secret = folder / "password"
        secret.write_text(password, encoding="utf-8")
        as_user = {"user": account(), "group": account(), "extra_groups": []} if account() else {}
        if account():
            for path in (folder, secret):
                shutil.chown(path, account(), account())
        data = folder / "data"
        options = ("-U", USER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C", "--no-sync")
        made = subprocess.run(
            [where / "initdb", "-D", data, *options],
            **as_user, cwd=folder, capture_output=True, text=True, timeout=START_SECONDS, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        port = _free_port()
        settings = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("w", encoding="utf-8") as log:
            # `timeout` outlives a test run that is killed: no server stays behind.
            running = subprocess.Popen(
                ["timeout", "--signal=INT", str(LIFE_SECONDS), where / "postgres", "-D", data, "-p", str(port), *settings],
                **as_user, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            address = f"postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"
            _wait(address, running, folder / "log")
            yield address
        finally:
            running.send_signal(signal.SIGINT)
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.send_signal(signal.SIGQUIT)
                running.wait(STOP_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(address: str, running: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    until = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(address, connect_timeout=5).close()
        except psycopg.OperationalError:
            assert running.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, f"no answer in {START_SECONDS} s: {log.read_text(encoding='utf-8')}"
            time.sleep(0.1)
        else:
            return
