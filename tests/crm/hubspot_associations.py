"""Who belongs to whom: inline on create, set, removed and read.

The three documents describe setting and removing; reading is in the vendor's reference of associations only:
`GET …/objects/2026-03/{type}/{id}/associations/{toType}` and `POST …/associations/2026-03/{from}/{to}/batch/read`.
"""

from __future__ import annotations

import json
from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import KINDS, SPELLINGS, Record, Store
from tests.crm.hubspot_values import iso

# HUBSPOT_DEFINED types without a label, by direction.
TYPES = {("tasks", "companies"): 192, ("companies", "tasks"): 191}
NAMES = {"companies": "company", "tasks": "task"}
MOST_READ = 1000
PAGE = 500


def kind_of(spelling: str) -> str:
    """The kind that a path's part names: plural, singular or type id."""
    if (kind := SPELLINGS.get(spelling.lower())) is None:
        raise errors.bad(f"Unable to infer object type from: {spelling}")
    return kind


def ends(store: Store, call: Call, kind: str, given: Any) -> list[Record]:
    """The records that `associations` of a create names; one that does not exist refuses the record."""
    if not isinstance(given, list):
        raise errors.malformed("`associations` must be a list")
    found = []
    for one in given:
        to, types = (one.get("to"), one.get("types")) if isinstance(one, dict) else (None, None)
        if not isinstance(to, dict) or not isinstance(types, list) or not types:
            raise errors.malformed("an association needs `to.id` and `types`")
        wanted = call.text(to.get("id"), "associations.to.id")
        found.append(_end(store, kind, wanted, types))
    return found


def _end(store: Store, kind: str, wanted: str, types: list[Any]) -> Record:
    for one in types:
        category, number = (
            (one.get("associationCategory"), one.get("associationTypeId")) if isinstance(one, dict) else ("", 0)
        )
        other = next((b for (a, b), n in TYPES.items() if a == kind and n == number), None)
        if category != "HUBSPOT_DEFINED" or other is None:
            raise errors.bad(f"{category} association type {number} does not exist from {NAMES[kind]}")
        if (record := store.find(other, wanted, None)) is not None:
            return record
        raise errors.bad(f"No {NAMES[other]} with ID {wanted} exists to be associated")
    raise errors.malformed("`types` is empty")


def shown_with(store: Store, record: Record, names: list[str]) -> dict[str, Any]:
    """`associations` of a single record: the ids by kind, and no member for a kind without any."""
    found = {}
    for name in names:
        kind = kind_of(name)
        if ids := store.linked(record, kind):
            label = f"{NAMES[record.kind]}_to_{NAMES[kind]}"
            results = [{"id": i, "type": label} for i in ids[:PAGE]]
            found[kind] = {"results": results}
            if len(ids) > PAGE:
                found[kind]["paging"] = {"next": {"after": ids[PAGE]}}
    return found


def _page(store: Store, record: Record, kind: str, after: str, limit: int) -> dict[str, Any]:
    ids = store.linked(record, kind)
    first = ids.index(after) if after in ids else 0
    types = [{"category": "HUBSPOT_DEFINED", "typeId": TYPES.get((record.kind, kind), 0)}]
    found: dict[str, Any] = {
        "results": [{"toObjectId": i, "associationTypes": types} for i in ids[first : first + limit]]
    }
    if len(ids) > first + limit:
        found["paging"] = {"next": {"after": ids[first + limit]}}
    return found


def listed(store: Store, call: Call, kind: str, record_id: str, to: str) -> tuple[int, dict[str, Any]]:
    """All of one record's associations to a kind, in pages of up to 500."""
    if (record := store.find(kind, record_id, None)) is None:
        raise errors.not_found()
    return 200, _page(store, record, kind_of(to), call.one("after"), call.number("limit", PAGE, PAGE))


def read(store: Store, call: Call, kind: str, to: str) -> tuple[int, dict[str, Any]]:
    """The associations of up to a thousand records; one without any is an error of the batch, as in the vendor's v4."""
    given = call.body().get("inputs")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise errors.malformed("`inputs` must be a list of objects")
    call.inputs = len(given)
    if len(given) > MOST_READ:
        raise errors.too_many(MOST_READ, len(given))
    other, started, results, absent = kind_of(to), store.now(), [], []
    for one in given:
        wanted = call.text(one.get("id"), "id")
        record = store.find(kind, wanted, None)
        page = _page(store, record, other, str(one.get("after") or ""), PAGE) if record else {"results": []}
        if page["results"]:
            paging = {"paging": page["paging"]} if "paging" in page else {}
            results.append({"from": {"id": wanted}, "to": page["results"], **paging})
        else:
            absent.append(wanted)
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": iso(started)}
    body["completedAt"] = iso(store.now())
    if not absent:
        return 200, body
    told = f"No {NAMES[other]} is associated with {NAMES[kind]} {', '.join(absent)}."
    one_error = errors.Refused(404, "OBJECT_NOT_FOUND", told).of_inputs({"fromObjectId": absent})
    one_error["subCategory"] = {"name": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    return 207, {**body, "numErrors": 1, "errors": [one_error]}


def _pair(store: Store, kind: str, record_id: str, to: str, to_id: str) -> tuple[Record, Record, str]:
    other = kind_of(to)
    one, two = store.find(kind, record_id, None), store.find(other, to_id, None)
    if one is None or two is None or (kind, other) not in TYPES:
        raise errors.not_found(f"No association from {NAMES[kind]} {record_id} to {NAMES[other]} {to_id} is possible")
    return one, two, other


def put_default(store: Store, kind: str, record_id: str, to: str, to_id: str) -> tuple[int, dict[str, Any]]:
    started = store.now()
    one, two, other = _pair(store, kind, record_id, to, to_id)
    store.link(one, two)
    both = [(one, two, (kind, other)), (two, one, (other, kind))]
    results = [
        {
            "from": {"id": a.id},
            "to": {"id": b.id},
            "associationSpec": {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TYPES[way]},
        }
        for a, b, way in both
    ]
    times = {"startedAt": iso(started), "completedAt": iso(store.now())}
    return 200, {"status": "COMPLETE", "results": results, **times}


def put(store: Store, call: Call, kind: str, record_id: str, to: str, to_id: str) -> tuple[int, dict[str, Any]]:
    """With the types in the body; their labels come back, and the default type has none."""
    one, two, other = _pair(store, kind, record_id, to, to_id)
    try:
        types = json.loads(call.raw)
    except ValueError as exc:
        raise errors.malformed("a list of types is needed") from exc
    if not isinstance(types, list):
        raise errors.malformed("a list of types is needed")
    _end(store, kind, two.id, types)
    store.link(one, two)
    sides = {"fromObjectTypeId": KINDS[kind][0], "fromObjectId": one.id}
    return 201, {**sides, "toObjectTypeId": KINDS[other][0], "toObjectId": two.id, "labels": []}


def remove(store: Store, kind: str, record_id: str, to: str, to_id: str) -> tuple[int, None]:
    one, two, _ = _pair(store, kind, record_id, to, to_id)
    store.unlink(one, two)
    return 204, None
