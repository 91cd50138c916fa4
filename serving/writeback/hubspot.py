"""HubSpot as a destination: companies are updated by a unique property of ours, tasks are created and updated.

Companies are never created. A task is found again by its key: in a property whose values must be unique where HubSpot
allows that for tasks, else among the tasks of its company (`hubspot_tasks`). Nothing here waits to write again, halves
a batch or keeps a row: that is the delivery's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from policy.errors import SettingsError
from serving.writeback.canonical import same
from serving.writeback.destination import Busy, Capabilities, Field, Handle, Key, Kind, Outcome, Outgoing, Row
from serving.writeback.hubspot_answers import TRACE, Sent, outcomes
from serving.writeback.hubspot_line import ADDRESS, HOSTS, MOST_INPUTS, VERSION, Line
from serving.writeback.hubspot_owners import OWNER_PROPERTY, owners
from serving.writeback.hubspot_tasks import SETTLE_SECONDS, Attempts, Found, Shelf, keyless_twin, link, shelf
from serving.writeback.hubspot_values import (
    OBJECTS,
    NotStorable,
    Property,
    can_hold,
    decode,
    default_names,
    needed_type,
    sent,
)
from serving.writeback.names import Names
from serving.writeback.owners import OWNER
from serving.writeback.web import ANSWER_SECONDS, NoAnswer

ACCOUNT_KEY, TASK_KEY = "churn_account_id", "churn_task_key"
DUE, STATUS, NOT_STARTED = "hs_timestamp", "hs_task_status", "NOT_STARTED"


class HubSpotCrm:
    """One HubSpot account. `account` is a label that tells it from others in the ledger, `key` and `task_key` name the
    properties that hold our keys, `zone` is the account's time zone.

    HubSpot has no conditional writes: a row is read once more just before its batch is sent, and one that moved since
    it was decided is left for a new decision. What a person changes in the moment between that read and the write,
    some tenths of a second, is overwritten; HubSpot keeps it in the property's history.
    """

    def __init__(
        self,
        token: SecretStr,
        *,
        address: str = ADDRESS,
        hosts: Collection[str] = HOSTS,
        version: str = VERSION,
        key: str = ACCOUNT_KEY,
        task_key: str = TASK_KEY,
        names: Names | None = None,
        account: str = "",
        zone: str = "UTC",
        batch_size: int = MOST_INPUTS,
        clock: Callable[[], float] = time.time,
        answer_seconds: float = ANSWER_SECONDS,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        self._name = f"hubspot:{account}" if account else "hubspot"
        self.line = Line(
            token,
            address=address,
            hosts=hosts,
            version=version,
            where=self._name,
            zone=zone,
            clock=clock,
            answer_seconds=answer_seconds,
        )
        self.names = names or default_names()
        self.keys: Mapping[Kind, str] = {"score": key, "task": task_key}
        self._batch_size = min(batch_size, MOST_INPUTS)
        self._attempts = Attempts(settle_seconds)
        self._known: dict[Kind, dict[str, Property]] = {}

    def __repr__(self) -> str:
        return f"HubSpotCrm({self._name!r})"

    @property
    def name(self) -> str:
        """Of the account's label; known without a call."""
        return self._name

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Close its connections."""
        self.line.web.close()

    @property
    def costs_calls(self) -> bool:
        """Yes: a day has a limit of them."""
        return True

    def describe(self) -> Capabilities:
        """What the account takes, by the definitions of its properties, and who may own what it is sent.

        Raises SettingsError where a property cannot hold its field, or tasks have no property for their key.
        """
        self.forget()
        fields: dict[Kind, dict[str, Field]] = {}
        for kind in OBJECTS:
            known, names = self.definitions(kind), self.names.of(kind)
            self._check_types(kind)
            fields[kind] = {ours: Field(writable=known[n].writable) for ours, n in names.items() if n in known}
        if self.keys["task"] not in self.definitions("task"):
            cure = "Run the set-up, which makes it; or make it by hand, as single-line text."
            raise SettingsError(f"tasks have no property `{self.keys['task']}`.", where=self._name, cure=cure)
        key = self.definitions("score").get(self.keys["score"])
        owned = [kind for kind in OBJECTS if self.names.of(kind).get(OWNER) == OWNER_PROPERTY]
        known_owners = owners(self.line) if owned else {}
        return Capabilities(
            self._name,
            fields,
            only={kind: self.names.of(kind).keys() for kind in OBJECTS},
            batch_size=self._batch_size,
            key_unique=key is not None and key.unique,
            owners=dict.fromkeys(owned, known_owners),
        )

    def forget(self) -> None:
        """Ask for the definitions anew when they are needed next."""
        self._known.clear()

    def definitions(self, kind: Kind) -> Mapping[str, Property]:
        """The properties of companies or tasks, by name; asked for once a delivery."""
        if kind not in self._known:
            reply = self.line.read(f"/crm/properties/{self.line.version}/{OBJECTS[kind]}")
            found = [Property.of(one) for one in reply.parts("results")]
            self._known[kind] = {one.name: one for one in found}
        return self._known[kind]

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist among `keys`; a property without a value is None."""
        known = self.definitions(kind)
        names = {ours: known[theirs] for ours, theirs in self.names.shown(kind).items() if theirs in known}
        found = self._shelf(kind, keys, {one.name for one in names.values()}).found
        return {
            key: {ours: decode(one.properties.get(of.name), of) for ours, of in names.items()}
            for key, one in found.items()
        }

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Update the rows that are there, create the tasks that are not: at most one call for each."""
        plain = self._plain(kind)
        names = self.names.of(kind)
        compared = {names[name] for row in batch for name in row.seen if name in names}
        twins = {names["subject"]} if plain and "subject" in names else set[str]()
        there = self._shelf(kind, [row.key for row in batch if plain or not row.create], compared | twins)
        answers: dict[Key, Outcome] = {}
        update: dict[Key, dict[str, str]] = {}
        create: dict[Key, dict[str, str]] = {}
        for row in batch:
            found = there.found.get(row.key)
            if row.create and kind == "score":
                answers[row.key] = Outcome.reject("no_account", "HubSpot has no such company, and none is created")
            elif row.create == (found is not None):
                answers[row.key] = Outcome.unknown("exists" if row.create else "gone")
            elif found and self._moved(kind, row, found):
                answers[row.key] = Outcome.retry(code="changed")
            else:
                try:
                    values = sent(kind, row, names, self.definitions(kind))
                    (create if row.create else update)[row.key] = values
                except NotStorable as no:
                    answers[row.key] = Outcome.reject(no.code, str(no))
        rows = {row.key: row for row in batch if row.key in create}
        companies = there.companies if plain else self._companies(rows.values())
        if update:
            answers |= self._update(kind, update, there.found)
        if create:
            answers |= self._create(rows, create, companies, there if plain else None, handle)
        return [answers[row.key] for row in batch]

    def _update(self, kind: Kind, rows: Mapping[Key, dict[str, str]], there: Mapping[Key, Found]) -> dict[Key, Outcome]:
        by_key = {"idProperty": self.keys[kind]} if not self._plain(kind) else {}
        traces = {uuid4().hex: key for key in rows}
        inputs = [
            {"id": key if by_key else there[key].id, **by_key, TRACE: trace, "properties": rows[key]}
            for trace, key in traces.items()
        ]
        ids = {there[key].id: key for key in rows}
        return self._send(kind, "update", inputs, Sent(traces, ids, _names(rows)))

    def _create(
        self,
        rows: Mapping[Key, Outgoing],
        values: Mapping[Key, dict[str, str]],
        companies: Mapping[str, str],
        plain: Shelf | None,
        handle: Handle,
    ) -> dict[Key, Outcome]:
        """Tasks that were not there a moment ago. Without a unique key an attempt is noted before it is made."""
        answers: dict[Key, Outcome] = {}
        ready: dict[Key, dict[str, str]] = {}
        for key, row in rows.items():
            given = {name: text for name, text in values[key].items() if text}
            if plain is not None and key.partition("|")[0] != row.account_id:
                reason = "a task's key must begin with its account's id and |, to be found again"
                answers[key] = Outcome.reject("key_mismatch", reason)
            elif row.account_id not in companies:
                answers[key] = Outcome.reject("no_account", "HubSpot has no such company, and none is created")
            elif DUE not in given:
                answers[key] = Outcome.reject("no_due_date", "HubSpot takes no task without a due date (`due_at`)")
            elif plain is not None and (held := self._held(row, given, plain, handle)):
                answers[key] = held
            else:
                ready[key] = {STATUS: NOT_STARTED, **given, self.keys["task"]: key}
        if not ready:
            return answers
        if plain is not None:
            self._attempts.begin(ready, handle)
        traces = {uuid4().hex: key for key in ready}
        inputs = [
            {TRACE: trace, "properties": ready[key], "associations": [link(companies[rows[key].account_id])]}
            for trace, key in traces.items()
        ]
        made = self._send("task", "create", inputs, Sent(traces, {}, _names(ready), self.keys["task"]))
        # A gateway's 5xx does not say that the work behind it is over, also where it names a time to come back.
        over = [key for key, one in made.items() if one.answer != "unknown" and not one.code.startswith("http_5")]
        self._attempts.end(over)
        return answers | made

    def _held(self, row: Outgoing, values: Mapping[str, str], there: Shelf, handle: Handle) -> Outcome | None:
        """What keeps a task of which an earlier attempt may be under way from being created now."""
        wait, subject = self._attempts.wait(row.key), self.names.task.get("subject", "")
        if wait > 0:
            return Outcome.retry(wait, "settling")
        twin = keyless_twin(there.keyless.get(row.account_id, ()), subject, values.get(subject))
        if twin and self._attempts.made(row.key, handle):
            reason = "an earlier attempt may have made it: its company has a task of the same subject without a key"
            return Outcome.reject("held_for_a_person", reason)
        return None

    def _send(self, kind: Kind, what: str, inputs: list[dict[str, Any]], batch: Sent) -> dict[Key, Outcome]:
        """The one call that changes something: what became of each of its rows."""
        try:
            reply = self.line.call(
                "POST", f"/crm/objects/{self.line.version}/{OBJECTS[kind]}/batch/{what}", {"inputs": inputs}
            )
        except Busy as busy:  # known before anything was sent
            return dict.fromkeys(batch.traces.values(), Outcome.retry(busy.after, busy.code))
        except NoAnswer as no:
            one = Outcome.unknown() if no.sent else Outcome.retry(code="no_connection")
            return dict.fromkeys(batch.traces.values(), one)
        return outcomes(reply, batch)

    def _shelf(self, kind: Kind, keys: Sequence[Key], properties: Collection[str]) -> Shelf:
        """The records of these keys, as they are now."""
        if not keys:
            return Shelf()
        if self._plain(kind):
            return shelf(self.line, keys, properties, company_key=self.keys["score"], task_key=self.keys["task"])
        key, wanted = self.keys[kind], set(keys)
        found = self.line.records(OBJECTS[kind], keys, properties, key)
        records = ((one.get("properties") or {}, str(one.get("id"))) for one in found)
        # A lookup that minds neither case nor space may find "A1" for "a1", which is another account.
        return Shelf({values[key]: Found(i, values) for values, i in records if values.get(key) in wanted})

    def _companies(self, rows: Collection[Outgoing]) -> dict[str, str]:
        found = self._shelf("score", [row.account_id for row in rows], ()).found
        return {account: one.id for account, one in found.items()}

    def _plain(self, kind: Kind) -> bool:
        """Whether tasks are found through their companies, their key not being unique in HubSpot."""
        if kind != "task":
            return False
        key = self.definitions(kind).get(self.keys[kind])
        return key is None or not key.unique

    def _moved(self, kind: Kind, row: Outgoing, found: Found) -> bool:
        known, names = self.definitions(kind), self.names.of(kind)
        shown = {n: known[names[n]] for n in row.seen if n in names and names[n] in known}
        return any(not same(decode(found.properties.get(p.name), p), row.seen[n]) for n, p in shown.items())

    def _check_types(self, kind: Kind) -> None:
        for field, name in self.names.of(kind).items():
            found = self.definitions(kind).get(name)
            if found and not can_hold(found, field):
                message = f"its property `{name}` of {OBJECTS[kind]} is a {found.type}, and `{field}` is not."
                cure = f"Make a property of type {needed_type(field)}, and name it for `{field}` in churn.toml."
                raise SettingsError(message, where=self._name, cure=cure)


def _names(rows: Mapping[Key, Mapping[str, str]]) -> set[str]:
    return {name for values in rows.values() for name in values}
