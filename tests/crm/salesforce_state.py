"""Everything one server holds, and the gate that every call of a client goes through."""

from __future__ import annotations

import itertools
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.crm.salesforce_auth import Auth, Unauthorized
from tests.crm.salesforce_bulk import ingest, queries
from tests.crm.salesforce_bulk_query import QueryJob
from tests.crm.salesforce_faults import Faults
from tests.crm.salesforce_ingest import Job, Pace, Work
from tests.crm.salesforce_log import Log
from tests.crm.salesforce_people import People
from tests.crm.salesforce_records import collections, sobjects
from tests.crm.salesforce_rest import (
    VERSIONS,
    Request,
    Resource,
    Response,
    Trouble,
    describe_versions,
    limits,
    missing,
    query,
)
from tests.crm.salesforce_soql import Query
from tests.crm.salesforce_store import Org, Row

LONGEST_URI = 16_384
DATA = "/services/data"
RESOURCES: dict[tuple[str, ...], Resource] = {
    ("limits",): limits,
    ("query",): query,
    ("queryall",): query,
    ("sobjects",): sobjects,
    ("composite", "sobjects"): collections,
    ("jobs", "ingest"): ingest,
    ("jobs", "query"): queries,
}


class State:
    """The org, its jobs, its limits, and what a test changes about them."""

    def __init__(self, fields: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.fields = fields or {}
        self.org, self.faults, self.log, self.auth = Org(fields), Faults(), Log(), Auth()
        self.people = People(self.org)
        self.work = Work(self.org, self.faults, Pace())
        self.jobs: dict[str, Job] = {}
        self.queries: dict[str, QueryJob] = {}
        self.cursors: dict[str, tuple[Query, list[Row]]] = {}
        self.limit, self.used = 100_000, 0
        self.upload_limit = 100_000_000
        self.results_expired = False
        self.numbers = itertools.count(1)

    def reset(self) -> None:
        """An empty org with the fields and the connected app it began with."""
        for job in self.jobs.values():
            job.move("Aborted")
        self.work.stop()
        public_key = self.auth.public_key
        self.__init__(self.fields)  # type: ignore[misc]
        self.auth.public_key = public_key

    def next_number(self) -> int:
        """A number not given before, for a job or a cursor."""
        return next(self.numbers)

    def configure(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Turn switches by name, wherever they live; returns how all of them stand."""
        homes: list[Any] = [self, self.auth, self.work.pace]
        known = (
            {"limit", "used", "upload_limit", "results_expired"} | set(vars(self.auth)) | set(asdict(self.work.pace))
        )
        for name, value in wanted.items():
            if name not in known - {"tokens"}:
                raise Trouble(400, "UNKNOWN_SWITCH", f"{name} is none of {sorted(known)}")
            home = next(home for home in homes if name in vars(home))
            setattr(home, name, float("inf") if value is None and name == "token_calls" else value)
            if name in ("limit", "used"):
                self.log.limited = False
        told = {
            name: next(vars(home)[name] for home in homes if name in vars(home)) for name in sorted(known - {"tokens"})
        }
        return {name: None if value == float("inf") else value for name, value in told.items()}

    def token(self, request: Request) -> Response:
        """The token endpoint."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            return Response(200, self.auth.exchange(form, request.url))
        except Unauthorized as exc:
            return Response(400, exc.body)

    def answer(self, request: Request) -> Response:
        """The answer to a client's call: size, token, daily limit, then the resource itself."""
        size = len(request.path) + sum(len(k) + len(v) + 4 for k, v in request.headers.items())
        bare = request.path.partition("?")[0]
        # Documented: 16,384 bytes for URI and headers; the URI alone beyond it is 414, both together 431.
        if len(request.path) > LONGEST_URI:
            return Response(414, "<html><body>URI Too Long</body></html>", {"Content-Type": "text/html"})
        if size > LONGEST_URI:
            return Response(
                431, "<html><body>Request Header Fields Too Large</body></html>", {"Content-Type": "text/html"}
            )
        if bare == "/services/oauth2/token" and request.method == "POST":
            return self.token(request)
        try:
            return self._data(request, bare.rstrip("/"))
        except Trouble as trouble:
            if trouble.response.status != 401:
                trouble.response.headers["Sforce-Limit-Info"] = f"api-usage={self.used}/{self.limit}"
            return trouble.response

    def _data(self, request: Request, bare: str) -> Response:
        if bare == DATA:
            return describe_versions(self, request)
        if not bare.startswith(DATA + "/v"):
            raise missing()
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if scheme not in ("Bearer", "OAuth") or not self.auth.good(token):
            self.log.expired(token, request.method, bare)
            raise Trouble(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.limit:
            self.log.over_limit(request.method, bare)
            raise Trouble(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.used += 1
        version, *parts = [unquote(part) for part in bare.removeprefix(DATA + "/v").split("/")]
        if version not in VERSIONS or not parts:
            raise missing()
        request.version, request.parts = version, parts
        names = tuple(part.lower() for part in parts)
        resource = RESOURCES.get(names[:2]) or RESOURCES.get(names[:1])
        if resource is None:
            raise missing()
        response = resource(self, request)
        response.headers.setdefault("Sforce-Limit-Info", f"api-usage={self.used}/{self.limit}")
        return response
