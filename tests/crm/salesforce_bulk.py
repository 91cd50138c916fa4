"""The resources of the Bulk API 2.0: ingest jobs and query jobs over HTTP."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_bulk_query import QueryJob
from tests.crm.salesforce_csv import DELIMITERS, LINE_ENDINGS
from tests.crm.salesforce_find import matches
from tests.crm.salesforce_ids import record_id
from tests.crm.salesforce_ingest import DONE, Job
from tests.crm.salesforce_rest import Request, Response, Trouble, missing, understood
from tests.crm.salesforce_results import results

if TYPE_CHECKING:
    from tests.crm.salesforce_state import State

FILES = {
    "successfulresults": "successfulResults",
    "failedresults": "failedResults",
    "unprocessedrecords": "unprocessedrecords",
}
TWICE = (
    "Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job "
    "and make sure you only do 'PUT' once on a given Job."
)
MANY = 1_000


def ingest(state: State, request: Request) -> Response:
    """`jobs/ingest` and everything below it."""
    rest = request.parts[2:]
    if not rest:
        return _create(state, request) if request.method == "POST" else _list(state, request)
    job = state.jobs.get(rest[0])
    if job is None or state.results_expired:
        raise missing()
    if len(rest) == 2:
        return _upload(state, request, job) if rest[1] == "batches" else _results(state, request, job, rest[1])
    if len(rest) > 2:
        raise missing()
    if request.method == "GET":
        return Response(200, job.info())
    if request.method == "PATCH":
        with state.org.lock:
            return _move(state, request, job)
    if request.method == "DELETE":
        # Documented: a job can be deleted when UploadComplete, JobComplete, Aborted or Failed.
        if job.state not in (*DONE, "UploadComplete"):
            raise Trouble(400, "API_ERROR", "Error encountered when deleting the job because the job is not terminated")
        job.move("Aborted")
        del state.jobs[job.id]
        return Response(204)
    raise Trouble(
        405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are DELETE,GET,PATCH"
    )


def _invalid(message: str) -> Trouble:
    return Trouble(400, "INVALIDJOB", f"InvalidJob : {message}")


def _create(state: State, request: Request) -> Response:
    asked = request.json()
    if not isinstance(asked, dict):
        raise Trouble(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body."
        )
    table = state.org.table(str(asked.get("object")))
    if table is None:
        raise _invalid(f"Unable to find object: {asked.get('object')}")
    operation, key = asked.get("operation"), asked.get("externalIdFieldName")
    if operation not in ("insert", "update", "upsert"):
        raise _invalid(f"Unsupported operation: {operation}")
    if operation == "upsert":
        place = table.place(str(key)) if key else None
        if place is None or not (table.fields[place].external_id or table.fields[place].kind == "id"):
            raise _invalid(
                f"Field name provided, {key} does not match an External ID, Salesforce Id, or indexed field for {table.name}"
            )
        key = table.fields[place].name
    if asked.get("contentType", "CSV") != "CSV":
        raise _invalid("Invalid content type: only CSV is supported")
    delimiter, ending = asked.get("columnDelimiter", "COMMA"), asked.get("lineEnding", "LF")
    if delimiter not in DELIMITERS or ending not in LINE_ENDINGS:
        raise _invalid(f"Invalid columnDelimiter or lineEnding: {delimiter}, {ending}")
    number = record_id("750", state.next_number())
    job = Job(number, table.name, operation, key if operation == "upsert" else None, request.version, delimiter, ending)
    state.jobs[job.id] = job
    return Response(200, job.info(full=False))


def _list(state: State, request: Request) -> Response:
    start = int(request.query.get("queryLocator", "0"))
    jobs = [] if state.results_expired else sorted(state.jobs.values(), key=lambda job: job.changed, reverse=True)
    more = start + MANY < len(jobs)
    where = f"/services/data/v{request.version}/jobs/ingest?queryLocator={start + MANY}" if more else None
    told = [job.info(full=False) | {"jobType": "V2Ingest"} for job in jobs[start : start + MANY]]
    return Response(200, {"done": not more, "records": told, "nextRecordsUrl": where}, rows=len(told))


def _upload(state: State, request: Request, job: Job) -> Response:
    if request.method != "PUT":
        raise Trouble(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are PUT")
    if not (request.headers.get("Content-Type") or "").startswith("text/csv"):
        raise Trouble(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            "Content-Type header specified in HTTP request is not supported: use text/csv",
        )
    if job.state != "Open":
        raise Trouble(
            400, "INVALIDJOBSTATE", f"InvalidJobState : Uploading to a job in state {job.state} is not allowed"
        )
    if job.data is not None:
        raise Trouble(400, "BULK_API_ERROR", TWICE.format(job.id))
    data = gzip.decompress(request.body) if request.headers.get("Content-Encoding") == "gzip" else request.body
    # Documented: 150 MB once in base64, hence "upload data that does not exceed 100 MB"; beyond that is refused here.
    if len(data) > state.upload_limit:
        raise Trouble(413, "REQUEST_ENTITY_TOO_LARGE", f"The uploaded data is larger than {state.upload_limit} bytes")
    job.data = data
    return Response(201, rows=data.count(b"\n"))


def _move(state: State, request: Request, job: Job) -> Response:
    wanted = (request.json() or {}).get("state")
    if wanted == "UploadComplete":
        if job.state != "Open":
            raise Trouble(400, "INVALIDJOBSTATE", f"Closing already {job.state} Job not allowed")
        job.move("UploadComplete")
        told = job.info(full=False)
        state.work.put(job)
        return Response(200, told)
    if wanted == "Aborted":
        if job.state in DONE:
            raise Trouble(400, "INVALIDJOBSTATE", f"Aborting already {job.state} Job not allowed")
        if job.state != "InProgress":
            # Documented: any data uploaded as part of an aborted job is deleted.
            job.data = None
        job.move("Aborted")
        return Response(200, job.info(full=False))
    raise Trouble(400, "INVALIDJOB", f"InvalidJob : Invalid state: {wanted}")


def _results(state: State, request: Request, job: Job, name: str) -> Response:
    which = FILES.get(name.lower())
    if which is None or request.method != "GET":
        raise missing()
    if job.gone:
        raise missing()
    # Documented for completed jobs; of one that is still going the documents do not say, so it is refused.
    if job.state not in DONE:
        raise Trouble(
            400, "INVALIDJOBSTATE", f"InvalidJobState : Results are not available for a job in state {job.state}"
        )
    job.read[which] = job.read.get(which, 0) + 1
    text = results(job, which, state.work.pace)
    return Response(200, text, {"Content-Type": "text/csv"}, rows=max(0, text.count("\n") - 1))


def queries(state: State, request: Request) -> Response:
    """`jobs/query` and everything below it."""
    rest = request.parts[2:]
    if not rest and request.method == "POST":
        asked = request.json()
        text, operation = str(asked.get("query")), asked.get("operation")
        if operation not in ("query", "queryAll"):
            raise _invalid(f"Unsupported operation: {operation}")
        with state.org.lock:
            found = understood(state, text)
            rows = matches(found, deleted=operation == "queryAll")
        names = [found.table.fields[place].name for place in found.places]
        number = record_id("750", state.next_number())
        job = QueryJob(number, operation, found.table.name, request.version, names, found.places, rows)
        state.queries[job.id] = job
        return Response(200, job.info())
    if not rest:
        told: list[dict[str, Any]] = [job.info() for job in state.queries.values()]
        return Response(200, {"done": True, "records": told, "nextRecordsUrl": None})
    held = state.queries.get(rest[0])
    if held is None or state.results_expired:
        raise missing()
    return _query_job(state, request, held, rest[1:])


def _query_job(state: State, request: Request, job: QueryJob, rest: list[str]) -> Response:
    if rest == ["results"]:
        # Documented: the version that made the job, or 409.
        if request.version != job.version:
            raise Trouble(409, "VERSION_MISMATCH", "Use the API version that the job was created with")
        if job.state == "Aborted":
            raise Trouble(
                400, "INVALIDJOBSTATE", "InvalidJobState : Results are not available for a job in state Aborted"
            )
        locator, most = request.query.get("locator"), request.query.get("maxRecords")
        text, headers = job.results(locator, int(most) if most else None)
        return Response(200, text, {"Content-Type": "text/csv", **headers}, rows=int(headers["Sforce-NumberOfRecords"]))
    if request.method == "GET" and not rest:
        return Response(200, job.info())
    if request.method == "PATCH" and not rest:
        job.state = "Aborted"
        return Response(200, job.info())
    if request.method == "DELETE" and not rest:
        del state.queries[job.id]
        return Response(204)
    raise missing()
