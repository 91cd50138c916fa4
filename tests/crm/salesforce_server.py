"""A Salesforce org on loopback for tests: a process of its own that keeps its state while clients are killed.

    python -m tests.crm.salesforce_server --port 0 --seconds 1800 --fields FIELDS.json

FIELDS.json holds the custom fields per object: `{"Account": [{"name": "Key__c", "type": "Text", "length": 40,
"externalId": true, "unique": true}]}`; see `salesforce_schema.make_field` for what else a field may say. The first
line printed is `listening on PORT`, the second `control TOKEN`. In a test use `server(...)` instead.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the seconds are over."""
    from tests.crm.salesforce_http import Server
    from tests.crm.salesforce_state import State

    parser = argparse.ArgumentParser(description="A Salesforce org on loopback for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--fields", type=Path)
    options = parser.parse_args(arguments)
    fields = json.loads(options.fields.read_text(encoding="utf-8")) if options.fields else {}
    # Millions of records that only grow: looking for cycles among them costs more than the few there are.
    gc.disable()
    serving = Server(State(fields), port=options.port, control=os.environ.get("SALESFORCE_CONTROL"))
    sys.stdout.write(f"listening on {serving.server_address[1]}\ncontrol {serving.control}\n")
    sys.stdout.flush()
    serving.serve_for(options.seconds)


class Emulator:
    """A running server seen from a test: its address, what it takes to get a token, and its control routes."""

    def __init__(self, url: str, control: str, process: subprocess.Popen[str], private_key: str) -> None:
        self.url, self.process, self.private_key = url, process, private_key
        self.http = httpx.Client(
            base_url=f"{url}/_control/", headers={"X-Control": control}, timeout=120, trust_env=False
        )

    def call(self, route: str, /, **asked: Any) -> Any:
        """A control route by its name."""
        answer = self.http.post(route, json=asked)
        if answer.status_code != 200:
            raise RuntimeError(f"{route}: {answer.status_code} {answer.text}")
        return answer.json()

    def seed(self, type_name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
        """Put records there as they were before the client came; returns their ids."""
        return list(self.call("seed", type=type_name, columns=list(columns), rows=[list(row) for row in rows])["ids"])

    def seed_many(self, type_name: str, count: int, **patterns: str) -> int:
        """Put very many records there: `Key__c="acc-{i:09d}"` is filled in with the number of each, from 0."""
        return int(self.call("seed", type=type_name, count=count, patterns=patterns)["records"])

    def config(self, **switches: Any) -> dict[str, Any]:
        """Turn switches; returns how all of them stand."""
        return dict(self.call("config", **switches))

    def faults(self, *rules: dict[str, Any], clear: bool = False) -> list[dict[str, Any]]:
        """Add rules for what goes wrong; returns every rule with how often it has struck."""
        return list(self.call("faults", rules=list(rules), clear=clear)["rules"])

    def token(self) -> str:
        """A good access token without the sign-in."""
        return str(self.call("token")["access_token"])

    def records(self, type_name: str, *fields: str, **which: Any) -> list[dict[str, Any]]:
        """Records as they stand in the org: the oracle."""
        told = self.call("records", type=type_name, fields=list(fields), **which)
        return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]

    def count(self, type_name: str) -> dict[str, Any]:
        """How many records there are, and duplicates by indexed field, in no time."""
        return dict(self.call("count", type=type_name))

    def duplicates(self, type_name: str, field: str) -> list[str]:
        """The values of an indexed field that more than one record has."""
        return list(self.call("duplicates", type=type_name, field=field)["values"])

    def log(self, *, clear: bool = False) -> dict[str, Any]:
        """Calls, counts, statuses and violations."""
        return dict(self.call("log", clear=clear))

    def violations(self) -> list[str]:
        """What a well-behaved client would not have done."""
        return [violation["what"] for violation in self.log()["violations"]]

    def jobs(self) -> list[dict[str, Any]]:
        """Every ingest job, with how often each result file was fetched."""
        return list(self.call("jobs")["jobs"])


def keys() -> tuple[str, str]:
    """A private key and its public one, as PEM."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    return private.decode(), key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    ).decode()


@contextmanager
def server(
    fields: dict[str, list[dict[str, Any]]] | None = None, *, seconds: float = 1800, port: int = 0, **switches: Any
) -> Iterator[Emulator]:
    """A fresh org in a process of its own, ended with the block by its own id.

    `switches` are those of the control route `config`; without `public_key` a pair is made, and `private_key` signs.
    """
    private = ""
    if "public_key" not in switches:
        private, switches["public_key"] = keys()
    with tempfile.TemporaryDirectory(prefix="churn-salesforce-") as folder:
        file = Path(folder) / "fields.json"
        file.write_text(json.dumps(fields or {}), encoding="utf-8")
        command = [sys.executable, "-m", "tests.crm.salesforce_server", "--port", str(port), "--seconds", str(seconds)]
        process = subprocess.Popen([*command, "--fields", str(file)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        emulator: Emulator | None = None
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(2)]
            if not all(lines):
                raise RuntimeError(f"the server did not start: it ended with {process.wait(STOP_SECONDS)}")
            emulator = Emulator(f"http://127.0.0.1:{lines[0][-1]}", lines[1][-1], process, private)
            emulator.config(**switches)
            yield emulator
        finally:
            if emulator is not None:
                emulator.http.close()
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_SECONDS)
            if process.stdout is not None:
                process.stdout.close()


if __name__ == "__main__":
    main()
