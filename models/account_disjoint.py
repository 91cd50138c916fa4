"""How much of the skill is recognising accounts: the same test rows, judged by scorers that never saw the account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models import metrics
from models.card_figures import Figure, Judged, figure
from models.draws import Counts, divided
from models.scorer import Array
from models.split import fold_of

FitAndScore = Callable[[pd.DataFrame, pd.DataFrame, Collection[str]], Mapping[str, Array]]
"""(training rows, later rows, scorer names) → what each scorer, fitted on the first, says of the second."""
OTHERS, SAME = "other_accounts", "same_accounts"


def crossed(
    train: pd.DataFrame, test: pd.DataFrame, fit_and_score: FitAndScore, names: Collection[str]
) -> dict[str, dict[str, Array]] | None:
    """By `other_accounts` and `same_accounts` → scorer → what it says of the test rows, fitted on one half each time.

    Both halves of the training accounts are fitted once; each judges both halves of the test rows, so the two variants
    differ in nothing but whether the account was seen. Null where a half has fewer than 10 churned accounts.
    """
    learned = _half(train["account_id"])
    asked = _half(test["account_id"])
    for half in (0, 1):
        lost = train.loc[(learned == half) & (train["churned"] == 1), "account_id"].nunique()
        if lost < metrics.LEAST_CHURNED or not (asked == half).any():
            return None
    found = {which: {name: np.full(len(test), np.nan) for name in names} for which in (OTHERS, SAME)}
    for half in (0, 1):
        for name, score in fit_and_score(train[learned == half], test, names).items():
            if name in names:
                found[SAME][name][asked == half] = score[asked == half]
                found[OTHERS][name][asked != half] = score[asked != half]
    return found


def _half(accounts: pd.Series) -> npt.NDArray[np.int64]:
    return np.array([fold_of(str(account), 2) for account in accounts], dtype=np.int64)


def disjoint_figures(
    judged: Judged, scores: Mapping[str, Array], halves: Mapping[str, Mapping[str, Array]], calendar: str = "calendar"
) -> dict[str, dict[str, Any]]:
    """Scorer → ROC-AUC and skill above the calendar in three variants, and what seeing the account adds.

    `time_split` is fitted on all training rows; the other two on half the accounts, so `gain_from_seen` (same less
    other accounts, paired) is what recognising an account is worth, and not what less data costs.
    """
    variants: dict[str, Mapping[str, Array]] = {"time_split": scores, **halves}
    found: dict[str, dict[str, Any]] = {}
    for name in halves[OTHERS]:
        row: dict[str, Any] = {which: _figures(judged, said[name], said[calendar]) for which, said in variants.items()}
        draws = {which: Counts.of(judged.resampler, judged.churned, halves[which][name]).roc_auc() for which in halves}
        same, other = (row[which]["roc_auc"]["value"] for which in (SAME, OTHERS))
        gain = None if same is None or other is None else same - other
        found[name] = {**row, "gain_from_seen": figure(gain, draws[SAME] - draws[OTHERS])}
    return found


def _figures(judged: Judged, score: Array, calendar: Array) -> dict[str, Figure]:
    y, resampler = judged.churned, judged.resampler
    loss, reference = metrics.row_loss(y, score), metrics.row_loss(y, calendar)
    skill = 1 - divided(resampler.total(loss), resampler.total(reference))
    return {
        "roc_auc": figure(metrics.roc_auc(y, score), Counts.of(resampler, y, score).roc_auc()),
        "skill_above_calendar": figure(1 - float(loss.sum() / reference.sum()), skill),
    }
