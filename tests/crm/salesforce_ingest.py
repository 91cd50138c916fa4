"""Bulk API 2.0 ingest jobs: what a job is, what is done with its rows, and which three files come of it.

Documented: batches of 10,000 rows, each in transactions of 200; a row that fails leaves the others; rows are in
exactly one of successfulResults, failedResults and unprocessedrecords; the order of results is not that of the upload.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from tests.crm.salesforce_csv import BadFile, Upload, blocks, taken_apart
from tests.crm.salesforce_faults import Faults, Rule
from tests.crm.salesforce_save import AT_ONCE, Change, Outcome, Transaction
from tests.crm.salesforce_store import ID, Org, Plan, Table, now
from tests.crm.salesforce_values import LEAVE, Refused, column

BATCH = 10_000
DONE = {"JobComplete", "Failed", "Aborted"}
BAD_ROW = Refused("INVALID_CSV_ROW", "Row could not be read: its cells do not fit the header")


@dataclass
class Job:
    """An ingest job."""

    id: str
    object: str
    operation: str
    key: str | None
    version: str
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    state: str = "Open"
    created: str = field(default_factory=now)
    changed: str = field(default_factory=now)
    data: bytes | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    total: int = 0
    failed: int = 0
    error: str | None = None
    gone: bool = False
    unrecorded: bool = False
    read: dict[str, int] = field(default_factory=dict)
    milliseconds: int = 0

    def info(self, *, full: bool = True) -> dict[str, Any]:
        """The job as its calls answer with it: `numberRecordsProcessed` counts failed rows too."""
        told: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": "005Hs0000000002MAA",
            "createdDate": self.created,
            "systemModstamp": self.changed,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.line_ending,
            "columnDelimiter": self.column_delimiter,
        }
        if self.key:
            told["externalIdFieldName"] = self.key
        if self.state == "Open":
            told["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        if full:
            told |= {"jobType": "V2Ingest", "retries": 0, "apexProcessingTime": 0}
            told |= {"apiActiveProcessingTime": self.milliseconds, "totalProcessingTime": self.milliseconds}
            told |= {"numberRecordsProcessed": len(self.outcomes), "numberRecordsFailed": self.failed}
            if self.error:
                told["errorMessage"] = self.error
        return told

    def move(self, state: str) -> None:
        """The job goes on to another state."""
        self.state, self.changed = state, now()


@dataclass
class Pace:
    """How slowly jobs are done, and where they are held until a test lets them go."""

    queue_seconds: float = 0.0
    seconds: float = 0.0
    batch: int = BATCH
    quoted_newlines: bool = True
    hold: str | None = None
    hold_after: int = 0

    def held(self, state: str, done: int) -> bool:
        """Whether a job waits here."""
        return self.hold == state and done >= self.hold_after


class Work:
    """Does the rows of jobs, one job after the other, in a thread of its own."""

    def __init__(self, org: Org, faults: Faults, pace: Pace) -> None:
        self.org, self.faults, self.pace = org, faults, pace
        self.ready: list[Job] = []
        self.wake, self.stopped = threading.Event(), False
        threading.Thread(target=self._run, daemon=True, name="jobs").start()

    def put(self, job: Job) -> None:
        """A job's upload is complete."""
        self.ready.append(job)
        self.wake.set()

    def stop(self) -> None:
        """No job is done any more."""
        self.stopped = True
        self.wake.set()

    def _run(self) -> None:
        while not self.stopped:
            self.wake.wait()
            self.wake.clear()
            while self.ready:
                self.do(self.ready.pop(0))

    def do(self, job: Job) -> None:
        """One job, from the queue to its end."""
        time.sleep(self.pace.queue_seconds)
        while self.pace.held("UploadComplete", 0) and job.state == "UploadComplete":
            time.sleep(0.005)
        with self.org.lock:
            if job.state != "UploadComplete":
                return
            job.move("InProgress")
        began = time.monotonic()
        table = self.org.table(job.object)
        try:
            if table is None or job.data is None:
                raise BadFile("InvalidBatch : Failed to read request. Exception: no content")
            upload = taken(job, self.pace)
            job.total = len(upload.rows)
            self._rows(job, table, upload)
        except BadFile as bad:
            with self.org.lock:
                job.error = str(bad)
                job.move("Failed" if job.state == "InProgress" else job.state)
        job.milliseconds = int((time.monotonic() - began) * 1000)
        with self.org.lock:
            if job.state == "InProgress":
                job.move("JobComplete")

    def _rows(self, job: Job, table: Table, upload: Upload) -> None:
        plan, key = _plan(job, table, upload)
        ends = self.faults.for_job("fail", table.name) or self.faults.for_job("abort", table.name)
        job.gone = self.faults.for_job("gone", table.name) is not None
        parent = plan.at.get(table.places["whatid"]) if "whatid" in table.places else None
        earlier: set[Any] = set()
        for start, stop in blocks(len(upload.rows), self.pace.batch):
            changes = _changes(plan, upload, start, stop)
            if parent is not None and self.faults.split:
                parents = {c.values[parent] for c in changes if c.unread is None} - {LEAVE, None}
                changes = _locked(changes, parent, self.faults.split_parents(parents, earlier))
                earlier |= parents
            for at, end in blocks(len(changes), AT_ONCE):
                if ends and len(job.outcomes) >= ends.rows:
                    _end(job, ends)
                while self.pace.held("InProgress", len(job.outcomes)) and job.state == "InProgress":
                    time.sleep(0.005)
                with self.org.lock:
                    # Looked at under the lock: once an abort was answered, no row more is written.
                    if job.state != "InProgress":
                        return
                    outcomes = Transaction(self.org, table, self.faults).save(job.operation, key, changes[at:end])
                    job.outcomes += outcomes
                    job.failed += sum(type(outcome) is Refused for outcome in outcomes)
            time.sleep(self.pace.seconds * (stop - start) / max(1, len(upload.rows)))
        if ends:
            _end(job, ends)


def _end(job: Job, rule: Rule) -> None:
    job.unrecorded = not rule.recorded
    job.error = rule.message or f"{rule.error} : job ended by the server"
    job.move("Aborted" if rule.kind == "abort" else "Failed")


def taken(job: Job, pace: Pace) -> Upload:
    """A job's upload taken apart; BadFile where it is wrong as a whole."""
    return taken_apart(
        job.data or b"",
        delimiter=job.column_delimiter,
        line_ending=job.line_ending,
        quoted_newlines=pace.quoted_newlines,
    )


def _plan(job: Job, table: Table, upload: Upload) -> tuple[Plan, int]:
    places = []
    for name in upload.header:
        place = table.place(name)
        # Heard of in threads: field names of the Bulk API count case, and one unknown name fails the job.
        if place is None or table.fields[place].name != name:
            raise BadFile(f"InvalidBatch : Field name not found : {name}")
        if place in places:
            raise BadFile(f"InvalidBatch : Duplicate field name in header : {name}")
        places.append(place)
    wanted = job.key if job.operation == "upsert" else "Id"
    key = table.place(wanted or "Id")
    if job.operation != "insert" and key not in places:
        raise BadFile(f"InvalidBatch : Field name not found : {wanted}")
    return table.plan(places), key if key is not None else ID


def _changes(plan: Plan, upload: Upload, start: int, stop: int) -> list[Change]:
    cells = upload.cells(start, stop)
    good = [row for row in cells if row is not None]
    columns, troubled = [], False
    for f, raw in zip(plan.fields, zip(*good, strict=True), strict=True) if good else ():
        kept = column(f, raw)
        troubled = troubled or Refused in set(map(type, kept))
        columns.append(kept)
    rows = iter(zip(*columns, strict=True))
    changes = []
    for row in cells:
        if row is None:
            changes.append(Change(plan, (), BAD_ROW))
            continue
        values = next(rows)
        unread = next((value for value in values if type(value) is Refused), None) if troubled else None
        changes.append(Change(plan, values, unread))
    return changes


def _locked(changes: list[Change], parent: int, parents: set[Any]) -> list[Change]:
    if not parents:
        return changes
    lock = Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", [])
    return [Change(c.plan, c.values, lock) if c.unread is None and c.values[parent] in parents else c for c in changes]
