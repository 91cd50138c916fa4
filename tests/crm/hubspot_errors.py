"""What HubSpot says when it refuses: status, body and headers, in the documented shapes.

The documents name `category`, `correlationId` and `message` as required; the guide on errors adds `status` and tells
clients to take every member as optional. Wordings that the guides show are kept; the others are our own.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any

SCOPES_PAGE = "https://developers.hubspot.com/scopes"


class Refused(Exception):
    """A request, or one input of a batch, that is not done.

    `body` lacks the correlation id: it belongs to the answer, and one refusal can stand for many inputs.
    """

    def __init__(self, status: int, category: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = members.pop("headers", {})
        self.conflict: bool = members.pop("conflict", False)
        self.body = {"status": "error", "message": message, "category": category, **members}

    def answer(self) -> dict[str, Any]:
        """The body of the whole answer."""
        return {**self.body, "correlationId": str(uuid.uuid4())}

    def of_inputs(self, context: dict[str, list[str]]) -> dict[str, Any]:
        """The body as one of a batch's `errors`: the documents require `context`, `errors` and `links` there."""
        body = {key: self.body[key] for key in ("status", "category", "message")}
        return {**body, "context": context, "errors": self.body.get("errors", []), "links": {}}


def unauthorized(message: str = "Authentication credentials not found.") -> Refused:
    page = "https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    told = f"{message} This API supports OAuth 2.0 authentication and you can find more details at {page}"
    return Refused(401, "INVALID_AUTHENTICATION", told)


def missing_scopes(scopes: Iterable[str]) -> Refused:
    needed = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": sorted(scopes)},
    }
    told = "This app hasn't been granted all required scopes to make this call."
    told = f"{told} Read more about required scopes here: {SCOPES_PAGE}."
    return Refused(403, "MISSING_SCOPES", told, errors=[needed], links={"scopes": SCOPES_PAGE})


def not_found(message: str = "resource not found") -> Refused:
    return Refused(404, "OBJECT_NOT_FOUND", message)


def bad(message: str, **members: Any) -> Refused:
    """A request that cannot be read, or that asks for something the interface does not do."""
    return Refused(400, "VALIDATION_ERROR", message, **members)


def malformed(what: str) -> Refused:
    return bad(f"Invalid input JSON: {what}")


def invalid_values(problems: list[dict[str, str]], portal: int) -> Refused:
    """`problems`: name, message and error (`PROPERTY_DOESNT_EXIST` …) of each value that was not taken."""
    told = [
        {"isValid": False, **problem, "localizedErrorMessage": problem["message"], "portalId": portal}
        for problem in problems
    ]
    errors = [{"message": p["message"], "code": p["error"], "context": {"propertyName": [p["name"]]}} for p in problems]
    return bad(f"Property values were not valid: {json.dumps(told, separators=(',', ':'))}", errors=errors)


def missing_values(kind: str, names: list[str]) -> Refused:
    return bad(f"Error creating {kind}. Some required properties were not set.", context={"properties": names})


def too_many(limit: int, found: int) -> Refused:
    return bad(f"The batch holds {found} inputs; a request may hold {limit}.")


def duplicate_ids(ids: list[str]) -> Refused:
    return bad(f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique", context={"ids": ids})


def not_unique(name: str, type_id: str, portal: int) -> Refused:
    return bad(f"Unable to perform update/upsert by non-unique {type_id} property {name} in portal ID {portal}")


def value_taken(status: int, kind: str, name: str, value: str, at: str, holder: str, portal: int) -> Refused:
    """Two records with one unique value: seen as 400 `VALIDATION_ERROR` and as 409 `CONFLICT`."""
    where = f"portalId={portal}, objectTypeId=ObjectTypeId{{legacyObjectType={kind}}}, propertyName={name}"
    told = f"Cannot set PropertyValueCoordinates{{{where}, value={value}}} on {at}. {holder} already has that value."
    return Refused(status, "CONFLICT" if status == 409 else "VALIDATION_ERROR", told, conflict=True)


def not_in_batch(kind: str) -> Refused:
    told = f"Could not get some {kind} objects, they may be deleted or not exist. Check that ids are valid."
    return Refused(404, "OBJECT_NOT_FOUND", told)


def over_limit(policy: str, headers: dict[str, str]) -> Refused:
    """The body of the guide on limits: it has no `category`, although the documents require one of every error."""
    told = f"You have reached your {policy.lower()} limit."
    refused = Refused(429, "", told, errorType="RATE_LIMIT", policyName=policy, headers=headers)
    del refused.body["category"]
    refused.body["requestId"] = str(uuid.uuid4())
    return refused


def locked() -> Refused:
    """423: many rows in a short time; the guide says that the lock lasts two seconds."""
    return Refused(423, "LOCKED", "The records are locked by other writes. Wait at least 2 seconds.")


# A gateway answers in its own words, and not in JSON.
GATEWAY = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out", 524: "A timeout occurred"}


def server_error(status: int) -> str:
    """The body that goes with a 5xx: HubSpot's own for 500, a gateway's page for the others."""
    if status in GATEWAY:
        return f"<html><head><title>{status} {GATEWAY[status]}</title></head><body></body></html>"
    return json.dumps(Refused(status, "INTERNAL_ERROR", "internal error").answer())
