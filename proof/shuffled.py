"""With labels that cannot be predicted, does any scorer predict them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler
from models.scorer import Array
from proof.finding import Finding, judged, not_judged
from proof.intervals import mean_auc

CHECK = "shuffled_labels"
ASKS = (
    "Each account was given another account's history of labels before anything was put together or fitted: is every "
    "scorer's out-of-time AUC on such labels .5?"
)
CURE = (
    "The label itself reaches the scorers: as a column, through an encoding of labels, or because rows of one label "
    "window train and test. Look at what is joined after `labels` and at the split."
)
LABEL = ["churned", "in_window", "decided_in_gap", "mature"]


@dataclass(frozen=True)
class Judged:
    """Test rows with shuffled labels, and what each scorer said of them after training on shuffled labels."""

    rows: pd.DataFrame
    scores: Mapping[str, Array]


def shuffled(frame: pd.DataFrame, truth: pd.DataFrame, *, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features and labels with whole histories of labels dealt out anew among accounts.

    A row keeps its features and takes the label that the account dealt to it had at the same as_of; rows for which
    that account was not there are left out, as if it had been the one that came and went. So a label says nothing of
    its row, while the base rate of each as_of and the likeness of an account's labels from week to week stay.
    """
    accounts = np.array(sorted(set(frame["account_id"])))
    dealt = dict(zip(accounts, np.random.default_rng(seed).permutation(accounts), strict=True))
    lost = frame[["account_id", "as_of", "known_loss"]].merge(truth, on=["account_id", "as_of"])
    given = lost.rename(columns={"account_id": "donor", "known_loss": "donor_lost"})
    rows = frame.assign(donor=frame["account_id"].map(dealt)).merge(given, on=["donor", "as_of"])
    rows = rows[~rows["donor_lost"].astype(bool)].sort_values(["as_of", "account_id"], ignore_index=True)
    return rows[list(frame.columns)], rows[["account_id", "as_of", *LABEL]]


def shuffled_labels(judged_on: Sequence[Judged], *, error_rate: float) -> Finding:
    """The mean AUC of each scorer over the shuffles, ranked within each as_of, must not exclude .5.

    Ranks within an as_of keep the calendar out: a base rate that drifts is no leak.
    """
    lost = [int(j.rows.loc[j.rows["churned"] == 1, "account_id"].nunique()) for j in judged_on]
    measured: dict[str, object] = {"shuffles": len(judged_on), "churned_accounts": lost, "error_rate": error_rate}
    if not judged_on or min(lost) < metrics.LEAST_CHURNED:
        return not_judged(
            CHECK, ASKS, measured, note=f"fewer than {metrics.LEAST_CHURNED} churned accounts to judge by."
        )
    names = sorted(judged_on[0].scores)
    found = {}
    samplers = [Resampler.of(j.rows["account_id"], seed=i) for i, j in enumerate(judged_on)]
    for name in names:
        values, draws = [], []
        for part, sampler in zip(judged_on, samplers, strict=True):
            churned = part.rows["churned"].to_numpy(dtype=float)
            ranks = _within(part.rows, part.scores[name])
            value = metrics.roc_auc(churned, ranks)
            if value is not None:
                values.append(value)
                draws.append(sampler.auc(churned, ranks))
        if values:
            found[name] = mean_auc(values, draws, error_rate=error_rate / len(names))
    failures = [
        f"`{name}` reaches AUC {f.value:.3f} [{f.judged[0]:.3f}, {f.judged[1]:.3f}] on labels that cannot be predicted"
        for name, f in found.items()
        if not f.judged[0] <= 0.5 <= f.judged[1]
    ]
    measured["scorers"] = {name: f.as_json() for name, f in found.items()}
    return judged(CHECK, ASKS, measured, failures, cure=CURE)


def _within(rows: pd.DataFrame, score: Array) -> Array:
    ranks = pd.Series(score, index=rows.index).groupby(rows["as_of"]).rank(pct=True)
    return np.asarray(ranks, dtype=np.float64)
