"""What goes wrong on purpose, by rules that a test sends.

A rule: `method` and `path` (regular expressions), `key` (only requests that hold this text: as a JSON string of
the body, or in the path), `after` (let the first n matches pass), `count` (then fire so often), `every` (each n-th match),
`probability` with `seed`. And what happens: `answer` {status, body, headers} instead of the work; `answer_after` the
same, but the work is done first; `drop`: "before" or "after" the work; `delay` seconds before it; `truncate` the
answer to so many bytes; `omit_trace`: no `objectWriteTraceId` in the answer; `errors_in_200`: a 207 becomes a 200.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

WORKS = {"answer", "answer_after", "drop", "delay", "truncate", "omit_trace", "errors_in_200"}
WHEN = {"method", "path", "key", "after", "count", "every", "probability", "seed", "name"}


@dataclass
class Rule:
    """One rule with its own counts, so that two rules never disturb each other."""

    given: dict[str, Any]
    matched: int = 0
    fired: int = 0
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        if unknown := set(self.given) - WORKS - WHEN:
            raise ValueError(f"a rule has no {sorted(unknown)}; it knows {sorted(WHEN | WORKS)}")
        if not WORKS & set(self.given):
            raise ValueError(f"a rule must do one of {sorted(WORKS)}")
        self.chance = random.Random(self.given.get("seed", 0))

    def fires(self, method: str, path: str, raw: bytes) -> bool:
        given = self.given
        if not re.fullmatch(given.get("method", ".*"), method) or not re.search(given.get("path", ""), path):
            return False
        if "key" in given and json.dumps(given["key"]).encode() not in raw and given["key"] not in path:
            return False
        self.matched += 1
        late = self.matched <= given.get("after", 0)
        if late or self.fired >= given.get("count", float("inf")):
            return False
        if "every" in given and self.matched % given["every"]:
            return False
        if "probability" in given and self.chance.random() >= given["probability"]:
            return False
        self.fired += 1
        return True


def without_traces(body: Any) -> Any:
    """The answer as it is when HubSpot leaves out the trace ids, in results and in errors."""
    if isinstance(body, dict):
        return {k: without_traces(v) for k, v in body.items() if k != "objectWriteTraceId"}
    return [without_traces(v) for v in body] if isinstance(body, list) else body
