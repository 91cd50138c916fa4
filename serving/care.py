"""How an account is served: touch model, segment, cadence, success plan, QBR list, and its way through onboarding."""

from __future__ import annotations

from typing import Any

import pandas as pd

from policy.journey import journey_status
from policy.policy import Policy
from policy.segments import cadence_text, qbr_list, row_of, success_plan

COLUMNS = (
    "touch_model",
    "team_segment",
    "service",
    "owner_types",
    "cadence",
    "success_plan",
    "on_qbr_list",
    "journey_status",
)


def care(features: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row per row of a feature frame with account_id, arr, tenure_days and the steps missed; same index.

    An account without a known ARR is listed with nulls and never dropped. `journey_status` is null once onboarding is
    over, or where no onboarding steps are known.
    """
    arr = {str(a): float(v) for a, v in zip(features["account_id"], features["arr"], strict=True) if pd.notna(v)}
    listed = qbr_list(arr, policy.segments)
    rows = [_row(str(account), arr.get(str(account)), listed, policy) for account in features["account_id"]]
    out = pd.DataFrame(rows, columns=list(COLUMNS[:-1]), index=features.index, dtype=object)
    nothing = pd.Series(float("nan"), index=features.index)
    out["journey_status"] = [
        journey_status(int(tenure), missed, oldest, policy.onboarding)
        for tenure, missed, oldest in zip(
            features["tenure_days"],
            features.get("milestones_missed", nothing),
            features.get("oldest_missed_days", nothing),
            strict=True,
        )
    ]
    texts = [c for c in COLUMNS if c != "on_qbr_list"]
    return out.astype({**dict.fromkeys(texts, "string"), "on_qbr_list": "boolean"})


def _row(account: str, arr: float | None, listed: set[str], policy: Policy) -> dict[str, Any]:
    if arr is None:
        return {}
    row = row_of(arr, policy.segments)
    return {
        "touch_model": row.touch_model,
        "team_segment": row.team_segment,
        "service": row.service,
        "owner_types": ", ".join(row.owner_types),
        "cadence": cadence_text(row, policy.segments),
        "success_plan": success_plan(arr, policy.segments),
        "on_qbr_list": account in listed,
    }
