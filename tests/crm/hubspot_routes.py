"""From a path to what is done, with the scopes that the documents name for it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.crm import hubspot_associations as associations
from tests.crm import hubspot_errors as errors
from tests.crm import hubspot_objects as objects
from tests.crm import hubspot_owners as owners
from tests.crm import hubspot_properties as properties
from tests.crm import hubspot_search as search
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_control import Account

Answer = tuple[int, dict[str, Any] | None]
LEGACY = re.compile(r"/(?:crm/(?:v\d|[^/]+/v\d)|companies/v2|properties/v[12]|engagements/v1|crm-objects)")
# A task is read and written with the contacts' scopes, says its document.
OWNERS = {"companies": "companies", "tasks": "contacts"}
OWNERS_READ = "crm.objects.owners.read"
READING = {"read", "search"}


def _scopes(kind: str, what: str, write: bool) -> set[str]:
    """Any one of these is enough."""
    owner = OWNERS[kind]
    if what == "objects":
        return {f"crm.objects.{owner}.{'write' if write else 'read'}"}
    if what == "properties":
        if write:
            return {f"crm.schemas.{owner}.write"}
        return {f"crm.schemas.{owner}.read", f"crm.objects.{owner}.read", f"crm.objects.{owner}.write"}
    return {f"crm.objects.{o}.{way}" for o in OWNERS.values() for way in ("read", "write")}


def _allow(account: Account, kind: str, what: str, *, write: bool) -> None:
    granted, needed = set(account.store.options.scopes), _scopes(kind, what, write)
    if granted and not granted & needed:
        raise errors.missing_scopes(needed)


def is_search(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/search")


def route(account: Account, call: Call) -> Answer:
    """Do what the request asks for; `Refused` when it is not done."""
    store, version = account.store, account.store.options.version
    if LEGACY.match(call.path):
        # Still served by HubSpot until September 2027; here it is refused, so that nobody builds on it unseen.
        call.violations.append("a legacy path")
    # A key may hold a slash: it is decoded after the path is cut.
    parts = [unquote(part) for part in call.path.strip("/").split("/")]
    if parts == ["crm", "owners", version]:
        granted = set(store.options.scopes)
        if granted and OWNERS_READ not in granted:
            raise errors.missing_scopes({OWNERS_READ})
        with store.lock:
            return owners.listed(store, call)
    if len(parts) < 4 or parts[0] != "crm" or parts[2] != version:
        raise errors.not_found(f"no such path in version {version}")
    what, rest = parts[1], parts[3:]
    kind = associations.kind_of(rest[0])
    with store.lock:
        if what == "objects":
            return _objects(account, call, kind, rest[1:])
        if what == "properties":
            return _properties(account, call, kind, rest[1:])
        if what == "associations" and call.method == "POST" and rest[2:] == ["batch", "read"]:
            _allow(account, kind, what, write=False)
            return associations.read(store, call, kind, rest[1])
    raise errors.not_found()


def _objects(account: Account, call: Call, kind: str, rest: list[str]) -> Answer:
    store, method = account.store, call.method
    match (method, *rest):
        case ("POST", "batch", action) if action in ("create", "update", "upsert", "read", "archive"):
            _allow(account, kind, "objects", write=action != "read")
            return getattr(account.batches, action)(call, kind)
        case ("POST", "search"):
            _allow(account, kind, "objects", write=False)
            return search.search(store, call, kind)
        case ("POST", "merge") if kind == "companies":
            _allow(account, kind, "objects", write=True)
            return objects.merge(store, call, kind)
        case ("POST",):
            _allow(account, kind, "objects", write=True)
            return objects.create(store, call, kind)
        case ("GET",):
            _allow(account, kind, "objects", write=False)
            return objects.listed(store, call, kind)
        case ("GET", wanted):
            _allow(account, kind, "objects", write=False)
            return objects.get(store, call, kind, wanted)
        case ("PATCH", wanted):
            _allow(account, kind, "objects", write=True)
            return objects.change(store, call, kind, wanted)
        case ("DELETE", wanted):
            _allow(account, kind, "objects", write=True)
            return objects.archive(store, kind, wanted)
        case ("GET", wanted, "associations", to):
            _allow(account, kind, "associations", write=False)
            return associations.listed(store, call, kind, wanted, to)
        case ("PUT", wanted, "associations", "default", to, to_id):
            _allow(account, kind, "associations", write=True)
            return associations.put_default(store, kind, wanted, to, to_id)
        case ("PUT", wanted, "associations", to, to_id):
            _allow(account, kind, "associations", write=True)
            return associations.put(store, call, kind, wanted, to, to_id)
        case ("DELETE", wanted, "associations", to, to_id):
            _allow(account, kind, "associations", write=True)
            return associations.remove(store, kind, wanted, to, to_id)
    raise errors.Refused(405, "METHOD_NOT_ALLOWED", f"{method} is not possible here")


def _properties(account: Account, call: Call, kind: str, rest: list[str]) -> Answer:
    store, method = account.store, call.method
    _allow(account, kind, "properties", write=method != "GET")
    match (method, *rest):
        case ("GET",):
            return properties.listed(store, call, kind)
        case ("POST",):
            return properties.create(store, call, kind)
        case ("GET", "groups"):
            return properties.groups(store, kind)
        case ("POST", "groups"):
            return properties.create_group(store, call, kind)
        case ("GET", "groups", name):
            return properties.group(store, kind, name)
        case ("GET", name):
            return properties.get(store, kind, name)
        case ("PATCH", name):
            return properties.change(store, call, kind, name)
        case ("DELETE", name):
            return properties.archive(store, kind, name)
    raise errors.Refused(405, "METHOD_NOT_ALLOWED", f"{method} is not possible here")
