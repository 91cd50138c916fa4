"""Did it work: back to green within 30 days of publication, counted per play (I8). An association, no proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from policy.policy import Policy


class Started(NamedTuple):
    """A play that was asked for: when its tasks were published, and the day of the run that asked."""

    account_id: str
    play: str
    published_on: date
    on: date


class Success(NamedTuple):
    """Rounds of a play whose time has passed, and how many accounts were green again by then.

    `share` and its 95 % interval (Wilson) are null where no round's time has passed. `open` rounds are not judged yet.
    `began_green` are rounds of accounts that were green as they began, for their risk alone: they have no way back to
    green and are in none of the other counts.
    """

    play: str
    rounds: int
    recovered: int
    open: int
    share: float | None
    low: float | None
    high: float | None
    began_green: int = 0


Scores = Mapping[date, float | None]
"""Health score by the day of its run; null where there was none."""


def green_on(scores: Scores, day: date, policy: Policy) -> bool:
    """Whether the run of that day found the account in the green band."""
    score = scores.get(day)
    return score is not None and score >= policy.health.bands.green


def recovered_on(scores: Scores, since: date, policy: Policy, ill: Collection[date] = ()) -> date | None:
    """The first of `tasks.recovery.runs` consecutive scores in the green band after that day; null where none is.

    A run without a score breaks the row: nothing says that the account was healthy. So do those of `ill`, the days on
    which something else than its health keeps it from being well.
    """
    need = policy.tasks.recovery.runs
    streak: list[date] = []
    for day in sorted(d for d in scores if d > since):
        streak = [*streak, day] if green_on(scores, day, policy) and day not in ill else []
        if len(streak) == need:
            return streak[0]
    return None


def recoveries(scores: Scores, policy: Policy) -> list[date]:
    """Each day on which an account that had not been green was green again, for enough runs."""
    found, below = [], False
    for day in sorted(scores):
        score = scores[day]
        if score is None:
            continue
        if score < policy.health.bands.green:
            below = True
        elif below and recovered_on({d: s for d, s in scores.items() if d >= day}, day - timedelta(1), policy) == day:
            found.append(day)
            below = False
    return found


def successes(started: Iterable[Started], scores: Mapping[str, Scores], as_of: date, policy: Policy) -> list[Success]:
    """One row per play, by its name. A round is judged once its days are over and every score of them is known."""
    within = timedelta(days=policy.tasks.recovery.within_days)
    judged: dict[str, list[bool]] = defaultdict(list)
    waiting: dict[str, int] = defaultdict(int)
    apart: dict[str, int] = defaultdict(int)
    for one in set(started):
        if green_on(scores.get(one.account_id, {}), one.on, policy):
            apart[one.play] += 1
            continue
        last = one.published_on + within
        if last >= as_of:
            waiting[one.play] += 1
            continue
        day = recovered_on(scores.get(one.account_id, {}), one.published_on, policy)
        judged[one.play].append(day is not None and day <= last)
    return [_success(play, judged[play], waiting[play], apart[play]) for play in sorted({*judged, *waiting, *apart})]


def _success(play: str, judged: list[bool], waiting: int, apart: int) -> Success:
    from scipy.stats import binomtest

    if not judged:
        return Success(play, 0, 0, waiting, None, None, None, apart)
    test = binomtest(sum(judged), len(judged))
    interval = test.proportion_ci(0.95, method="wilson")
    low, high = float(interval.low), float(interval.high)
    return Success(play, len(judged), sum(judged), waiting, float(test.statistic), low, high, apart)
