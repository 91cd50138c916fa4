"""How much of what is said is the luck of a seed, a month or a week; and whether any of it goes against a direction."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.bootstrap import Resampler
from models.prepare import prepared
from models.red_list import red_list as in_red_list
from models.red_list import week_to_week
from models.zoo import fit_lightgbm
from pipelines.fit import scorers_on
from trials.alerts import jaccard, red_list
from trials.causes import by_cause
from trials.learned import Trial

RETRAIN_DAYS = 28
OTHER_SEEDS = range(100, 105)
PERTURBED = 10_000


def stability(trial: Trial, rows: pd.DataFrame) -> dict[str, float]:
    """How alike LightGBM's red list and top drivers are under other seeds, and the red list after a month's data less."""
    fresh, directions = trial.fresh.rows, trial.fitted.directions
    ours = trial.fitted.shipped["lightgbm"]
    frame = prepared(rows, trial.book.policy)
    other = fit_lightgbm(frame, frame["churned"].to_numpy(), directions, trial.fitted.recipe, seeds=OTHER_SEEDS)
    earlier = rows[rows["as_of"] <= rows["as_of"].max() - timedelta(days=RETRAIN_DAYS)]
    before = scorers_on(earlier, directions, trial.book.policy, trial.fitted.recipe, {trial.fitted.champion.scorer})[
        trial.fitted.champion.scorer
    ]
    said = ours.score(fresh)
    at_risk = said >= np.quantile(said, 0.9)
    tops = [
        by_cause(scorer.margins(fresh[at_risk])[1], catalogue()).to_numpy().argmax(axis=1) for scorer in (ours, other)
    ]
    return {
        **week_by_week(trial),
        "seed_jaccard": jaccard(red_list(said), red_list(other.score(fresh))),
        "retrain_jaccard": jaccard(red_list(trial.scorer.score(fresh)), red_list(before.score(fresh))),
        "oracle_jaccard": jaccard(red_list(trial.fresh.true), red_list(trial.scorer.score(fresh))),
        "driver_agreement": float((tops[0] == tops[1]).mean()),
    }


def week_by_week(trial: Trial) -> dict[str, float]:
    """Mean Jaccard of the test side's red list with the next snapshot's: of what was judged, and of the oracle's own."""
    panel = trial.book.panel
    test = panel.test[panel.test["hazard_90d"].notna()].reset_index(drop=True)
    resampler = Resampler.of(test["account_id"], draws=1)
    said = trial.fitted.judged[trial.fitted.champion.scorer].score(prepared(test, trial.book.policy))
    lists = {"weekly": said, "oracle_weekly": test["hazard_90d"].to_numpy(dtype=float)}
    return {
        name: week_to_week(in_red_list(score, test, share=0.05), test, resampler)[0] or 0.0
        for name, score in lists.items()
    }


def violations(trial: Trial) -> dict[str, int]:
    """Rows of 10,000 whose probability moved against an indicator's direction when that indicator alone was raised."""
    rng = np.random.default_rng(trial.book.panel.train.shape[0])
    booster, rows = trial.fitted.shipped["lightgbm"], trial.fresh.rows
    directed = [name for name, side in trial.fitted.directions.items() if side]
    sample = rows.sample(PERTURBED, replace=len(rows) < PERTURBED, random_state=0).reset_index(drop=True)
    raised = sample.copy()
    chosen = rng.choice(len(directed), size=len(sample))
    sides = np.empty(len(sample))
    for place, name in enumerate(directed):
        mine = (chosen == place) & sample[name].notna().to_numpy()
        values = np.sort(rows[name].dropna().to_numpy(dtype=float))
        sides[chosen == place] = trial.fitted.directions[name]
        if mine.any() and len(values):
            drawn = rng.choice(values, size=int(mine.sum()))
            raised[name] = raised[name].astype(float)
            raised.loc[mine, name] = np.maximum(sample.loc[mine, name].to_numpy(dtype=float), drawn)
    moved = booster.score(raised) - booster.score(sample)
    return {"rows": len(sample), "moved": int((moved != 0).sum()), "against": int((moved * sides < -1e-12).sum())}
