"""An HTTP endpoint that upserts accounts and appends tasks, as each of the two tools speaks to such a one.

A task's request is carried out once per idempotency key (a header, or the id of a row of our webhook), unless the
endpoint `forgets`: then every request that arrives makes a task.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.rival.judge import Stored
from benchmarks.rival.staged_set import ACCOUNTS, account


class Receiver:
    """What arrived. `refuses` is a word that no row may hold, and `refusal` the status that answers it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forgets = False
        self.refuses, self.refusal = "", 400
        self.partial = False
        self.calls = self.written = 0
        self.seen: set[str] = set()
        self.accounts: dict[str, dict[str, Any]] = {account(i): {} for i in range(ACCOUNTS)}
        self.tasks: list[tuple[str, dict[str, Any]]] = []

    def stored(self) -> list[Stored]:
        """What it holds."""
        with self.lock:
            accounts: list[Stored] = [("score", key, fields) for key, fields in self.accounts.items()]
            return accounts + [("task", key, fields) for key, fields in self.tasks]

    def take(self, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, Any]]:
        """Carry out one request: (status, answer)."""
        with self.lock:
            self.calls += 1
            try:
                told = json.loads(body, parse_constant=_no_constant)
            except ValueError:
                return 400, {"error": "this is no JSON"}
            if path == "/webhook":
                rows = [(told["kind"], row["key"], row["account_id"], row["fields"], row["id"]) for row in told["rows"]]
            else:
                kind, key = ("score", "account_id") if path.startswith("/scores") else ("task", "task_key")
                number = headers.get("Idempotency-Key", "")
                many = told["rows"] if path.endswith("/batch") else [told]
                # The key of a request of many rows stands for each of them.
                each = (lambda row: f"{number}:{row[key]}" if number else "") if len(many) > 1 else lambda _: number
                rows = [(kind, row[key], row["account_id"], row, each(row)) for row in many]
            bad = {key for _, key, _, fields, _ in rows if self.refuses and self.refuses in str(fields)}
            if bad and not self.partial:
                return self.refusal, {"error": "a row is refused"}
            for kind, key, whose, fields, number in rows:
                if key not in bad:
                    self._store(kind, key, {"account_id": whose, **fields}, number)
            refused = [{"key": key, "code": "refused", "reason": "a word in it"} for key in sorted(bad)]
            return (207, {"rejected": refused}) if bad else (200, {})

    def _store(self, kind: str, key: str, fields: dict[str, Any], number: str) -> None:
        if kind == "score":
            self.accounts.setdefault(key, {}).update(fields)
        elif number in self.seen and number and not self.forgets:
            return
        else:
            self.seen.add(number)
            self.tasks.append((key, fields))
        self.written += 1


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    """Its address, for the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = receiver.take(self.path, self.headers, body)
            content = json.dumps(answer).encode()
            self.send_response_only(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
