"""Tryton as a destination: what it takes to add a CRM is one module like this one.

It updates accounts (never creates one) and creates tasks, each by a key that Tryton keeps unique. Nothing here waits
to write again, halves a batch or keeps a row: that is the engine's. Four things had to be decided for Tryton:

- One bad row rolls back its batch, so a 400 for more than one row is `reject(named=False)`, and the engine halves it.
- A value of a wrong type is a 500, for ever, and so is a bad hour: `unknown`, the engine finds out which it is.
- A key that is there already is `unknown`: the engine reads it back, and a person's task stays a person's.
- A row that somebody changed since it was read is not written: its `_timestamp` goes along.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx

from policy.errors import DeliveryIncomplete
from serving.writeback.canonical import same
from serving.writeback.destination import Busy, Capabilities, Field, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar

PARTY, TASK = "party.party", "churn.task"
MODELS: Mapping[Kind, tuple[str, str]] = {"score": (PARTY, "churn_account_id"), "task": (TASK, "task_key")}
SCORE_FIELDS = ("risk_tier", "health_score", "arr", "run_id", "as_of", "expires_on", "published_at")
TASK_FIELDS = ("play", "step", "subject", "body", "due_at", "status", "priority", "as_of", "run_id")
# Ours → Tryton's. A task's account is a reference, set when the task is made and followed when it is read.
ACCOUNT = "party.churn_account_id"
NAMES: Mapping[Kind, Mapping[str, str]] = {
    "score": {name: f"churn_{name}" for name in SCORE_FIELDS}
    | {"owner_id": "churn_owner", "reason_1": "churn_reason", "churn_probability": "churn_probability"},
    "task": {name: name for name in TASK_FIELDS} | {"owner_id": "owner", "account_id": ACCOUNT},
}
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class _Refused(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        # The reason quotes the row's value: only what is wrong with it may get into a ledger.
        text = re.sub(r"(?s).*<p>|</p>.*", "", answer.text)
        self.reason = re.sub(r'value "[^"]*"', "value", html.unescape(text)).removesuffix(" - ")[:300]
        self.status = answer.status_code
        wait = answer.headers.get("Retry-After", "")
        self.after = float(wait) if wait.isdigit() else None
        super().__init__(f"{self.status}: {self.reason}")


class _Silent(Exception):
    """No answer, or none that can be read: what was asked for may have been done."""


class TrytonCrm:
    """A Tryton database with the module `churn_crm`."""

    def __init__(self, url: str, database: str, user: str, password: str, *, timeout: float = 10, batch_size: int = 50):
        self.client = httpx.Client(base_url=url, timeout=timeout, follow_redirects=False, trust_env=False)
        self._database, self._user, self._password = database, user, password
        self._batch_size = batch_size
        self._types: dict[Kind, dict[str, dict[str, Any]]] = {}

    @property
    def name(self) -> str:
        return f"tryton:{self._database}"

    @property
    def costs_calls(self) -> bool:

        return True

    def describe(self) -> Capabilities:
        self._types.clear()
        found: dict[Kind, dict[str, Field]] = {}
        for kind in MODELS:
            known = self._fields(kind)
            found[kind] = {ours: Field(known[n].get("size"), not known[n]["readonly"]) for ours, n in self._names(kind)}
        return Capabilities(self.name, found, batch_size=self._batch_size)

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        names = self._names(kind)
        rows = self._search(kind, keys, [n for _, n in names])
        for row in rows.values():
            row[ACCOUNT] = (row.get("party.") or {}).get("churn_account_id")
        return {key: {ours: _plain(row[n]) for ours, n in names} for key, row in rows.items()}

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        names = sorted({NAMES[kind][name] for row in batch for name in row.seen})
        there = self._search(kind, [row.key for row in batch], [*names, "_timestamp"])
        accounts = [row.account_id for row in batch if row.create]
        parties = self._search("score", accounts, []) if accounts else {}
        answers: dict[Key, Outcome] = {}
        create, update = [], []
        for row in batch:
            if (row.key in there) == row.create:
                answers[row.key] = Outcome.unknown("exists" if row.create else "gone")
            elif not row.create and _changed(kind, row, there[row.key]):
                answers[row.key] = Outcome.retry(code="changed")
            elif not row.create:
                update.append(row)
            elif kind == "score" or row.account_id not in parties:
                answers[row.key] = Outcome.reject("no_account", "the CRM has no such account")
            else:
                create.append(row)
        if update:
            pairs = [part for row in update for part in ([there[row.key]["id"]], self._values(kind, row))]
            model = MODELS[kind][0]
            stamps = {f"{model},{there[row.key]['id']}": there[row.key]["_timestamp"] for row in update}
            answers |= self._send(kind, update, "write", pairs, {"_timestamp": stamps})
        if create:
            values = [self._values(kind, row, parties[row.account_id]["id"]) for row in create]
            answers |= self._send(kind, create, "create", [values])
        return [answers[row.key] for row in batch]

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        self.client.close()

    def _send(
        self, kind: Kind, rows: list[Outgoing], method: str, params: list[Any], context: Mapping[str, Any] | None = None
    ) -> dict[Key, Outcome]:
        """One call, all or nothing: what became of each row."""
        try:
            self._call(f"model.{MODELS[kind][0]}.{method}", *params, context=context)
            one = Outcome.ok()
        except NOT_SENT:
            one = Outcome.retry(code="no_connection")
        except _Silent:
            one = Outcome.unknown()
        except _Refused as no:
            if method == "create" and no.status == 400:
                # Somebody made it since we looked; the others were rolled back with it.
                there = self._search(kind, [row.key for row in rows], [])
                exists, back = Outcome.unknown("exists"), Outcome.retry(code="rolled_back")
                if any(row.key in there for row in rows):
                    return {row.key: exists if row.key in there else back for row in rows}
            one = self._refusal(rows, no)
        return {row.key: one for row in rows}

    def _refusal(self, rows: list[Outgoing], no: _Refused) -> Outcome:
        if no.status in (423, 429, 503):
            return Outcome.retry(no.after, {423: "concurrency", 429: "rate_limit"}.get(no.status, "unavailable"))
        if no.status < 500:
            return Outcome.reject(f"http_{no.status}", no.reason, named=len(rows) == 1)
        return Outcome.unknown(f"http_{no.status}") if no.after is None else Outcome.retry(no.after)

    def _search(self, kind: Kind, keys: Sequence[Key], names: list[str]) -> dict[Key, dict[str, Any]]:
        (model, key), wanted = MODELS[kind], list(dict.fromkeys(keys))
        rows = self._ask(f"model.{model}.search_read", [[key, "in", wanted]], 0, None, None, [key, *names])
        # Tryton strips what it looks for: " a" finds the account "a", which is another one.
        return {row[key]: row for row in rows if row[key] in wanted}

    def _fields(self, kind: Kind) -> dict[str, dict[str, Any]]:
        if kind not in self._types:
            found = self._ask(f"model.{MODELS[kind][0]}.fields_get", [])
            self._types[kind] = found | {ACCOUNT: {"type": "char", "readonly": False}}
        return self._types[kind]

    def _names(self, kind: Kind) -> list[tuple[str, str]]:
        """(ours, Tryton's) for every field that the server has."""
        return [(ours, name) for ours, name in NAMES[kind].items() if name in self._fields(kind)]

    def _values(self, kind: Kind, row: Outgoing, party: int | None = None) -> dict[str, Any]:
        types = self._fields(kind)
        sent = {NAMES[kind][ours]: value for ours, value in row.fields.items() if NAMES[kind][ours] != ACCOUNT}
        values = {name: _typed(types[name]["type"], value) for name, value in sent.items()}
        return values if party is None else values | {"task_key": row.key, "party": party}

    def _ask(self, method: str, *params: Any) -> Any:
        """A call that changes nothing, and that the engine repeats where it raises Busy."""
        try:
            return self._call(method, *params)
        except _Refused as no:
            raise Busy(no.after, f"http_{no.status}") from no
        except (_Silent, *NOT_SENT) as exc:
            raise Busy(code="no_answer") from exc

    def _call(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Any:
        """The result. Raises _Refused, _Silent, NOT_SENT; DeliveryIncomplete where nobody will answer better later."""
        if "Authorization" not in self.client.headers:
            self._log_in()
        try:
            return self._post(method, [*params, context or {}])
        except _Refused as no:
            if no.status != 401:
                raise
            # The session is over, and nothing was done: once more with a new one.
            self._log_in()
            return self._post(method, [*params, context or {}])

    def _log_in(self) -> None:
        self.client.headers.pop("Authorization", None)
        try:
            number, token, _ = self._post("common.db.login", [self._user, {"password": self._password}, "en"])
        except _Refused as no:
            if no.status != 401:
                raise
            raise DeliveryIncomplete("the CRM refuses the user or the password.", where="tryton") from no
        session = base64.b64encode(f"{self._user}:{number}:{token}".encode()).decode()
        self.client.headers["Authorization"] = f"Session {session}"

    def _post(self, method: str, params: list[Any]) -> Any:
        try:
            # With an `id` in it, Tryton would answer its errors as 200.
            answer = self.client.post(f"/{self._database}/rpc/", json={"method": method, "params": params})
        except NOT_SENT:
            raise
        except httpx.RequestError as exc:
            raise _Silent from exc
        if answer.is_redirect or answer.status_code in (403, 404):
            raise DeliveryIncomplete(
                f"the CRM answers {answer.status_code}; redirects are not followed.", where="tryton"
            )
        if answer.status_code != 200:
            raise _Refused(answer)
        try:
            return answer.json()
        except ValueError as exc:
            raise _Silent from exc


def _changed(kind: Kind, row: Outgoing, shown: Mapping[str, Any]) -> bool:
    names = NAMES[kind]
    return any(not same(_plain(shown[names[n]]), value) for n, value in row.seen.items() if names[n] in shown)


def _plain(value: Any) -> Scalar:
    """Tryton's JSON as ours: dates and instants as ISO text, decimals as numbers."""
    if not isinstance(value, dict):
        return value
    if value["__class__"] == "Decimal":
        return float(value["decimal"])
    parts = {name: number for name, number in value.items() if name != "__class__"}
    return (date(**parts) if value["__class__"] == "date" else datetime(**parts, tzinfo=UTC)).isoformat()


def _typed(kind: str | None, value: Scalar) -> Any:
    """Ours as Tryton's JSON; what does not fit goes as it is, and the server says what is wrong with it."""
    if kind == "numeric" and isinstance(value, int | float):
        return {"__class__": "Decimal", "decimal": str(value)}
    if kind not in ("date", "datetime") or not isinstance(value, str):
        return value
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return value
    utc = found.astimezone(UTC) if found.tzinfo else found
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": kind, **{name: getattr(utc, name) for name in (parts[:3] if kind == "date" else parts)}}
