"""One owner's week: promised work first, then the accounts on which the hours left save the most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.workbench.worklist.knapsack import most_valuable


@dataclass(frozen=True)
class Candidate:
    """An account that could be worked on: what that takes and is expected to save.

    `cents` is the expected ARR saved in hundredths, null where no probability is known. `due`: the work was promised
    for this week.
    """

    account_id: str
    minutes: int
    cents: int | None
    due: bool = False

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
    """What is worked on (due work, then new), which promises do not fit, and what an hour more would change.

    `cents` is what is expected to be saved by all that is worked on; `cut` is null where nothing worth anything is left.
    """

    due: tuple[str, ...]
    new: tuple[str, ...]
    breached: tuple[str, ...]
    minutes: int
    cents: int
    cut: CutLine | None


def week(candidates: Sequence[Candidate], capacity: int) -> Week:
    """Choose for one owner with `capacity` minutes; exact, and the same whatever the order of candidates.

    Where not all due work fits, its most valuable part is done, of equals the most accounts in the least time; the rest
    is breached. New work is chosen for the most expected ARR in the time left; work that saves nothing is not chosen.
    """
    ordered = sorted(candidates, key=lambda c: c.account_id)
    due = [c for c in ordered if c.due]
    kept = _kept(due, max(capacity, 0))
    left = max(capacity, 0) - sum(c.minutes for c in kept)
    others = [c for c in ordered if not c.due]
    new = [others[i] for i in sorted(most_valuable([c.worth for c in others], [c.minutes for c in others], left))]
    names = {c.account_id for c in (*kept, *new)}
    free = left - sum(c.minutes for c in new)
    return Week(
        due=tuple(c.account_id for c in kept),
        new=tuple(c.account_id for c in _best_first(new)),
        breached=tuple(c.account_id for c in due if c.account_id not in names),
        minutes=sum(c.minutes for c in (*kept, *new)),
        cents=sum(c.cents or 0 for c in (*kept, *new)),
        cut=_cut_line([c for c in others if c.account_id not in names], free),
    )


def worth_of_more(candidates: Sequence[Candidate], capacity: int, more: int) -> int:
    """Cents that `more` minutes would save beside what the week saves; below 0 only where they keep a promise instead."""
    return week(candidates, capacity + more).cents - week(candidates, capacity).cents


def _kept(due: Sequence[Candidate], capacity: int) -> list[Candidate]:
    total = sum(c.minutes for c in due)
    if total <= capacity:
        return list(due)
    # One number that orders by value, then by how many are kept, then by how little time they take.
    step = len(due) * (total + 1) + 1
    values = [c.worth * step + (total + 1) - c.minutes for c in due]
    return [due[i] for i in sorted(most_valuable(values, [c.minutes for c in due], capacity))]


def _best_first(chosen: Sequence[Candidate]) -> list[Candidate]:
    return sorted(chosen, key=lambda c: (-c.worth, c.account_id))


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
