"""The keys of the policy whose rule is not computed yet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from policy.policy import read_yaml


@cache
def planned() -> Mapping[str, str]:
    """Beginning of a path in the policy → what will read it."""
    return {str(path): str(rule) for path, rule in read_yaml(Path(__file__).parent / "planned.yaml").items()}


def planned_for(path: str) -> str | None:
    """What will read this key; null where something does already.

    >>> planned_for("health.bands.green") is None
    True
    """
    return next((rule for start, rule in planned().items() if path == start or path.startswith(f"{start}.")), None)
