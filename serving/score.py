"""One snapshot scored: probability and health side by side, tiers, reasons, plays and tasks. Frames in, frames out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd

from features.indicator import Indicator
from models.drivers import base_points, drivers
from models.health_score import health_scores
from models.main_driver import main_drivers
from models.metrics import high_tier
from models.prepare import prepared
from models.reference import Reference
from models.scorer import Scorer
from policy.policy import Policy
from serving.episodes import Standing, level
from serving.reasons import Evidence, evidence, reasons
from serving.tasks import Owner, tasks_for
from serving.team import Team

NAMES = ("usage", "engagement", "sentiment", "commercial")

RENEWAL = "contract"
"""The group of reasons whose play prepares the renewal."""


@dataclass(frozen=True)
class Run:
    """What every row of a scoring run carries. `champion` is None while the book is too small for a model.

    Explanations start from the mean of `reference`; without one, from a customer of whom nothing is known.
    """

    run_id: str
    model_version: str | None
    as_of: date
    published_at: datetime
    horizon_days: int
    gap_days: int
    capacity_share: float
    currency: str
    policy: Policy
    champion: Scorer | None
    lightgbm: Scorer | None
    reference: Reference | None = None
    team: Team = field(default_factory=dict)


@dataclass(frozen=True)
class Scored:
    """A scored snapshot: rows for the CRM, drivers, tasks, evidence, and the base of the explanation.

    `main_drivers` names the group that stands out for an account; null where none does.
    """

    scores: pd.DataFrame
    drivers: pd.DataFrame
    tasks: pd.DataFrame
    evidence: Mapping[str, list[Evidence]]
    base_points: float | None
    main_drivers: Mapping[str, str | None]


def score_snapshot(
    now: pd.DataFrame,
    week_ago: pd.DataFrame,
    month_ago: pd.DataFrame,
    owners: Mapping[str, Owner],
    indicators: Mapping[str, Indicator],
    run: Run,
    asked: Standing | None = None,
    reached: Mapping[str, str] | None = None,
) -> Scored:
    """Score the cohort of `now`; the earlier frames (7 and 28 days before) say what changed.

    `asked` are the plays that stand from earlier runs: there are no new tasks of them. `reached` is what customers
    reached last, as they may be told it.
    """
    frame = prepared(now, run.policy).set_index("account_id", drop=False)
    rows, earlier = frame.to_dict("index"), month_ago.set_index("account_id").to_dict("index")
    told = {account: _evidence(indicators, rows[account], earlier.get(account), run) for account in frame.index}
    scores = _scores(frame, run)
    moved = _drivers(frame, indicators, run)
    by_account = (
        {
            str(a): list(zip(g["group"], g["indicator"], g["contribution"], strict=True))
            for a, g in moved.groupby("account_id")
        }
        if len(moved)
        else {}
    )
    chosen = {
        account: reasons(
            by_account.get(account, []),
            told[account],
            indicators,
            most=run.policy.evidence.reasons,
            least_points=run.policy.evidence.least_points,
            least_change=run.policy.evidence.least_change,
        )
        for account in frame.index
    }
    for place in range(3):
        scores[f"reason_{place + 1}"] = [
            chosen[a][place][1] if len(chosen[a]) > place else None for a in scores["account_id"]
        ]
    scores["play"] = [
        chosen_play(
            [group for group, _ in chosen[a]],
            rows[a].get("term_length_days"),
            level(scores.loc[a, "health_tier"], scores.loc[a, "risk_tier"]).at_risk,
            run.policy,
        )
        for a in scores["account_id"]
    ]
    scores["published_at"] = pd.Timestamp(run.published_at)
    scores["expires_on"] = run.as_of + timedelta(days=run.policy.tasks.expires_days)
    before = _scores(prepared(week_ago, run.policy).set_index("account_id", drop=False), run) if len(week_ago) else None
    tasks = tasks_for(
        scores,
        before,
        owners,
        run.policy,
        run.run_id,
        run.as_of,
        run.published_at,
        asked,
        reasons={str(account): told for account, told in chosen.items()},
        reached=reached,
        team=run.team,
    )
    return Scored(
        scores=scores.reset_index(drop=True),
        drivers=moved,
        tasks=tasks,
        evidence={a: [e for e in t.values() if e] for a, t in told.items()},
        base_points=None if run.champion is None else base_points(run.champion, frame, run.reference),
        main_drivers=_main_drivers(frame, indicators, run),
    )


def chosen_play(groups: Sequence[str], term_days: float | None, at_risk: bool, policy: Policy) -> str | None:
    """The play of the first reason that has one, else the default where the account is at risk; null: nothing to do.

    A term that renews all the time has no renewal to prepare: its next reason is answered.
    """
    short = term_days is not None and term_days < policy.renewals.least_term_days
    open_ = [group for group in groups if not (short and group == RENEWAL)]
    if open_ and open_[0] in policy.plays:
        return policy.plays[open_[0]].play
    return policy.plays["default"].play if at_risk else None


def _scores(frame: pd.DataFrame, run: Run) -> pd.DataFrame:
    health = health_scores(frame, run.policy)
    out = pd.DataFrame({"account_id": frame["account_id"], "as_of": run.as_of}, index=frame.index)
    out["run_id"] = run.run_id
    out["model_version"] = run.model_version
    out["policy_version"] = run.policy.version
    out["scorer"] = run.champion.name if run.champion else "health_score"
    out["churn_probability"] = run.champion.score(frame) if run.champion else None
    out["lightgbm_probability"] = run.lightgbm.score(frame) if run.lightgbm else None
    out["horizon_days"] = run.horizon_days
    out["gap_days"] = run.gap_days
    out["risk_tier"] = _risk_tier(out["churn_probability"], run) if run.champion else None
    out["health_score"] = health["health_score"]
    out["health_tier"] = health["health_tier"]
    out["coverage"] = health["coverage"]
    for name in NAMES:
        out[f"{name}_score"] = health[f"{name}_score"]
    out["arr"] = frame["arr"]
    young = frame["tenure_days"] < run.policy.risk.low_evidence_tenure_days
    out["evidence"] = young.map({True: "low", False: "normal"})
    return out


def _risk_tier(probability: pd.Series, run: Run) -> pd.Series:
    """High is the top share, medium the next multiple of it, low the rest; ties go to the safer tier (H24)."""
    one = pd.Series(0, index=probability.index)
    share = run.capacity_share
    high = high_tier(probability, one, share=share)
    upto_medium = high_tier(probability, one, share=min(1.0, share * (1 + run.policy.risk.medium_times_high)))
    tier = pd.Series("low", index=probability.index, dtype=object)
    tier[upto_medium] = "medium"
    tier[high] = "high"
    return tier


def _drivers(frame: pd.DataFrame, indicators: Mapping[str, Indicator], run: Run) -> pd.DataFrame:
    columns = ["account_id", "as_of", "scorer", "group", "indicator", "value", "contribution"]
    if run.champion is None:
        return pd.DataFrame(columns=columns)
    groups = {name: i.group for name, i in indicators.items()}
    long = drivers(run.champion, frame, groups, reference=run.reference, log_odds=run.champion.log_odds(frame)).rename(
        columns={"row": "account_id"}
    )
    values = frame[list(dict.fromkeys(long["indicator"]))].reset_index(names="account")
    values = values.melt(id_vars="account", var_name="indicator", value_name="value")
    long = long.merge(
        values.rename(columns={"account": "account_id"}),
        on=["account_id", "indicator"],
        how="left",
        validate="one_to_one",
    )
    return long.assign(as_of=run.as_of, scorer=run.champion.name)[columns]


def _main_drivers(frame: pd.DataFrame, indicators: Mapping[str, Indicator], run: Run) -> dict[str, str | None]:
    if run.champion is None:
        return {}
    found = main_drivers(
        run.champion,
        frame,
        {name: i.group for name, i in indicators.items()},
        {name for name, i in indicators.items() if i.clock},
        reference=run.reference,
        least_points=run.policy.evidence.least_points,
        least_gap=run.policy.evidence.least_gap,
    )
    return {str(account): group for account, group in found.items()}


def _evidence(
    indicators: Mapping[str, Indicator],
    row: Mapping[Hashable, float],
    earlier: Mapping[Hashable, float] | None,
    run: Run,
) -> dict[str, Evidence | None]:
    found: dict[str, Evidence | None] = {}
    for name, indicator in indicators.items():
        ago = run.policy.evidence.compared_with_days
        if indicator.before is not None and indicator.after is not None:
            ago = indicator.before_ago
            before: float | None = row[f"{name}__before"]
            after: float | None = row[f"{name}__after"]
        else:
            before, after = (None if earlier is None else earlier[name]), row[name]
        found[name] = evidence(indicator, before, after, run.as_of - timedelta(days=ago), currency=run.currency)
    return found
