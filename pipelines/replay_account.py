"""What a replay shows of one account: what was known and said then, and what has become of it since."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from features.labels import data_until, losses
from features.snapshots import EPOCH
from pipelines.build_features import Checked
from pipelines.deliver import rows_of
from pipelines.explain import explain
from pipelines.lapses import latest_terms
from pipelines.panel import label_rule
from pipelines.settings import Project
from serving.workbench.plays.terms import arr_on

STAYS, LEFT, UNKNOWN = "still a customer", "decided to leave", "not known"
RAN_OUT = "its last term ran out"


def seen_then(project: Project, account: str, day: str) -> dict[str, Any]:
    """What was known (indicators and evidence), the score with its reasons, and the tasks, as published."""
    told = explain(project, account, date.fromisoformat(day))
    rows = [r for r in rows_of(project, "evidence", day) if r["account_id"] == account]
    known = [
        {
            "indicator": r["indicator"],
            "before": _number(r["before"]),
            "after": _number(r["after"]),
            "since": r["since"].isoformat(),
            "sentence": r["sentence"],
        }
        for r in rows
    ]
    tasks = [
        {name: r[name] for name in ("task_key", "step", "subject", "owner_id", "priority")}
        | {"due_at": r["due_at"].isoformat()}
        for r in rows_of(project, "tasks", day)
        if r["account_id"] == account
    ]
    score = {
        name: told[name]
        for name in ("churn_probability", "risk_tier", "health_score", "health_tier", "components", "horizon_days")
    }
    return {
        "name": told["name"],
        "known": known,
        "score": {name: _finite(value) for name, value in score.items()},
        "reasons": told["reasons"],
        "drivers": told["drivers"],
        "play": told["play"],
        "signals": told["signals"],
        "tasks": tasks,
    }


def outcome_today(checked: Checked, account: str, day: date) -> dict[str, Any]:
    """What became of the account by today's data: when it decided to leave, or that it had not until the data end.

    `decided_on` is null where no decision is on record, and `ended_on` while a term is in force: one that ran out without
    a decision is no customer's either. With an inactivity label nobody decides, and nothing is known.
    """
    until = data_until(checked.facts)
    rule = label_rule(checked)
    found: dict[str, Any] = {
        "outcome": UNKNOWN,
        "decided_on": None,
        "ended_on": None,
        "days_after": None,
        "known_until": until.isoformat(),
    }
    if rule.kind != "decision":
        return found
    lost = losses(checked.facts, rule)
    days = lost.filter(lost["account_id"] == account).to_pandas()["lost_day"].tolist()
    later = sorted(EPOCH + timedelta(days=int(n)) for n in days if EPOCH + timedelta(days=int(n)) >= day)
    if not later:
        # A score may lie some days beyond the newest fact.
        own, last = latest_terms(checked).get(account, []), max(until, day)
        if arr_on(own, last) is not None:
            return {**found, "outcome": STAYS}
        ended = max((term.ends_on for term in own if term.ends_on <= last), default=None)
        if ended is None:
            return found
        return {**found, "outcome": RAN_OUT, "ended_on": ended.isoformat(), "days_after": (ended - day).days}
    return {**found, "outcome": LEFT, "decided_on": later[0].isoformat(), "days_after": (later[0] - day).days}


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else float(value)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
