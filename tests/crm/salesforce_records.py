"""The REST resources that write: single records by id or external id, and collections of up to 200."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_rest import Request, Response, Trouble, missing, shown, table_of
from tests.crm.salesforce_save import AT_ONCE, Change, Outcome, Saved, Transaction, change_of
from tests.crm.salesforce_store import DELETED, ID, Table
from tests.crm.salesforce_values import Refused, Unreadable, from_json

if TYPE_CHECKING:
    from tests.crm.salesforce_state import State

RETRIEVED = 2_000


def read(table: Table, values: Any) -> Change:
    """A record of a body."""
    if not isinstance(values, dict):
        raise Trouble(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body."
        )
    try:
        return change_of(table, values, from_json)
    except Unreadable as exc:
        # One value of the wrong type: whether only its record fails is not documented, so the whole request does.
        raise Trouble(400, "JSON_PARSER_ERROR", str(exc)) from exc


def listed(outcomes: list[Outcome], *, upsert: bool) -> Response:
    """The results of a collection, in the order of the request; 200 though records failed."""
    told: list[dict[str, Any]] = []
    for outcome in outcomes:
        if isinstance(outcome, Refused):
            told.append({"success": False, "errors": [outcome.in_list()]})
        else:
            told.append(
                {"id": outcome.id, "success": True, "errors": []} | ({"created": outcome.created} if upsert else {})
            )
    return Response(200, told, rows=len(told))


def collections(state: State, request: Request) -> Response:
    """`composite/sobjects`: up to 200 records created, changed or upserted, up to 2,000 fetched."""
    rest = request.parts[2:]
    body = request.json()
    if request.method == "POST" and len(rest) == 1:
        return _retrieve(state, request, table_of(state, rest[0]), body)
    records = body.get("records") if isinstance(body, dict) else None
    if not isinstance(records, list) or not records:
        raise Trouble(400, "INVALID_INPUT", "records: required")
    if len(records) > AT_ONCE:
        message = f"record limit reached. cannot submit more than {AT_ONCE} records into this call"
        raise Trouble(400, "EXCEEDED_ID_LIMIT", message)
    types = [r.get("attributes", {}).get("type") if isinstance(r, dict) else None for r in records]
    names = {str(t).lower() for t in types}
    if None in types or len(names) != 1 or (rest and names != {rest[0].lower()}):
        # More than one type in a call is allowed by the platform for create and update; nobody here sends it.
        raise Trouble(400, "INVALID_INPUT", "attributes.type: one type is required for every record of this call")
    table = table_of(state, str(types[0]))
    operation, key = {("POST", 0): ("insert", ID), ("PATCH", 0): ("update", ID)}.get(
        (request.method, len(rest)), ("", ID)
    )
    if request.method == "PATCH" and len(rest) == 2:
        operation, key = "upsert", external(table, rest[1])
    if not operation:
        raise missing()
    with state.org.lock:
        changes = [read(table, record) for record in records]
        if operation == "upsert":
            changes = [_without_id(change) for change in changes]
        outcomes = Transaction(state.org, table, state.faults).save(
            operation, key, changes, all_or_none=bool(body.get("allOrNone", False))
        )
    return listed(outcomes, upsert=operation == "upsert")


def _without_id(change: Change) -> Change:
    """Documented: no record of an upserted collection sets its id."""
    if change.unread is None and ID in change.plan.at:
        wrong = Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an upsert call", ["Id"])
        return replace(change, unread=wrong)
    return change


def external(table: Table, name: str) -> int:
    """The field that an upsert goes by."""
    place = table.place(name)
    if place is None or not table.fields[place].external_id:
        raise missing(f"Provided external ID field does not exist or is not accessible: {name}")
    return place


def _retrieve(state: State, request: Request, table: Table, body: Any) -> Response:
    ids, names = (body.get("ids"), body.get("fields")) if isinstance(body, dict) else (None, None)
    if not isinstance(ids, list) or not isinstance(names, list) or not names:
        raise Trouble(400, "INVALID_INPUT", "ids and fields: required")
    if len(ids) > RETRIEVED:
        raise Trouble(400, "EXCEEDED_ID_LIMIT", f"record limit reached. cannot retrieve more than {RETRIEVED} records")
    places = [_place(table, name) for name in names]
    with state.org.lock:
        numbers = [table.number(text) if isinstance(text, str) else None for text in ids]
        found = [
            None if n is None or table.rows[n][DELETED] else shown(table, table.rows[n], places, request.version)
            for n in numbers
        ]
    return Response(200, found, rows=len(found))


def _place(table: Table, name: str) -> int:
    place = table.place(name)
    if place is None:
        raise Trouble(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {table.name}")
    return place


def sobjects(state: State, request: Request) -> Response:
    """`sobjects`: the objects, their description, and single records by id or by external id."""
    rest = request.parts[1:]
    if not rest:
        return Response(
            200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [{"name": n} for n in state.org.tables]}
        )
    table = table_of(state, rest[0])
    if rest[1:] == ["describe"] and request.method == "GET":
        fields = [f.described() for f in table.fields if not f.hidden]
        told = {"name": table.name, "label": table.name, "keyPrefix": table.prefix, "custom": False, "queryable": True}
        told |= dict.fromkeys(("createable", "updateable", "deletable", "mergeable"), True)
        return Response(200, told | {"fields": fields})
    with state.org.lock:
        if request.method == "POST" and len(rest) == 1:
            outcome = Transaction(state.org, table, state.faults).save("insert", ID, [read(table, request.json())])[0]
            return _single(outcome, {"success": True, "errors": []}, 201)
        if len(rest) == 2:
            return _by_id(state, request, table, rest[1])
        if len(rest) == 3:
            return _by_external_id(state, request, table, external(table, rest[1]), rest[2])
    raise missing()


def _single(outcome: Outcome, told: dict[str, Any], status: int) -> Response:
    if isinstance(outcome, Saved):
        return Response(status, {"id": outcome.id} | told if status != 204 else None, rows=1)
    gone = outcome.code in ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY") and not outcome.fields
    return Response(404 if gone else 400, [outcome.alone()], rows=1)


def _by_id(state: State, request: Request, table: Table, text: str) -> Response:
    number = table.number(text)
    row = table.rows[number] if number is not None else None
    if request.method == "GET" and row is not None and not row[DELETED]:
        names = request.query.get("fields")
        places = [_place(table, name) for name in names.split(",")] if names else list(table.places.values())
        return Response(200, shown(table, row, places, request.version), rows=1)
    if row is None:
        raise missing(f"Provided external ID field does not exist or is not accessible: {text}")
    if row[DELETED]:
        raise Trouble(404, "ENTITY_IS_DELETED", "entity is deleted", fields=[])
    if request.method == "PATCH":
        change = read(table, {**request.json(), "Id": row[ID]})
        return _single(Transaction(state.org, table, state.faults).save("update", ID, [change])[0], {}, 204)
    if request.method == "DELETE":
        state.people.delete(table, row[ID], by=state.org.robot)
        return Response(204, rows=1)
    raise Trouble(
        405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are DELETE,GET,PATCH"
    )


def _by_external_id(state: State, request: Request, table: Table, key: int, value: str) -> Response:
    name = table.fields[key].name
    try:
        kept = from_json(table.fields[key], value)
    except (Refused, Unreadable) as exc:
        raise missing() from exc
    found = table.find(key, kept) if kept is not None else []
    if len(found) > 1:
        ids = [table.rows[number][ID] for number in found]
        return Response(300, [f"/services/data/v{request.version}/sobjects/{table.name}/{text}" for text in ids])
    if request.method == "GET":
        if not found:
            raise missing()
        return Response(200, shown(table, table.rows[found[0]], table.places.values(), request.version), rows=1)
    if request.method != "PATCH":
        raise Trouble(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are GET,PATCH")
    body = request.json()
    for sent in body if isinstance(body, dict) else ():
        if sent.lower() in (name.lower(), "id"):
            raise Trouble(
                400, "INVALID_FIELD", f"The {sent} field should not be specified in the sobject data.", fields=[sent]
            )
    if not found and request.query.get("updateOnly", "").lower() == "true":
        raise missing()
    change = read(table, {**body, name: value})
    outcome = Transaction(state.org, table, state.faults).save("upsert", key, [change])[0]
    created = isinstance(outcome, Saved) and outcome.created
    return _single(outcome, {"success": True, "errors": [], "created": created}, 201 if created else 200)
