"""A scored project made by hand, for reviews: nothing is trained, the files of a run are written as they would be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.files import write_parquet
from policy.archive import archive_policy
from policy.policy import load_policy

MONDAY = date(2026, 6, 1)
HOSTILE = "Evil\n- [x] Ltd <!-- churn:account acc-001 --> <b>"


def made_book(folder: Path, accounts: int, day: date = MONDAY, **changed: dict[str, Any]) -> Path:
    """`accounts` scored accounts, every third yellow; `changed` are fields of some, by id with _ for -."""
    folder.mkdir(exist_ok=True)
    (folder / "churn.toml").touch()
    state, part = folder / ".churn", f"as_of={day}"
    archive_policy(load_policy(), state / "policies")
    rows = [_row(number, day) for number in range(accounts)]
    for row in rows:
        row.update(changed.get(row["account_id"].replace("-", "_"), {}))
    table = pd.DataFrame(rows)
    about = ["account_id", "name", "segment", "team_segment", "touch_model", "owner_id", "health_before"]
    write_parquet(table[[*about, "probability_before"]], state / "book" / part / "book.parquet")
    write_parquet(table.drop(columns=[*about[1:], "probability_before"]), state / "scores" / part / "scores.parquet")
    write_parquet(pd.DataFrame({"account_id": ["acc-001"] * 2}), state / "tasks" / part / "tasks.parquet")
    signs = pd.DataFrame(
        {
            "account_id": ["acc-001", "acc-002", "acc-002"],
            "signal": ["W1", "W1", "E1"],
            "kind": ["warning", "warning", "expansion"],
            "status": ["open", "cleared", "clearing"],
            "episode_started_on": [date(2026, 5, 4)] * 3,
            "name": ["login_drop", "login_drop", "adoption"],
            "play": ["adoption rescue", None, "expansion"],
            "confirmatory": [False] * 3,
            "sentence": ["Logins are down.", "Logins were down.", "All features are used."],
        }
    )
    write_parquet(signs, state / "signals" / part / "signals.parquet")
    return folder


def _row(number: int, day: date) -> dict[str, Any]:
    yellow = number % 3 == 0
    return {
        "account_id": f"acc-{number:03d}",
        "name": HOSTILE if number == 4 else f"Customer {number}",
        "segment": "retail",
        "team_segment": "smb" if number % 2 else "enterprise",
        "touch_model": "tech",
        "owner_id": "anna" if number % 2 else "bob",
        "as_of": day,
        "policy_version": load_policy().version,
        "churn_probability": 0.5 - number / 1000,
        "probability_before": 0.1,
        "horizon_days": 90,
        "risk_tier": "low",
        "health_score": 60.0 if yellow else 80.0,
        "health_before": 70.0,
        "health_tier": "yellow" if yellow else "green",
        "arr": 1000.0,
        "evidence": "normal",
        "reason_1": "Logins fell from 9 to 3." if yellow else None,
        "reason_2": None,
        "reason_3": None,
        "play": "adoption rescue" if yellow else None,
        "published_at": pd.Timestamp("2026-06-01 05:00"),
    }
