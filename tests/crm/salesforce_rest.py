"""What a call and an answer are, and the REST resources that only read: versions, limits and queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_find import matches
from tests.crm.salesforce_soql import BadQuery, Parser, Query
from tests.crm.salesforce_store import ID, Row, Table

if TYPE_CHECKING:
    from tests.crm.salesforce_state import State

VERSIONS = [f"{number}.0" for number in range(55, 68)]
PAGE, SMALLEST_PAGE, CURSORS = 2_000, 200, 10
GONE = "The requested resource does not exist"


@dataclass
class Request:
    """A call as it came in; `parts` is its path behind the version."""

    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes
    url: str
    version: str = ""
    parts: list[str] = field(default_factory=list)

    def json(self) -> Any:
        """The body, which has to be JSON and to say so."""
        if "json" not in (self.headers.get("Content-Type") or ""):
            raise Trouble(
                415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type header specified in HTTP request is not supported"
            )
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise Trouble(400, "JSON_PARSER_ERROR", f"Unexpected character at [line:1, column:1]: {exc}") from exc


@dataclass
class Response:
    """An answer; `rows` is what the log counts."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0


class Trouble(Exception):
    """An answer that is an error: a list of one object, as every resource but the token endpoint gives it."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(status, code, message)
        self.response = Response(status, [{"message": message, "errorCode": code, **more}])


def missing(message: str = GONE) -> Trouble:
    """What is not there."""
    return Trouble(404, "NOT_FOUND", message)


def table_of(state: State, name: str) -> Table:
    """An object named in a path."""
    table = state.org.table(name)
    if table is None:
        raise missing()
    return table


def shown(table: Table, row: Row, places: Iterable[int], version: str) -> dict[str, Any]:
    """A record in JSON."""
    url = f"/services/data/v{version}/sobjects/{table.name}/{row[ID]}"
    told: dict[str, Any] = {"attributes": {"type": table.name, "url": url}}
    for place in places:
        told[table.fields[place].name] = row[place]
    return told


def understood(state: State, text: str) -> Query:
    """A query, or the answer that refuses it."""
    try:
        return Parser(state.org, text).query()
    except BadQuery as bad:
        raise Trouble(400, bad.code, bad.message) from bad


def query(state: State, request: Request) -> Response:
    """`query`, `queryAll`, and the pages that follow: 2,000 records a page, fewer on request."""
    if len(request.parts) > 1:
        return _more(state, request, request.parts[1])
    text = request.query.get("q")
    if text is None:
        raise Trouble(400, "MALFORMED_QUERY", "A query string has to be specified")
    with state.org.lock:
        asked = understood(state, text)
        rows = matches(asked, deleted=request.parts[0].lower() == "queryall")
    if asked.count:
        return Response(200, {"totalSize": len(rows), "done": True, "records": []})
    return _page(state, request, asked, rows, f"01g{state.next_number():012d}", 0)


def _page(state: State, request: Request, asked: Query, rows: list[Row], cursor: str, start: int) -> Response:
    size = PAGE
    for option in (request.headers.get("Sforce-Query-Options") or "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            size = min(PAGE, max(SMALLEST_PAGE, int(value)))
    page, table = rows[start : start + size], asked.table
    names = [table.fields[place].name for place in asked.places]
    url = f"/services/data/v{request.version}/sobjects/{table.name}/"
    records = []
    for row in page:
        told: dict[str, Any] = {"attributes": {"type": table.name, "url": url + row[ID]}}
        told.update(zip(names, [row[place] for place in asked.places], strict=True))
        records.append(told)
    body: dict[str, Any] = {"totalSize": len(rows), "done": start + size >= len(rows), "records": records}
    if not body["done"]:
        state.cursors[cursor] = (asked, rows)
        # A user has ten cursors: with the eleventh the oldest is lost.
        while len(state.cursors) > CURSORS:
            state.cursors.pop(next(iter(state.cursors)))
        body["nextRecordsUrl"] = f"/services/data/v{request.version}/query/{cursor}-{start + size}"
    return Response(200, body, rows=len(page))


def _more(state: State, request: Request, locator: str) -> Response:
    cursor, _, start = locator.partition("-")
    if cursor not in state.cursors or not start.isdigit():
        raise Trouble(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    asked, rows = state.cursors[cursor]
    return _page(state, request, asked, rows, cursor, int(start))


def describe_versions(_state: State, _request: Request) -> Response:
    """`/services/data`: the versions there are."""
    return Response(200, [{"label": f"Release {v}", "url": f"/services/data/v{v}", "version": v} for v in VERSIONS])


def limits(state: State, _request: Request) -> Response:
    """`limits`: the day's calls and what is left of them."""
    left = max(0, state.limit - state.used)
    named = {"DailyApiRequests": {"Max": state.limit, "Remaining": left}}
    named["DailyBulkV2QueryJobs"] = named["DailyBulkApiBatches"] = {"Max": 15_000, "Remaining": 15_000}
    return Response(200, named)


Resource = Callable[["State", Request], Response]
