"""What goes wrong between us and a server: rules that pick requests, and what becomes of the ones they pick."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
Action = Literal["answer", "answer_after", "pass", "drop", "lose_answer", "truncate", "garble"]


def loopback(url: str) -> str:
    """The address without a trailing slash, if it is plain http to this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise ValueError(f"{url}: only http to 127.0.0.1, localhost or [::1] is ever called")
    return url.rstrip("/")


@dataclass(frozen=True)
class Rule:
    """Which requests, and what becomes of them. The first rule that picks a request decides; later ones do not see it.

    Patterns are searched for, not anchored. Of the requests that match, the first `skip` are let go, then every
    `every`-th is picked, each with `probability` (drawn from `seed`), `count` at most.

    answer: `status`, `headers`, `body` instead of the server's; the request never arrives there.
    answer_after: the same, but the server has done its work (a gateway that gave up waiting).
    pass: forwarded as it is; with `before` or `after` (seconds) it takes longer.
    drop: the connection is closed, and nothing was forwarded.
    lose_answer: forwarded, the server does its work, and the connection is closed without an answer.
    truncate: half of the answer's body, then the end of the connection. garble: the body is no JSON any more.
    """

    action: Action
    method: str = ""
    path: str = ""
    body_has: str = ""
    skip: int = 0
    every: int = 1
    count: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    before: float = 0.0
    after: float = 0.0
    reset: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ValueError(f"no action {self.action!r}; one of {', '.join(get_args(Action))}")
        if self.every < 1 or self.skip < 0 or not 0 <= self.probability <= 1:
            raise ValueError("`every` begins at 1, `skip` at 0, and `probability` is a share")
        for pattern in (self.method, self.path, self.body_has):
            re.compile(pattern)

    @property
    def label(self) -> str:
        return self.name or self.action

    @classmethod
    def rate_limit(cls, seconds: int, **which: Any) -> Rule:
        """429, and when to come back."""
        return cls("answer", status=429, headers={"Retry-After": str(seconds)}, body="Too Many Requests", **which)

    @classmethod
    def redirect(cls, status: int, location: str, **which: Any) -> Rule:
        """3xx to another address of this machine; `{proxy}` stands for the proxy's own."""
        if not location.startswith("{proxy}/"):
            loopback(location)
        return cls("answer", status=status, headers={"Location": location}, **which)


@dataclass(frozen=True)
class Entry:
    """One request as it went: `status` is 0 where no answer was given; `forwarded` says that the server had it."""

    at: float
    method: str
    path: str
    status: int
    request_bytes: int
    answer_bytes: int
    forwarded: bool
    rule: str = ""


@dataclass(frozen=True)
class Violation:
    """A request that came `early` seconds before the Retry-After that had been given was over."""

    at: float
    method: str
    path: str
    early: float


class Faults:
    """The rules in force, what they did, and who came too early. Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[_Armed] = []
        self._log: list[Entry] = []
        self._violations: list[Violation] = []
        self._closed_until = 0.0

    def add(self, *rules: Rule) -> None:
        """After the ones that are there."""
        with self._lock:
            self._rules += [_Armed(rule) for rule in rules]

    def clear(self) -> None:
        """No rule from now on; the log and the violations stay."""
        with self._lock:
            self._rules.clear()

    def pick(self, method: str, path: str, body: bytes) -> Rule | None:
        """The rule that decides about this request."""
        with self._lock:
            return next((armed.rule for armed in self._rules if armed.picks(method, path, body)), None)

    def arrived(self, method: str, path: str) -> None:
        """A request is here: was it allowed to come yet?"""
        now = time.monotonic()
        with self._lock:
            if now < self._closed_until:
                self._violations.append(Violation(time.time(), method, path, round(self._closed_until - now, 3)))

    def answering(self, headers: Mapping[str, str]) -> None:
        """An answer of ours is about to leave; its Retry-After holds for every request from now on."""
        value = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
        if value is not None:
            wait = float(value) if value.isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
            with self._lock:
                self._closed_until = max(self._closed_until, time.monotonic() + wait)

    def record(self, entry: Entry) -> None:
        with self._lock:
            self._log.append(entry)

    @property
    def log(self) -> Sequence[Entry]:
        with self._lock:
            return list(self._log)

    @property
    def violations(self) -> Sequence[Violation]:
        with self._lock:
            return list(self._violations)

    @property
    def picked(self) -> dict[str, int]:
        """How often each rule picked, by its name or else its action: a fault that never came tests nothing."""
        with self._lock:
            found: dict[str, int] = {}
            for armed in self._rules:
                found[armed.rule.label] = found.get(armed.rule.label, 0) + armed.picked
            return found

    def as_json(self) -> dict[str, Any]:
        """Everything, for the control route."""
        return {
            "log": [asdict(entry) for entry in self.log],
            "violations": [asdict(violation) for violation in self.violations],
            "picked": self.picked,
        }


class _Armed:
    """A rule and how far it has got."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.seen = self.picked = 0
        self._patterns = [re.compile(p) for p in (rule.method, rule.path)]
        self._body = re.compile(rule.body_has.encode()) if rule.body_has else None
        self._draw = random.Random(rule.seed)

    def picks(self, method: str, path: str, body: bytes) -> bool:
        rule = self.rule
        if not all(p.search(text) for p, text in zip(self._patterns, (method, path), strict=True)):
            return False
        if self._body is not None and not self._body.search(body):
            return False
        self.seen += 1
        late = self.seen - rule.skip
        if late < 1 or late % rule.every or (rule.count is not None and self.picked >= rule.count):
            return False
        if self._draw.random() >= rule.probability:
            return False
        self.picked += 1
        return True
