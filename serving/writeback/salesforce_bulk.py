"""Writing thousands of rows as ingest jobs: every row is found in a job's three files by its key, or is in doubt.

A job's id is in the ledger before its upload, so that a process that comes after one that died finds it: a job still
open is given up and its rows are sent anew, one at work is waited for, one that ended is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from serving.writeback.destination import Handle, Kind, Outcome, Outgoing
from serving.writeback.salesforce_calls import DAY_IS_OVER, Refused
from serving.writeback.salesforce_csv import UPLOAD_BYTES, results, uploads
from serving.writeback.salesforce_errors import from_cell, outcome_of
from serving.writeback.salesforce_fields import Layout
from serving.writeback.salesforce_jobs import DONE, GONE, TRIES, Info, Jobs
from serving.writeback.salesforce_prepare import Ready
from serving.writeback.salesforce_query import Query

FILES = ("successfulResults", "failedResults", "unprocessedrecords")
# A job that failed with one of these was refused as a file: some row of it is to blame.
REFUSED_WHOLE = ("InvalidBatch", "InvalidJob", "ClientInputError", "InvalidSession")

Outcomes = list[Outcome | None]


class Bulk:
    """The ingest jobs of one process. `line_ends`: whether this org takes line feeds between quotes."""

    def __init__(self, jobs: Jobs, query: Query, at: Callable[[str], None], upload_bytes: int = UPLOAD_BYTES) -> None:
        self.jobs, self.query, self.at, self.upload_bytes = jobs, query, at, upload_bytes
        self.spent: set[str] = set()
        self.line_ends = True

    def send(self, kind: Kind, layout: Layout, rows: Sequence[Ready], handle: Handle, outcomes: Outcomes) -> None:
        """Write the rows, of which either all or none are to be created; each gets its outcome."""
        create = not rows[0].id
        by = layout.key if create else "Id"
        asked: Info = {"object": layout.object, "operation": "upsert" if create else "update"}
        asked |= {"contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
        asked |= {"externalIdFieldName": layout.key} if create else {}
        at_work: list[tuple[str, list[Ready]]] = []
        stopped: Outcome | None = None
        for content, part in uploads(rows, by, self.upload_bytes):
            job = stopped or self._begun(asked, content, handle)
            if isinstance(job, Outcome):
                stopped = job  # what made this part wait makes the others wait too
                _give(part, outcomes, job)
            else:
                at_work.append((job, part))
        for job, part in at_work:
            told = self._told(kind, job, by, len(part), self.jobs.ended(job, closings=TRIES))
            for row in part:
                missing = Outcome.unknown("not_recorded")
                outcomes[row.at] = told if isinstance(told, Outcome) else told.get(row.id or row.key, missing)

    def resume(self, kind: Kind, layout: Layout, batch: Sequence[Outgoing], handle: Handle, outcomes: Outcomes) -> None:
        """What became of the rows in the jobs that an earlier attempt saved; those that are to be sent anew get none."""
        told: dict[str, Outcome] = {}
        gone = anew = False
        for job in [job for job in saved(handle) if job not in self.spent]:
            info = self.jobs.look(job)
            if not isinstance(info, Outcome) and info["state"] == "Open":
                anew = True
                if self.jobs.abort(job):
                    self.spent.add(job)
                    continue
                info = self.jobs.look(job)  # it may have been closed meanwhile
            by = layout.key if isinstance(info, Outcome) or info.get("operation") == "upsert" else "Id"
            if not isinstance(info, Outcome) and info["state"] not in (*DONE, GONE):
                info = self.jobs.ended(job)
            found = self._told(kind, job, by, len(batch), info, past=True)
            if isinstance(found, Outcome) and found.code != "job_gone":
                outcomes[:] = [found] * len(batch)
                return
            gone = gone or isinstance(found, Outcome)
            told |= {} if isinstance(found, Outcome) else found
        if not told and not gone:
            return
        ids = self._ids(layout, batch) if told else {}
        rest = Outcome.unknown("job_gone") if gone else None if anew else Outcome.unknown("not_recorded")
        for at, row in enumerate(batch):
            outcomes[at] = told.get(row.key) or told.get(ids.get(row.key, "")) or rest

    def _begun(self, asked: Info, content: bytes, handle: Handle) -> str | Outcome:
        job = self.jobs.create(asked, lambda made: handle.save(json.dumps([*self._living(handle), made])))
        if isinstance(job, Outcome):
            return job
        return self.jobs.upload(job, content) or self.jobs.close(job) or job

    def _living(self, handle: Handle) -> list[str]:
        return [job for job in saved(handle) if job not in self.spent]

    def _told(
        self, kind: Kind, job: str, by: str, rows: int, ended: Info | Outcome, *, past: bool = False
    ) -> dict[str, Outcome] | Outcome:
        """Outcomes by key or id, from the three files of a job that ended; one for all rows where there are none.

        `past`: an earlier attempt began it, and what stopped it then need not be so now.
        """
        if isinstance(ended, Outcome):
            return ended
        if ended["state"] == GONE:
            self.spent.add(job)
            return Outcome.unknown("job_gone")
        told: dict[str, Outcome] = {}
        left = self._unprocessed(ended, rows, past)
        for name in FILES:
            content = self.jobs.file(job, name)
            if isinstance(content, Outcome):
                if content.after is None:
                    self.spent.add(job)  # it is over: what is not there when read back is sent anew
                return content
            for line in results(content, by):
                if name == FILES[2]:
                    told[line.who] = left
                elif line.error:
                    told[line.who] = outcome_of(kind, *from_cell(line.error))
                else:
                    told[line.who] = Outcome.ok(line.id or None)
        self.spent.add(job)
        if not told and _cause(ended) in REFUSED_WHOLE and not ended.get("numberRecordsProcessed"):
            return left  # a file that cannot be read has no rows to tell of
        return told

    def _unprocessed(self, info: Info, rows: int, past: bool) -> Outcome:
        """What the rows are that a job did not come to."""
        error, cause = str(info.get("errorMessage") or ""), _cause(info)
        if info["state"] != "Failed":
            return Outcome.retry(code="job_aborted" if info["state"] == "Aborted" else "unprocessed")
        if past:
            return Outcome.retry(code=cause.lower()[:40] or "job_failed")
        if "LineEnding" in error and self.line_ends:
            self.line_ends = False
            return Outcome.retry(code="line_ending")
        if "Field name not found" in error:
            gone = Refused(400, cause, "")
            raise self.jobs.calls.stopped(gone, "it does not know a field any more that it described")
        if cause == "ExceededQuota":
            return Outcome.retry(DAY_IS_OVER, "exceeded_quota")
        if cause in REFUSED_WHOLE:
            return Outcome.reject(
                cause.lower(), f"Salesforce refuses the file this row was in: {cause}", named=rows == 1
            )
        return Outcome.retry(code=cause.lower()[:40] or "job_failed")

    def _ids(self, layout: Layout, batch: Sequence[Outgoing]) -> dict[str, str]:
        pages = self.query.find(layout.object, layout.key, [row.key for row in batch], ["Id"])
        return {record[layout.key]: str(record["Id"]) for page in pages for record in page}


def saved(handle: Handle) -> list[str]:
    """The ids of the jobs that were saved for a batch."""
    try:
        found = json.loads(handle.job) if handle.job else []
    except ValueError:
        return []
    return [str(job) for job in found] if isinstance(found, list) else []


def _cause(info: Info) -> str:
    return str(info.get("errorMessage") or "").partition(":")[0].strip()


def _give(rows: Sequence[Ready], outcomes: Outcomes, outcome: Outcome) -> None:
    for row in rows:
        outcomes[row.at] = outcome
