"""A loopback proxy that spoils what passes: `python -m tests.crm.fault_proxy --target URL --port 0 --seconds 1800`.

Prints `listening on PORT` and then `token TOKEN` (or takes the token from FAULT_PROXY_TOKEN). Its control route, with
the token in the header X-Fault-Token: GET /-/faults is the log, the violations and how often each rule picked; POST
adds a JSON list of rules (the fields of `Rule`); DELETE takes all rules away.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.crm.fault_rules import Entry, Faults, Rule, loopback

CONTROL, TOKEN_HEADER = "/-/faults", "X-Fault-Token"
# RFC 9110, 7.6.1: these belong to one connection, not to the message.
OF_ONE_CONNECTION = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
WITHOUT_BODY = {204, 304}
IDLE_SECONDS, SERVER_SECONDS = 60, 120


class Proxy(Faults):
    """The rules, the log and the address of a running proxy."""

    def __init__(self, target: str, port: int = 0, token: str | None = None) -> None:
        super().__init__()
        self.target = loopback(target)
        self.token = token or secrets.token_hex(16)
        self.stopping = threading.Event()
        self.server = _Server(("127.0.0.1", port), _Handler)
        self.server.proxy = self
        self.port = int(self.server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """No connection and no thread stays behind; waits in a rule's delay end."""
        self.stopping.set()
        self.server.shutdown()
        self.server.hang_up()
        self.server.server_close()


@contextmanager
def fault_proxy(target: str) -> Iterator[Proxy]:
    """A proxy in front of `target` for the block."""
    proxy = Proxy(target)
    thread = threading.Thread(target=proxy.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    proxy: Proxy
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        self.lock = threading.Lock()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End what keep-alive holds open."""
        with self.lock:
            for connection in self.open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has given up is what timeouts are tested with; anything else is told."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # The answer's head and body leave in one piece.
    wbufsize = -1

    def log_message(self, *args: Any) -> None:
        """Addresses may hold keys: nothing is printed."""

    def _serve(self) -> None:
        body = self._body()
        proxy, path = self.server.proxy, self.path.partition("?")[0]
        if path == CONTROL:
            self._control(body)
            return
        proxy.arrived(self.command, path)
        picked = proxy.pick(self.command, path, body)
        rule = picked or Rule("pass")
        proxy.stopping.wait(rule.before)
        status, headers, answer, forwarded = self._answer(rule, body)
        proxy.stopping.wait(rule.after)
        lost = rule.action in ("drop", "lose_answer")
        size = 0 if lost else len(answer) // 2 if rule.action == "truncate" else len(answer)
        label = picked.label if picked else ""
        told = 0 if lost else status
        proxy.record(Entry(time.time(), self.command, path, told, len(body), size, forwarded, label))
        if lost:
            self._hang_up(reset=rule.reset)
            return
        if rule.action in ("answer", "answer_after"):
            proxy.answering(dict(headers))
        self._send(status, headers, answer, send=size)
        if rule.action == "truncate":
            self._hang_up(reset=rule.reset)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

    def _answer(self, rule: Rule, body: bytes) -> tuple[int, list[tuple[str, str]], bytes, bool]:
        """(status, headers, body, whether the server had the request) of the answer, before it is lost or cut."""
        if rule.action == "drop":
            return 0, [], b"", False
        own = [(k, v.replace("{proxy}", self.server.proxy.url)) for k, v in rule.headers.items()]
        if rule.action == "answer":
            return rule.status, own, rule.body.encode(), False
        try:
            status, headers, answer = self._forward(body)
        except (OSError, http.client.HTTPException) as exc:
            return 502, [], f"the server behind the proxy gave no answer: {type(exc).__name__}".encode(), True
        if rule.action == "answer_after":
            return rule.status, own, rule.body.encode(), True
        if rule.action == "garble":
            headers = [(k, v) for k, v in headers if k.lower() != "content-encoding"]
            answer = b'{"garbled": ' + answer[: len(answer) // 2]
        return status, headers, answer, True

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.server.proxy.target)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in OF_ONE_CONNECTION}
        if body or self.command in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(len(body))
        connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=SERVER_SECONDS)
        try:
            connection.request(self.command, target.path + self.path, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        ours, theirs = self.server.proxy.url, self.server.proxy.target
        kept = [
            (k, v.replace(theirs, ours) if k.lower() == "location" else v)
            for k, v in answer.getheaders()
            if k.lower() not in OF_ONE_CONNECTION and (k.lower() != "content-length" or self.command == "HEAD")
        ]
        return answer.status, kept, content

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes, *, send: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        with_body = status not in WITHOUT_BODY and self.command != "HEAD"
        if with_body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body[:send])
        self.wfile.flush()

    def _hang_up(self, *, reset: bool) -> None:
        """End the connection: by the book, or with a reset, as a firewall or a dying process does."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Closed before the server can say goodbye with a `shutdown`.
            self.connection.close()

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _control(self, body: bytes) -> None:
        proxy = self.server.proxy
        if not secrets.compare_digest(self.headers.get(TOKEN_HEADER, ""), proxy.token):
            self._json(403, {"error": f"the header {TOKEN_HEADER} is missing or wrong"})
            return
        try:
            if self.command == "POST":
                proxy.add(*[Rule(**rule) for rule in json.loads(body)])
            elif self.command == "DELETE":
                proxy.clear()
        except (TypeError, ValueError) as exc:
            self._json(400, {"error": str(exc)})
            return
        self._json(200, proxy.as_json())

    def _json(self, status: int, value: Mapping[str, Any]) -> None:
        content = json.dumps(value).encode()
        self._send(status, [("Content-Type", "application/json")], content, send=len(content))


def main() -> None:
    """Serve for so many seconds, then end."""
    parser = argparse.ArgumentParser(prog="python -m tests.crm.fault_proxy", description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1800)
    options = parser.parse_args()
    proxy = Proxy(options.target, options.port, os.environ.get("FAULT_PROXY_TOKEN"))
    threading.Thread(target=proxy.server.serve_forever, daemon=True).start()
    print(f"listening on {proxy.port}\ntoken {proxy.token}", flush=True)  # noqa: T201
    with suppress(KeyboardInterrupt):
        proxy.stopping.wait(options.seconds)
    proxy.close()


if __name__ == "__main__":
    main()
