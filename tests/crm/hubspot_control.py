"""Routes for tests only: the oracle's view, what people do in HubSpot's own pages, and the account's switches.

They need the control token, which no client of the interface is given.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from tests.crm import hubspot_pages as pages
from tests.crm.hubspot_associations import kind_of
from tests.crm.hubspot_batches import Batches
from tests.crm.hubspot_faults import Rule
from tests.crm.hubspot_limits import Limits
from tests.crm.hubspot_store import Options, Record, Store
from tests.crm.hubspot_values import Property, iso

PERSON = "CRM_UI"


class Account:
    """One account with everything around it that a test sets and reads."""

    def __init__(self, options: Options) -> None:
        self.started_with = options
        self.store = Store(options)
        self.limits, self.batches = Limits(self.store), Batches(self.store)
        self.rules: list[Rule] = []
        self.log: list[dict[str, Any]] = []
        self.violations: list[dict[str, Any]] = []
        self.raw: deque[dict[str, Any]] = deque(maxlen=options.raw_kept)
        self.not_before = 0.0


def control(account: Account, name: str, query: dict[str, list[str]], body: dict[str, Any]) -> dict[str, Any]:
    """What one control route answers; an unknown name is a `KeyError`, a wrong value a `ValueError`."""
    asked = {key: values[-1] for key, values in query.items()} | body
    with account.store.lock:
        return ROUTES[name](account, asked)


def _record(account: Account, asked: dict[str, Any]) -> Record:
    """By `id`, or by `property` and `value` on the values that the records have now."""
    store, kind = account.store, kind_of(str(asked.get("type", "companies")))
    if "id" in asked:
        wanted = str(asked["id"])
        while wanted in store.became:
            wanted = store.became[wanted]
        return store.records[kind][wanted]
    name, value = asked["property"], asked["value"]
    found = [r for r in store.records[kind].values() if r.properties.get(name) == value]
    if len(found) != 1:
        raise ValueError(f"{len(found)} records of {kind} have {name} = {value}; name one by `id`")
    return found[0]


def _told(account: Account, record: Record) -> dict[str, Any]:
    links = {kind: account.store.linked(record, kind) for kind in account.store.records}
    return {
        "id": record.id,
        "properties": dict(record.properties),
        "archived": record.archived is not None,
        "merged": record.merged,
        "createdAt": iso(record.created),
        "updatedAt": iso(record.updated),
        "associations": {kind: ids for kind, ids in links.items() if ids},
    }


def _records(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    kind = kind_of(asked.get("type", "companies"))
    return {
        "records": [_told(account, r) for r in account.store.records[kind].values()],
        "became": account.store.became,
    }


def _duplicates(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Values of a property that two or more records have, those in the bin left out."""
    found: dict[str, list[str]] = {}
    for record in account.store.alive(kind_of(asked.get("type", "companies"))):
        if value := record.properties.get(asked["property"]):
            found.setdefault(value, []).append(record.id)
    return {"duplicates": {value: ids for value, ids in found.items() if len(ids) > 1}}


def _history(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Each property's values, newest first, with the moment and who wrote it."""
    versions = _record(account, asked).history
    return {"history": {n: [[iso(at), v, who] for at, v, who in found] for n, found in versions.items()}}


def _seed(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """`records`, or `count` of them with `{n}` in the property values replaced; unchecked, and found by search."""
    store, kind = account.store, kind_of(asked.get("type", "companies"))
    given = asked.get("records")
    if given is None:
        values = asked["properties"]
        numbers = range(asked.get("first", 1), asked.get("first", 1) + asked["count"])
        given = [{name: value.replace("{n}", str(n)) for name, value in values.items()} for n in numbers]
    made = []
    for one in given:
        if refused := store.clash("", kind, one):
            raise refused
        made.append(store.insert(kind, one, "IMPORT"))
    for record in made:
        record.created -= 86_400_000
        record.properties |= dict.fromkeys(("createdate", "hs_createdate"), iso(record.created))
        record.history = {n: [(record.created, v, "IMPORT")] for n, v in record.properties.items()}
    return {"ids": [record.id for record in made]}


def _edit(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    record = _record(account, asked)
    if refused := account.store.clash(record.id, record.kind, asked["properties"]):
        raise refused
    account.store.write(record, asked["properties"], PERSON)
    return _told(account, record)


def _page(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """The record's page; `typed` are properties that a person changes there first."""
    record = _record(account, asked)
    if typed := asked.get("typed"):
        account.store.write(record, pages.stored(account.store, record, typed), PERSON)
    return {"shown": pages.shown(account.store, record)}


def _archive(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    account.store.archive(record := _record(account, asked))
    return _told(account, record)


def _restore(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    account.store.restore(record := _record(account, asked))
    return _told(account, record)


def _merge(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    kind = {"type": asked.get("type", "companies")}
    primary, other = (_record(account, {**kind, "id": asked[name]}) for name in ("primary", "other"))
    return _told(account, account.store.merge(primary, other, keeps_id=asked.get("keeps_id")))


def _associate(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    one = _record(account, {"type": "tasks", "id": asked["task"]})
    account.store.link(one, _record(account, {"type": "companies", "id": asked["company"]}))
    return _told(account, one)


def _property(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Make a property, change its type, or take it away (`gone`), as an administrator may at any time."""
    kind, name = kind_of(asked.get("type", "companies")), asked["name"]
    if asked.get("gone"):
        account.store.drop(kind, name)
        return {}
    members = {"groupName": next(iter(account.store.groups[kind])), **asked["definition"]}
    members["options"] = tuple(members.get("options", ()))
    account.store.define(kind, Property(name, **members))
    return {}


def _faults(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Add `rules`, after those of before unless `replace`; the answer counts what every rule did."""
    if asked.get("replace"):
        account.rules = []
    account.rules += [Rule(given) for given in asked.get("rules", [])]
    return {"rules": [{**r.given, "matched": r.matched, "fired": r.fired} for r in account.rules]}


def _options(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    listed = {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}
    if unknown := set(listed) - set(asdict(account.store.options)):
        raise ValueError(f"no option is named {sorted(unknown)}")
    account.store.options = replace(account.store.options, **listed)
    for kind, known in account.store.definitions.items():  # values may compare otherwise now
        for definition in known.values():
            account.store.define(kind, definition)
    account.raw = deque(account.raw, maxlen=account.store.options.raw_kept)
    told = asdict(account.store.options)
    return {name: value for name, value in told.items() if "token" not in name}


def _reset(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """A new account in the same process: the options of the start, changed by what is named here."""
    account.__init__(account.started_with)  # type: ignore[misc]
    return _options(account, asked)


def _clock(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Put the account's clock forward, by `seconds`."""
    account.store.clock_offset += float(asked.get("seconds", 0))
    return {"now": iso(account.store.now())}


def _revoke(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    account.store.revoked = bool(asked.get("revoked", True))
    return {"revoked": account.store.revoked}


def _log(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    return {"log": account.log, "statuses": dict(Counter(str(one["status"]) for one in account.log))}


def _forget(account: Account, asked: dict[str, Any]) -> dict[str, Any]:
    """Empty the log, the violations and the kept requests; the records stay."""
    account.log.clear()
    account.violations.clear()
    account.raw.clear()
    account.not_before = 0.0
    return {}


ROUTES: dict[str, Callable[[Account, dict[str, Any]], dict[str, Any]]] = {
    "records": _records,
    "duplicates": _duplicates,
    "history": _history,
    "seed": _seed,
    "edit": _edit,
    "page": _page,
    "archive": _archive,
    "restore": _restore,
    "merge": _merge,
    "associate": _associate,
    "property": _property,
    "faults": _faults,
    "options": _options,
    "reset": _reset,
    "clock": _clock,
    "revoke": _revoke,
    "log": _log,
    "forget": _forget,
    "violations": lambda account, asked: {"violations": account.violations},
    "raw": lambda account, asked: {"raw": list(account.raw)},
}
