"""The steps of an ingest job of the Bulk API 2.0, each with what its failure means. Which rows are in it is not known here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from serving.writeback.destination import Busy, Outcome
from serving.writeback.salesforce_calls import CROWDED, Calls, Refused
from serving.writeback.web import NoAnswer

log = logging.getLogger(__name__)
DONE = frozenset({"JobComplete", "Failed", "Aborted"})
GONE = "Gone"
"""The state of a job that is not there any more: results are kept for seven days."""
FIRST_POLL, GROWTH, LONGEST_POLL = 0.1, 1.5, 30.0
LOOK_AGAIN = 60.0
TRIES = 3
OTHERS_SECONDS = 300.0
_PAGES = 20

Info = dict[str, Any]


class Jobs:
    """The ingest jobs of one org. `poll_seconds` is how long one is waited for before the delivery is told to wait."""

    def __init__(
        self, calls: Calls, at: Callable[[str], None], sleep: Callable[[float], None], poll_seconds: float
    ) -> None:
        self.calls, self.at, self.sleep, self.poll_seconds = calls, at, sleep, poll_seconds

    def create(self, asked: Info, save: Callable[[str], None]) -> str | Outcome:
        """A new job, its id saved before anything is uploaded to it; a job that nobody uploads to does nothing."""
        self.at("job_create")
        try:
            job = str(self.calls.asked("POST", "/jobs/ingest", json=asked)["id"])
        except Busy as busy:
            return Outcome.retry(busy.after, busy.code.lower())
        except NoAnswer:
            return Outcome.retry(code="no_job")
        except Refused as no:
            if no.passing:
                return Outcome.retry(code=no.label.lower())
            if "EXCEEDED" in no.code:
                return Outcome.retry(LOOK_AGAIN, no.code.lower())
            raise self.calls.stopped(no, "it refuses to make a job") from no
        self.at("job_created")
        save(job)
        self.at("id_saved")
        return job

    def upload(self, job: str, content: bytes) -> Outcome | None:
        """The job's data, once. Where that failed the job is given up, and nothing of it will be done."""
        try:
            self.calls.ask("PUT", f"/jobs/ingest/{job}/batches", content=content)
        except Busy as busy:
            return Outcome.retry(busy.after, busy.code.lower())
        except NoAnswer:
            self.abort(job)
            return Outcome.retry(code="upload_lost")
        except Refused as no:
            self.abort(job)
            return Outcome.retry(code=f"upload_{no.label.lower()}")
        self.at("uploaded")
        return None

    def close(self, job: str) -> Outcome | None:
        """Let the job begin. An answer that is lost is none: the next look says what became of it."""
        try:
            self.calls.ask("PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
        except Busy as busy:
            return Outcome.retry(CROWDED if busy.after is None else busy.after, busy.code.lower())
        except (NoAnswer, Refused):
            log.info("the end of an upload was not confirmed; looking at the job")
        self.at("closed")
        return None

    def abort(self, job: str) -> bool:
        """Give a job up; whether that is certain."""
        try:
            return bool(self.calls.asked("PATCH", f"/jobs/ingest/{job}", json={"state": "Aborted"})["state"])
        except (Busy, NoAnswer, Refused):
            return False

    def look(self, job: str) -> Info | Outcome:
        """The job as it is. Its outcome is that of every row, where there is nothing to be seen."""
        try:
            found: Info = self.calls.asked("GET", f"/jobs/ingest/{job}")
        except Busy as busy:
            return Outcome.retry(CROWDED if busy.after is None else busy.after, busy.code.lower())
        except NoAnswer:
            return Outcome.retry(code="no_answer")
        except Refused as no:
            if no.status == 404:
                return {"state": GONE}
            if no.passing:
                return Outcome.retry(code=no.label.lower())
            raise self.calls.stopped(no, "it refuses to tell of a job") from no
        return found

    def ended(self, job: str, *, closings: int = 0, seconds: float | None = None) -> Info | Outcome:
        """The job once it has ended, looked at in growing intervals; an outcome for its rows where it goes on.

        `closings`: how often one that is still open may be closed, for whoever closed it and heard nothing.
        """
        limit, waited, pause = self.poll_seconds if seconds is None else seconds, 0.0, FIRST_POLL
        while True:
            self.at("poll")
            found = self.look(job)
            if isinstance(found, Outcome) and found.after is not None:
                return found
            if not isinstance(found, Outcome):
                if found["state"] in DONE or found["state"] == GONE:
                    return found
                if found["state"] == "Open" and closings:
                    closings -= 1
                    if refused := self.close(job):
                        return refused
            if waited >= limit:
                # It may still be done: whoever comes again finds it by its id, and does not start another.
                return Outcome.retry(LOOK_AGAIN, "job_running")
            self.sleep(pause)
            waited, pause = waited + pause, min(pause * GROWTH, LONGEST_POLL)

    def file(self, job: str, name: str) -> bytes | Outcome:
        """One of a job's three files; what its rows are where it cannot be had."""
        for tried in range(TRIES):
            self.at(f"fetch {name}")
            try:
                return bytes(self.calls.ask("GET", f"/jobs/ingest/{job}/{name}", csv=True).content)
            except Busy as busy:
                return Outcome.retry(CROWDED if busy.after is None else busy.after, busy.code.lower())
            except NoAnswer:
                pass
            except Refused as no:
                if not no.passing:
                    break
            self.sleep(FIRST_POLL * 2.0**tried)
        return Outcome.unknown("results_unread")

    def wait_for_others(self, objects: frozenset[str]) -> None:
        """Wait for jobs of this user that are still at work: an earlier process that died may have left some.

        The ledger does not know them any more where their rows were staged again meanwhile.
        """
        path, user = "/jobs/ingest?jobType=V2Ingest", self.calls.sign_in.user_id[:15]
        for _ in range(_PAGES):
            try:
                page = self.calls.read(path)
            except Refused as no:
                log.warning("%s does not list its jobs (%s): none is waited for", self.calls.web.where, no.label)
                return
            for job in page["records"]:
                mine = job["createdById"][:15] == user and job["object"] in objects
                if mine and job["state"] in ("UploadComplete", "InProgress"):
                    log.info("waiting for a job that an earlier process left at work")
                    self.ended(str(job["id"]), seconds=OTHERS_SECONDS)
            path = page.get("nextRecordsUrl") or ""
            if not path:
                return
