"""What customers say: NPS (M9), CSAT and CES (M10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

from policy.metrics import Metrics
from serving.workbench.kpis.definition import Definition, NotDefined, mean, ratio
from serving.workbench.kpis.moment import Moment

Survey = Literal["nps", "csat", "ces"]
NPS_SCALE = 10  # the method's own


def answers(moment: Moment, kind: Survey) -> pd.DataFrame:
    """Answers of the months looked back on: account_id, user_id, answered_at, and `value` on the scale of the policy.

    An answer on another scale is stretched in proportion; one without a scale is on the policy's.
    """
    metrics = moment.policy.metrics
    rows = moment.between("survey_responses", "answered_at", metrics.months)
    rows = rows[rows["kind"] == kind]
    if rows.empty:
        raise NotDefined(f"there are no {kind.upper()} answers in the {metrics.months} months before this day")
    top = scales(metrics)[kind]
    value = rows["score"] * top / rows["scale_max"].fillna(top)
    return rows[["account_id", "user_id", "answered_at"]].assign(value=value)


def scales(metrics: Metrics) -> Mapping[str, float]:
    """The best answer of each survey."""
    return {"nps": NPS_SCALE, "csat": metrics.csat_scale, "ces": metrics.ces_scale}


def promoters(rows: pd.DataFrame, metrics: Metrics) -> pd.DataFrame:
    """1 for a promoter, −1 for a detractor, 0 between, of each row's value."""
    value = rows["value"]
    point = (value >= metrics.promoter_from).astype("int64") - (value <= metrics.detractor_to).astype("int64")
    return pd.DataFrame({"account_id": rows["account_id"], "numerator": point, "denominator": 1})


def nps_by_answer(moment: Moment) -> pd.DataFrame:
    """Every answer by itself."""
    return promoters(answers(moment, "nps"), moment.policy.metrics)


def nps_by_account(moment: Moment) -> pd.DataFrame:
    """Every customer once: the mean of what each of its people said last; unnamed answers count one by one."""
    rows = answers(moment, "nps").sort_values("answered_at", kind="stable")
    unnamed = rows["user_id"].isna()
    last = pd.concat([rows[~unnamed].drop_duplicates(["account_id", "user_id"], keep="last"), rows[unnamed]])
    return promoters(last.groupby("account_id", as_index=False).agg(value=("value", "mean")), moment.policy.metrics)


DEFINITIONS = (
    Definition(
        "M9",
        "nps",
        "NPS, by answer",
        "points",
        "% of answers from {promoter_from:g} − % of answers up to {detractor_to:g}, of the last {months} months",
        nps_by_answer,
        ratio(100),
    ),
    Definition(
        "M9",
        "nps_by_account",
        "NPS, by customer",
        "points",
        "the same with one figure per customer: the mean of what each of its people said last",
        nps_by_account,
        ratio(100),
    ),
    Definition(
        "M10",
        "csat",
        "Customer satisfaction",
        "score",
        "mean of the CSAT answers of the last {months} months, on a scale up to {csat_scale}",
        lambda moment: answers(moment, "csat"),
        mean,
    ),
    Definition(
        "M10",
        "ces",
        "Customer effort score",
        "score",
        "mean of the CES answers of the last {months} months, on a scale up to {ces_scale}; high is easy",
        lambda moment: answers(moment, "ces"),
        mean,
    ),
)
