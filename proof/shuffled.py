"""With labels that cannot be predicted, does any scorer predict them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler
from models.linear import fit_linear
from models.scorer import Array
from proof.finding import Finding, judged, not_judged
from proof.intervals import mean_auc

CHECK = "shuffled_labels"
ASKS = (
    "Each account was given another account's history of labels before anything was put together or fitted: is every "
    "scorer's out-of-time AUC on such labels .5, and that of a logistic bound to no direction?"
)
CURE = (
    "The label itself reaches the scorers: as a column, through an encoding of labels, or because rows of one label "
    "window train and test. Look at what is joined after `labels` and at the split."
)
PROBE, PROBE_STRENGTH = "probe", 0.02
DRAWS = 500  # a standard error needs no more
LABEL = ["churned", "in_window", "decided_in_gap", "mature"]


@dataclass(frozen=True)
class Judged:
    """Test rows with shuffled labels, and what each scorer said of them after training on shuffled labels."""

    rows: pd.DataFrame
    scores: Mapping[str, Array]


def probe(train: pd.DataFrame, later: pd.DataFrame, columns: Sequence[str]) -> Array:
    """What a logistic says of later rows that is bound to no direction and held less tightly than any that ships.

    A scorer that shrinks hard, or may use an indicator in its declared direction alone, can pass over a leak today and
    fall for it once there is more data.
    """
    fitted = fit_linear(PROBE, train, train["churned"].to_numpy(), dict.fromkeys(columns, 0), strength=PROBE_STRENGTH)
    return fitted.score(later)


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
    """The mean AUC of each scorer over the shuffles must not exclude .5.

    Only rows of one as_of are compared with each other: a base rate that drifts with the calendar is no leak.
    """
    lost = [int(j.rows.loc[j.rows["churned"] == 1, "account_id"].nunique()) for j in judged_on]
    measured: dict[str, object] = {"shuffles": len(judged_on), "churned_accounts": lost, "error_rate": error_rate}
    if not judged_on or min(lost) < metrics.LEAST_CHURNED:
        return not_judged(
            CHECK, ASKS, measured, note=f"fewer than {metrics.LEAST_CHURNED} churned accounts to judge by."
        )
    names = sorted(judged_on[0].scores)
    found = {}
    samplers = [Resampler.of(j.rows["account_id"], draws=DRAWS, seed=i) for i, j in enumerate(judged_on)]
    for name in names:
        pairs = [within_dates(j.rows, j.scores[name], sampler) for j, sampler in zip(judged_on, samplers, strict=True)]
        values, draws = [value for value, _ in pairs], [drawn for _, drawn in pairs]
        found[name] = mean_auc(values, draws, error_rate=error_rate / len(names))
    failures = [
        f"`{name}` reaches AUC {f.value:.3f} [{f.judged[0]:.3f}, {f.judged[1]:.3f}] on labels that cannot be predicted"
        for name, f in found.items()
        if not f.judged[0] <= 0.5 <= f.judged[1]
    ]
    measured["scorers"] = {name: f.as_json() for name, f in found.items()}
    return judged(CHECK, ASKS, measured, failures, cure=CURE)


def within_dates(rows: pd.DataFrame, score: Array, sampler: Resampler) -> tuple[float, Array]:
    """(AUC over all pairs of rows that share an as_of, the same for every draw of the sampler).

    A rank within its as_of would not do: where dates differ in ties and in base rate, ranks of two dates compare badly.
    """
    churned = rows["churned"].to_numpy(dtype=float)
    wins, pairs, value, total = 0.0, 0.0, 0.0, 0.0
    for places in rows.groupby("as_of").indices.values():
        y, x = churned[places], score[places]
        lost, kept = float(y.sum()), float(len(y) - y.sum())
        if not lost or not kept:
            continue
        some = Resampler(sampler.account[places], sampler.multiplicity)
        drawn = some.multiplicity[some.account]
        weight = np.asarray(drawn[y == 1].sum(axis=0), dtype=float) * np.asarray(drawn[y == 0].sum(axis=0), dtype=float)
        wins = wins + np.nan_to_num(some.auc(y, x)) * weight
        pairs = pairs + weight
        value += (metrics.roc_auc(y, x) or 0.0) * lost * kept
        total += lost * kept
    if not total:
        return 0.5, np.full(sampler.multiplicity.shape[1], np.nan)
    return value / total, np.asarray(
        np.divide(wins, pairs, out=np.full_like(pairs, np.nan), where=np.asarray(pairs) > 0)
    )
