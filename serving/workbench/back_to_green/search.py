"""The cheapest changes that would bring each account's health back to green, found exactly and then applied (I8)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy
from policy.segments import team_segment
from serving.workbench.back_to_green.calendar import advanced
from serving.workbench.back_to_green.cheapest import Choice, Options, cheapest_in_part, most
from serving.workbench.back_to_green.levers import actionable
from serving.workbench.back_to_green.moves import Move, Option, changed, options
from serving.workbench.back_to_green.reach import Reach
from serving.workbench.back_to_green.records import Offer, Why

ROUNDING = 1e-9
"""Scores are rounded to ten decimals; a sum of a dozen differences of them is exact to this."""


@dataclass(frozen=True)
class Within:
    """What is within reach of some rows: each as it would stand on the day if nothing were done, and its options."""

    rows: pd.DataFrame
    scores: pd.Series
    """Of today."""
    rest: pd.DataFrame
    """Of the day, with their tiers, if nothing is done."""
    groups: Mapping[Any, list[list[Option]]]
    missing: Mapping[Any, Mapping[str, Why]]


@dataclass(frozen=True)
class Found:
    """The moves that the search found for one row, and the score computed with them."""

    reachable: bool
    moves: tuple[Move, ...]
    score_after: float


def within_reach(features: pd.DataFrame, reach: Reach, policy: Policy) -> Within:
    """Of every row of a feature frame, whose index is unique. Similar is who stood where the account stands today."""
    rest = advanced(features, reach.days)
    groups, missing = {}, {}
    for place in features.index:
        offers, missing[place] = offers_of(features.loc[place], reach, policy)
        groups[place] = options(features.loc[place], offers, policy)
    return Within(rest, health_scores(features, policy)["health_score"], health_scores(rest, policy), groups, missing)


def find(within: Within, places: Collection[Any], policy: Policy) -> dict[Any, Found]:
    """Row → the cheapest way to a green score on the day; rows without a score are left out.

    Where green is out of reach, all that adds to the score is taken. RuntimeError where a set that adds up to green does
    not make the score green once it is applied: that would be a bug.
    """
    scores, green = within.rest["health_score"], policy.health.bands.green
    ahead = [p for p in places if pd.notna(scores[p])]
    gains = _gains(within, ahead, policy)
    found: dict[Any, Found] = {}
    for margin in (-ROUNDING, ROUNDING):
        chosen = {
            p: _chosen(within.groups[p], gains[p], green - float(scores[p]) + margin, policy)
            for p in ahead
            if p not in found
        }
        after = rescored(within, {p: moves for p, (_, moves) in chosen.items()}, policy)
        for p, (reachable, moves) in chosen.items():
            # What misses the band by a rounding is looked for again, a hair stricter.
            if reachable and after[p] < green and margin < 0:
                continue
            if reachable and after[p] < green:
                raise RuntimeError(f"a way back to green adds up to {green:g} and comes to {after[p]:.12f}")
            found[p] = Found(reachable, moves, after[p])
    return {p: found[p] for p in ahead}


def rescored(within: Within, moves: Mapping[Any, Sequence[Move]], policy: Policy) -> dict[Any, float]:
    """Row → its score on the day with its moves made."""
    tried = changed(within.rows.loc[list(moves)], list(moves.values()))
    return dict(zip(moves, health_scores(tried, policy)["health_score"].tolist(), strict=True))


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


def _gains(within: Within, places: Collection[Any], policy: Policy) -> dict[Any, list[Options]]:
    """Hours and gain of every option and of the start of its way, each from the score computed with it alone."""
    inputs = policy.back_to_green.inputs
    flat: list[tuple[Any, Option]] = []
    for place in places:
        for group in within.groups[place]:
            flat += [(place, option) for option in group]
            # The line through the middle and the end of a way tells where it begins, whatever jumps at its start.
            flat += [(place, (m.part(0.5, inputs[m.offer.indicator]),)) for m in _loose(group)]
    if not flat:
        return {place: [] for place in places}
    owners = [p for p, _ in flat]
    tried = changed(within.rows.loc[owners], [option for _, option in flat])
    scores = health_scores(tried, policy)["health_score"].to_numpy()
    gained = iter((scores - within.rest.loc[owners, "health_score"].to_numpy()).tolist())
    return {place: [_options(group, gained, policy) for group in within.groups[place]] for place in places}


def _loose(group: Sequence[Option]) -> list[Move]:
    return [option[0] for option in group if len(option) == 1 and option[0].since is not None]


def _options(group: Sequence[Option], gained: Iterator[float], policy: Policy) -> Options:
    gains = np.array([next(gained) for _ in group])
    hours = np.array([sum(m.hours for m in option) for option in group])
    starts, gains_from = hours.copy(), gains.copy()
    for place, option in enumerate(group):
        if len(option) == 1 and option[0].since is not None:
            starts[place] = option[0].hours_before(policy.back_to_green.inputs[option[0].offer.indicator])
            gains_from[place] = 2 * next(gained) - gains[place]
    return Options(hours, gains, starts, gains_from)


def _chosen(
    groups: list[list[Option]], gains: list[Options], need: float, policy: Policy
) -> tuple[bool, tuple[Move, ...]]:
    """(whether the need is reached, the moves): the cheapest, else all that gain."""
    found = cheapest_in_part(gains, need)
    choice = found or Choice(most(gains))
    moves: list[Move] = []
    for place, (group, pick) in enumerate(zip(groups, choice.picks, strict=True)):
        if pick is None:
            continue
        if choice.part is not None and choice.part[0] == place:
            move = group[pick][0]
            moves.append(move.part(choice.part[1], policy.back_to_green.inputs[move.offer.indicator]))
        else:
            moves += group[pick]
    return found is not None, tuple(moves)
