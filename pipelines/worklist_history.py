"""What became of accounts that rule and model saw like this before: the past of the desk's cells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from features.labels import data_until
from features.snapshots import Snapshots
from models.health_score import health_scores
from models.metrics import high_tier
from models.prepare import prepared
from pipelines.build_features import Checked, features_at
from pipelines.deliver import rows_of
from pipelines.past_scores import period_of_test, scored_before, with_outcomes
from pipelines.tracking import Tracking

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["account_id", "as_of", "rule", "model", "churned"]
SCORES = "scores that were published"
TEST = "the test period of the training, scored by a model that had not seen it"
NONE = "no scored week has an outcome yet"


def history(checked: Checked, day: date) -> tuple[pd.DataFrame, str]:
    """(rows of COLUMNS, where they come from): health and risk tier of past weeks whose outcome is known on `day`.

    Published scores where any has matured, else the training's test period, a snapshot every so many weeks as in
    training. The tiers are those of the rules of now.
    """
    project, reach = checked.project, min(day, data_until(checked.facts))
    given, _ = scored_before(project, reach)
    if len(given):
        found = with_outcomes(checked, given, reach)
        tiers = [
            {"account_id": r["account_id"], "as_of": as_of, "rule": r["health_tier"]}
            for as_of in sorted(set(given["as_of"]))
            for r in rows_of(project, "scores", as_of.isoformat())
        ]
        return _joined(found.rename(columns={"risk_tier": "model"}), tiers), SCORES
    shipped = Tracking(project).champion()
    rows = None if shipped is None else period_of_test(project, shipped, reach)
    if rows is None or rows.empty:
        return _joined(given.assign(churned=None).rename(columns={"risk_tier": "model"}), []), NONE
    return _of_test(checked, rows, reach), TEST


def _of_test(checked: Checked, rows: pd.DataFrame, reach: date) -> pd.DataFrame:
    import pandas as pd

    project, policy = checked.project, checked.project.policy
    days = sorted(set(rows["as_of"]))
    stride = timedelta(weeks=project.settings.panel.train_every_weeks)
    chosen = [d for d in days if (days[-1] - d) % stride == timedelta(0)]
    rows = rows[rows["as_of"].isin(chosen)].reset_index(drop=True)
    share = project.settings.capacity.share
    upto = min(1.0, share * (1 + policy.risk.medium_times_high))
    tier = pd.Series("low", index=rows.index, dtype=object)
    tier[high_tier(rows["probability"], rows["as_of"], share=upto)] = "medium"
    tier[high_tier(rows["probability"], rows["as_of"], share=share)] = "high"
    _, frame = features_at(checked, Snapshots.of(chosen))
    frame = prepared(frame, policy)
    health = health_scores(frame, policy)["health_tier"]
    tiers = [
        {"account_id": a, "as_of": d, "rule": t}
        for a, d, t in zip(frame["account_id"], frame["as_of"], health, strict=True)
    ]
    return _joined(
        with_outcomes(checked, rows.assign(risk_tier=tier), reach).rename(columns={"risk_tier": "model"}), tiers
    )


def _joined(found: pd.DataFrame, tiers: list[dict[str, object]]) -> pd.DataFrame:
    import pandas as pd

    rule = pd.DataFrame(tiers, columns=["account_id", "as_of", "rule"])
    if rule.empty:
        return pd.DataFrame(columns=COLUMNS)
    both = found.merge(rule, on=["account_id", "as_of"], how="inner", validate="one_to_one")
    return both[COLUMNS].assign(rule=both["rule"].where(both["rule"] != "unrated"))
