"""The accounts of a scored day as a review reads them, from the files of that run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pipelines.as_scored import policy_of
from pipelines.changes import change_of
from pipelines.deliver import rows_of
from pipelines.report_signals import signals_path
from pipelines.settings import Project
from policy.policy import Policy
from serving.workbench.pages.words import known
from serving.workbench.plays.expansion import Calm, shut_by
from serving.workbench.plays.prevention import ended_on, goes_on
from serving.workbench.reviews.account import Account, Sign

STANDS = ("open", "clearing")


def reviewed_accounts(project: Project, as_of: str) -> list[Account]:
    """Every account of the book as it was scored; signals are null where nobody has looked for them on that day."""
    policy = policy_of(project, as_of)
    about = {row["account_id"]: row for row in rows_of(project, "book", as_of)}
    changed, tasks = change_of(project, as_of), Counter(r["account_id"] for r in rows_of(project, "tasks", as_of))
    signs: dict[str, list[Sign]] | None = None
    if signals_path(project, as_of).exists():
        signs = defaultdict(list)
        for row in rows_of(project, "signals", as_of):
            if row["status"] in STANDS:
                signs[row["account_id"]].append(_sign(row))
    shut = _gates(project, as_of, signs or {}, policy)
    plays = {play.play: play for play in policy.plays.values()}

    def account(row: dict[str, Any]) -> Account:
        key, told = row["account_id"], about.get(row["account_id"], {})
        play = plays.get(row["play"])
        return Account(
            account_id=key,
            name=told.get("name") or key,
            segment=told.get("segment"),
            team_segment=told.get("team_segment"),
            touch_model=told.get("touch_model"),
            owner=told.get("owner_id"),
            arr=known(row["arr"]),
            health_tier=row["health_tier"],
            health_score=known(row["health_score"]),
            health_before=known(told.get("health_before")),
            probability=known(row["churn_probability"]),
            probability_before=known(told.get("probability_before")),
            risk_tier=row["risk_tier"],
            horizon_days=row["horizon_days"],
            low_evidence=row["evidence"] == "low",
            reasons=tuple(row[f"reason_{i}"] for i in (1, 2, 3) if row[f"reason_{i}"]),
            change=changed.get(key, {}).get("sentence", ""),
            signals=None if signs is None else tuple(signs.get(key, ())),
            play=row["play"],
            steps=() if play is None else tuple(play.steps),
            success_metric="" if play is None else play.success_metric or "",
            tasks=tasks[key],
            shut=shut.get(key, ()),
        )

    return [account(row) for row in rows_of(project, "scores", as_of)]


def _sign(row: Mapping[str, Any]) -> Sign:
    return Sign(
        row["signal"],
        row["kind"],
        row["episode_started_on"].isoformat(),
        row["sentence"],
        str(row["name"]).replace("_", " "),
        row["play"],
        bool(row["confirmatory"]),
    )


def _gates(
    project: Project, as_of: str, signs: Mapping[str, Sequence[Sign]], policy: Policy
) -> dict[str, tuple[str, ...]]:
    """Account with a chance → what keeps the gate of the expansion talk shut.

    As `churn plays` judged it on that day; where it has not run, by the same gate from what the runs hold: tiers, episodes
    and warnings, for escalations and closed talks stand in the source tables.
    """
    if (project.state / "plays" / f"as_of={as_of}" / "chances.parquet").exists():
        rows = rows_of(project, "plays", as_of, "chances")
        return {str(r["account_id"]): tuple(t for t in str(r["shut_by"] or "").split("; ") if t) for r in rows}
    hopeful = [account for account, own in signs.items() if any(s.kind == "expansion" for s in own)]
    if not hopeful:
        return {}
    from pipelines.plays_facts import runs_until

    day, runs = date.fromisoformat(as_of), policy.tasks.recovery.runs
    past = runs_until(project, day)
    found = {}
    for account in hopeful:
        levels = past.levels.get(account, {})
        calm = Calm(
            tuple(s.name for s in signs[account] if s.kind == "warning" and not s.confirmatory),
            goes_on(levels, runs),
            max(ended_on(levels, runs), default=None),
        )
        found[account] = shut_by(past.tiers.get(account, {}).get(day), calm, day, policy)
    return found
