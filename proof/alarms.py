"""Is anything too good to be true: one indicator inside the renewal window, or a scorer over the whole book?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler
from models.scorer import Array
from policy.proof import TooGood
from proof.finding import Finding, judged, not_judged
from proof.intervals import Auc, auc

SINGLE, POOLED = "single_indicator", "pooled_auc"
ASKS_SINGLE = (
    "Among rows whose renewal falls into the label window, where the calendar cannot help: does one column alone, its "
    "gaps counted as high or as low, separate those who leave beyond what an indicator can?"
)
CURE_SINGLE = (
    "A field is overwritten once a customer has left (a status, seats, a switch set back to 0). Map its history with "
    "the date of each change, or leave the column out of the SELECT."
)
ASKS_POOLED = "Does a scorer's out-of-time AUC over all rows exceed what a book of mainly annual contracts allows?"
CURE_POOLED = (
    "Look at the indicators that carry the scorer (`churn explain`, model card): one of them knows the outcome."
)
STRONGEST = 5


def single_indicator(rows: pd.DataFrame, columns: Sequence[str], *, rule: TooGood, error_rate: float) -> Finding:
    """Every column's AUC in both directions over all labelled in-window rows, gaps at either end.

    An alarm is an AUC above the limit whose interval lies above what can be observed; the interval's error rate is
    shared among all rankings, so that many indicators on few accounts raise none by chance.
    """
    window = rows[rows["in_window"].astype(bool)].reset_index(drop=True)
    lost = int(window.loc[window["churned"] == 1, "account_id"].nunique())
    kept = int(window.loc[window["churned"] == 0, "account_id"].nunique())
    measured: dict[str, object] = {
        "rows": len(window), "churned_accounts": lost, "columns": len(columns), **_limits(rule, error_rate),
    }  # fmt: skip
    if lost < metrics.LEAST_CHURNED or kept < metrics.LEAST_CHURNED:
        note = f"fewer than {metrics.LEAST_CHURNED} churned accounts in the renewal window."
        return not_judged(SINGLE, ASKS_SINGLE, measured, note=note)
    churned = window["churned"].to_numpy(dtype=float)
    best = sorted(((*_best(churned, window[c]), c) for c in columns), key=lambda found: -found[0])
    sampler = Resampler.of(window["account_id"])
    shared = error_rate / max(1, 4 * len(columns))
    strongest: dict[str, Auc] = {}
    for value, ranking, name in best:
        if value <= rule.limit and len(strongest) >= STRONGEST:
            break
        found = auc(churned, ranking, sampler, error_rate=shared)
        if found is not None:
            strongest[name] = found
    failures = [
        f"`{name}` alone reaches AUC {f.value:.3f} [{f.judged[0]:.3f}, {f.judged[1]:.3f}] in the renewal window; "
        f"{rule.observable:.2f} can be observed"
        for name, f in strongest.items()
        if _alarms(f, rule)
    ]
    measured["strongest"] = {name: f.as_json() for name, f in list(strongest.items())[: max(STRONGEST, len(failures))]}
    return judged(SINGLE, ASKS_SINGLE, measured, failures, cure=CURE_SINGLE)


def _alarms(found: Auc, rule: TooGood) -> bool:
    return found.value > rule.limit and found.judged[0] > rule.observable


def _limits(rule: TooGood, error_rate: float) -> dict[str, float]:
    return {"limit": rule.limit, "observable": rule.observable, "error_rate": error_rate}


def _best(churned: Array, column: pd.Series) -> tuple[float, Array]:
    """(the AUC of the best ranking, the ranking): either direction, nulls below or above everything else."""
    values = column.to_numpy(dtype=float, na_value=np.nan)
    missing = np.isnan(values)
    rankings = [np.where(missing, -np.inf, values)]
    if missing.any():
        rankings.append(np.where(missing, np.inf, values))
    found = []
    for ranking in rankings:
        ranks = np.unique(ranking, return_inverse=True)[1].astype(float)
        value = metrics.roc_auc(churned, ranks)
        if value is not None:
            found.append((value, ranks) if value >= 0.5 else (1 - value, -ranks))
    return max(found, key=lambda pair: pair[0]) if found else (0.5, np.zeros(len(values)))


def pooled_auc(
    rows: pd.DataFrame,
    scores: Mapping[str, Array],
    *,
    rule: TooGood,
    annual_term_days: int,
    horizon_days: int,
    longest_horizon_days: int,
    error_rate: float,
) -> Finding:
    """Every scorer's AUC over all test rows. The limit holds for mainly annual terms and a horizon of a quarter."""
    lost = int(rows.loc[rows["churned"] == 1, "account_id"].nunique())
    term = float(rows["term_days"].median()) if len(rows) else 0.0
    measured: dict[str, object] = {
        "rows": len(rows), "churned_accounts": lost, "median_term_days": term, "horizon_days": horizon_days,
        **_limits(rule, error_rate),
    }  # fmt: skip
    churned = rows["churned"].to_numpy(dtype=float)
    sampler = Resampler.of(rows["account_id"])
    found = {
        name: figure
        for name, score in scores.items()
        if (figure := auc(churned, score, sampler, error_rate=error_rate / len(scores))) is not None
    }
    measured["scorers"] = {name: f.as_json() for name, f in found.items()}
    if lost < metrics.LEAST_CHURNED:
        note = f"fewer than {metrics.LEAST_CHURNED} churned accounts to judge by."
        return not_judged(POOLED, ASKS_POOLED, measured, note=note)
    if term < annual_term_days or horizon_days > longest_horizon_days:
        note = (
            f"the limit is known for terms of {annual_term_days} days and more and a horizon of up to "
            f"{longest_horizon_days}; here the median term is {term:.0f}, the horizon {horizon_days}."
        )
        return not_judged(POOLED, ASKS_POOLED, measured, note=note)
    failures = [
        f"`{name}` reaches AUC {f.value:.3f} [{f.judged[0]:.3f}, {f.judged[1]:.3f}]; {rule.observable:.2f} can be observed"
        for name, f in found.items()
        if _alarms(f, rule)
    ]
    return judged(POOLED, ASKS_POOLED, measured, failures, cure=CURE_POOLED)
