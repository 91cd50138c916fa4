"""What a test may ask of the server that no client can: seeding, switches, faults, people, and the oracle.

Every route is below `/_control/` and needs the token that was printed at the start in the header `X-Control`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_rest import Response, Trouble
from tests.crm.salesforce_store import DELETED, ID, Table
from tests.crm.salesforce_values import Refused

if TYPE_CHECKING:
    from tests.crm.salesforce_state import State

Asked = dict[str, Any]


def control(state: State, name: str, asked: Asked) -> Response:
    """The answer to a control call; `asked` is its body or, for GET, its query."""
    found = CALLS.get(name)
    if found is None:
        raise Trouble(404, "NOT_FOUND", f"no control route {name!r}: {sorted(CALLS)}")
    try:
        return Response(200, found(state, asked))
    except Refused as refused:
        raise Trouble(400, refused.code, refused.message) from refused
    except (KeyError, TypeError) as exc:
        raise Trouble(400, "BAD_CONTROL_CALL", f"{name}: {exc!r}") from exc


def _table(state: State, asked: Asked) -> Table:
    table = state.org.table(asked.get("type", "Account"))
    if table is None:
        raise KeyError(asked.get("type"))
    return table


def seed(state: State, asked: Asked) -> Any:
    """{type, columns, rows} or {type, count, patterns}: many records at once, as they were before the client came."""
    table = _table(state, asked)
    start = len(table.rows)
    if "count" in asked:
        patterns = asked["patterns"]
        rows = ([pattern.format(i=i) for pattern in patterns.values()] for i in range(asked["count"]))
        return {"records": state.org.seed(table.name, list(patterns), rows)}
    state.org.seed(table.name, asked["columns"], asked["rows"])
    return {"ids": [row[ID] for row in table.rows[start:]]}


def reset(state: State, _asked: Asked) -> Any:
    """An empty org again: no records, jobs, tokens, faults, rules or log, and every switch as at the start."""
    state.reset()
    return {}


def config(state: State, asked: Asked) -> Any:
    """{switch: value, …}: turn switches; with none, see them.

    Day: `limit`, `used`. Sign-in: `public_key`, `client_id`, `username`, `audience` (a list; the server's own address
    when empty), `longest` (seconds an assertion may be good), `approved`, `token_seconds`, `token_calls` (null for no
    end). Jobs: `queue_seconds`, `seconds` (what a job takes), `batch` (10,000), `upload_limit`, `quoted_newlines`,
    `results_expired`, `hold` ("UploadComplete" or "InProgress": jobs wait there) and `hold_after` (rows).
    """
    return state.configure(asked)


def field(state: State, asked: Asked) -> Any:
    """{type, name, change}: make a field or change it, as an administrator would; {"hidden": true} takes it away."""
    with state.org.lock:
        _table(state, asked).change_field(asked["name"], asked["change"])
    return {}


def token(state: State, _asked: Asked) -> Any:
    """A good access token, for tests that are not about getting one."""
    return {"access_token": state.auth.give()}


def revoke(state: State, _asked: Asked) -> Any:
    """No token given so far is good any more."""
    state.auth.revoke()
    return {}


def faults(state: State, asked: Asked) -> Any:
    """{rules: […], clear: bool}: what goes wrong from now on; answers with how often each rule has struck."""
    if asked.get("clear"):
        state.faults.clear()
    for rule in asked.get("rules", ()):
        state.faults.add(rule)
    return {"rules": state.faults.hits()}


def rules(state: State, asked: Asked) -> Any:
    """{rules: [{object, field, values, message, error_field}]}: the org's validation rules."""
    state.org.rules = asked["rules"]
    return {}


def log(state: State, asked: Asked) -> Any:
    """Every call, counts by endpoint and status, and the violations; {clear: true} forgets them first."""
    if asked.get("clear"):
        state.log.clear()
    return state.log.shown()


def records(state: State, asked: Asked) -> Any:
    """{type, fields, deleted, field, keys}: records as columns and rows; without `fields` all of them."""
    table = _table(state, asked)
    names = asked.get("fields") or [f.name for f in table.fields]
    names = names.split(",") if isinstance(names, str) else names
    places = [table.places[name.lower()] for name in names]
    with state.org.lock:
        wanted = None if "keys" not in asked and "ids" not in asked else set(state.people.ids(table, asked))
        rows = table.rows if asked.get("deleted") else table.live()
        told = [[row[place] for place in places] for row in rows if wanted is None or row[ID] in wanted]
    return {"columns": names, "rows": told}


def count(state: State, asked: Asked) -> Any:
    """{type}: how many records, how many deleted, and for each indexed field how many values and duplicates."""
    table = _table(state, asked)
    with state.org.lock:
        dead = sum(row[DELETED] for row in table.rows)
        told = {"records": len(table.rows) - dead, "deleted": dead, "fields": {}}
        for place, known in table.index.items():
            held = [value for value in known.values() if value != []]
            twice = sum(isinstance(value, list) for value in held)
            told["fields"][table.fields[place].name] = {"values": len(held), "duplicates": twice}
    return told


def duplicates(state: State, asked: Asked) -> Any:
    """{type, field}: the values of an indexed field that more than one record has."""
    table = _table(state, asked)
    known = table.index[table.places[asked["field"].lower()]]
    with state.org.lock:
        return {"values": sorted(str(k) for k, v in known.items() if isinstance(v, list) and len(v) > 1)}


def edit(state: State, asked: Asked) -> Any:
    """{type, ids | field and keys, values}: a person changes records."""
    return {"records": state.people.edit(_table(state, asked), asked)}


def delete(state: State, asked: Asked) -> Any:
    """{type, ids | field and keys}: a person deletes records; {undelete: true} brings them back by id."""
    table = _table(state, asked)
    ids = state.people.ids(table, asked)
    for text in ids:
        (state.people.undelete if asked.get("undelete") else state.people.delete)(table, text)
    return {"records": len(ids)}


def merge(state: State, asked: Asked) -> Any:
    """{master, losers}: a person merges accounts, named by id."""
    state.people.merge(asked["master"], asked["losers"])
    return {}


def jobs(state: State, _asked: Asked) -> Any:
    """Every ingest job, with how often each of its three files was fetched."""
    return {"jobs": [job.info() | {"total": job.total, "read": job.read} for job in state.jobs.values()]}


CALLS: dict[str, Callable[[State, Asked], Any]] = {
    call.__name__: call
    for call in (
        reset,
        seed,
        config,
        field,
        token,
        revoke,
        faults,
        rules,
        log,
        records,
        count,
        duplicates,
        edit,
        delete,
        merge,
        jobs,
    )
}
