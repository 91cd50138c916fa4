"""Calls to HubSpot's CRM API: the key, the limits, and what an answer that is no success means for the caller."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Busy
from serving.writeback.secret import blotted
from serving.writeback.web import ANSWER_SECONDS, NoAnswer, Web, retry_after

ADDRESS, HOSTS, VERSION = "https://api.hubapi.com", ("api.hubapi.com",), "2026-03"
MOST_INPUTS = 100
LOCK_SECONDS, WINDOW_SECONDS, MIGRATION_SECONDS = 2.0, 10.0, 3600.0
NOT_IN_PLACE = {408, 423, 425, 429, 477}
"""4xx that say nothing against the request itself."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that can be understood or not: `body` is empty where it was no JSON object.

    `after`: seconds for which it asks not to be called.
    """

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    after: float | None = None

    @property
    def done(self) -> bool:
        """Whether the call was carried out, as far as it says so itself."""
        return self.status in (200, 201, 207) and bool(self.body)

    @property
    def code(self) -> str:
        """What stands in the ledger for it."""
        names = {423: "locked", 429: "rate_limit", 477: "migration"}
        return names.get(self.status, "unreadable" if self.status < 300 else f"http_{self.status}")

    def parts(self, name: str) -> list[Mapping[str, Any]]:
        """The objects of one of its lists; whatever else stands there is left out."""
        found = self.body.get(name)
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


class Line:
    """HubSpot at one address with one key.

    `zone` is the account's time zone: there its day ends, and with it a daily limit. Before a call it looks whether the
    last answers left any calls in this window of ten seconds, and raises `Busy` if not, rather than be refused.
    """

    def __init__(
        self,
        token: SecretStr,
        *,
        address: str = ADDRESS,
        hosts: Collection[str] = HOSTS,
        version: str = VERSION,
        where: str = "hubspot",
        zone: str = "UTC",
        clock: Callable[[], float] = time.time,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        if not re.fullmatch(r"\d{4}-\d\d", version):
            raise SettingsError(f"`{version[:20]}` is no version of the API.", where=where, cure="Such as 2026-03.")
        self.web = Web(address, hosts=hosts, where=where, answer_seconds=answer_seconds)
        self.version, self.where, self.clock = version, where, clock
        self._token, self._zone = blotted(token), _zone(zone, where)
        self._calls: deque[float] = deque()
        self._free_at = 0.0

    def read(self, path: str, body: Any = None) -> Reply:
        """A call that changes nothing. Raises Busy, or DeliveryIncomplete where nobody will answer better later."""
        try:
            reply = self.call("GET" if body is None else "POST", path, body)
        except NoAnswer as exc:
            raise Busy(code="no_answer" if exc.sent else "no_connection") from None
        if reply.done:
            return reply
        if 400 <= reply.status < 500 and reply.status not in NOT_IN_PLACE:
            cure = "Run the set-up again: it says which property is missing or is not unique."
            raise DeliveryIncomplete(f"it answers {reply.status} to a read.", where=self.where, cure=cure)
        raise Busy(reply.after, reply.code)

    def records(
        self, kind: str, ids: Sequence[str], properties: Collection[str], key: str | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Companies or tasks by record id, or by a unique property. What is not among them does not exist.

        Raises Busy where a part of the answer is an error: a row that could not be read is not a row that is absent.
        """
        wanted = list(dict.fromkeys(ids))
        for start in range(0, len(wanted), MOST_INPUTS):
            body = {
                "inputs": [{"id": one} for one in wanted[start : start + MOST_INPUTS]],
                "properties": sorted({*properties, *([key] if key else [])}),
                "propertiesWithHistory": [],
                **({"idProperty": key} if key else {}),
            }
            reply = self.read(f"/crm/objects/{self.version}/{kind}/batch/read", body)
            for error in reply.parts("errors"):
                if error.get("category") != "OBJECT_NOT_FOUND":
                    raise Busy(code="read_in_part")
            yield from reply.parts("results")

    def call(self, method: str, path: str, body: Any = None) -> Reply:
        """One request. Raises NoAnswer, Busy before anything is sent, and DeliveryIncomplete for 401, 403 and 404."""
        self._look_at_the_limit()
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}", "Accept": "application/json"}
        answer = self.web.ask(method, path, headers=headers, json=body)
        self._calls.append(self.clock())
        try:
            told = answer.json() if answer.content else {}
        except ValueError:  # a gateway's page, or half an answer
            told = {}
        told = told if isinstance(told, dict) else {}
        if answer.status_code in (401, 403, 404):
            raise self._stop(answer.status_code, told)
        self._note_the_limit(answer)
        return Reply(answer.status_code, told, self._after(answer, told))

    def _after(self, answer: Any, told: Mapping[str, Any]) -> float | None:
        asked, status = retry_after(answer, self.clock), answer.status_code
        if status == 423:
            return max(LOCK_SECONDS, asked or 0.0)
        if status == 477:
            return MIGRATION_SECONDS if asked is None else asked
        if status != 429:
            return asked
        policy = str(told.get("policyName", "")).upper()
        if policy.startswith("DAILY"):
            return max(self._until_midnight(), asked or 0.0)
        if asked is not None:
            return asked
        return 1.0 if policy.startswith("SECONDLY") else WINDOW_SECONDS

    def _until_midnight(self) -> float:
        now = datetime.fromtimestamp(self.clock(), self._zone)
        day = now.date() + timedelta(days=1)
        midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return midnight.timestamp() - now.timestamp() + 1.0

    def _note_the_limit(self, answer: Any) -> None:
        """Where no call is left, the next one waits until the oldest of ours leaves the window."""
        left = str(answer.headers.get("X-HubSpot-RateLimit-Remaining", ""))
        interval = str(answer.headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", ""))
        window = int(interval) / 1000 if interval.isdigit() else WINDOW_SECONDS
        now = self.clock()
        while self._calls and self._calls[0] <= now - window:
            self._calls.popleft()
        if left.isdigit() and int(left) == 0:
            self._free_at = (self._calls[0] if self._calls else now) + window

    def _look_at_the_limit(self) -> None:
        wait = self._free_at - self.clock()
        if wait > 0:
            raise Busy(wait, "rate_limit")

    def _stop(self, status: int, told: Mapping[str, Any]) -> DeliveryIncomplete:
        if status == 404:
            message = f"it knows no such path in version {self.version}."
            return DeliveryIncomplete(message, where=self.where, cure="Check `address` and `version` in churn.toml.")
        scopes = ", ".join(sorted(set(re.findall(r"\bcrm\.[a-z_.]+\b", str(told.get("errors", ""))))))
        if status == 403:
            message = "the service key may not do this (403)."
            cure = f"Give it one of the scopes {scopes}." if scopes else "Give it the scopes that the set-up lists."
            return DeliveryIncomplete(message, where=self.where, cure=cure)
        cure = "Nothing is lost: put a valid key where the old one was, and apply again."
        return DeliveryIncomplete("it refuses the service key (401).", where=self.where, cure=cure)


def _zone(name: str, where: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as exc:
        message = f"`{name[:40]}` is no time zone."
        raise SettingsError(message, where=where, cure="Such as Europe/Oslo, as in HubSpot's settings.") from exc
