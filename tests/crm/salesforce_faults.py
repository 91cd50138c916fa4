"""What a test makes go wrong: answers instead of the work, dropped connections, rows and jobs that fail."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from dataclasses import field as fresh
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_values import Refused

if TYPE_CHECKING:
    from tests.crm.salesforce_save import Change
    from tests.crm.salesforce_store import Table

HTTP = ("respond", "drop_before", "drop_after", "delay", "truncate")
JOB = ("fail", "abort", "gone")
LOCKED = "unable to obtain exclusive access to this record"
DIES = "the record cannot be saved"


@dataclass(slots=True)
class Rule:
    """One thing that goes wrong, and how often: skip `after`, then every `every`-th, at most `times`."""

    kind: str
    method: str = ".*"
    path: str = ".*"
    after: int = 0
    every: int = 1
    times: int | None = None
    probability: float | None = None
    seed: int = 0
    status: int = 503
    body: Any = None
    headers: dict[str, str] = fresh(default_factory=dict)
    seconds: float = 0.0
    keep: int = 0
    # Of a row: the field it is known by, its values, and what is said of it; of a job: what it ends with, after how many.
    object: str | None = None
    field: str | None = None
    keys: list[Any] | None = None
    error: str = "UNABLE_TO_LOCK_ROW"
    message: str | None = None
    rows: int = 0
    recorded: bool = True
    seen: int = 0
    hits: int = 0
    tried: dict[Any, int] = fresh(default_factory=dict)
    chance: random.Random | None = None

    def strikes(self) -> bool:
        """Count one occasion, and say whether it goes wrong."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability is not None:
            self.chance = self.chance or random.Random(self.seed)
            if self.chance.random() >= self.probability:
                return False
        elif (self.seen - self.after - 1) % self.every:
            return False
        self.hits += 1
        return True


class Faults:
    """The rules in force; each list is looked at only where its kind of thing can happen."""

    def __init__(self) -> None:
        self.http: list[Rule] = []
        self.rows: list[Rule] = []
        self.jobs: list[Rule] = []
        self.split: list[Rule] = []

    def add(self, spec: dict[str, Any]) -> None:
        """A rule from its JSON: kind is one of the HTTP ones, `row`, `split_parents`, or `fail`/`abort`/`gone` of a job.

        `recorded: false` on `fail`: the rows left are in none of the three files, which is what is documented for
        "batches that exceed the daily batch allocation".
        """
        rule = Rule(**spec)
        places = {"row": self.rows, "split_parents": self.split}
        places |= dict.fromkeys(HTTP, self.http) | dict.fromkeys(JOB, self.jobs)
        places[rule.kind].append(rule)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self.__init__()  # type: ignore[misc]

    def hits(self) -> list[dict[str, Any]]:
        """How often each rule struck, to know that a test met what it meant to meet."""
        every = [*self.http, *self.rows, *self.jobs, *self.split]
        return [
            {"kind": r.kind, "method": r.method, "path": r.path, "hits": r.hits or sum(r.tried.values())} for r in every
        ]

    def for_call(self, method: str, path: str) -> list[Rule]:
        """What goes wrong with a call; a delay may come with another fault."""
        found: list[Rule] = []
        for rule in self.http:
            if found and found[-1].kind != "delay":
                break
            if re.fullmatch(rule.method, method) and re.search(rule.path, path) and rule.strikes():
                found.append(rule)
        return found

    def for_row(self, table: Table, change: Change) -> Refused | None:
        """What a row meets: an error for its first `times` tries, or for ever where no number is given."""
        for rule in self.rows:
            if rule.object not in (None, table.name):
                continue
            place = table.places[rule.field.lower()] if rule.field else None
            i = change.plan.at.get(place) if place is not None else None
            value = change.values[i] if i is not None else None
            if rule.field and (value is None or (rule.keys is not None and value not in rule.keys)):
                continue
            tried = rule.tried.get(value, 0)
            if rule.times is None or tried < rule.times:
                rule.tried[value] = tried + 1
                return Refused(rule.error, rule.message or (LOCKED if rule.error == "UNABLE_TO_LOCK_ROW" else DIES), [])
        return None

    def for_job(self, kind: str, object_name: str) -> Rule | None:
        """How a job ends, if not well."""
        for rule in self.jobs:
            if rule.kind == kind and rule.object in (None, object_name) and rule.strikes():
                return rule
        return None

    def split_parents(self, parents: set[Any], earlier: set[Any]) -> set[Any]:
        """The parents whose rows lie in more than one batch of a job: batches run side by side and lock each other.

        Documented under "Organize Data to Minimize Lock Contention": sort records by their parent.
        """
        both = parents & earlier
        return both if both and self.split and self.split[0].strikes() else set()
