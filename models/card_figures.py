"""One scorer's column of the evaluation card: every figure with its 95 % interval by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler, interval
from models.calibration_figures import calibration_curve, calibration_verdict, noise_floor
from models.draws import Counts, divided, ratio, slope
from models.money import benefit_by_row, empb, empc, net_benefit, net_benefit_curve, pays_from, profit_draws
from models.red_list import red_list
from models.scorer import Array
from policy.money import Money

TOP = 0.10
Figure = dict[str, Any]
"""value, ci (null where there is none), and whatever else belongs to it."""


@dataclass(frozen=True)
class Judged:
    """Test rows (account_id, as_of, churned, in_window, arr) and what all scorers are judged by."""

    rows: pd.DataFrame
    training_base_rate: float
    capacity_share: float
    horizon_days: int
    money: Money

    @cached_property
    def churned(self) -> Array:
        """The label as floats."""
        return self.rows["churned"].to_numpy(dtype=float)

    @cached_property
    def arr(self) -> Array:
        """ARR, NaN where it is not known."""
        return self.rows["arr"].to_numpy(dtype=float)

    @cached_property
    def resampler(self) -> Resampler:
        """The same draws of the accounts for every figure: differences between scorers are paired."""
        return Resampler.of(self.rows["account_id"])

    @cached_property
    def churned_accounts(self) -> int:
        """Unique accounts with a churned row."""
        return int(self.rows.loc[self.churned == 1, "account_id"].nunique())


def figure(value: float | None, draws: Array | None = None, **beside: Any) -> Figure:
    """A figure with its interval; null stays without one."""
    known = value is not None and np.isfinite(value)
    return {
        "value": float(value) if known and value is not None else None,
        "ci": interval(draws) if known and draws is not None else None,
        **beside,
    }


def ranking_figures(judged: Judged, score: Array) -> dict[str, dict[str, Figure]]:
    """Discrimination, ranking and the money blocks: what a scorer that only ranks has too."""
    y, rows, resampler = judged.churned, judged.rows, judged.resampler
    counts = Counts.of(resampler, y, score)
    listed = red_list(score, rows, share=judged.capacity_share).to_numpy(dtype=float)
    arr = np.nan_to_num(judged.arr)
    profit, business = profit_draws(resampler, y, score, judged.arr, judged.money)
    return {
        "discrimination": {
            "roc_auc": figure(metrics.roc_auc(y, score), counts.roc_auc()),
            "roc_auc_in_window": _in_window(judged, score),
            "pr_auc": figure(metrics.pr_auc(y, score), counts.average_precision()),
            "base_rate": figure(float(y.mean()), resampler.mean(y)),
        },
        "ranking": {
            "lift_at_10": figure(metrics.lift_at(y, score, share=TOP), counts.lift(TOP)),
            "precision_at_capacity": _share_of(resampler, y * listed, listed),
            "recall_at_capacity": _share_of(resampler, y * listed, y),
            "arr_recall_at_capacity": _share_of(resampler, arr * y * listed, arr * y),
        },
        "money": {
            "empc": figure(empc(y, score, judged.money), profit),
            "empb": figure(empb(y, score, judged.arr, judged.money), business),
        },
    }


def probability_figures(judged: Judged, probability: Array, calendar: Array) -> dict[str, dict[str, Figure]]:
    """The overall and calibration blocks, and the net benefit where acting begins to pay."""
    y, resampler = judged.churned, judged.resampler
    loss, reference = metrics.row_loss(y, probability), metrics.row_loss(y, calendar)
    ece = metrics.expected_calibration_error(y, probability)
    floor = noise_floor(probability, judged.rows, horizon_days=judged.horizon_days)
    threshold = pays_from(judged.money)
    gained = benefit_by_row(y, probability, threshold=threshold)
    skill = 1 - divided(resampler.total(loss), resampler.total(reference))
    return {
        "overall": {
            "log_loss": figure(float(loss.mean()), resampler.mean(loss)),
            "log_loss_constant": figure(metrics.log_loss(y, np.full(len(y), judged.training_base_rate))),
            "brier": figure(metrics.brier(y, probability), resampler.mean((probability - y) ** 2)),
            "skill_above_calendar": figure(1 - float(loss.mean()) / float(reference.mean()), skill),
        },
        "calibration": {
            "observed_expected": _share_of(resampler, y, probability),
            "slope": figure(metrics.calibration_slope(y, probability), slope(resampler, y, probability)),
            "ece": figure(
                ece,
                noise_floor=float(floor.mean()),
                noise_floor_95=float(np.quantile(floor, 0.95)),
                verdict=calibration_verdict(ece, floor, judged.churned_accounts),
                n_churned_accounts=judged.churned_accounts,
            ),
        },
        "money": {
            "net_benefit": figure(
                net_benefit(y, probability, threshold=threshold), resampler.mean(gained), threshold=threshold
            )
        },
    }


def curves(judged: Judged, probability: Array) -> dict[str, Any]:
    """What the plots show: calibration by tenths of the rows, net benefit by threshold."""
    return {
        "calibration": calibration_curve(judged.churned, probability, judged.resampler),
        "net_benefit": net_benefit_curve(judged.churned, probability),
    }


def column(judged: Judged, score: Array, calendar: Array | None) -> dict[str, dict[str, Figure]]:
    """All blocks of one scorer; without `calendar` it only ranks, and its probability figures are left out."""
    found = ranking_figures(judged, score)
    if calendar is not None:
        for block, figures in probability_figures(judged, score, calendar).items():
            found[block] = {**found.get(block, {}), **figures}
    return found


def _in_window(judged: Judged, score: Array) -> Figure:
    """ROC-AUC where the renewal falls into the label window: there the calendar helps least."""
    inside = judged.rows["in_window"].to_numpy(dtype=bool)
    y, accounts = judged.churned[inside], judged.rows.loc[inside, "account_id"]
    lost = int(accounts[y == 1].nunique())
    if lost < metrics.LEAST_CHURNED or y.all():
        return figure(None, n_churned_accounts=lost)
    draws = Counts.of(Resampler.of(accounts), y, score[inside]).roc_auc()
    return figure(metrics.roc_auc(y, score[inside]), draws, n_churned_accounts=lost)


def _share_of(resampler: Resampler, part: Array, whole: Array) -> Figure:
    total = float(whole.sum())
    return figure(float(part.sum()) / total, ratio(resampler, part, whole)) if total > 0 else figure(None)


def only_values(found: Mapping[str, Mapping[str, Figure]]) -> dict[str, float | None]:
    """block.figure → value, without the intervals."""
    return {f"{block}.{name}": f["value"] for block, figures in found.items() for name, f in figures.items()}
