"""One account in numbers and words, and the catalogue as rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.changes import change_of
from pipelines.deliver import chosen_date, rows_of
from pipelines.outlook import outlooks
from pipelines.report_signals import signals_path
from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean


def explain(project: Project, account: str, as_of: date | None) -> dict[str, Any]:
    """The account's score, the points each group adds, the evidence, and the next step.

    `base_points`, the average account, + Σ `drivers.points` is 100 × `churn_probability`. `main_driver` is the group that
    stands out; null where none does. `outlook` is null where the day was scored before there were outlooks. `change` is
    what moved the probability since a week ago; null where that is unknown.
    """
    day = chosen_date(project, as_of)
    scores = {r["account_id"]: r for r in rows_of(project, "scores", day)}
    if account not in scores:
        raise UsageError(
            f"`{account}` was not scored as of {day}.", where="account", cure=did_you_mean(account, scores)
        )
    row: dict[str, Any] = scores[account]
    about = next(r for r in rows_of(project, "book", day) if r["account_id"] == account)
    told = {r["indicator"]: r for r in rows_of(project, "evidence", day) if r["account_id"] == account}
    points: dict[str, float] = {}
    for driver in rows_of(project, "drivers", day):
        if driver["account_id"] == account:
            points[driver["group"]] = points.get(driver["group"], 0.0) + driver["contribution"]
    return {
        "account_id": account,
        "name": about["name"],
        "as_of": day,
        "scorer": row["scorer"],
        "churn_probability": row["churn_probability"],
        "probability_before": _number(about["probability_before"]),
        "horizon_days": row["horizon_days"],
        "outlook": outlooks(project, day).get(account),
        "risk_tier": row["risk_tier"],
        "health_score": row["health_score"],
        "health_before": _number(about["health_before"]),
        "health_tier": row["health_tier"],
        "components": {c: _number(row[f"{c}_score"]) for c in ("usage", "engagement", "sentiment", "commercial")},
        "evidence": row["evidence"],
        "reasons": [row[f"reason_{i}"] for i in (1, 2, 3) if row[f"reason_{i}"]],
        "base_points": _number(about["base_points"]),
        "drivers": [{"group": g, "points": p} for g, p in sorted(points.items(), key=lambda item: -abs(item[1]))],
        "main_driver": about.get("main_driver"),
        "change": change_of(project, day, {account}).get(account),
        "changes": [r["sentence"] for r in told.values() if r["before_text"] != r["after_text"]],
        "signals": signals_told(project, account, day),
        "play": row["play"],
        "tasks": [
            {"subject": t["subject"], "due_at": t["due_at"].isoformat()}
            for t in rows_of(project, "tasks", day)
            if t["account_id"] == account
        ],
    }


def signals_told(project: Project, account: str, day: str) -> list[dict[str, Any]] | None:
    """The account's signals as `churn signals` found them on that day; null where it has not been asked."""
    if not signals_path(project, day).exists():
        return None
    return [
        {
            "signal": r["signal"],
            "status": r["status"],
            "since": r["episode_started_on"].isoformat(),
            "episode_key": r["episode_key"],
            "sentence": r["sentence"],
        }
        for r in rows_of(project, "signals", day)
        if r["account_id"] == account and r["status"] in ("open", "clearing")
    ]


def indicator_rows(component: str | None = None) -> list[dict[str, Any]]:
    """The catalogue, optionally of one component."""
    from features.catalogue import catalogue

    rows = [
        {
            "name": i.name,
            "component": i.component,
            "group": i.group,
            "meaning": i.meaning,
            "unit": i.unit,
            "risk": i.risk,
            "low": i.low,
            "high": i.high,
            "doc": i.doc,
            "says": i.says,
        }
        for i in catalogue().values()
    ]
    known = {str(r["component"]) for r in rows}
    if component is not None and component not in known:
        raise UsageError(f"`{component}` is no component.", where="--component", cure=did_you_mean(component, known))
    return [r for r in rows if component in (None, r["component"])]


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
