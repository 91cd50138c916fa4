"""Single changes of a row, the options they make up, and the row with some of them made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd

from policy.back_to_green import Lever
from policy.policy import Policy
from serving.workbench.back_to_green.calendar import advanced
from serving.workbench.back_to_green.levers import (
    LOGIN_CHANGE,
    USER_DAYS,
    USER_DAYS_BEFORE,
    between,
    component_of,
    levels,
    moved,
)
from serving.workbench.back_to_green.records import Offer


@dataclass(frozen=True)
class Move:
    """One input at one of its values, with its hours."""

    offer: Offer
    value: float
    hours: float
    since: float | None = None
    """The level before, where the input can also stop anywhere between that one and this; null where it cannot."""

    def part(self, share: float, lever: Lever) -> Move:
        """Only so much of the way from the level before; all of it where the input cannot stop on the way."""
        since = self.value if self.since is None else self.since
        value = since + share * (self.value - since)
        return Move(self.offer, value, lever.hours(value - self.offer.value))

    def hours_before(self, lever: Lever) -> float:
        """The hours just behind the level before: moving at all costs what it costs to begin with."""
        if self.since is None:
            return self.hours
        return lever.hours(self.since - self.offer.value) or lever.cost_hours


Option = tuple[Move, ...]


def options(row: pd.Series, offers: Iterable[Offer], policy: Policy) -> list[list[Option]]:
    """Groups of options whose gains add up: one group an input, but one for all inputs of a component that is capped.

    Under a cap one input's gain depends on the others, so there every combination of levels is an option of its own, and
    no input stops between two of them.
    """
    capped = {cap.component for cap in policy.health.caps}
    plain = {str(k): float(v) for k, v in row.items() if isinstance(v, int | float | np.number)}
    alone: list[list[Option]] = []
    together: dict[str, list[list[Option]]] = {}
    for offer in offers:
        lever = policy.back_to_green.inputs[offer.indicator]
        values = levels(offer.indicator, offer.value, offer.bound, plain, policy)
        component = component_of(offer.indicator, policy)
        moves: list[Option] = []
        for before, value in pairwise([offer.value, *values]):
            loose = component not in capped and between(offer.indicator, before, value, policy)
            moves.append((Move(offer, value, lever.hours(value - offer.value), before if loose else None),))
        if component in capped:
            together.setdefault(component, []).append([(), *moves])
        elif moves:
            alone.append(moves)
    joined = [[sum(parts, ()) for parts in product(*lists)][1:] for lists in together.values()]
    return alone + [group for group in joined if group]


def applied(features: pd.DataFrame, moves: Mapping[Any, Sequence[Move]], days: int) -> pd.DataFrame:
    """The rows of a feature frame as they would stand so many days on with these moves made, and nothing else done."""
    return changed(advanced(features.loc[list(moves)], days), list(moves.values()))


def changed(rows: pd.DataFrame, moves: Sequence[Sequence[Move]]) -> pd.DataFrame:
    """The rows, each with its moves made."""
    values: dict[str, tuple[list[int], list[float]]] = {}
    needed = ["seats", USER_DAYS_BEFORE, USER_DAYS, LOGIN_CHANGE]
    plain = rows[[n for n in needed if n in rows]].astype(float).to_dict("records")
    for place, (row, made) in enumerate(zip(plain, moves, strict=True)):
        for move in made:
            for name, value in moved(move.offer.indicator, move.value, {str(k): v for k, v in row.items()}).items():
                places, new = values.setdefault(name, ([], []))
                places.append(place)
                new.append(value)
    columns = {}
    for name, (places, new) in values.items():
        column = rows[name].astype(float).to_numpy(copy=True)
        column[places] = new
        columns[name] = column
    return rows.assign(**columns)
