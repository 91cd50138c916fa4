"""What was called, how it was answered, and which calls a well-behaved client would not have made."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from typing import Any

PLACES = ((re.compile(r"/v\d+\.\d"), "/vXX.X"), (re.compile(r"/[a-zA-Z0-9]{15,18}(?=/|$)"), "/{id}"))


def endpoint(path: str) -> str:
    """A path with its version and ids left open, to count calls by."""
    for pattern, instead in PLACES:
        path = pattern.sub(instead, path)
    return re.sub(r"(/query/)[^/]+-\d+$", r"\1{locator}", path)


class Log:
    """Times, methods, paths, statuses and numbers of rows: no query, no header and no body is kept."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget every call."""
        self.calls: list[tuple[float, str, str, int, int, str]] = []
        self.violations: list[dict[str, Any]] = []
        self.quiet_until, self.limited = 0.0, False
        self.told: set[str] = set()

    def met(self, method: str, path: str) -> None:
        """A call came in: was it made while the client had been asked to wait?"""
        with self.lock:
            early = self.quiet_until - time.monotonic()
            if early > 0:
                self._violation("called before Retry-After had passed", method, path, seconds=round(early, 3))

    def expired(self, token: str, method: str, path: str) -> None:
        """A call came with a token that is no longer good: once is how a client learns it, twice is a fault."""
        with self.lock:
            if token in self.told:
                self._violation("called again with an expired token", method, path)
            self.told.add(token)

    def over_limit(self, method: str, path: str) -> None:
        """A call came though the day's calls are used up: once is how a client learns it."""
        with self.lock:
            if self.limited:
                self._violation("called again after REQUEST_LIMIT_EXCEEDED", method, path)
            self.limited = True

    def wait(self, seconds: float) -> None:
        """The client was told to stay away for so long."""
        with self.lock:
            self.quiet_until = max(self.quiet_until, time.monotonic() + seconds)

    def answered(self, method: str, path: str, status: int, rows: int, fault: str) -> None:
        """A call was answered; status 0 is a connection that was dropped."""
        with self.lock:
            self.calls.append((time.time(), method, path, status, rows, fault))

    def _violation(self, what: str, method: str, path: str, **more: Any) -> None:
        self.violations.append({"what": what, "method": method, "path": path, "time": time.time(), **more})

    def shown(self) -> dict[str, Any]:
        """Everything, for the oracle."""
        with self.lock:
            names = ("time", "method", "path", "status", "rows", "fault")
            counts = Counter(f"{method} {endpoint(path)}" for _, method, path, *_ in self.calls)
            statuses = Counter(str(call[3]) for call in self.calls)
            return {
                "calls": [dict(zip(names, call, strict=True)) for call in self.calls],
                "counts": dict(counts),
                "statuses": dict(statuses),
                "violations": list(self.violations),
            }
