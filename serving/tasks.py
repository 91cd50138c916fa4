"""Tasks for accounts that got worse: assess within 24 hours, reach out within 48 (I1, I2, I7)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import pandas as pd

from policy.policy import Policy
from serving.due import due
from serving.episodes import Standing, level
from serving.team import Team, person
from serving.workbench.plays.message import draft, noticed, reach_out_text

log = logging.getLogger(__name__)


class Owner(NamedTuple):
    """Who looks after an account, and the IANA name of the time zone they work in; null where it is not known."""

    owner_id: str | None
    zone: str | None = None


NOBODY = Owner(None)
COLUMNS = [
    "task_key",
    "account_id",
    "as_of",
    "run_id",
    "play",
    "step",
    "subject",
    "body",
    "owner_id",
    "due_at",
    "priority",
]
WORSE = {("green", "yellow"), ("green", "red"), ("yellow", "red"), ("unrated", "red")}


def tasks_for(
    scores: pd.DataFrame,
    before: pd.DataFrame | None,
    owners: Mapping[str, Owner],
    policy: Policy,
    run_id: str,
    as_of: date,
    published_at: datetime,
    asked: Standing | None = None,
    *,
    reasons: Mapping[str, Sequence[tuple[str, str]]],
    reached: Mapping[str, str] | None = None,
    team: Team | None = None,
) -> pd.DataFrame:
    """Two tasks per account whose health tier fell or whose risk became high since a week ago; red before yellow.

    A first load compares with the same facts a week earlier, so it creates no flood. The key holds account, play, step
    and ISO week, never the model: one play per account and week. A play that was `asked` for in the episode that goes on
    is not asked for again before its tasks are done with and the account is worse than it was then.

    `reasons` are the (driver group, sentence) of each account, and `reached` what it reached last, as it may be told.
    The tasks of a play go to a person of the `team` who has its role, else to the account's owner.
    """
    rows, kept = [], 0
    year, week, _ = as_of.isocalendar()
    ordered = scores.assign(rank=scores["health_tier"].map({"red": 0, "yellow": 1}).fillna(2)).sort_values(
        ["rank", "arr"], ascending=[True, False], kind="stable"
    )
    for _, row in ordered.iterrows():
        known = before is not None and row["account_id"] in before.index
        why = _why(row, before.loc[row["account_id"]] if before is not None and known else None, policy)
        if why is None:
            continue
        account = str(row["account_id"])
        owner = owners.get(account, NOBODY)
        play = row["play"] if isinstance(row["play"], str) else policy.plays["default"].play
        before_now = (asked or {}).get((account, play))
        if before_now and not before_now.again(level(row["health_tier"], row["risk_tier"])):
            kept += 1
            continue
        why_so = reasons.get(account, ())
        priority = "high" if row["health_tier"] == "red" or row["risk_tier"] == "high" else "normal"
        for step, hours, verb in (
            ("assess", policy.tasks.assess_hours, "Assess"),
            ("reach_out", policy.tasks.reach_out_hours, "Reach out"),
        ):
            rows.append(
                {
                    "task_key": f"{account}|{play}:{step}|{year}-W{week:02d}",
                    "account_id": account,
                    "as_of": as_of,
                    "run_id": run_id,
                    "play": play,
                    "step": step,
                    "subject": f"{verb}: {why}",
                    "body": _assess(why_so)
                    if step == "assess"
                    else _reach_out(why_so, (reached or {}).get(account), play, as_of, policy),
                    "owner_id": person(account, _role(play, policy), owner.owner_id, team or {}),
                    "due_at": pd.Timestamp(due(published_at, hours, owner.zone, policy.tasks)),
                    "priority": priority,
                }
            )
    if kept:
        log.info("%d accounts that got worse keep the tasks they have of this episode", kept)
    return pd.DataFrame(rows, columns=COLUMNS)


def _why(row: pd.Series, earlier: pd.Series | None, policy: Policy) -> str | None:
    """What got worse since a week ago, in words; None where nothing did or there is nothing to compare with."""
    if earlier is None:
        return None
    fell = (earlier["health_tier"], row["health_tier"]) in WORSE
    if fell and row["health_tier"] in policy.tasks.trigger_tiers:
        return f"health went from {earlier['health_tier']} to {row['health_tier']}"
    # A tier that was unknown (no model yet) is no tier to rise from.
    if row["risk_tier"] == "high" and earlier["risk_tier"] in ("medium", "low"):
        return "churn risk became high"
    return None


def _role(play: str, policy: Policy) -> str:
    named = next((p.owner_type for p in policy.plays.values() if p.play == play), None)
    return named or policy.segments.owner_types[0]


def _assess(reasons: Sequence[tuple[str, str]]) -> str:
    seen = [f"- {told}" for _, told in reasons] or ["- The score moved without one clear reason; look at the account."]
    return "What the data show:\n" + "\n".join(seen)


def _reach_out(reasons: Sequence[tuple[str, str]], reached: str | None, play: str, as_of: date, policy: Policy) -> str:
    steps = next((p.steps for p in policy.plays.values() if p.play == play), ())
    plan = "\n".join([f"Play: {play}", *(f"{i}. {s}" for i, s in enumerate(steps, 1))])
    made = draft(noticed(reasons), reached, as_of)
    return reach_out_text(made, (told for _, told in reasons), plan)
