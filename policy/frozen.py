"""What every part of the policy is made of: frozen records whose fields say their rule and their meaning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Point = tuple[float, float]
Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
# Events are counted in whole weeks back from a run, so that every weekday can be one.
WholeWeeks = Annotated[int, Field(ge=7, multiple_of=7)]


class Frozen(BaseModel):
    """Immutable, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def rule(ids: str, meaning: str, **limits: Any) -> Any:
    """A field of the policy: the rules it belongs to (`H2`, `W1 W7`), its meaning, its limits.

    Both stand in docs/policy.md, so a number cannot be added without being explained.
    """
    return Field(description=meaning, json_schema_extra={"rules": ids}, **limits)


def ascending(values: Iterable[float], what: str) -> None:
    """Raise ValueError where values do not rise strictly."""
    given = list(values)
    if given != sorted(set(given)):
        raise ValueError(f"{what} must ascend, they are {', '.join(f'{v:g}' for v in given)}")


def descending(values: Iterable[float], what: str) -> None:
    """Raise ValueError where values do not fall strictly."""
    given = list(values)
    if given != sorted(set(given), reverse=True):
        raise ValueError(f"{what} must descend, they are {', '.join(f'{v:g}' for v in given)}")
