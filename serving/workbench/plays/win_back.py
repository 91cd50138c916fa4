"""After an account is lost: the exit interview, who may be won back, and how many were (I12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from policy.policy import Policy
from serving.due import end_of
from serving.reasons import long_date
from serving.workbench.plays.account import Account
from serving.workbench.plays.step import Step, owner_type
from serving.workbench.plays.terms import Terms, losses, returned

NOT_WON_BACK = "acquired"
"""An account that was bought or merged is not there any more."""


@dataclass(frozen=True)
class Departure:
    """A lost account. `reason_code` is the root cause, null where the recorded words have none; `candidate`: it may be
    won back on this day; `returned_on` is null while it has not come back, `won_back` null while its days for that last."""

    account_id: str
    known_on: date
    ends_on: date
    arr: float
    kind: str | None
    reason: str | None
    reason_code: str | None
    candidate: bool
    returned_on: date | None
    won_back: bool | None


@dataclass(frozen=True)
class WinBackRate:
    """Won back within `win_back_days` ÷ lost, of a year's losses so long ago; by accounts and by ARR, null where there are none."""

    lost: int
    won_back: int
    rate: float | None
    lost_arr: float
    won_back_arr: float
    arr_rate: float | None


def departures(terms: Terms, as_of: date, policy: Policy) -> list[Departure]:
    """Every loss known before the day, by the day it became known and the account."""
    found = []
    for held in terms.values():
        for loss in losses(held, as_of, policy.label):
            back = returned(held, loss)
            day = None if back is None or back.starts_on > as_of else back.starts_on
            last = loss.ends_on + timedelta(days=policy.tasks.win_back_days)
            in_time = day is not None and day <= last
            found.append(
                Departure(
                    loss.account_id,
                    loss.known_on,
                    loss.ends_on,
                    loss.arr,
                    loss.kind,
                    loss.reason,
                    code(loss.reason, policy.tasks.reason_codes),
                    day is None and loss.ends_on <= as_of <= last and loss.kind != NOT_WON_BACK,
                    day,
                    # Not before its time is over: those who are back early would be counted, and those who are not, not.
                    None if as_of <= last else in_time,
                )
            )
    return sorted(found, key=lambda d: (d.known_on, d.account_id))


def code(reason: str | None, codes: Mapping[str, str]) -> str | None:
    """The root cause that a recorded reason stands for; null where nobody has coded its words.

    >>> code(" Price ", {"price": "budget"}), code("weather", {"price": "budget"})
    ('budget', None)
    """
    return codes.get((reason or "").strip().lower().replace("_", " "))


def win_back_rate(found: Iterable[Departure], as_of: date, policy: Policy) -> WinBackRate:
    """Over the losses of the year that ended `win_back_days` ago, as the metric has it; ARR is that of the term that ended."""
    until = pd.Timestamp(as_of) - pd.Timedelta(days=policy.tasks.win_back_days)
    since = until - pd.DateOffset(months=policy.metrics.months)
    judged = [d for d in found if d.won_back is not None and since <= pd.Timestamp(d.ends_on) < until]
    back = [d for d in judged if d.won_back]
    lost_arr, back_arr = sum(d.arr for d in judged), sum(d.arr for d in back)
    return WinBackRate(
        len(judged),
        len(back),
        len(back) / len(judged) if judged else None,
        lost_arr,
        back_arr,
        back_arr / lost_arr if lost_arr else None,
    )


def win_back_steps(one: Departure, account: Account, over: Iterable[str], as_of: date, policy: Policy) -> list[Step]:
    """The exit interview of every lost account, and the way back of a candidate.

    Its days count from the day the loss became known, those of the way back from the day the account was gone.
    """
    if one.returned_on is not None:
        return []
    play, done, steps = policy.plays["win_back"], set(over), []
    for place, (text, within) in enumerate(zip(play.steps, play.step_days or (0,) * len(play.steps), strict=True), 1):
        first = place == 1
        last = one.ends_on + timedelta(days=policy.tasks.win_back_days)
        if as_of > last if first else not one.candidate:
            continue
        lacks = None if one.reason_code else f"uncoded reason: {one.reason or 'none recorded'}"
        made = Step(
            one.account_id,
            "win_back",
            play.play,
            "exit_interview" if first else f"step_{place}",
            one.ends_on.isoformat(),
            f"{text} ({'leaves' if one.ends_on > as_of else 'left'} on {long_date(one.ends_on)})",
            f"Reason recorded: {one.reason or 'none'}. Code: {one.reason_code or 'none yet'}.\n"
            f"Codes: {', '.join(policy.tasks.root_causes)}.",
            owner_type(play, policy),
            end_of((one.known_on if first else one.ends_on) + timedelta(days=within), account.zone, policy.tasks),
            since=one.known_on,
            success_metric=play.success_metric,
            note=lacks if first else None,
        )
        steps.append(made.judged(as_of, made.key in done))
    return steps
