"""Tasks where HubSpot keeps no key of theirs unique: found through their companies, and created with a memory.

A search finds a new task only after seconds; the tasks associated with a company are listed at once. What listing
cannot show is a task that an earlier request is still making: nothing is created until such a request must be over.
And it cannot show a task of ours that lost its key: each attempt is noted in the ledger before it is made, and where
one was made and a task of the same subject has no key, a person must look.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from serving.writeback.destination import Busy, Handle, Key
from serving.writeback.hubspot_line import MOST_INPUTS, Line

SETTLE_SECONDS = 90.0
"""How long a request may still be carried out after we stopped waiting for it: longer than any gateway keeps it."""
ATTEMPTED = "attempted"
TASK_TO_COMPANY = 192


@dataclass(frozen=True, slots=True)
class Found:
    """A record: its id, and its properties as HubSpot's text."""

    id: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Records by our key; and for tasks found through companies these by account, and their tasks without a key."""

    found: Mapping[Key, Found] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    keyless: Mapping[str, Sequence[Found]] = field(default_factory=dict)


class Attempts:
    """Which tasks may still be in the making.

    What an earlier process asked for is not known for sure, so that nothing is created in the first `settle_seconds`
    of this one: by then a request of the other is over. What this process asked for it remembers by key.
    """

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._born = time.monotonic()
        self._open: dict[Key, float] = {}
        self._answered: set[Key] = set()

    def begin(self, keys: Iterable[Key], handle: Handle) -> None:
        """Note durably that these are about to be created."""
        handle.save(ATTEMPTED)
        now = time.monotonic()
        for key in keys:
            self._answered.discard(key)
            self._open[key] = now

    def end(self, keys: Iterable[Key]) -> None:
        """These were answered: nothing of them is under way."""
        for key in keys:
            self._open.pop(key, None)
            self._answered.add(key)

    def wait(self, key: Key) -> float:
        """Seconds until an earlier attempt must be over."""
        if key in self._answered:
            return 0.0
        return max(0.0, self._open.get(key, self._born) + self._settle - time.monotonic())

    def made(self, key: Key, handle: Handle) -> bool:
        """Whether there was an earlier attempt of which no answer is known."""
        return key in self._open or (handle.job is not None and key not in self._answered)


def shelf(line: Line, keys: Sequence[Key], properties: Collection[str], *, company_key: str, task_key: str) -> Shelf:
    """The tasks of these keys. The account is what stands before the first | of a key: through it the task is found.

    Of several tasks with one key the oldest is meant.
    """
    accounts = [key.partition("|")[0] for key in keys]
    records = line.records("companies", accounts, (), company_key)
    companies = {str((one.get("properties") or {}).get(company_key)): str(one.get("id")) for one in records}
    companies = {account: i for account, i in companies.items() if account in set(accounts)}
    tasks = dict(_tasks_of(line, list(companies.values())))
    ids = sorted({task for found in tasks.values() for task in found}, key=_age)
    read = {
        str(one.get("id")): one.get("properties") or {} for one in line.records("tasks", ids, {*properties, task_key})
    }
    wanted = set(keys)
    found: dict[Key, Found] = {}
    for i in ids:
        key = (read.get(i) or {}).get(task_key)
        if key in wanted:
            found.setdefault(key, Found(i, read[i]))
    keyless = {
        account: [Found(i, read[i]) for i in tasks.get(company, ()) if i in read and not read[i].get(task_key)]
        for account, company in companies.items()
    }
    return Shelf(found, companies, keyless)


def keyless_twin(tasks: Iterable[Found], subject: str, text: str | None) -> bool:
    """Whether one of these tasks has this subject."""
    return bool(subject and text) and any(task.properties.get(subject) == text for task in tasks)


def link(company: str) -> dict[str, Any]:
    """The association of a new task with its company, as it stands in the request that makes it."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_TO_COMPANY}]
    return {"to": {"id": company}, "types": types}


def _tasks_of(line: Line, companies: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """(company, ids of its tasks), all pages of them. Raises Busy where a company's could not be read."""
    path = f"/crm/associations/{line.version}/companies/tasks/batch/read"
    for start in range(0, len(companies), MOST_INPUTS):
        found: dict[str, list[str]] = {one: [] for one in companies[start : start + MOST_INPUTS]}
        asked = [{"id": one} for one in found]
        while asked:
            reply = line.read(path, {"inputs": asked})
            if any(not _says_none(error) for error in reply.parts("errors")):
                raise Busy(code="read_in_part")
            asked = []
            for result in reply.parts("results"):
                company = str((result.get("from") or {}).get("id"))
                links = [one for one in result.get("to") or [] if isinstance(one, dict)]
                found.setdefault(company, []).extend(str(one.get("toObjectId", one.get("id"))) for one in links)
                after = ((result.get("paging") or {}).get("next") or {}).get("after")
                if after:
                    asked.append({"id": company, "after": str(after)})
        yield from found.items()


def _says_none(error: Mapping[str, Any]) -> bool:
    """A company without tasks is told as an error."""
    return error.get("category") == "OBJECT_NOT_FOUND" or "NO_ASSOCIATIONS_FOUND" in str(error.get("subCategory", ""))


def _age(record_id: str) -> tuple[int, str]:
    return (int(record_id) if record_id.isdigit() else 0, record_id)
