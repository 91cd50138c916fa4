"""The way back to green of every account of a feature frame, with what a model would say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.health_score import health_scores
from policy.policy import Policy
from serving.reasons import formatted
from serving.workbench.back_to_green.reach import times
from serving.workbench.back_to_green.records import Change, Status, WayBack
from serving.workbench.back_to_green.search import Found, Move, applied, find
from serving.workbench.back_to_green.told import sentence

Score = Callable[[pd.DataFrame], Any]
"""Feature rows → a churn probability each."""


def ways_back(
    features: pd.DataFrame,
    movements: pd.DataFrame,
    policy: Policy,
    as_of: date,
    *,
    currency: str,
    risks: pd.DataFrame | None = None,
    score: Score | None = None,
) -> list[WayBack]:
    """One record per row of a feature frame, in its order.

    `risks` holds account_id, risk_tier and churn_probability of the whole book, `score` is the champion: without them
    nothing is said of probabilities. Green accounts of high risk are told everything within reach.
    """
    rows = features.reset_index(drop=True)
    rated = health_scores(rows, policy)
    known = _risks(rows, risks)
    cut = _cut(risks)
    high = rows.index[(known["risk_tier"] == "high").fillna(False) & (rated["health_tier"] == "green")]
    unrated = rated["health_tier"] == "unrated"
    found = find(rows[~unrated], movements, policy, as_of, set(high))
    after = _probabilities(rows, found, score)
    out = []
    for place in rows.index:
        told = found.get(place)
        way = _way(str(rows.at[place, "account_id"]), rated.loc[place], told, policy, as_of, currency)
        way = replace(
            way,
            risk_tier=_text(known.at[place, "risk_tier"]),
            probability=_number(known.at[place, "churn_probability"]),
            probability_after=after.get(place),
            probability_cut=cut,
        )
        out.append(replace(way, sentence=sentence(way)))
    return out


def _way(account: str, rated: pd.Series, found: Found | None, policy: Policy, as_of: date, currency: str) -> WayBack:
    when = times(as_of, policy)
    tier = str(rated["health_tier"])
    status: Status = "unrated"
    if found is not None:
        status = "green" if tier == "green" else "reachable" if found.reachable else "not_reachable"
    moves = found.moves if found else ()
    return WayBack(
        account_id=account,
        as_of=as_of,
        by=when.by,
        on=when.on,
        status=status,
        health_tier=tier,
        score=_number(rated["health_score"]),
        green_from=policy.health.bands.green,
        score_after=found.score_after if found else None,
        hours=round(sum(m.hours for m in moves), 6) if found else None,
        changes=tuple(_change(m, policy, currency) for m in _as_listed(moves, policy)),
        similar_accounts=found.similar_accounts if found else 0,
        rose_as_much=found.rose_as_much if found else 0,
        not_offered=dict(found.not_offered) if found else {},
        risk_tier=None,
        probability=None,
        probability_after=None,
        probability_cut=None,
        sentence="",
    )


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


def _probabilities(rows: pd.DataFrame, found: Mapping[Any, Found], score: Score | None) -> dict[Any, float]:
    moved = {place: f.moves for place, f in found.items() if f.moves}
    if score is None or not moved:
        return {}
    given = np.asarray(score(applied(rows, moved)), dtype=float).tolist()
    return {place: float(p) for place, p in zip(moved, given, strict=True) if p == p}


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
