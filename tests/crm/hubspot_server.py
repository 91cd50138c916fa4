"""A HubSpot account on loopback, in a process of its own: `python -m tests.crm.hubspot_server --port 0 --seconds 1800`.

Written from the vendor's documents and guides, from no client. Its state outlives every client that is killed. Options
(`hubspot_store.Options`) come as JSON in the environment's `HUBSPOT_EMULATOR`; tests start it with `server(...)`.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_control import Account, control
from tests.crm.hubspot_faults import Rule, without_traces
from tests.crm.hubspot_oracle import ENVIRONMENT, server
from tests.crm.hubspot_routes import is_search, route
from tests.crm.hubspot_store import Options

__all__ = ["main", "server"]

LOCK_SECONDS = 2.0  # how long a 423 asks for, says the guide on errors
HIDDEN = {"authorization", "x-control-token"}


@dataclass
class Reply:
    """What goes over the wire, or where it breaks off."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    dropped: str = ""
    truncate: int | None = None


def _judged(account: Account, call: Call) -> tuple[int, Any, dict[str, str]]:
    """Authentication, limits, then the work."""
    store = account.store
    searching = is_search(call)
    try:
        if call.headers.get("authorization") != f"Bearer {store.options.token}":
            raise errors.unauthorized()
        if store.revoked:
            raise errors.unauthorized("The service key is revoked or has expired.")
        with store.lock:
            refusal = account.limits.check(searching=searching)
        if refusal:
            raise refusal
        if call.raw and "json" not in call.headers.get("content-type", ""):
            raise errors.Refused(415, "VALIDATION_ERROR", "Unsupported Media Type: application/json is needed")
        status, body = route(account, call)
        headers = dict[str, str]()
    except errors.Refused as refused:
        status, body, headers = refused.status, refused.answer(), dict(refused.headers)
    if status != 401 and not searching:
        headers |= account.limits.headers()
    return status, body, headers


def _made_up(answer: dict[str, Any]) -> Reply:
    """The answer that a rule asks for; without a body, the one that goes with the status."""
    status, body = answer["status"], answer.get("body")
    if body is None:
        text = errors.server_error(status) if status >= 500 else json.dumps(errors.bad("refused").answer())
    else:
        text = body if isinstance(body, str) else json.dumps(body)
    sort = "text/html" if text.startswith("<") else "application/json;charset=utf-8"
    return Reply(status, text.encode(), {"Content-Type": sort, **answer.get("headers", {})})


def _worked(account: Account, call: Call, fired: list[dict[str, Any]]) -> Reply:
    """The real answer, with the rules that change it."""
    status, body, headers = _judged(account, call)
    for rule in fired:
        if rule.get("omit_trace"):
            body = without_traces(body)
        if rule.get("errors_in_200") and status == 207:
            status = 200
    raw = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    reply = Reply(status, raw, headers | ({"Content-Type": "application/json;charset=utf-8"} if raw else {}))
    for rule in fired:
        if "answer_after" in rule:
            reply = _made_up(rule["answer_after"])
        reply.truncate = rule.get("truncate", reply.truncate)
        reply.dropped = "after" if rule.get("drop") == "after" else reply.dropped
    return reply


def served(account: Account, call: Call) -> Reply:
    """One request from arrival to answer, noted for the oracle."""
    arrived = time.monotonic()
    with account.store.lock:
        if arrived < account.not_before:
            call.violations.append(f"called {account.not_before - arrived:.2f} s before it was told to")
        rules: list[Rule] = [r for r in account.rules if r.fires(call.method, call.path, call.raw)]
    fired = [rule.given for rule in rules]
    time.sleep(sum(rule.get("delay", 0) for rule in fired))
    early = next((rule for rule in fired if "answer" in rule), None)
    if any(rule.get("drop") == "before" for rule in fired):
        reply = Reply(0, b"", dropped="before")
    else:
        reply = _made_up(early["answer"]) if early else _worked(account, call, fired)
    _note(account, call, reply, arrived)
    return reply


def _note(account: Account, call: Call, reply: Reply, arrived: float) -> None:
    store, where = account.store, {"method": call.method, "path": call.path}
    status = 0 if reply.dropped else reply.status
    if not call.inputs and b'"inputs"' in call.raw:  # refused before its work began
        with suppress(errors.Refused, TypeError):
            call.inputs = len(call.body()["inputs"])
    with store.lock:
        at = round(time.time(), 3)
        took = round((time.monotonic() - arrived) * 1000, 1)
        account.log.append({"at": at, **where, "status": status, "inputs": call.inputs, "ms": took})
        if reply.dropped or reply.truncate is not None:
            account.log[-1]["broken"] = reply.dropped or "truncated"
        account.violations += [{"at": at, **where, "what": what} for what in call.violations]
        headers = {k: "…" if k in HIDDEN else v for k, v in call.headers.items()}
        kept = {"query": call.query, "headers": headers, "body": call.raw.decode("utf-8", "replace")}
        answer = {"status": status, "answer": reply.body.decode(), "answer_headers": reply.headers}
        account.raw.append({**where, **kept, **answer})
        wait = reply.headers.get("Retry-After", "")
        seconds = float(wait) if wait.isdigit() else LOCK_SECONDS if reply.status == 423 else 0.0
        if seconds and not reply.dropped:
            account.not_before = max(account.not_before, time.monotonic() + seconds)


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    account: ClassVar[Account]

    def _serve(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        raw = self.rfile.read(int(length)) if length.isdigit() else b""
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        headers = {k.lower(): v for k, v in self.headers.items()}
        if "transfer-encoding" in headers:
            # Without a length the rest of the connection cannot be read.
            self.close_connection = True
            return self._send(Reply(411, b""))
        if parts.path.startswith("/_control/"):
            return self._send(self._controlled(parts.path.removeprefix("/_control/"), query, headers, raw))
        call = Call(self.command, parts.path, query, headers, raw)
        return self._send(served(self.account, call))

    def _controlled(self, name: str, query: dict[str, list[str]], headers: dict[str, str], raw: bytes) -> Reply:
        if headers.get("x-control-token") != self.account.store.options.control_token:
            return Reply(403, b'{"message":"the control token is missing or wrong"}')
        try:
            body = control(self.account, name, query, json.loads(raw or b"{}"))
        except (KeyError, ValueError, TypeError, errors.Refused) as exc:
            return Reply(400, json.dumps({"message": f"{type(exc).__name__}: {exc}"}).encode())
        return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send(self, reply: Reply) -> None:
        if reply.dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        lines = [f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('Unnamed',))[0]}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines += [] if reply.status == 204 else [f"Content-Length: {len(reply.body)}"]
        lines += ["Connection: close"] if self.close_connection else []
        body = reply.body if reply.truncate is None else reply.body[: reply.truncate]
        self.close_connection = self.close_connection or reply.truncate is not None
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    def log_message(self, *_: object) -> None:
        """Silent: the log is the oracle's."""


class Server(ThreadingHTTPServer):
    """One thread a connection; silent about clients that went away."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1800, help="how long it runs before it ends by itself")
    parser.add_argument("--while-stdin", action="store_true", help="end with whoever holds the other end of stdin")
    arguments = parser.parse_args()
    given = json.loads(os.environ.get(ENVIRONMENT) or "{}")
    made = {name: secrets.token_hex(8) for name in ("token", "control_token") if name not in given}
    listed = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    Handler.account = Account(Options(**listed, **made))
    with Server(("127.0.0.1", arguments.port), Handler) as http:
        # Tokens that nobody chose are told, for a start by hand.
        told = "".join(f"{name} {value}\n" for name, value in made.items())
        sys.stdout.write(f"listening on {http.server_address[1]}\n{told}")
        sys.stdout.flush()
        ending = threading.Timer(arguments.seconds, http.shutdown)
        ending.daemon = True
        ending.start()
        if arguments.while_stdin:
            # A test that is killed leaves no emulator behind.
            threading.Thread(target=lambda: (os.read(0, 1), http.shutdown()), daemon=True).start()
        http.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    main()
