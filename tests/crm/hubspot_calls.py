"""One request as the routes see it: parsed, with what is wrong in it that HubSpot nevertheless takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.crm import hubspot_errors as errors

MOST_INPUTS = 100


@dataclass
class Call:
    """`violations` are sentences for the oracle; they never stop the request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    raw: bytes
    violations: list[str] = field(default_factory=list)
    inputs: int = 0

    def body(self) -> dict[str, Any]:
        """The JSON object of the body; anything else is refused."""
        try:
            found = json.loads(self.raw.decode("utf-8"), parse_constant=_refuse)
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is not text
        except ValueError as exc:
            raise errors.malformed(type(exc).__name__) from exc
        if not isinstance(found, dict):
            raise errors.malformed("an object is needed")
        return found

    def batch(self) -> list[dict[str, Any]]:
        """The inputs of a batch; more than a hundred are refused."""
        found = self.body().get("inputs")
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise errors.malformed("`inputs` must be a list of objects")
        self.inputs = len(found)
        if len(found) > MOST_INPUTS:
            self.violations.append(f"{len(found)} inputs, {MOST_INPUTS} are allowed")
            raise errors.too_many(MOST_INPUTS, len(found))
        if not found:
            raise errors.bad("The batch holds no inputs.")
        return found

    def values(self, holder: dict[str, Any]) -> dict[str, str]:
        """The properties of one input as text; the documents allow strings only, HubSpot takes numbers and bools."""
        found = holder.get("properties")
        if not isinstance(found, dict):
            raise errors.malformed("`properties` must be an object")
        return {name: self.text(value, f"properties.{name}") for name, value in found.items()}

    def text(self, value: object, where: str) -> str:
        if isinstance(value, str):
            return value
        self.violations.append(f"{where} is not a string")
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        raise errors.malformed(f"`{where}` must be a string")

    def names(self, parameter: str) -> list[str]:
        """A list in the query: repeated, or separated by commas, as the guides and the documents have it."""
        return [n.strip() for part in self.query.get(parameter, []) for n in part.split(",") if n.strip()]

    def one(self, parameter: str, otherwise: str = "") -> str:
        return self.query.get(parameter, [otherwise])[-1]

    def flag(self, parameter: str) -> bool:
        found = self.one(parameter, "false").lower()
        if found not in ("true", "false"):
            raise errors.bad(f"{parameter} must be true or false.")
        return found == "true"

    def number(self, parameter: str, otherwise: int, most: int) -> int:
        found = self.one(parameter, str(otherwise))
        if not found.isdigit() or not 1 <= int(found) <= most:
            raise errors.bad(f"{parameter} must be a number from 1 to {most}.")
        return int(found)


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are not JSON
