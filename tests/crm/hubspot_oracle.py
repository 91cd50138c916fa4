"""Start the emulator, tell it what to do, and ask it what happened."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import httpx

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "HUBSPOT_EMULATOR"


class Emulator:
    """A running emulator as its test sees it: `url` and `token` for the client, everything else for the test."""

    def __init__(self, url: str, token: str, control_token: str, pid: int) -> None:
        self.url, self.token, self.pid = url, token, pid
        self._control_token = control_token

    def control(self, route: str, body: dict[str, Any] | None = None, **query: str) -> dict[str, Any]:
        """One control route; `POST` with a body, otherwise `GET`."""
        address = f"{self.url}/_control/{route}" + (f"?{urlencode(query)}" if query else "")
        raw = None if body is None else json.dumps(body).encode()
        request = Request(address, raw, {"X-Control-Token": self._control_token})  # noqa: S310
        try:
            with urlopen(request, timeout=60) as answer:  # noqa: S310
                return json.load(answer)
        except HTTPError as exc:
            with exc:
                raise ValueError(f"{route}: {exc.read().decode()}") from exc

    def http(self, **options: Any) -> httpx.Client:
        """A plain client with the key, for tests of the emulator itself."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, **options)

    def reset(self, **options: Any) -> None:
        """A new, empty account with the options of the start, changed by these."""
        self.control("reset", options)

    def records(self, kind: str = "companies", *, archived: bool = False) -> list[dict[str, Any]]:
        """The final state; with `archived` also what lies in the bin."""
        return [r for r in self.control("records", type=kind)["records"] if archived or not r["archived"]]

    def by(self, name: str, kind: str = "companies") -> dict[str, dict[str, Any]]:
        """The records by one property's value; two with one value are an error."""
        if found := self.duplicates(name, kind):
            raise ValueError(f"{name} is not unique: {found}")
        return {r["properties"][name]: r for r in self.records(kind) if name in r["properties"]}

    def duplicates(self, name: str, kind: str = "companies") -> dict[str, list[str]]:
        return self.control("duplicates", type=kind, property=name)["duplicates"]

    def seed(self, count: int, kind: str = "companies", first: int = 1, **properties: str) -> list[str]:
        """Records that were there before, `{n}` in a value standing for the number; the ids in order."""
        asked = {"type": kind, "count": count, "first": first, "properties": properties}
        return self.control("seed", asked)["ids"]

    def define(self, name: str, kind: str = "companies", **definition: Any) -> None:
        """Make or change a property past all checks; `hasUniqueValue=True` for a key."""
        self.control("property", {"type": kind, "name": name, "definition": definition})

    def faults(self, *rules: dict[str, Any], replace: bool = False) -> list[dict[str, Any]]:
        """Add rules (`hubspot_faults`); without any, how often each has fired."""
        return self.control("faults", {"rules": rules, "replace": replace})["rules"]

    def options(self, **changes: Any) -> dict[str, Any]:
        return self.control("options", changes)

    def log(self) -> list[dict[str, Any]]:
        return self.control("log")["log"]

    def violations(self) -> list[str]:
        return [f"{v['method']} {v['path']}: {v['what']}" for v in self.control("violations")["violations"]]

    def raw(self) -> list[dict[str, Any]]:
        """The last requests and their answers, for validation against the documents."""
        return self.control("raw")["raw"]


@contextmanager
def server(*, seconds: float = 1800, **options: Any) -> Iterator[Emulator]:
    """An emulator for the length of a test, with `hubspot_store.Options`; ended by its own process id."""
    token = options.setdefault("token", f"test-key-{secrets.token_hex(8)}")
    control_token = options.setdefault("control_token", secrets.token_hex(8))
    command = [
        sys.executable,
        "-m",
        "tests.crm.hubspot_server",
        "--port",
        "0",
        "--seconds",
        str(seconds),
        "--while-stdin",
    ]
    environment = {**os.environ, ENVIRONMENT: json.dumps(options)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("listening on "):
            raise RuntimeError(f"the emulator did not start: it said {line!r} and ended with {process.wait(5)}")
        yield Emulator(f"http://127.0.0.1:{line.split()[-1]}", token, control_token, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=10)
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
