"""From HubSpot's answer to a batch to one outcome per row: by trace id or key, never by position.

Messages are not passed on: they quote the values that they refuse. What is told is the property and HubSpot's code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Key, Outcome
from serving.writeback.hubspot_line import LOCK_SECONDS, NOT_IN_PLACE, WINDOW_SECONDS, Reply

TRACE = "objectWriteTraceId"


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch on its way: its keys by trace id, and by the record ids that are known; the properties in it.

    `creates` names the key property of the records that are made, and is empty where none is.
    """

    traces: Mapping[str, Key]
    ids: Mapping[str, Key]
    properties: Collection[str]
    creates: str = ""

    def whose(self, result: Mapping[str, Any]) -> Key | None:
        """The key of one result: as returned, else by the trace id, else by the record's id."""
        if self.creates:
            key = (result.get("properties") or {}).get(self.creates)
            if key in self.traces.values():
                return str(key)
        return self.traces.get(str(result.get(TRACE))) or self.ids.get(str(result.get("id")))

    def meant(self, error: Mapping[str, Any]) -> set[Key]:
        """The keys of which one error speaks."""
        context = error.get("context") or {}
        traced = {self.traces[one] for one in context.get(TRACE) or [] if one in self.traces}
        named = {str(one) for one in context.get("ids") or []}
        by_id = {key for key in self.traces.values() if key in named} | {k for i, k in self.ids.items() if i in named}
        return traced or by_id


def outcomes(reply: Reply, sent: Sent) -> dict[Key, Outcome]:
    """What became of each row of a batch. Raises DeliveryIncomplete where a property is gone: no row is to blame."""
    keys = list(sent.traces.values())
    if not reply.done:
        one = _of_all(reply, sent)
        return dict.fromkeys(keys, one)
    found: dict[Key, Outcome] = {}
    for result in reply.parts("results"):
        key = sent.whose(result)
        if key is not None:
            found[key] = Outcome.ok(str(result["id"]) if "id" in result else None)
    stray: list[Outcome] = []
    for error in reply.parts("errors"):
        meant, outcome = sent.meant(error), refusal(error, sent)
        found |= dict.fromkeys(meant, outcome)
        stray += [] if meant else [outcome]
    silent = [key for key in keys if key not in found]
    if len(silent) == len(stray) == 1:
        return found | {silent[0]: stray[0]}
    return found | dict.fromkeys(silent, Outcome.unknown("answer_missing"))


def _of_all(reply: Reply, sent: Sent) -> Outcome:
    """The one outcome of a batch that was not carried out, or of which that cannot be known."""
    if reply.status in (200, 201, 207, 408):
        return Outcome.unknown(reply.code)
    if reply.after is not None:
        return Outcome.retry(reply.after, reply.code)
    if reply.status >= 500:
        # A gateway may give up after the work was done, and a poisoned row can be a 500 for ever: the engine finds out.
        return Outcome.unknown(reply.code)
    if reply.status in NOT_IN_PLACE:
        return Outcome.retry(code=reply.code)
    one, alone = refusal(reply.body, sent), len(sent.traces) == 1
    if alone and one.code in ("exists", "gone"):
        return one
    code = one.code if one.answer == "reject" else reply.code
    return Outcome.reject(code, one.reason or f"HubSpot answers {reply.status}", named=alone)


def refusal(error: Mapping[str, Any], sent: Sent) -> Outcome:
    """The outcome of the rows that one error means."""
    category, codes, names = _category(error), _codes(error), _names(error, sent)
    if "PROPERTY_DOESNT_EXIST" in codes:
        told = ", ".join(f"`{name}`" for name in names) or "a property"
        raise DeliveryIncomplete(
            f"{told} of HubSpot is gone since this delivery began.",
            where="hubspot",
            cure="Make it again (the set-up does), then apply: the rows are read back first.",
        )
    if category == "OBJECT_NOT_FOUND":
        return Outcome.unknown("gone")
    if category == "CONFLICT" or "already has that value" in str(error.get("message", "")):
        if sent.creates and names in ([], [sent.creates]):
            return Outcome.unknown("exists")
        return Outcome.reject("conflict", f"another record has the value of {_told(names) or 'a unique property'}")
    if category.startswith("RATE_LIMIT"):
        return Outcome.retry(WINDOW_SECONDS, "rate_limit")
    if category == "LOCKED":
        return Outcome.retry(LOCK_SECONDS, "locked")
    if category in ("INTERNAL_ERROR", "") and not codes:
        return Outcome.unknown(category.lower() or "refused")
    code = codes[0].lower() if codes else category.lower()
    return Outcome.reject(code, f"HubSpot does not take {_told(names) or 'the row'} ({', '.join(codes) or category})")


def _category(error: Mapping[str, Any]) -> str:
    """One of HubSpot's words; whatever else stands there must not get into a ledger."""
    found = str(error.get("category", ""))
    return found if re.fullmatch(r"[A-Z][A-Z_]{2,40}", found) else ""


def _told(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _codes(error: Mapping[str, Any]) -> list[str]:
    details = [one for one in error.get("errors") or [] if isinstance(one, dict)]
    found = [str(one["code"]) for one in details if one.get("code")]
    # Where the details are left out, the message holds them as JSON.
    found += re.findall(r'"error":"([A-Z][A-Z_]{2,60})"', str(error.get("message", "")))
    return [code for code in dict.fromkeys(found) if re.fullmatch(r"[A-Z][A-Z_.]{2,60}", code)]


def _names(error: Mapping[str, Any], sent: Sent) -> list[str]:
    """The properties that an error names, as far as they were sent: nothing else of a message may get into a ledger."""
    message = str(error.get("message", ""))
    found = re.findall(r'"name":"([a-z0-9_]+)"|propertyName=([a-z0-9_]+)|Property "([a-z0-9_]+)" does not', message)
    names = [next(filter(None, one)) for one in found]
    for part in [error, *(one for one in error.get("errors") or [] if isinstance(one, dict))]:
        context = part.get("context") or {}
        for member in ("propertyName", "properties"):
            names += [str(one) for one in context.get(member) or []]
    return [name for name in dict.fromkeys(names) if name in sent.properties]
