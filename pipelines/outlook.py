"""The outlook of a scored day: its table, and what an account's page and `churn explain` say of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.horizons import HORIZONS
from models.outlook import COLUMNS, Outlook
from models.prepare import prepared
from pipelines.deliver import rows_of
from pipelines.files import write_parquet
from pipelines.settings import Project
from policy.policy import Policy
from serving.workbench.pages.view import Ahead

if TYPE_CHECKING:
    import pandas as pd

OTHERS = {"contraction": "A smaller contract within 90 days", "non_payment": "Lost unpaid within 90 days"}


def write_outlook(
    project: Project, day: date, features: pd.DataFrame, scores: pd.DataFrame, model: Mapping[str, Any] | None
) -> Path:
    """Write what lies ahead of each scored account; a column is null where the model does not say."""
    table = outlook_table(features, scores, model, project.policy)
    table.insert(1, "as_of", day)
    return write_parquet(table, outlook_path(project, day.isoformat()))


def outlook_table(
    features: pd.DataFrame, scores: pd.DataFrame, model: Mapping[str, Any] | None, policy: Policy
) -> pd.DataFrame:
    """One row for each row of features, with the probability that its score shows."""
    outlook = Outlook.from_parameters(model.get("outlook") if model else None)
    shown = scores.set_index("account_id")["churn_probability"].reindex(features["account_id"])
    said = None if model is None else shown.to_numpy(dtype=float)
    return outlook.table(prepared(features.reset_index(drop=True), policy), said)


def outlook_path(project: Project, as_of: str) -> Path:
    """Where the outlook of a day is, if it was scored since there are outlooks."""
    return project.state / "outlook" / f"as_of={as_of}" / "outlook.parquet"


def outlooks(project: Project, as_of: str) -> dict[str, dict[str, Any]]:
    """Account → its outlook as JSON; no account where the day was scored before there were outlooks."""
    if not outlook_path(project, as_of).exists():
        return {}
    return {r["account_id"]: {name: r[name] for name in COLUMNS} for r in rows_of(project, "outlook", as_of)}


def ahead(outlook: Mapping[str, Any] | None, widest: float) -> Ahead | None:
    """An account's outlook as its page shows it; a range wider than `widest` is told as little evidence."""
    if outlook is None:
        return None
    low, high = outlook["range_low"], outlook["range_high"]
    shares = [(days, outlook[f"p_{days}d"]) for days in HORIZONS]
    others = [(said, outlook[f"p_{head}_90d"]) for head, said in OTHERS.items()]
    return Ahead(
        horizons=[(days, share) for days, share in shares if share is not None],
        low=low,
        high=high,
        wide=low is not None and high - low > widest,
        stretched=bool(outlook["range_widened"]),
        median_days=outlook["median_days"],
        arr_at_risk_180d=outlook["arr_at_risk_180d"],
        others=[(said, share) for said, share in others if share is not None],
    )
