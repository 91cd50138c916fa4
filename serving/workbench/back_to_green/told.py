"""A way back to green in plain sentences: what similar accounts reached and what the score would be, never a promise."""

from __future__ import annotations

import math
from collections.abc import Mapping

from serving.reasons import long_date
from serving.workbench.back_to_green.records import WayBack, Why

WHY: Mapping[Why, str] = {
    "not_known": "not known of this account",
    "nothing_to_gain": "nothing to gain",
    "no_further": "similar accounts got no further",
    "too_few_similar": "too few similar accounts are known",
    "not_delivered": "not delivered by the sources",
    "no_segment": "no revenue is known, so no segment to be compared in",
}
LIMIT = "This is what went together in past accounts, not a promise."


def sentence(way: WayBack) -> str:
    """The whole answer: where the account stands, what would bring it back and for how much work, or that nothing does."""
    if way.status == "unrated":
        return "Health is not rated: too little is known of this account to give it a tier. More data come first."
    told = [_health(way)]
    risk = _risk(way)
    return " ".join([*told, *([risk] if risk else []), *([LIMIT] if way.changes else [])])


def _health(way: WayBack) -> str:
    score, after = shown(way.score), shown(way.score_after)
    if way.status == "green":
        return f"Health is green already, at {score} on {long_date(way.as_of)}."
    if way.status == "reachable":
        return (
            f"{_like_this(way)} {'Together these' if len(way.changes) > 1 else 'This'} would put the score at {after} on "
            f"{long_date(way.on)}, from {score} on {long_date(way.as_of)}, for about {hours(way.hours)} of work."
            f"{_as_a_whole(way)}"
        )
    best = f"Not reachable by {long_date(way.by)}: best = {after} on {long_date(way.on)}, from {score} today"
    if not way.changes:
        return f"{best}. Nothing that can be offered would add to it.{_thin(way)}"
    return f"{best}, and {way.green_from:g} is needed. {_like_this(way)}{_as_a_whole(way)}{_thin(way)}"


def _thin(way: WayBack) -> str:
    """What is out of reach only as far as is known: inputs that nobody like this account tells anything of."""
    few = sum(why == "too_few_similar" for why in way.not_offered.values())
    if not few:
        return ""
    what = "1 input is" if few == 1 else f"{few} inputs are"
    return f" {what} not offered, as too few similar accounts are known."


def _like_this(way: WayBack) -> str:
    parts = [f"{c.what} from {c.before_text} to {c.after_text}" for c in way.changes]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    each = "each of these" if len(parts) > 1 else "this"
    return f"Some accounts like this one reached {each} within {(way.on - way.as_of).days} days: {listed}."


def _as_a_whole(way: WayBack) -> str:
    """How often the whole score rose as much: what each input did alone need not happen together."""
    if not way.similar_accounts:
        return ""
    of = f"{way.rose_as_much} of {way.similar_accounts}"
    return f" As a whole, the score of {of} accounts that stood as near rose as much in as many days."


def _risk(way: WayBack) -> str:
    """What the model would say of the changed row, where that can be said; for a green account only if its risk is high."""
    if way.probability is None or way.probability_after is None or not way.changes:
        return ""
    head = f"The model would give a churn probability of {_percent(way.probability_after)}"
    if way.status == "green":
        head = (
            f"{_like_this(way)} With all of that the model would give a churn probability "
            f"of {_percent(way.probability_after)}"
        )
    against = f"{head}, against {_percent(way.probability)} today"
    if way.risk_tier != "high" or way.probability_cut is None:
        return f"{against}."
    where = "below" if way.below_cut else "not below"
    return f"{against}: {where} the {_percent(way.probability_cut)} from which risk counts as high."


def shown(score: float | None) -> str:
    """A score as every page shows it: floored, so that 74.99 is not told as the 75 that would be green.

    >>> shown(74.99), shown(None)
    ('74', 'not known')
    """
    return "not known" if score is None else str(math.floor(score))


def hours(value: float | None) -> str:
    """Hours in words.

    >>> hours(1.0), hours(7.25), hours(None)
    ('1 hour', '7.3 hours', 'an unknown number of hours')
    """
    if value is None:
        return "an unknown number of hours"
    text = f"{math.ceil(value * 10 - 1e-9) / 10:g}"
    return f"{text} hour{'' if text == '1' else 's'}"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")
