"""What plays and journey are told of one account, made by hand, and the files of its last run."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.plays_facts import PlaysFacts, Runs
from pipelines.settings import open_project
from policy.policy import load_policy
from serving.episodes import level
from serving.workbench.plays.account import Account
from serving.workbench.plays.message import Noticed, draft, reach_out_text
from serving.workbench.plays.terms import Term

POLICY = load_policy()
DAY = date(2026, 6, 1)
LOGINS = "Daily logins fell from 41 to 12 since 4 May 2026."
TOLD = {"W1": LOGINS, "E1": "95 % of the features paid for were used since 4 May 2026."}
SAYS = reach_out_text(draft([Noticed(LOGINS)], None, DAY), [LOGINS], "1. Call")


CALM = {date(2026, 5, 18): "green", date(2026, 5, 25): "green", DAY: "green"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def signal(name: str, kind: str, status: str = "open") -> dict[str, Any]:
    return {
        "account_id": "a",
        "episode_key": f"a|{name}|2026-05-18",
        "episode_started_on": date(2026, 5, 18),
        "name": {"W1": "login_drop", "E1": "adoption"}[name],
        "kind": kind,
        "status": status,
        "confirmatory": False,
        "signal": name,
        "sentence": TOLD[name],
        "play": {"W1": "adoption rescue", "E1": "expansion talk"}[name],
    }


def evidence(name: str) -> dict[str, Any]:
    what = {"W1": "daily logins", "E1": "use of the features paid for"}[name]
    return {
        "account_id": "a",
        "episode_key": f"a|{name}|2026-05-18",
        "signal": name,
        "what": what,
        "sentence": TOLD[name],
    }


def facts(
    tiers: dict[date, str] | None = None,
    signals: list[dict[str, Any]] | None = None,
    tables: dict[str, list[dict[str, Any]]] | None = None,
    looked: bool = True,
    **more: Any,
) -> PlaysFacts:
    """One account of USD 60,000 since 2025, in the tiers of these runs; with tasks of the last run unless it is green."""
    runs = tiers or {DAY: "yellow"}
    tasks = [
        {
            "account_id": "a", "play": "adoption rescue", "step": step, "task_key": f"a|adoption rescue:{step}|2026-W23",
            "body": SAYS, "due_at": at("2026-06-02T10:00"), "on": DAY,
        }
        for step in ("assess", "reach_out") if runs[max(runs)] != "green"
    ]  # fmt: skip
    health = {"green": 80.0, "yellow": 60.0, "red": 30.0}
    given: dict[str, Any] = {
        "as_of": DAY,
        "run_id": "r",
        "accounts": {
            "a": Account("a", "Acme", "csm-1", "UTC", date(2025, 1, 1), date(2027, 1, 1), 60_000.0, runs[max(runs)], "low", POLICY)
        },
        "created": {},
        "terms": {"a": [Term("a", date(2025, 1, 1), date(2027, 1, 1), 60_000.0)]},
        "runs": Runs(
            {day: datetime.combine(day, at("2026-01-01T10:00").time()) for day in runs},
            {"a": {day: level(tier, "low") for day, tier in runs.items()}},
            {"a": {day: health[tier] for day, tier in runs.items()}},
            {"a": runs},
            tasks,
        ),
        "words": {},
        "signals": {"a": signals or []} if looked else None,
        "evidence": {"a": [evidence(n) for n in ("W1", "E1")]},
        "held": frozenset(),
        "delivered": frozenset({"milestones", "touchpoints", "survey_responses", "support_tickets", "users"}),
        "tables": {name: {"a": rows} for name, rows in (tables or {}).items()},
    }  # fmt: skip
    return PlaysFacts(**(given | more))


def stored(folder: Path) -> Any:
    (folder / "churn.toml").write_text("", encoding="utf-8")
    project = open_project(folder)
    row = {"account_id": ["a"], "run_id": ["r"], "published_at": [at("2026-06-01T10:00")], "health_score": [60.0],
           "health_tier": ["yellow"], "risk_tier": ["low"]}  # fmt: skip
    task = {"task_key": ["a|call:assess|2026-W23"], "account_id": ["a"], "as_of": [DAY], "run_id": ["r"], "play": ["call"],
            "step": ["assess"], "body": ["Look"], "owner_id": ["csm-1"], "due_at": [at("2026-06-02T10:00")]}  # fmt: skip
    warns = {"account_id": ["a", "b"], "kind": ["warning"] * 2, "status": ["open"] * 2, "confirmatory": [False, True]}
    own = task | {"task_key": ["a|call:plan|2026-W23"]}
    book = {"account_id": ["a"], "name": ["Acme"], "owner_id": ["csm-1"], "owner_email": ["csm-1@example.org"]}
    for what, part, table in (
        ("scores", "scores", row), ("tasks", "tasks", task), ("book", "book", book), ("plays", "tasks", own),
        ("signals", "signals", warns),
    ):  # fmt: skip
        pq.write_table(pa.table(table), project.out(what, f"as_of={DAY}") / f"{part}.parquet")
    return project
