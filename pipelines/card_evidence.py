"""What the evaluation card needs beside the scores: scorers fitted once more, and the days of the losses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from features.labels import LabelRule, losses
from features.snapshots import EPOCH
from models.account_disjoint import crossed
from models.card import CALENDAR, SEEDED, Refits
from models.lead_time import Losses
from models.split import rolling_origins
from pipelines.build_features import Checked
from pipelines.fit import Fitted
from pipelines.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array

RETRAIN_DAYS = 28
"""A retrained scorer knows this much less: the training data as they were at the last monthly retraining."""


@dataclass(frozen=True)
class Run:
    """One training run as the card sees it: the test side prepared, and what was fitted."""

    checked: Checked
    rule: LabelRule
    panel: Panel
    test: pd.DataFrame
    fitted: Fitted


def refits(run: Run) -> Refits:
    """The scorers that are cheap to fit, and the champion, fitted on half the accounts, a month ago, with other seeds."""
    fitted, train = run.fitted, run.panel.train
    names = tuple(dict.fromkeys((CALENDAR, "health_recalibrated", "lightgbm", fitted.champion.scorer)))
    cut = train["as_of"].max() - timedelta(days=RETRAIN_DAYS)
    earlier = train[train["as_of"] <= cut]
    retrained = fitted.fit_and_score(earlier, run.panel.test, names) if earlier["churned"].any() else {}
    return Refits(retrained, _reseeded(run, names), crossed(train, run.panel.test, fitted.fit_and_score, names))


def _reseeded(run: Run, names: Collection[str]) -> dict[str, Array]:
    """LightGBM with a bag of other seeds, alone and in the ensemble; everything else in it is as it was."""
    from models.boosted import SEEDS
    from models.prepare import prepared
    from models.scorer import logit, sigmoid
    from models.zoo import fit_lightgbm

    fitted, train = run.fitted, prepared(run.panel.train, run.fitted.policy)
    churned = train["churned"].to_numpy()
    bag = fit_lightgbm(train, churned, fitted.directions, fitted.recipe, seeds=range(SEEDS, 2 * SEEDS))
    found = {"lightgbm": bag.score(run.test)}
    if "ensemble" in names:
        logistic = logit(fitted.judged["logistic"].score(run.test))
        found["ensemble"] = sigmoid((logistic + logit(found["lightgbm"])) / 2)
    return {name: score for name, score in found.items() if name in SEEDED}


def losses_of(run: Run) -> Losses | None:
    """The churned accounts of the test rows with the day of decision and of notice; null for an inactivity label."""
    import pandas as pd

    if run.rule.kind != "decision":
        return None
    lost = losses(run.checked.facts, run.rule).to_pandas()
    test = run.panel.test
    churned = test[test["churned"] == 1].sort_values("as_of").groupby("account_id", as_index=False).last()
    # The loss that made the last churned row one: an account may have been lost and won back before.
    joined = churned.merge(lost, on="account_id")
    opens = joined["as_of_day"] + run.rule.gap_days
    joined = joined[(joined["lost_day"] >= opens) & (joined["lost_day"] < opens + run.rule.horizon_days)]
    joined = joined.sort_values("lost_day").drop_duplicates("account_id")
    rows = pd.DataFrame(
        {
            "account_id": joined["account_id"],
            "decided_on": _days(joined["lost_day"]),
            "notice_on": _days(joined["deadline_day"]),
        }
    ).reset_index(drop=True)
    return Losses(rows, tuple(pd.Timestamp(day) for day in sorted(test["as_of"].unique())))


def _days(numbers: pd.Series) -> Any:
    import pandas as pd

    return pd.Timestamp(EPOCH) + pd.to_timedelta(numbers.astype(float), unit="D")


def split_of(run: Run) -> dict[str, Any]:
    """What trained, what was purged and what was tested, as dates: the diagram of the split."""
    from models.recipe import ORIGINS

    panel, window = run.panel, run.rule.horizon_days + run.rule.gap_days
    trained = sorted(panel.train["as_of"].unique())
    weeks = run.checked.project.settings.panel.train_every_weeks
    purged, day = [], trained[-1] + timedelta(weeks=weeks)
    while day <= panel.split.train_until:
        purged.append(day)
        day += timedelta(weeks=weeks)
    origins = []
    for train, test in rolling_origins(panel.train["as_of"], window_days=window, folds=ORIGINS):
        days = {name: panel.train.loc[mask, "as_of"] for name, mask in (("train", train), ("test", test))}
        origins.append({name: [d.min().isoformat(), d.max().isoformat()] for name, d in days.items()})
    tested = sorted(panel.test["as_of"].unique())
    return {
        "gap_days": run.rule.gap_days,
        "horizon_days": run.rule.horizon_days,
        "trained": [d.isoformat() for d in trained],
        "purged": [d.isoformat() for d in purged],
        "tested": [d.isoformat() for d in tested],
        "test_from": panel.split.test_from.isoformat(),
        "test_until": panel.split.test_until.isoformat(),
        "data_until": panel.data_until.isoformat(),
        "origins": origins,
    }
