"""Salesforce as a destination: accounts are updated and never created, tasks are made once, by their keys.

Up to `bulk_from` rows go through composite collections, more through ingest jobs of the Bulk API 2.0. `Outgoing.seen`
is compared with what a look-up just before the write shows. What a person edits between that look and the write is
overwritten: a call's length for collections, and for a job until it is done, for neither can compare by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Busy, Capabilities, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar
from serving.writeback.names import Names
from serving.writeback.owners import OWNER
from serving.writeback.salesforce_bulk import Bulk
from serving.writeback.salesforce_calls import Calls, Refused
from serving.writeback.salesforce_collections import Collections
from serving.writeback.salesforce_csv import UPLOAD_BYTES
from serving.writeback.salesforce_fields import OBJECTS, Layout, capabilities, checked_names, default_names, layout
from serving.writeback.salesforce_jobs import Jobs
from serving.writeback.salesforce_owners import owners
from serving.writeback.salesforce_prepare import LOOKED_UP, Preparing, Ready
from serving.writeback.salesforce_query import Query
from serving.writeback.salesforce_sign_in import SignIn
from serving.writeback.salesforce_values import IDS, fit_cells
from serving.writeback.web import ANSWER_SECONDS, Web

VERSION = "v67.0"
HOSTS = ("*.my.salesforce.com",)
BULK_FROM = 2_000
BATCH_SIZE = 10_000
"""Rows of a batch: as many as the platform works off at a time within a job."""
POLL_SECONDS = 1_800.0


class SalesforceCrm:
    """One org, at its My Domain `address`, for the user whose app holds the certificate of `key` (a PEM file's text).

    `account_key` and `task_key` are text fields, unique and external ids, of Account and Task. `at` is told the
    points at which tests end the process.
    """

    def __init__(
        self,
        address: str,
        *,
        key: SecretStr,
        client_id: str,
        username: str,
        audience: str | None = None,
        hosts: Collection[str] = HOSTS,
        version: str = VERSION,
        account_key: str = "Churn_Account_Id__c",
        task_key: str = "Churn_Task_Key__c",
        names: Names | None = None,
        bulk_from: int = BULK_FROM,
        batch_size: int = BATCH_SIZE,
        upload_bytes: int = UPLOAD_BYTES,
        poll_seconds: float = POLL_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        at: Callable[[str], None] | None = None,
    ) -> None:
        parts = urlsplit(address)
        self._name = f"salesforce:{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
        self.names = names or default_names(where=self._name)
        self.keys: Mapping[Kind, str] = {"score": account_key, "task": task_key}
        checked_names(self.names, self.keys, self._name)
        self.bulk_from, self.batch_size, self.at = bulk_from, batch_size, at or _nowhere
        self.web = Web(address, hosts=hosts, where=self._name, answer_seconds=answer_seconds)
        sign_in = SignIn(self.web, key=key, client_id=client_id, username=username, audience=audience, clock=clock)
        self.calls = Calls(self.web, sign_in, version, clock)
        self.query = Query(self.calls)
        self.jobs = Jobs(self.calls, self.at, sleep, poll_seconds)
        self.bulk = Bulk(self.jobs, self.query, self.at, upload_bytes)
        self._layouts: dict[Kind, Layout] = {}
        self._waited_for_others = False

    @property
    def name(self) -> str:
        """Its host."""
        return self._name

    @property
    def costs_calls(self) -> bool:
        """Yes: a day has a limit of them."""
        return True

    def describe(self) -> Capabilities:
        """What it takes; raises SettingsError where a field is missing, hidden, read-only or of another type."""
        self.calls.begin()
        held = self.layouts()
        found = capabilities(self.name, held, self.names, self.batch_size)
        columns = {kind: of.columns.get(OWNER) for kind, of in held.items()}
        owned = [kind for kind, column in columns.items() if column is not None and column.kind in IDS]
        return replace(found, owners=dict.fromkeys(owned, owners(self.query))) if owned else found

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The records among `keys`, by exact key; a record in the recycle bin is none."""
        self.calls.begin()
        held = self._layout(kind)
        columns = list(held.columns.values())
        ours, theirs = [*(c.ours for c in columns), *held.beside], [*(c.theirs for c in columns), *held.beside.values()]
        spelt = [c for c in columns if not c.plain]
        pick: Callable[[Any], Sequence[Scalar]] = itemgetter(*theirs) if len(theirs) > 1 else _picker(theirs)
        wanted, found = set(keys), dict[Key, Row]()
        for page in self.query.find(held.object, held.key, keys, theirs):
            for record in page:
                key = record[held.key]
                if key not in wanted:  # another key, for case does not count in a query
                    continue
                row = dict(zip(ours, pick(record), strict=True))
                for column in spelt:
                    if row[column.ours] is not None:
                        row[column.ours] = column.shown(row[column.ours])
                found[key] = row
        return found

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Update accounts; create or update tasks. Every row gets an outcome, whatever stops the others."""
        self.calls.begin()
        outcomes: list[Outcome | None] = [None] * len(batch)
        rest = Outcome.retry(code="not_sent")
        try:
            self._write(kind, batch, handle, outcomes)
        except Busy as busy:
            rest = Outcome.retry(busy.after, busy.code.lower())
        return [outcome or rest for outcome in outcomes]

    def _write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle, outcomes: list[Outcome | None]) -> None:
        held, prepare = self._layout(kind), Preparing(self.query, self._layout("score"))
        if handle.job:
            self.bulk.resume(kind, held, batch, handle, outcomes)
        if not self._waited_for_others:
            self.jobs.wait_for_others(frozenset(OBJECTS.values()))
            self._waited_for_others = True
        collections = Collections(self.calls, self.at)
        if outcomes.count(None) < self.bulk_from:
            for rows in prepare.ready(kind, held, batch, outcomes):
                collections.send(kind, held, rows, outcomes)
                if collections.stopped:
                    _fill(outcomes, collections.stopped)
                    return
            return
        rows = [row for some in prepare.ready(kind, held, batch, outcomes, size=2 * LOOKED_UP) for row in some]
        few: list[Ready] = []
        for group in ([row for row in rows if row.id], [row for row in rows if not row.id]):
            fit = [row for row in group if fit_cells(row.values.values(), line_ends=self.bulk.line_ends)]
            if len(fit) < self.bulk_from:
                few += group
                continue
            self.bulk.send(kind, held, fit, handle, outcomes)
            taken = {row.at for row in fit}
            few += [row for row in group if row.at not in taken]
        waiting = next((o for o in outcomes if o and o.answer == "retry" and o.after is not None), None)
        if waiting:
            _fill(outcomes, waiting)  # it asked to be left alone
            return
        collections.send(kind, held, few, outcomes)

    def layouts(self) -> Mapping[Kind, Layout]:
        """The two objects as they are described now."""
        kinds: tuple[Kind, ...] = ("score", "task")
        self._layouts = {kind: self._described(kind) for kind in kinds}
        return self._layouts

    def _layout(self, kind: Kind) -> Layout:
        return self._layouts[kind] if kind in self._layouts else self.layouts()[kind]

    def _described(self, kind: Kind) -> Layout:
        try:
            told = self.calls.read(f"/sobjects/{OBJECTS[kind]}/describe")
        except Refused as no:
            cure = "Give the integration's user read and edit rights on it, and see that the API version exists there."
            message = f"it does not describe {OBJECTS[kind]} ({no.label})."
            raise DeliveryIncomplete(message, where=self.name, cure=cure) from no
        return layout(kind, told, self.names, self.keys[kind])

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Close its connections."""
        self.web.close()


def _picker(names: Sequence[str]) -> Callable[[Any], Sequence[Scalar]]:
    return lambda record: [record[name] for name in names]


def _fill(outcomes: list[Outcome | None], outcome: Outcome) -> None:
    outcomes[:] = [held or outcome for held in outcomes]


def _nowhere(point: str) -> None:
    """What `at` is outside the tests."""
