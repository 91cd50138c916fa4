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


def headline(way: WayBack) -> str:
    """The answer in one sentence: what leads on a page."""
    if way.status == "gone":
        return f"Scored on {long_date(way.as_of)}, but by today's sources and settings no account of that day any more."
    if way.status == "unrated" and way.health_tier != "unrated":
        return f"Health will not be rated on {long_date(way.on)}: by then too much of what is known is out of date."
    if way.status == "unrated":
        return "Health is not rated: too little is known of this account to give it a tier."
    if way.status == "green":
        return f"Health is green already, at {shown(way.score)} on {long_date(way.as_of)}."
    if way.term_ends_on is not None:
        return f"The term ends first, on {long_date(way.term_ends_on)}: what counts is the renewal."
    return _answer(way)


def sentence(way: WayBack) -> str:
    """The whole answer: the headline, which changes it rests on, what each goal would take, and how far to trust it."""
    told = [headline(way)]
    if way.status == "unrated":
        told.append("More data come first.")
    if way.goals and way.term_ends_on is not None:
        answer = _answer(way)
        told.append(f"Supposing that another term as long follows: {answer[0].lower()}{answer[1:]}")
    told += [_changes(way), _as_a_whole(way), _risk(way), _other_goal(way), _untried(way), _thin(way)]
    return " ".join([*(part for part in told if part), *([LIMIT] if way.changes else [])])


def _answer(way: WayBack) -> str:
    by, on = long_date(way.by), long_date(way.on)
    aim = next(goal for goal in way.goals if goal.aim == way.aim)
    if aim.reachable:
        what = "Can be green" if way.aim == "health" else "Can be out of high risk"
        work = f"for about {hours(way.hours)} of work" if way.changes else "if all goes on as it does"
        return f"{what} by {by} {work}."
    if way.aim == "health":
        best = f"Not reachable by {by}: best = {shown(way.score_after)} on {on}, from {shown(way.score)} today"
        needed = (
            f", and {way.green_from:g} is needed." if way.changes else ". Nothing that can be offered would add to it."
        )
        return f"{best}{needed}"
    lowest, cut = percent(way.probability_after), percent(way.probability_cut)
    head = "Not reachable" if aim.every_set else "Not found to be reachable"
    if lowest == cut:
        return f"{head} by {by}: nothing within reach brings the churn probability below {cut}."
    return f"{head} by {by}: the lowest churn probability is {lowest}, and below {cut} is needed."


def _changes(way: WayBack) -> str:
    """The changes, and what the score of the day would be with them and without."""
    if not way.changes:
        return ""
    parts = [f"{c.what} from {c.before_text} to {c.after_text}" for c in way.changes]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    each = "each of these" if len(parts) > 1 else "this"
    like = f"Some accounts like this one reached {each} within {(way.on - way.as_of).days} days: {listed}."
    if way.aim != "health":
        return like
    together = "Together these" if len(way.changes) > 1 else "This"
    rest = shown(way.score_at_rest)
    idle = f", and {rest} if nothing is done" if rest != shown(way.score) else ""
    return (
        f"{like} {together} would put the score at {shown(way.score_after)} on {long_date(way.on)}, from "
        f"{shown(way.score)} on {long_date(way.as_of)}{idle}."
    )


def _as_a_whole(way: WayBack) -> str:
    """How often the whole score rose as much: what each input did alone need not happen together."""
    if way.aim != "health" or not way.changes or not way.similar_accounts:
        return ""
    of = f"{way.rose_as_much} of {way.similar_accounts}"
    return f"As a whole, the score of {of} accounts that stood as near rose as much in as many days."


def _risk(way: WayBack) -> str:
    """What the model would say of the changed row; nothing where that reads the same as today."""
    after, before = percent(way.probability_after), percent(way.probability)
    if way.probability_after is None or way.probability is None or after == before:
        return ""
    if not way.changes and way.aim != "probability":
        return ""
    against = f"The model would give a churn probability of {after}, against {before} today"
    if way.risk_tier != "high" or way.probability_cut is None:
        return f"{against}."
    where = "below" if way.below_cut else "not below"
    return f"{against}: {where} the {percent(way.probability_cut)} from which risk counts as high."


def _other_goal(way: WayBack) -> str:
    """What the goal that was not taken would take."""
    other = next((goal for goal in way.goals if goal.aim != way.aim), None)
    if other is None:
        return ""
    what = "Green health" if other.aim == "health" else "To come out of high risk"
    if other.reachable and not other.changes:
        return f"{what} needs no work if all goes on as it does."
    if other.reachable:
        listed = ", ".join(f"{c.what} to {c.after_text}" for c in other.changes)
        return f"{what} would take about {hours(other.hours)} of work: {listed}."
    if other.aim == "health":
        return f"{what} is not reachable: best = {shown(other.score_after)}."
    best, cut = percent(other.probability_after), percent(way.probability_cut)
    found = "is not" if other.every_set else "was not found to be"
    return f"{what} {found} reachable{'' if best == cut else f': the lowest churn probability is {best}'}."


def _untried(way: WayBack) -> str:
    """The model was not asked about every set."""
    asked = next((goal for goal in way.goals if goal.aim == "probability" and not goal.every_set), None)
    if asked is None:
        return ""
    missed = "a cheaper set" if asked.reachable else "a set with a lower probability"
    return f"Not every set of changes was put to the model: {missed} may have been missed."


def _thin(way: WayBack) -> str:
    """What is out of reach only as far as is known: inputs that nobody like this account tells anything of."""
    few = sum(why == "too_few_similar" for why in way.not_offered.values())
    if not few or any(goal.reachable for goal in way.goals):
        return ""
    what = "1 input is" if few == 1 else f"{few} inputs are"
    return f"{what} not offered, as too few similar accounts are known."


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


def percent(share: float | None) -> str:
    """A probability in words; small ones to a tenth.

    >>> percent(0.25), percent(0.037), percent(None)
    ('25 %', '3.7 %', 'not known')
    """
    if share is None:
        return "not known"
    return f"{share:.1%}".replace("%", " %") if share < 0.0995 else f"{share:.0%}".replace("%", " %")
