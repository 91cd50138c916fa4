"""Requests and answers against the vendor's own OpenAPI documents, offline.

The documents are read where they lie, beside the project, and never copied. They are cleaned in memory: examples that
are `null` or text break a strict reader, `*/*` is no media type of an answer, and no text is an unknown format. Made
stricter for requests: a member that a document does not name is an error, so that a misspelt one is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "hubspot"
DOCUMENTS = ("companies", "tasks", "properties")
HOST = "https://api.hubapi.com"
Query = Mapping[str, str | Sequence[str]]

# The vendor's reference has these two reads; no document at hand does. Bodies in our words, as strict as the others.
_IDS = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "after": {"type": "string"}}}
_READ = {"type": "object", "required": ["inputs"], "properties": {"inputs": {"type": "array", "items": _IDS}}}
_LINK = {
    "type": "object",
    "required": ["toObjectId", "associationTypes"],
    "properties": {
        "toObjectId": {"type": "string"},
        "associationTypes": {"type": "array", "items": {"type": "object"}},
    },
}
_LISTED = {
    "type": "object",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": _LINK}, "paging": {"type": "object"}},
}


def _part(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _answers(*statuses: str, schema: dict[str, Any]) -> dict[str, Any]:
    found = {"description": "", "content": {"application/json": {"schema": schema}}}
    return dict.fromkeys((*statuses, "default"), found)


ASSOCIATIONS: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Reading associations", "version": "2026-03"},
    "servers": [{"url": HOST}],
    "paths": {
        "/crm/objects/2026-03/{objectType}/{objectId}/associations/{toObjectType}": {
            "get": {
                "parameters": [
                    *(_part(name) for name in ("objectType", "objectId", "toObjectType")),
                    {"name": "after", "in": "query", "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 500}},
                ],
                "responses": _answers("200", schema=_LISTED),
            }
        },
        "/crm/associations/2026-03/{fromObjectType}/{toObjectType}/batch/read": {
            "post": {
                "parameters": [_part("fromObjectType"), _part("toObjectType")],
                "requestBody": {"required": True, "content": {"application/json": {"schema": _READ}}},
                "responses": _answers("200", "207", schema={"type": "object"}),
            }
        },
    },
}


# The parameters of the vendor's document on owners, version 2026-03, which is not at hand either.
_OWNER = {
    "type": "object",
    "required": ["archived", "createdAt", "id", "type", "updatedAt"],
    "properties": {
        **{name: {"type": "string"} for name in ("id", "email", "firstName", "lastName", "createdAt", "updatedAt")},
        **{name: {"type": "integer"} for name in ("userId", "userIdIncludingInactive")},
        "archived": {"type": "boolean"},
        "type": {"type": "string", "enum": ["PERSON", "QUEUE"]},
    },
}
_OWNERS = {
    "type": "object",
    "required": ["results"],
    "properties": {"results": {"type": "array", "items": _OWNER}, "paging": {"type": "object"}},
}
OWNERS: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Owners", "version": "2026-03"},
    "servers": [{"url": HOST}],
    "paths": {
        "/crm/owners/2026-03": {
            "get": {
                "parameters": [
                    {"name": "after", "in": "query", "schema": {"type": "string"}},
                    {"name": "archived", "in": "query", "schema": {"type": "boolean"}},
                    {"name": "email", "in": "query", "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": _answers("200", schema=_OWNERS),
            }
        }
    },
}
OURS = {"associations": ASSOCIATIONS, "owners": OWNERS}


def need_documents() -> None:
    """Skip the test, with the reason, where the documents or the library are not there."""
    pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    if not FOLDER.is_dir():
        pytest.skip("the vendor's OpenAPI documents are not beside the project (../shared/data/hubspot)")


def _cleaned(node: Any, *, strict: bool) -> Any:
    if isinstance(node, list):
        return [_cleaned(item, strict=strict) for item in node]
    if not isinstance(node, dict):
        return node
    # `example` is also the name of no property here, so that it can go wherever it stands.
    found = {k: _cleaned(v, strict=strict) for k, v in node.items() if k not in ("example", "security")}
    if "*/*" in found:
        found["application/json"] = found.pop("*/*")
    if "$ref" in found:
        return {"$ref": found["$ref"]}  # beside a reference nothing counts, and a description is there
    if strict and found.get("type") == "object" and found.get("properties"):
        found.setdefault("additionalProperties", False)
    return found


@cache
def _read(name: str, strict: bool) -> dict[str, Any]:
    if name in OURS:
        return _cleaned(OURS[name], strict=strict)
    return _cleaned(json.loads((FOLDER / f"{name}-2026-03.json").read_text(encoding="utf-8")), strict=strict)


@cache
def _document(name: str, strict: bool) -> Any:
    from openapi_core import OpenAPI

    return OpenAPI.from_dict(_read(name, strict))


def _parameters(name: str, method: str, path: str) -> set[str] | None:
    """The query parameters of an operation; the library lets unknown ones pass. Fixed parts win over braces."""
    paths = _read(name, True)["paths"]
    fitting = [p for p in paths if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", p), path) and method in paths[p]]
    if not fitting:
        return None
    operation = paths[min(fitting, key=lambda p: p.count("{"))][method]
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}


def _name(path: str) -> str:
    """Which document describes a path; associations are set in all three, and read in none."""
    parts = path.strip("/").split("/")
    if parts[1:2] in (["properties"], ["owners"]):
        return parts[1]
    if parts[1:2] == ["associations"] or (parts[5:6] == ["associations"] and len(parts) == 7):
        return "associations"
    return parts[3] if len(parts) > 3 and parts[3] in DOCUMENTS else "companies"


@dataclass(frozen=True)
class _Request:
    """What openapi-core asks of a request."""

    method: str
    path: str
    parameters: Any
    content_type: str
    body: bytes | None
    host_url: str = HOST


@dataclass(frozen=True)
class _Response:
    status_code: int
    data: bytes
    headers: Mapping[str, str]
    content_type: str = "application/json"


def _request(method: str, path: str, query: Query, headers: Mapping[str, str], body: bytes | str | None) -> _Request:
    from openapi_core.datatypes import RequestParameters
    from werkzeug.datastructures import Headers, ImmutableMultiDict

    pairs = [(k, v) for k, found in query.items() for v in ([found] if isinstance(found, str) else found)]
    lowered = {name.lower(): value for name, value in headers.items()}
    parameters = RequestParameters(query=ImmutableMultiDict(pairs), header=Headers(dict(headers)))
    raw = body.encode() if isinstance(body, str) else body
    sort = lowered.get("content-type", "").partition(";")[0]
    return _Request(method.lower(), urlsplit(path).path, parameters, sort, raw or None)


def _told(error: BaseException) -> list[str]:
    """An error as sentences: each place of a body that is wrong, or what the library says."""
    cause = error.__cause__ or error
    places = getattr(cause, "schema_errors", None)
    if places:
        return [f"{'/'.join(map(str, one.absolute_path)) or 'the body'}: {one.message}" for one in places]
    return [str(cause) or type(cause).__name__]


def violations(method: str, path: str, query: Query, headers: Mapping[str, str], body: bytes | str | None) -> list[str]:
    """What a request has that the documents do not allow; none is an empty list."""
    request = _request(method, path, query, headers, body)
    found = [told for error in _document(_name(path), True).iter_request_errors(request) for told in _told(error)]
    if "authorization" not in {name.lower() for name in headers}:
        found.append("no Authorization header")
    known = _parameters(_name(path), method.lower(), request.path)
    return found + [f"the query has no parameter {name}" for name in query if known is not None and name not in known]


def answer_violations(
    method: str, path: str, status: int, body: bytes | str, headers: Mapping[str, str] | None = None
) -> list[str]:
    """What an answer has that the documents do not describe."""
    request = _request(method, path, {}, {}, None)
    raw = body.encode() if isinstance(body, str) else body
    if status == 204:
        return ["a 204 with a body"] if raw else []
    response = _Response(status, raw, headers or {})
    errors = _document(_name(path), False).iter_response_errors(request, response)
    return [told for error in errors for told in _told(error)]


def of_kept(kept: Mapping[str, Any]) -> list[str]:
    """The violations of one request that the emulator kept (`Emulator.raw`)."""
    return violations(kept["method"], kept["path"], kept["query"], kept["headers"], kept["body"])
