"""One owner's week: promised work in time first, then the accounts on which the hours left save the most."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from serving.workbench.worklist.deadlines import most_on_time
from serving.workbench.worklist.knapsack import most_valuable

WHOLE_WEEK = Fraction(1)


@dataclass(frozen=True)
class Candidate:
    """An account that could be worked on: what that takes and is expected to save.

    `cents` is the expected ARR saved in hundredths, null where it is not known. `due`: the work was promised for this
    week, `by` so large a share of its working time. `place` orders the accounts that cannot be weighed, lowest first.
    """

    account_id: str
    minutes: int
    cents: int | None
    due: bool = False
    by: Fraction = WHOLE_WEEK
    place: int = 0

    @property
    def worth(self) -> int:
        """The cents, 0 where they are not known or acting is expected to do harm."""
        return max(self.cents or 0, 0)


@dataclass(frozen=True)
class CutLine:
    """The best account per hour that was left out, the minutes that are free, and those missing to take it as well."""

    account_id: str
    minutes: int
    cents: int
    free_minutes: int
    missing_minutes: int


@dataclass(frozen=True)
class Week:
    """What is worked on (due work, then new, then what cannot be weighed), and which promises do not fit.

    `cents` is what is expected to be saved by all that is worked on; `cut` is null where nothing is left out that is
    known to be worth anything. It says nothing of promises: those that do not fit are `breached`.
    """

    due: tuple[str, ...]
    new: tuple[str, ...]
    unweighed: tuple[str, ...]
    breached: tuple[str, ...]
    minutes: int
    cents: int
    cut: CutLine | None


@dataclass(frozen=True)
class More:
    """What more minutes would bring: `promises` that are kept as well, and `cents` saved beside; neither is below 0.

    Where the time goes to promises the savings of new work may shrink: then `cents` is 0, and the promises are the gain.
    """

    promises: int
    cents: int


def week(candidates: Sequence[Candidate], capacity: int, *, keep: Collection[str] = ()) -> Week:
    """Choose for one owner with `capacity` minutes; exact, and the same whatever the order of candidates.

    Promises are kept by earliest deadline first. Where not all can be, the most valuable part is kept, of equals the
    most accounts in the least time; the rest is breached. New work is chosen for the most expected ARR in the time left;
    work that saves nothing is not chosen. What cannot be weighed takes what is left then, in its order, each that fits.
    `keep` are promises that are kept whatever else is.
    """
    ordered, capacity = sorted(candidates, key=lambda c: c.account_id), max(capacity, 0)
    due, others = [c for c in ordered if c.due], [c for c in ordered if not c.due]
    kept = _kept(due, capacity, keep)
    left = capacity - sum(c.minutes for c in kept)
    new = [others[i] for i in sorted(most_valuable([c.worth for c in others], [c.minutes for c in others], left))]
    left -= sum(c.minutes for c in new)
    unweighed = []
    for c in sorted((c for c in others if c.cents is None), key=lambda c: (c.place, c.account_id)):
        if c.minutes <= left:
            unweighed.append(c)
            left -= c.minutes
    done = (*kept, *new, *unweighed)
    names = {c.account_id for c in done}
    return Week(
        due=tuple(c.account_id for c in sorted(kept, key=lambda c: (c.by, c.account_id))),
        new=tuple(c.account_id for c in sorted(new, key=lambda c: (-c.worth, c.account_id))),
        unweighed=tuple(c.account_id for c in unweighed),
        breached=tuple(c.account_id for c in due if c.account_id not in names),
        minutes=sum(c.minutes for c in done),
        cents=sum(c.cents or 0 for c in done),
        cut=_cut_line([c for c in others if c.account_id not in names], left),
    )


def worth_of_more(candidates: Sequence[Candidate], capacity: int, more: int) -> More:
    """What `more` minutes in the week would bring; every promise that is kept without them is kept with them."""
    now = week(candidates, capacity)
    then = week(candidates, capacity + more, keep=now.due)
    return More(len(then.due) - len(now.due), max(then.cents - now.cents, 0))


def _kept(due: Sequence[Candidate], capacity: int, keep: Collection[str]) -> list[Candidate]:
    if not due:
        return []
    must = {place for place, c in enumerate(due) if c.account_id in keep}
    limits = [capacity * c.by.numerator // c.by.denominator for c in due]
    return [due[i] for i in sorted(most_on_time([c.worth for c in due], [c.minutes for c in due], limits, must))]


def _cut_line(left_out: Sequence[Candidate], free: int) -> CutLine | None:
    worth = [c for c in left_out if c.worth > 0]
    if not worth:
        return None
    # By value per minute without a division: exact, so that equals are equal.
    best = worth[0]
    for c in worth[1:]:
        gain, held = c.worth * best.minutes, best.worth * c.minutes
        if gain > held or (gain == held and c.worth > best.worth):
            best = c
    return CutLine(best.account_id, best.minutes, best.worth, free, max(best.minutes - free, 0))
