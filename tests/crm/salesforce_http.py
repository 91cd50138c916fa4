"""The server's HTTP side: reads a call, lets the faults strike, answers on a connection that stays open."""

from __future__ import annotations

import json
import secrets
import socket
import struct
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.crm.salesforce_control import control
from tests.crm.salesforce_faults import Rule
from tests.crm.salesforce_rest import Request, Response, Trouble
from tests.crm.salesforce_state import State

CONTROL = "/_control/"
# An answer reset instead of closed: the client cannot take the end of the stream for the end of a body.
RESET = struct.pack("ii", 1, 0)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 1 << 20
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written: what was called is in the log that the oracle reads."""

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        if path.startswith(CONTROL):
            self._control(path, query, self._body())
        else:
            self._call(path, query)

    def _call(self, path: str, query: str) -> None:
        form = dict(parse_qsl(query, keep_blank_values=True))
        request = Request(self.command, self.path, form, self.headers, b"", self.server.url)
        state = self.server.state
        state.log.met(self.command, path)
        struck: Rule | None = None
        for rule in state.faults.for_call(self.command, path):
            if rule.kind == "delay":
                time.sleep(rule.seconds)
            else:
                struck = rule
        kind = struck.kind if struck else ""
        if struck and kind == "drop_before":
            # Before the body is read: a long upload is cut off on its way.
            state.log.answered(self.command, path, 0, 0, kind)
            self._drop()
            return
        try:
            request.body = self._body()
        except OSError:
            state.log.answered(self.command, path, 0, 0, "client went away")
            raise
        if struck and kind == "respond":
            response = Response(struck.status, struck.body, dict(struck.headers))
            state.log.wait(_seconds(struck.headers.get("Retry-After", "0")))
        else:
            response = state.answer(request)
        state.log.answered(self.command, path, 0 if kind == "drop_after" else response.status, response.rows, kind)
        if kind == "drop_after":
            self._drop()
        else:
            self._send(response, keep=struck.keep if struck and kind == "truncate" else None)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve

    def _body(self) -> bytes:
        if "chunked" not in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._exactly(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            parts.append(self._exactly(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _exactly(self, size: int) -> bytes:
        """So many bytes, or none of it: half a body of a client that was killed must not be taken for a whole one."""
        data = self.rfile.read(size)
        if len(data) < size:
            raise ConnectionAbortedError("the client went away before its body was complete")
        return data

    def _control(self, path: str, query: str, body: bytes) -> None:
        if not secrets.compare_digest(self.headers.get("X-Control") or "", self.server.control):
            # Nothing tells a client that the route is there.
            self._send(Response(404, [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]))
            return
        try:
            asked = json.loads(body) if body else dict(parse_qsl(query))
            self._send(control(self.server.state, path.removeprefix(CONTROL), asked))
        except Trouble as trouble:
            self._send(trouble.response)

    def _send(self, response: Response, *, keep: int | None = None) -> None:
        body, kind = response.body, "application/json;charset=UTF-8"
        if isinstance(body, str):
            data = body.encode()
        else:
            data = b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Unknown"
        headers = {"Content-Type": kind, "Date": self.date_time_string(), **response.headers}
        if response.status != 204:
            headers["Content-Length"] = str(len(data))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.wfile.write(f"HTTP/1.1 {response.status} {phrase}\r\n{head}\r\n".encode("latin-1") + data[:keep])
        if keep is not None:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()

    def handle(self) -> None:
        """Serve the connection until either side ends it; a client that was killed is no event."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def finish(self) -> None:
        """Close the connection, whoever closed it first."""
        try:
            super().finish()
        except (OSError, ValueError):
            self.close_connection = True


def _seconds(after: str) -> float:
    """What a Retry-After header asks for: seconds, or a moment."""
    if after.isdigit():
        return float(after)
    return (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds()


class Server(ThreadingHTTPServer):
    """The listening socket, on loopback only, and the state behind it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, state: State, *, port: int = 0, control: str | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.state, self.control = state, control or secrets.token_urlsafe(24)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def serve_for(self, seconds: float) -> None:
        """Serve, and end after so many seconds whatever happens."""
        timer = threading.Timer(seconds, self.shutdown)
        timer.daemon = True
        timer.start()
        self.serve_forever(poll_interval=0.2)
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A fault of the server itself is one of the test bench: it is told, not hidden."""
        super().handle_error(request, client_address)
