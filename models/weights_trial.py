"""The health score's weights on trial: how the policy's rank churn, and whether a book's own data ask for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler, interval
from models.evaluate import ranking_of_health
from models.health_score import health_scores
from models.linear import Linear
from models.recipe import ORIGINS, settled
from models.scorer import Array, sigmoid
from models.split import rolling_origins
from models.weights_fit import POINTS, Components, as_weights, components_of, protection, score_under, shares, slope
from models.weights_told import outside, sentence
from models.zoo import fit_start
from policy.errors import NotEnoughData
from policy.policy import COMPONENTS, Policy

DRAWS = 1000
ALL_FOUR = 0.05 / len(COMPONENTS)
"""What each weight's interval may miss, so that all four together hold in 95 of 100 books."""
TOO_SHORT = "the history is too short to judge weights on later rows."
Bounds = tuple[float, float]


@dataclass(frozen=True)
class WeightsTrial:
    """What came out. Figures that are not defined are null; intervals are 95 %, by resampling accounts."""

    verdict: str
    """`change` or `no_change`."""
    sentence: str
    policy_weights: Mapping[str, float]
    suggested_weights: Mapping[str, float]
    intervals: Mapping[str, Mapping[str, Bounds]]
    """By component `ci` (for it alone) and `ci_all_four` (for all at once), of the suggested weight."""
    components: Mapping[str, Mapping[str, Any]]
    """How each component alone ranks churn: roc_auc, ci, roc_auc_in_window, ci_in_window, share_null."""
    policy_score: Mapping[str, Any]
    """The same of the policy's score, replayed at every snapshot."""
    by_snapshot: tuple[Mapping[str, Any], ...]
    gain: Mapping[str, Any]
    """Suggested less policy on later rows: log_loss (saved), roc_auc, roc_auc_in_window, each with its `_ci`."""
    n_snapshots: int
    n_accounts: int
    n_churned_accounts: int
    refused: str | None
    """Why nothing could be judged on later rows; null where it could."""


def weights_on_trial(train: pd.DataFrame, policy: Policy, window_days: int, *, draws: int = DRAWS) -> WeightsTrial:
    """Replay the policy at every snapshot of these labelled rows, and ask them for weights of their own.

    `train` holds account_id, as_of, churned, in_window and the indicators. The verdict is `change` only if weights that
    were fitted before each rolling origin told later churn better than the policy's (the paired interval of the gain in
    log-loss on top of the calendar excludes 0), are not surely worse in the renewal window, and some policy weight lies
    outside an interval as wide as four questions at once demand. Raises NotEnoughData below the ladder's first rung.
    """
    lost = int(train.loc[train["churned"] == 1, "account_id"].nunique())
    if lost < policy.ladder.refuse_below:
        raise NotEnoughData(
            f"{lost} churned accounts in the history; weights cannot be judged below {policy.ladder.refuse_below}.",
            where="weights",
            cure="Keep the policy's weights until more accounts have churned.",
        )
    scores = health_scores(train, policy)
    rows = pd.concat([train, scores], axis=1).reset_index(drop=True)
    share = shares(policy.health.weights)
    suggested, drawn, gain = _asked(_grown(rows, policy), policy, share, window_days, draws)
    intervals = {c: {"ci": _middle(drawn[i], 0.05), "ci_all_four": _middle(drawn[i], ALL_FOUR)} for i, c in _places()}
    ours = {c: float(100 * share[i]) for i, c in _places()}
    theirs = {c: float(100 * suggested[i]) for i, c in _places()}
    verdict = "change" if asks_for_others(ours, intervals, gain) else "no_change"
    return WeightsTrial(
        verdict,
        sentence(verdict, ours, theirs, intervals, gain, lost),
        ours,
        theirs,
        intervals,
        {c: ranking(rows, *ranking_of_health(rows[f"{c}_score"])) for c in COMPONENTS},
        ranking(rows, *ranking_of_health(rows["health_score"])),
        tuple(_by_snapshot(rows)),
        gain,
        int(rows["as_of"].nunique()),
        int(rows["account_id"].nunique()),
        lost,
        None if gain["n_origins"] else TOO_SHORT,
    )


def asks_for_others(
    ours: Mapping[str, float], intervals: Mapping[str, Mapping[str, Bounds]], gain: Mapping[str, Any]
) -> bool:
    """Whether all three hold: a gain on later rows, no sure loss in the renewal window, a weight out of its interval."""
    saved, window = gain["log_loss_ci"], gain["roc_auc_in_window_ci"]
    moved = any(outside(ours[c], found["ci_all_four"]) for c, found in intervals.items())
    return bool(saved and saved[0] > 0 and not (window and window[1] < 0) and moved)


def ranking(rows: pd.DataFrame, score: Array, share_null: float = 0.0) -> dict[str, Any]:
    """ROC-AUC of a risk score over all rows and in the renewal window, with account-bootstrap intervals."""
    churned = rows["churned"].to_numpy(dtype=float)
    window = _judged_window(rows)
    found: dict[str, Any] = {"roc_auc": metrics.roc_auc(churned, score), "ci": None}
    if found["roc_auc"] is not None:
        found["ci"] = interval(Resampler.of(rows["account_id"]).auc(churned, score))
    found |= {"roc_auc_in_window": None, "ci_in_window": None, "share_null": share_null}
    if window is not None:
        resampler = Resampler.of(rows.loc[window, "account_id"])
        found["roc_auc_in_window"] = metrics.roc_auc(churned[window], score[window])
        found["ci_in_window"] = interval(resampler.auc(churned[window], score[window]))
    return found


def _asked(
    rows: pd.DataFrame, policy: Policy, share: Array, window_days: int, draws: int
) -> tuple[Array, Array, dict[str, Any]]:
    """(suggested shares, those of every draw of the accounts, the gain on later rows)."""
    recipe = settled(rows, window_days=window_days)

    def start(past: pd.DataFrame) -> Linear:
        return fit_start(past, past["churned"].to_numpy(dtype=float), recipe)

    def given(frame: pd.DataFrame, under: Linear) -> Components:
        churned = frame["churned"].to_numpy(dtype=float)
        return components_of(frame, policy.health.weights, under.log_odds(frame), churned, frame["account_id"])

    whole = given(rows, start(rows))
    resampler = Resampler.of(rows["account_id"], draws=draws)
    suggested = as_weights(protection(whole, share)[1], share)[:, 0]
    drawn = as_weights(protection(whole, share, resampler.multiplicity)[1], share)
    judged = []
    for train, test in rolling_origins(rows["as_of"], window_days=window_days, folds=ORIGINS):
        past, later = rows[train], rows[test]
        if past.loc[past["churned"] == 1, "account_id"].nunique() >= policy.ladder.refuse_below // 3:
            under = start(past)
            judged.append(_judged(later, given(past, under), given(later, under), share))
    return suggested, drawn, _gain(judged)


def _judged(rows: pd.DataFrame, past: Components, later: Components, share: Array) -> pd.DataFrame:
    """Later rows with what the policy's weights and those fitted on the past say: as a risk score and a probability."""
    level, firm = slope(past)
    own_level, protected = protection(past, share)
    own = score_under(rows, as_weights(protected, share)[:, 0])
    middle = past.score.mean()
    own = np.where(np.isnan(own), middle, own)
    theirs = later.offset + level - firm * (later.score - middle) / POINTS
    ours = later.offset + own_level[0] - protected.sum() * (own - middle) / POINTS
    said = {"policy_risk": -later.score, "own_risk": -own, "policy_says": sigmoid(theirs), "own_says": sigmoid(ours)}
    return rows[["account_id", "churned", "in_window"]].assign(**said)


def _gain(judged: list[pd.DataFrame]) -> dict[str, Any]:
    """Log-loss saved and ROC-AUC gained over all origins, paired over the same draws of the accounts."""
    names = ("log_loss", "log_loss_ci", "roc_auc", "roc_auc_ci", "roc_auc_in_window", "roc_auc_in_window_ci")
    found: dict[str, Any] = {"n_origins": len(judged), "n_churned_accounts": 0} | dict.fromkeys(names)
    if not judged:
        return found
    rows = pd.concat(judged, ignore_index=True)
    churned = rows["churned"].to_numpy(dtype=float)
    found["n_churned_accounts"] = int(rows.loc[churned == 1, "account_id"].nunique())
    saved = metrics.row_loss(churned, rows["policy_says"].to_numpy()) - metrics.row_loss(
        churned, rows["own_says"].to_numpy()
    )
    found["log_loss"] = float(saved.mean())
    found["log_loss_ci"] = interval(Resampler.of(rows["account_id"]).mean(saved))
    for name, kept in (("roc_auc", np.ones(len(rows), dtype=bool)), ("roc_auc_in_window", _judged_window(rows))):
        if kept is None:
            continue
        y, ours, theirs = churned[kept], rows["own_risk"].to_numpy()[kept], rows["policy_risk"].to_numpy()[kept]
        own, policy = metrics.roc_auc(y, ours), metrics.roc_auc(y, theirs)
        if own is not None and policy is not None:
            resampler = Resampler.of(rows.loc[kept, "account_id"])
            found[name] = own - policy
            found[f"{name}_ci"] = interval(resampler.auc(y, ours) - resampler.auc(y, theirs))
    return found


def _grown(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Rows that these weights concern: an account that is still onboarding has weights of its own (O6)."""
    young = rows["tenure_days"].astype(float) < policy.onboarding.tenure_days
    return rows[~young].reset_index(drop=True)


def _judged_window(rows: pd.DataFrame) -> Any:
    """Rows whose renewal falls into the label window; null where too few of them churned."""
    window = rows["in_window"].to_numpy(dtype=bool)
    lost = rows.loc[window & (rows["churned"] == 1).to_numpy(), "account_id"].nunique()
    return window if lost >= metrics.LEAST_CHURNED and not rows.loc[window, "churned"].all() else None


def _by_snapshot(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The policy's score at each snapshot: how many rows, how many churned, ROC-AUC (null where nobody did)."""
    found = []
    for day, part in rows.groupby("as_of"):
        churned = part["churned"].to_numpy(dtype=float)
        auc = metrics.roc_auc(churned, ranking_of_health(part["health_score"])[0])
        found.append({"as_of": str(day), "n_rows": len(part), "n_churned": int(churned.sum()), "roc_auc": auc})
    return found


def _middle(draws: Array, missed: float) -> Bounds:
    low, high = np.quantile(draws, [missed / 2, 1 - missed / 2])
    return float(100 * low), float(100 * high)


def _places() -> list[tuple[int, str]]:
    return list(enumerate(COMPONENTS))
