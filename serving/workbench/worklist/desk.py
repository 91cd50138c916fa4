"""Where four views of an account disagree: the rule's, the model's, the CSM's and that of its contract and payments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import pandas as pd

from policy.policy import Policy
from serving.episodes import level

Verdict = Literal["at_risk", "calm"]
COLUMNS = (
    "account_id",
    "as_of",
    "owner_id",
    "name",
    "arr",
    "rule",
    "model",
    "csm",
    "commercial",
    "rule_verdict",
    "model_verdict",
    "csm_verdict",
    "commercial_verdict",
    "apart",
    "cell_accounts",
    "cell_churned_accounts",
    "cell_churn_rate",
)
CELL = ("rule", "model")
MODEL_VERDICTS = {"high": "at_risk", "medium": "at_risk", "low": "calm"}
RULE_VERDICTS = {"red": "at_risk", "yellow": "at_risk", "green": "calm"}
SCALES = {"rule": {"green": 0, "yellow": 1, "red": 2}, "model": {"low": 0, "medium": 1, "high": 2}}
APART = ("far", "contract", "near")
"""How far apart views are, the farthest first: red against low, green against high or the CSM against the model; the
contract against health or model; one step, as yellow with a low risk."""
OVERRIDES = {"high": "at_risk", "red": "at_risk", "low": "calm", "green": "calm"}


def csm_views(feedback: pd.DataFrame, policy: Policy, as_of: date) -> pd.DataFrame:
    """account_id, csm, csm_verdict: the last word of a person on each account that has not expired.

    `feedback` are rows of `crm_feedback` known before as_of. An override says high or low; a sponsor rating up to
    `desk.low_rating` is a view of risk, from `desk.good_rating` on one of calm, and between them neither. An override
    outweighs a rating. A mark on a driver (agree, disagree) is told and judges nothing.
    """
    day = pd.Timestamp(as_of)
    ends = pd.to_datetime(feedback["expires_on"])
    rows = feedback[(ends.isna() | (ends > day)) & feedback["kind"].isin(["override", "sponsor_rating", "driver_mark"])]
    rows = rows.sort_values(["recorded_at", "feedback_id"], kind="stable")
    last = rows.drop_duplicates(["account_id", "kind"], keep="last")
    found = [_csm(str(account), own.set_index("kind")["value"], policy) for account, own in last.groupby("account_id")]
    return pd.DataFrame(found, columns=["account_id", "csm", "csm_verdict"], dtype=object)


def commercial_view(
    past_due_days: float | None, arr_change: float | None, days_to_end: float | None, policy: Policy
) -> tuple[str | None, Verdict | None]:
    """(in words, verdict): past due or shrinking is at risk, else calm; a renewal ahead is told and judges nothing.

    Limits are those of the payment signal, of a contraction and of the renewal signal. Null where nothing is known.

    >>> from policy.policy import load_policy
    >>> commercial_view(0.0, -0.25, 80.0, load_policy())
    ('ARR 25 % below a year ago, renewal in 80 days', 'at_risk')
    """
    known = [v for v in (past_due_days, arr_change, days_to_end) if v is not None and v == v]
    if not known:
        return None, None
    told, bad = [], False
    if past_due_days is not None and past_due_days >= policy.signals.payment.past_due_days:
        told.append(f"{past_due_days:.0f} days past due")
        bad = True
    if arr_change is not None and arr_change <= -policy.label.contraction_share:
        told.append(f"ARR {-arr_change:.0%} below a year ago".replace("%", " %"))
        bad = True
    if days_to_end is not None and 0 <= days_to_end <= policy.signals.renewal.stages[0]:
        told.append(f"renewal in {days_to_end:.0f} days")
    judged = any(v is not None and v == v for v in (past_due_days, arr_change))
    return ", ".join(told) or "nothing stands out", "at_risk" if bad else "calm" if judged else None


def cells(history: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """rule, model, cell_accounts, cell_churned_accounts, cell_churn_rate of past rows whose outcome is known.

    `history`: account_id, rule (health tier), model (risk tier), churned (0/1), a row an account and snapshot. The rate
    is over rows: how often a week like this one ended in a decision to leave. Null below `desk.least_accounts` accounts.
    """
    known = history.dropna(subset=list(CELL))
    if known.empty:
        return pd.DataFrame(columns=[*CELL, "cell_accounts", "cell_churned_accounts", "cell_churn_rate"])
    grouped = known.groupby(list(CELL))
    found = pd.DataFrame(
        {
            "cell_accounts": grouped["account_id"].nunique(),
            "cell_churned_accounts": known[known["churned"] == 1].groupby(list(CELL))["account_id"].nunique(),
            "cell_churn_rate": grouped["churned"].mean(),
        }
    ).reset_index()
    found["cell_churned_accounts"] = found["cell_churned_accounts"].fillna(0).astype("int64")
    few = found["cell_accounts"] < policy.desk.least_accounts
    return found.assign(cell_churn_rate=found["cell_churn_rate"].mask(few))


def desk(rows: pd.DataFrame, csm: pd.DataFrame, past: pd.DataFrame, policy: Policy, as_of: date) -> pd.DataFrame:
    """The accounts whose known verdicts are not all alike (COLUMNS), by how far they are `apart`, then largest ARR first.

    `rows`: account_id, owner_id, name, arr, health_tier, risk_tier, past_due_days, arr_change_364d, days_to_term_end.
    `csm` as `csm_views`, `past` as `cells` give them. A view is null where nothing is known; of one view alone nothing
    can disagree.
    """
    found = rows.rename(columns={"health_tier": "rule", "risk_tier": "model"}).merge(csm, on="account_id", how="left")
    found["rule"] = found["rule"].where(found["rule"] != "unrated")
    found["rule_verdict"] = found["rule"].map(RULE_VERDICTS)
    found["model_verdict"] = found["model"].map(MODEL_VERDICTS)
    facts = zip(*(found[name] for name in ("past_due_days", "arr_change_364d", "days_to_term_end")), strict=True)
    views = [commercial_view(_number(due), _number(change), _number(end), policy) for due, change, end in facts]
    found["commercial"] = [words for words, _ in views]
    found["commercial_verdict"] = [verdict for _, verdict in views]
    verdicts = found[["rule_verdict", "model_verdict", "csm_verdict", "commercial_verdict"]]
    found = found[verdicts.nunique(axis=1) > 1]
    told = past.astype({"rule": object, "model": object})
    found = found.astype({"rule": object, "model": object}).merge(told, on=list(CELL), how="left")
    found["apart"] = [_apart(row) for row in found.to_dict("records")]
    ordered = found.assign(_place=found["apart"].map({name: place for place, name in enumerate(APART)})).sort_values(
        ["_place", "arr", "account_id"], ascending=[True, False, True], na_position="last"
    )
    return _typed(ordered.assign(as_of=as_of).reindex(columns=list(COLUMNS)).reset_index(drop=True))


def at_risk(health_tier: object, risk_tier: object) -> bool:
    """Whether rule or model call for somebody: yellow, red, or of high risk.

    >>> at_risk("yellow", "low"), at_risk("green", "medium")
    (True, False)
    """
    return level(health_tier, risk_tier).at_risk


def _apart(row: Mapping[Any, Any]) -> str:
    places = [SCALES[view][row[view]] for view in CELL if row[view] in SCALES[view]]
    against = _differ(row["csm_verdict"], row["model_verdict"])
    if against or (places and max(places) - min(places) > 1):
        return "far"
    # A calm contract takes no side between a yellow health and a low risk: most are calm.
    return (
        "near"
        if _differ(row["rule_verdict"], row["model_verdict"]) and row["commercial_verdict"] != "at_risk"
        else "contract"
    )


def _differ(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one != other


def _csm(account: str, said: pd.Series, policy: Policy) -> tuple[str, str, str | None]:
    told, verdict = [], None
    if "sponsor_rating" in said:
        rating = pd.to_numeric(said["sponsor_rating"], errors="coerce")
        told.append(f"sponsor rated {said['sponsor_rating']}")
        if rating <= policy.desk.low_rating:
            verdict = "at_risk"
        elif rating >= policy.desk.good_rating:
            verdict = "calm"
    if "override" in said:
        told.insert(0, f"override: {said['override']}")
        verdict = OVERRIDES.get(str(said["override"]).strip().lower(), verdict)
    if "driver_mark" in said:
        told.append(f"driver marked: {said['driver_mark']}")
    return account, ", ".join(told), verdict


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _typed(found: pd.DataFrame) -> pd.DataFrame:
    numbers = ("arr", "cell_accounts", "cell_churned_accounts", "cell_churn_rate")
    texts = [c for c in COLUMNS if c not in (*numbers, "as_of")]
    whole = {"cell_accounts": "Int64", "cell_churned_accounts": "Int64"}
    return found.astype({**dict.fromkeys(numbers, "float64"), **dict.fromkeys(texts, "string")}).astype(whole)
