"""The card's main figures by segment, tenure and contract, each drawn towards the whole book by how little is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import metrics
from models.bootstrap import Resampler, interval
from models.calendar import MONTH, YEAR
from models.card_figures import TOP, Judged
from models.draws import Counts, divided, ratio
from models.red_list import red_list
from models.scorer import Array

DRAWS = 500
"""Fewer than for the whole book: only the spread of each estimate is wanted."""
TENURE = ((90, "under 90 days"), (365, "90 days to 1 year"), (730, "1 to 2 years"))
UNKNOWN = "unknown"
Flags = npt.NDArray[np.bool_]


def groups(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Segment, tenure band and contract type of every row, as known at its as_of."""
    tenure, length = rows["tenure_days"].astype(float), rows["term_length_days"].astype(float)
    bands = pd.Series("2 years and more", index=rows.index)
    for below, name in reversed(TENURE):
        bands = bands.mask(tenure < below, name)
    contract = pd.Series("annual", index=rows.index).mask(length <= MONTH, "monthly").mask(length > YEAR, "multi-year")
    return {
        "segment": rows["segment"].astype(object).where(rows["segment"].notna(), UNKNOWN).astype(str),
        "tenure": bands.mask(tenure.isna(), UNKNOWN),
        "contract": contract.mask(length.isna(), UNKNOWN),
    }


def segment_figures(
    judged: Judged, scores: Mapping[str, Array], *, rank_only: str, calendar: Array, draws: int = DRAWS
) -> dict[str, Any]:
    """By what → group → counts and, per scorer and figure, the group's own value and the shrunken one.

    Both are null below 10 churned accounts. The shrunken value moves towards the whole book's by the share of its
    sampling variance in what the groups differ by (`shrunken`).
    """
    whole = {n: _figures(judged, s, None if n == rank_only else calendar, judged.resampler) for n, s in scores.items()}
    found: dict[str, Any] = {}
    for by, names in groups(judged.rows).items():
        inside = {str(g): (names == g).to_numpy() for g in _ordered(names)}
        found[by] = {g: _counts(judged, rows) for g, rows in inside.items()}
        enough = {g: rows for g, rows in inside.items() if found[by][g]["n_churned_accounts"] >= metrics.LEAST_CHURNED}
        resamplers = {g: Resampler.of(judged.rows.loc[r, "account_id"], draws=draws) for g, r in enough.items()}
        for name, score in scores.items():
            reference = None if name == rank_only else calendar
            own = {g: _figures(judged, score, reference, resamplers[g], inside=r) for g, r in enough.items()}
            for key in whole[name]:
                values = {g: (f[key][0], _spread(f[key][1])) for g, f in own.items()}
                pooled, spread = whole[name][key][0], _spread(whole[name][key][1])
                moved = shrunken(values, pooled, pooled_error=spread or 0.0)
                for g in inside:
                    found[by][g]["figures"].setdefault(name, {})[key] = moved.get(g)
    return found


def shrunken(
    values: Mapping[str, tuple[float | None, float | None]], pooled: float | None, *, pooled_error: float = 0.0
) -> dict[str, Any]:
    """Group → value, shrunken and its 95 % interval, from (value, standard error) and the whole book's value.

    Empirical Bayes: with τ² the variance between groups (their mean squared distance from the pooled value beyond
    their sampling variance, at least 0), a group keeps τ² / (τ² + se²) of its distance. Where the groups differ by no
    more than chance, all that is known of a group is what is known of the book.

    >>> found = shrunken({"a": (0.9, 0.1), "b": (0.5, 0.1)}, 0.7)
    >>> [round(found[g]["shrunken"], 3) for g in "ab"]  # τ² = .04 − .01 = .03, so three quarters of .2 stay
    [0.85, 0.55]
    """
    found: dict[str, Any] = {g: {"value": v, "shrunken": None, "ci": None} for g, (v, _) in values.items()}
    known = {g: (v, s) for g, (v, s) in values.items() if v is not None and s is not None}
    if pooled is None or not known:
        return found
    between = max(0.0, float(np.mean([(v - pooled) ** 2 - s**2 for v, s in known.values()])))
    for g, (v, s) in known.items():
        kept = between / (between + s**2) if between + s**2 > 0 else 1.0
        middle = pooled + kept * (v - pooled)
        half = 1.96 * float(np.sqrt(kept * s**2 + ((1 - kept) * pooled_error) ** 2))
        found[g] = {"value": v, "shrunken": middle, "ci": (middle - half, middle + half)}
    return found


def _figures(
    judged: Judged, score: Array, calendar: Array | None, resampler: Resampler | None, inside: Flags | None = None
) -> dict[str, tuple[float | None, Array | None]]:
    """Figure → (value, draws); the red list is that of the whole book, whatever the group."""
    listed = red_list(score, judged.rows, share=judged.capacity_share).to_numpy(dtype=float)
    kept = np.ones(len(score), dtype=bool) if inside is None else inside
    y, s, high = judged.churned[kept], score[kept], listed[kept]
    counts = None if resampler is None else Counts.of(resampler, y, s)
    found: dict[str, tuple[float | None, Array | None]] = {
        "roc_auc": (metrics.roc_auc(y, s), None if counts is None else counts.roc_auc()),
        "lift_at_10": (metrics.lift_at(y, s, share=TOP), None if counts is None else counts.lift(TOP)),
        "recall_at_capacity": (_over(y * high, y), None if resampler is None else ratio(resampler, y * high, y)),
    }
    if calendar is not None:
        loss, reference = metrics.row_loss(y, s), metrics.row_loss(y, calendar[kept])
        skill = None if resampler is None else 1 - divided(resampler.total(loss), resampler.total(reference))
        found["skill_above_calendar"] = (1 - float(loss.sum() / reference.sum()), skill)
        found["observed_expected"] = (_over(y, s), None if resampler is None else ratio(resampler, y, s))
    return found


def _over(part: Array, whole: Array) -> float | None:
    return float(part.sum() / whole.sum()) if whole.sum() > 0 else None


def _spread(draws: Array | None) -> float | None:
    """Standard error; null where fewer than half of the draws are defined."""
    if draws is None or interval(draws) is None:
        return None
    return float(np.nanstd(draws))


def _counts(judged: Judged, inside: Flags) -> dict[str, Any]:
    rows = judged.rows[inside]
    return {
        "n_rows": len(rows),
        "n_accounts": int(rows["account_id"].nunique()),
        "n_churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
        "figures": {},
    }


def _ordered(names: pd.Series) -> list[str]:
    """Bands from short to long, everything else by name, the unknown last."""
    order = ["monthly", "annual", "multi-year", *(name for _, name in TENURE), "2 years and more"]
    return sorted(
        map(str, names.unique()), key=lambda n: (n == UNKNOWN, order.index(n) if n in order else len(order), n)
    )
