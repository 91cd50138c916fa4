"""Single records: create, get, change, archive, list, merge."""

from __future__ import annotations

from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_associations import ends, shown_with
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import KINDS, Record, Store

PAGE, MOST = 10, 100


def _take(store: Store, call: Call, holder: dict[str, Any], kind: str) -> dict[str, str]:
    values, wrong = store.problems(kind, call.values(holder))
    if wrong:
        raise errors.invalid_values(wrong, store.options.portal)
    return values


def create(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    body, call.inputs = call.body(), 1
    values = _take(store, call, body, kind)
    linked = ends(store, call, kind, body.get("associations") or [])
    if lacking := store.lacking(kind, values):
        raise errors.missing_values(KINDS[kind][1], lacking)
    if refused := store.clash("", kind, values):
        raise refused
    record = store.insert(kind, values)
    for other in linked:
        store.link(record, other)
    return 201, store.shown(record, values)


def _one(store: Store, call: Call, kind: str, wanted: str, *, archived: bool = False) -> Record:
    record = store.find(kind, wanted, call.one("idProperty") or None, archived=archived)
    if record is None:
        raise errors.not_found()
    return record


def get(store: Store, call: Call, kind: str, wanted: str) -> tuple[int, dict[str, Any]]:
    record = _one(store, call, kind, wanted, archived=call.flag("archived"))
    told = store.shown(record, call.names("properties"), call.names("propertiesWithHistory"))
    if linked := shown_with(store, record, call.names("associations")):
        told["associations"] = linked
    return 200, told


def change(store: Store, call: Call, kind: str, wanted: str) -> tuple[int, dict[str, Any]]:
    record, call.inputs = _one(store, call, kind, wanted), 1
    values = _take(store, call, call.body(), kind)
    if refused := store.clash(record.id, kind, values):
        raise refused
    store.write(record, values)
    return 200, store.shown(record, values)


def archive(store: Store, kind: str, wanted: str) -> tuple[int, None]:
    """204 also for what is not there: the guide promises it for batches, and a retry must not fail."""
    if record := store.find(kind, wanted, None):
        store.archive(record)
    return 204, None


def listed(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    """All records by id, in pages; `after` is the id of the next one."""
    limit, archived = call.number("limit", PAGE, MOST), call.flag("archived")
    first = call.one("after", "0")
    if not first.isdigit():
        raise errors.bad("after is not a cursor that this list gave.")
    ids = sorted((i for i, r in store.records[kind].items() if (r.archived is not None) == archived), key=int)
    ids = [i for i in ids if int(i) >= int(first)]
    names, histories = call.names("properties"), call.names("propertiesWithHistory")
    results = []
    for one in ids[:limit]:
        record = store.records[kind][one]
        told = store.shown(record, names, histories)
        if linked := shown_with(store, record, call.names("associations")):
            told["associations"] = linked
        results.append(told)
    body: dict[str, Any] = {"results": results}
    if len(ids) > limit:
        body["paging"] = {"next": {"after": ids[limit]}}
    return 200, body


def merge(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    body = call.body()
    primary = store.find(kind, call.text(body.get("primaryObjectId"), "primaryObjectId"), None)
    other = store.find(kind, call.text(body.get("objectIdToMerge"), "objectIdToMerge"), None)
    if primary is None or other is None:
        raise errors.not_found()
    if primary.id == other.id:
        raise errors.bad("A record cannot be merged with itself.")
    merged = store.merge(primary, other)
    return 200, store.shown(merged, ["hs_merged_object_ids"])
