"""The cheapest changes that would bring each account's health back to green, found exactly and then applied (I8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy
from policy.segments import team_segment
from serving.workbench.back_to_green.cheapest import Options, cheapest, most
from serving.workbench.back_to_green.levers import actionable, component_of, levels, moved
from serving.workbench.back_to_green.reach import Reach, times
from serving.workbench.back_to_green.records import Offer, Why

ROUNDING = 1e-9
"""Scores are rounded to ten decimals; a sum of a dozen differences of them is exact to this."""


@dataclass(frozen=True)
class Move:
    """One input at one of its values, with its hours."""

    offer: Offer
    value: float
    hours: float


@dataclass(frozen=True)
class Found:
    """What the search says of one row: the tier and score it has, the moves, and the score computed with them."""

    reachable: bool
    score: float
    moves: tuple[Move, ...]
    score_after: float
    similar_accounts: int
    rose_as_much: int
    not_offered: Mapping[str, Why]


Option = tuple[Move, ...]


def find(
    features: pd.DataFrame, movements: pd.DataFrame, policy: Policy, as_of: date, everything: Collection[Any] = ()
) -> dict[Any, Found]:
    """Index of a feature frame, which is unique → what is within reach; rows without a score are left out.

    `movements` is what `achieved` makes. For the rows of `everything`, all that adds to the score is taken, whatever it
    costs; so it is where green is out of reach. Columns that are not moved stay as they are today. RuntimeError where a
    set that adds up to green does not make the score green once it is applied: that would be a bug.
    """
    scores = health_scores(features, policy)["health_score"]
    rows = features.loc[scores.notna()]
    reach = Reach(movements, policy, (times(as_of, policy).on - as_of).days)
    offers, missing = {}, {}
    for place in rows.index:
        offers[place], missing[place] = offers_of(rows.loc[place], reach, policy)
    grouped = {place: options(rows.loc[place], found, policy) for place, found in offers.items()}
    gains = _gains(rows, grouped, scores, policy)
    green, found = policy.health.bands.green, {}
    for margin in (-ROUNDING, ROUNDING):
        ahead = [p for p in rows.index if p not in found]
        chosen = {
            p: _chosen(grouped[p], gains[p], green - float(scores[p]) + margin, take_all=p in everything) for p in ahead
        }
        after = health_scores(applied(rows, {p: moves for p, (_, moves) in chosen.items()}), policy)["health_score"]
        for p, (reachable, moves) in chosen.items():
            # What misses the band by a rounding is looked for again, a hair stricter.
            if reachable and after[p] < green and margin < 0:
                continue
            if reachable and after[p] < green:
                raise RuntimeError(f"a way back to green adds up to {green:g} and comes to {after[p]:.12f}")
            rose = _rose(rows.loc[p], float(scores[p]), float(after[p]), reach, policy)
            found[p] = Found(reachable, float(scores[p]), moves, float(after[p]), *rose, missing[p])
    return {p: found[p] for p in rows.index}


def offers_of(row: pd.Series, reach: Reach, policy: Policy) -> tuple[list[Offer], dict[str, Why]]:
    """(inputs this row could move, indicator → why another is not offered)."""
    offered: list[Offer] = []
    missing: dict[str, Why] = {}
    arr = row["arr"]
    for name in actionable(policy):
        if name not in row.index:
            missing[name] = "not_delivered"
        elif pd.isna(arr):
            missing[name] = "no_segment"
        else:
            value = float("nan") if pd.isna(row[name]) else float(row[name])
            found = reach.offer(str(row["account_id"]), team_segment(float(arr), policy.segments), name, value)
            if isinstance(found, Offer):
                offered.append(found)
            else:
                missing[name] = found
    return offered, missing


def _rose(row: pd.Series, score: float, after: float, reach: Reach, policy: Policy) -> tuple[int, int]:
    if pd.isna(row["arr"]):
        return 0, 0
    return reach.rose(str(row["account_id"]), team_segment(float(row["arr"]), policy.segments), score, after - score)


def options(row: pd.Series, offers: Iterable[Offer], policy: Policy) -> list[list[Option]]:
    """Groups of options whose gains add up: one group an input, but one for all inputs of a component that is capped.

    Under a cap one input's gain depends on the others, so there every combination is an option of its own.
    """
    capped = {cap.component for cap in policy.health.caps}
    plain = {str(k): float(v) for k, v in row.items() if isinstance(v, int | float | np.number)}
    alone: list[list[Option]] = []
    together: dict[str, list[list[Option]]] = {}
    for offer in offers:
        lever = policy.back_to_green.inputs[offer.indicator]
        values = levels(offer.indicator, offer.value, offer.bound, plain, policy)
        moves: list[Option] = [(Move(offer, v, lever.hours(v - offer.value)),) for v in values]
        component = component_of(offer.indicator, policy)
        if component in capped:
            together.setdefault(component, []).append([(), *moves])
        elif moves:
            alone.append(moves)
    joined = [[sum(parts, ()) for parts in product(*lists)][1:] for lists in together.values()]
    return alone + [group for group in joined if group]


def applied(features: pd.DataFrame, moves: Mapping[Any, Sequence[Move]]) -> pd.DataFrame:
    """The rows of a feature frame with these moves made, and nothing else changed."""
    return _changed(features.loc[list(moves)], list(moves.values()))


def _changed(rows: pd.DataFrame, moves: Sequence[Sequence[Move]]) -> pd.DataFrame:
    values: dict[str, tuple[list[int], list[float]]] = {}
    needed = ["seats", "active_user_days_84d", "active_user_days_28d", "login_change_28d"]
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


def _gains(
    rows: pd.DataFrame, grouped: Mapping[Any, list[list[Option]]], scores: pd.Series, policy: Policy
) -> dict[Any, list[Options]]:
    """Hours and gain of every option, each from the score computed with it alone, all rows at once."""
    flat = [(place, option) for place, groups in grouped.items() for group in groups for option in group]
    if not flat:
        return {place: [] for place in grouped}
    tried = _changed(rows.loc[[p for p, _ in flat]], [option for _, option in flat])
    gained = iter(
        (health_scores(tried, policy)["health_score"].to_numpy() - scores.loc[tried.index].to_numpy()).tolist()
    )
    return {
        place: [
            Options(
                np.array([sum(m.hours for m in option) for option in group]), np.array([next(gained) for _ in group])
            )
            for group in groups
        ]
        for place, groups in grouped.items()
    }


def _chosen(
    groups: list[list[Option]], gains: list[Options], need: float, *, take_all: bool
) -> tuple[bool, tuple[Move, ...]]:
    picks = cheapest(gains, need)
    reachable = picks is not None
    moves: list[Move] = []
    for group, pick in zip(groups, most(gains) if picks is None or take_all else picks, strict=True):
        moves += group[pick] if pick is not None else ()
    return reachable, tuple(moves)
