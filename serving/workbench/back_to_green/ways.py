"""The way back to green of every account of a feature frame: by its health, and where its risk is high by the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.health_score import health_scores
from policy.policy import Policy
from policy.segments import team_segment
from serving.reasons import formatted
from serving.workbench.back_to_green.below_cut import Score, below_cut
from serving.workbench.back_to_green.calendar import term_ends_first
from serving.workbench.back_to_green.moves import Move, changed
from serving.workbench.back_to_green.reach import Reach, times
from serving.workbench.back_to_green.records import Aim, Change, Goal, Status, WayBack, Why
from serving.workbench.back_to_green.search import Within, find, rescored, within_reach
from serving.workbench.back_to_green.told import headline, sentence

TOGETHER = 1000
"""Accounts that are looked at together: each has some dozens of changed rows."""


@dataclass(frozen=True)
class _Book:
    """What is asked about every account of a run alike."""

    policy: Policy
    as_of: date
    reach: Reach
    currency: str
    score: Score | None
    cut: float | None


@dataclass(frozen=True)
class _Looked:
    """What a look at one account found."""

    goals: tuple[Goal, ...]
    score_at_rest: float | None
    similar_accounts: int
    rose_as_much: int
    not_offered: Mapping[str, Why]


def ways_back(
    features: pd.DataFrame,
    movements: pd.DataFrame,
    policy: Policy,
    as_of: date,
    *,
    currency: str,
    risks: pd.DataFrame | None = None,
    score: Score | None = None,
    gone: Collection[str] = (),
) -> list[WayBack]:
    """One record per row of a feature frame, in its order.

    `risks` holds account_id, risk_tier and churn_probability of the whole book, `score` is the champion: without them
    nothing is said of probabilities. Of accounts that are `gone`, and of green ones unless their risk is high, nothing
    is looked for.
    """
    rows = features.reset_index(drop=True)
    when, rated, known, cut = times(as_of, policy), health_scores(rows, policy), _risks(rows, risks), _cut(risks)
    book = _Book(policy, as_of, Reach(movements, policy, (when.on - as_of).days), currency, score, cut)
    here = ~rows["account_id"].isin(list(gone))
    risky = here & (known["risk_tier"] == "high").fillna(False) & (score is not None and cut is not None)
    unwell = here & ~rated["health_tier"].isin(["green", "unrated"])
    open_ = rows.index[risky | unwell]
    looked: dict[Any, _Looked] = {}
    for start in range(0, len(open_), TOGETHER):
        part = open_[start : start + TOGETHER]
        looked |= _looked(rows.loc[part], list(part[unwell[part]]), list(part[risky[part]]), book)
    ends = term_ends_first(rows, book.reach.days)
    out = []
    for place in rows.index:
        found = looked.get(place)
        way = replace(
            _way(str(rows.at[place, "account_id"]), rated.loc[place], found, book, here=bool(here[place])),
            risk_tier=_text(known.at[place, "risk_tier"]),
            probability=_number(known.at[place, "churn_probability"]),
            probability_cut=cut,
        )
        if found is not None and found.goals and ends[place]:
            last = as_of + timedelta(days=int(rows["days_to_term_end"].astype(float)[place]))
            way = replace(way, status="term_ends_first", term_ends_on=last)
        out.append(replace(way, headline=headline(way), sentence=sentence(way)))
    return out


def _looked(rows: pd.DataFrame, unwell: Sequence[Any], risky: Sequence[Any], book: _Book) -> dict[Any, _Looked]:
    policy, reach = book.policy, book.reach
    within = within_reach(rows, reach, policy)
    # Without a tier on the day no score is a promise of one.
    health = find(within, [p for p in unwell if within.rest.at[p, "health_tier"] != "unrated"], policy)
    said = _probabilities(within, {p: found.moves for p, found in health.items()}, book.score)
    lowered = {}
    if book.score is not None and book.cut is not None:
        lowered = below_cut(within, list(risky), book.score, book.cut)
    after = rescored(within, {p: found.moves for p, found in lowered.items()}, policy)
    looked, arr = {}, rows["arr"].astype(float)
    for place in rows.index:
        goals = []
        if place in health:
            one = health[place]
            goals.append(_goal("health", one.reachable, True, one.moves, one.score_after, said.get(place), book))
        if place in lowered:
            low = lowered[place]
            goals.append(
                _goal("probability", low.reachable, low.every_set, low.moves, after[place], low.probability, book)
            )
        rose = (0, 0)
        if goals and pd.notna(arr[place]) and pd.notna(within.scores[place]):
            segment = team_segment(float(arr[place]), policy.segments)
            now, then = float(within.scores[place]), _cheaper(goals).score_after
            rose = reach.rose(str(rows.at[place, "account_id"]), segment, now, (then or now) - now)
        looked[place] = _Looked(
            tuple(goals), _number(within.rest.at[place, "health_score"]), *rose, within.missing[place]
        )
    return looked


def _cheaper(goals: Sequence[Goal]) -> Goal:
    """The reachable goal that takes the least work, health first; where none is reachable the first."""
    return min((g for g in goals if g.reachable), key=lambda g: g.hours, default=goals[0])


def _way(account: str, rated: pd.Series, found: _Looked | None, book: _Book, *, here: bool) -> WayBack:
    when, tier = times(book.as_of, book.policy), str(rated["health_tier"])
    goals = found.goals if found else ()
    aim = _cheaper(goals) if goals else None
    status: Status = "green" if tier == "green" else "unrated"
    if aim is not None:
        status = "reachable" if aim.reachable else "not_reachable"
    return WayBack(
        account_id=account,
        as_of=book.as_of,
        by=when.by,
        on=when.on,
        term_ends_on=None,
        status=status if here else "gone",
        health_tier=tier,
        score=_number(rated["health_score"]),
        score_at_rest=found.score_at_rest if found else None,
        green_from=book.policy.health.bands.green,
        aim=aim.aim if aim else None,
        score_after=aim.score_after if aim else None,
        hours=aim.hours if aim else None,
        changes=aim.changes if aim else (),
        goals=goals,
        similar_accounts=found.similar_accounts if found else 0,
        rose_as_much=found.rose_as_much if found else 0,
        not_offered=dict(found.not_offered) if found else {},
        risk_tier=None,
        probability=None,
        probability_after=aim.probability_after if aim else None,
        probability_cut=None,
        headline="",
        sentence="",
    )


def _goal(
    aim: Aim,
    reachable: bool,
    every_set: bool,
    moves: tuple[Move, ...],
    score_after: float,
    probability_after: float | None,
    book: _Book,
) -> Goal:
    listed = tuple(_change(m, book.policy, book.currency) for m in _as_listed(moves, book.policy))
    spent = round(sum(m.hours for m in moves), 6)
    return Goal(aim, reachable, every_set, spent, listed, _number(score_after), probability_after)


def _as_listed(moves: tuple[Move, ...], policy: Policy) -> list[Move]:
    places = list(policy.back_to_green.inputs)
    return sorted(moves, key=lambda m: places.index(m.offer.indicator))


def _change(move: Move, policy: Policy, currency: str) -> Change:
    offer = move.offer
    unit = catalogue(policy)[offer.indicator].unit
    return Change(
        indicator=offer.indicator,
        what=policy.back_to_green.inputs[offer.indicator].what,
        before=offer.value,
        after=move.value,
        bound=offer.bound,
        before_text=formatted(offer.value, unit, currency),
        after_text=formatted(move.value, unit, currency),
        hours=move.hours,
        similar_accounts=offer.similar_accounts,
    )


def _probabilities(within: Within, moves: Mapping[Any, Sequence[Move]], score: Score | None) -> dict[Any, float]:
    if score is None or not moves:
        return {}
    given = np.asarray(score(changed(within.rows.loc[list(moves)], list(moves.values()))), dtype=float).tolist()
    return {place: float(p) for place, p in zip(moves, given, strict=True) if p == p}


def _risks(rows: pd.DataFrame, risks: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["risk_tier", "churn_probability"]
    if risks is None:
        return pd.DataFrame({c: pd.Series(pd.NA, index=rows.index, dtype="object") for c in columns})
    known = risks.set_index("account_id")[columns].astype("object")
    return known.reindex(rows["account_id"]).set_axis(rows.index)


def _cut(risks: pd.DataFrame | None) -> float | None:
    if risks is None:
        return None
    high = risks.loc[(risks["risk_tier"] == "high").fillna(False), "churn_probability"].dropna()
    return float(high.min()) if len(high) else None


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
