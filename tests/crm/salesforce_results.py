"""The three files that come of an ingest job: every row of the upload is in one of them, or in none.

Documented: `sf__Id` and `sf__Created`, or `sf__Id` and `sf__Error`, then the fields of the upload; unprocessed rows
are as they were uploaded; "the order of records in the response is not guaranteed to match" that of the upload.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.crm.salesforce_csv import BadFile, Upload, blocks, written
from tests.crm.salesforce_ingest import Job, Pace, taken
from tests.crm.salesforce_save import AT_ONCE, Outcome, Saved

SECOND = {"successfulResults": "sf__Created", "failedResults": "sf__Error"}


def results(job: Job, which: str, pace: Pace) -> str:
    """One of the three files; empty but for its header where the upload was deleted or cannot be told apart."""
    try:
        upload = taken(job, pace) if job.data else None
    except BadFile:
        upload = None
    if which in SECOND:
        head = written(["sf__Id", SECOND[which]], upload.delimiter if upload else ",")
        return "\n".join(
            [head + upload.delimiter + upload.head, *_done(job, which, upload), ""] if upload else [head, ""]
        )
    if upload is None:
        return ""
    # A job that failed as a whole has processed nothing: all of its rows are here.
    left = [] if job.unrecorded else upload.rows[len(job.outcomes) :]
    random.Random(job.id).shuffle(left)
    return "\n".join([upload.head, *left, ""])


def _done(job: Job, which: str, upload: Upload) -> Iterator[str]:
    """Rows that were processed, in blocks that are shuffled, so that no client leans on their order."""
    good = which == "successfulResults"
    by = upload.delimiter
    place = upload.header.index("Id") if job.operation == "update" and not good else None
    order = list(blocks(len(job.outcomes), AT_ONCE))
    random.Random(job.id).shuffle(order)
    for start, stop in order:
        for number, outcome in enumerate(job.outcomes[start:stop], start):
            if isinstance(outcome, Saved) == good:
                yield written(_told(outcome, upload, number, place), by) + by + upload.rows[number]


def _told(outcome: Outcome, upload: Upload, number: int, place: int | None) -> list[str]:
    if isinstance(outcome, Saved):
        return [outcome.id, "true" if outcome.created else "false"]
    cells = upload.cells(number, number + 1)[0] if place is not None else None
    return [cells[place] if cells is not None and place is not None else "", outcome.in_csv()]
