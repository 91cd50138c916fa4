"""When a signal is on: from the first run with a cause until enough runs in a row have none, then a new episode.

A function of the causes alone, never of what was stored before: the same facts always give the same episodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Code = Literal["caused", "suppressed", "clear"]
CAUSED: Code = "caused"
SUPPRESSED: Code = "suppressed"
CLEAR: Code = "clear"


@dataclass(frozen=True)
class Spell:
    """Places in a series of runs: the first run with a cause, the last one with a cause, the run on which it cleared.

    `cleared` is null while it stands. A suppressed spell is a stretch of runs on which the whole segment shares the
    cause while no episode is open: it is logged, and is none.
    """

    first: int
    last: int
    cleared: int | None
    suppressed: bool = False


def spells(codes: Sequence[Code], clear_runs: int) -> list[Spell]:
    """The spells of one signal of one account over its runs, oldest first; before the first run none is open.

    A suppressed run neither opens an episode nor brings one closer to its end.

    >>> [(s.first, s.last, s.cleared) for s in spells(["caused", "clear", "caused", "clear", "clear", "caused"], 2)]
    [(0, 2, 4), (5, 5, None)]
    """
    found: list[Spell] = []
    first = last = quiet = 0
    state: Code = CLEAR
    for place, code in enumerate(codes):
        if state == CAUSED:
            if code == CAUSED:
                last, quiet = place, 0
            elif code == CLEAR:
                quiet += 1
            if quiet < clear_runs:
                continue
            found.append(Spell(first, last, place))
            state = CLEAR
        elif code == state == SUPPRESSED:
            last = place
        else:
            if state == SUPPRESSED:
                found.append(Spell(first, last, place, suppressed=True))
            first, last, quiet, state = place, place, 0, code
    if state != CLEAR:
        found.append(Spell(first, last, None, suppressed=state == SUPPRESSED))
    return found


def settled_from(codes: Sequence[Code], clear_runs: int) -> int | None:
    """The first run after which no episode can be open that began before the series; null where none is sure."""
    quiet = 0
    for place, code in enumerate(codes):
        quiet = quiet + 1 if code == CLEAR else 0 if code == CAUSED else quiet
        if quiet >= clear_runs:
            return place
    return None


def sure(codes: Sequence[Code], spell: Spell, clear_runs: int) -> bool:
    """Whether the spell would be the same with all earlier runs before the series."""
    settled = settled_from(codes, clear_runs)
    return settled is not None and settled < spell.first
