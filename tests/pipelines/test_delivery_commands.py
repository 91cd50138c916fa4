"""The operator's commands, from a scored project to the embedded CRM and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from data_contracts.contract import source_contracts
from pipelines.build_features import Checked
from pipelines.source_moves import source_moves

Run = Callable[..., tuple[int, Any, str]]
UNTIL = date(2026, 6, 1)


def crm_rows(project: Path, sql: str = "SELECT * FROM accounts ORDER BY account_id") -> list[Any]:
    with closing(sqlite3.connect(project / ".churn" / "crm.sqlite")) as db:
        return db.execute(sql).fetchall()


def with_moves(project: Path, **moves: tuple[float, float]) -> None:
    file = project / ".churn" / "sources" / f"as_of={UNTIL}" / "moves.json"
    lines = [{"table": table, "before": before, "now": now} for table, (before, now) in moves.items()]
    file.write_text(json.dumps(lines), encoding="utf-8")


def test_status_tells_every_run_and_rollback_takes_the_last_one_back(scored: Path, churn: Run) -> None:
    assert churn("status", "--project", scored, "--json")[1]["runs"] == []
    _, applied, _ = churn("apply", "--project", scored, "--json")
    with closing(sqlite3.connect(scored / ".churn" / "crm.sqlite")) as db, db:
        db.execute("UPDATE accounts SET risk_tier='watch' WHERE account_id=(SELECT min(account_id) FROM accounts)")
    code, found, _ = churn("status", "--project", scored, "--json")
    assert (code, found["undoable"], found["waiting"], found["rejected"]) == (0, [applied["run"]], {}, {})
    assert found["runs"][0]["written"] == applied["written"]
    code, undone, _ = churn("rollback", applied["run"][:12], "--project", scored, "--json")
    assert (code, undone["run"], undone["deferred"]) == (0, applied["run"], 0)
    tiers = crm_rows(scored, "SELECT risk_tier, count(*) FROM accounts GROUP BY 1 ORDER BY 1")
    assert tiers == [(None, len(crm_rows(scored)) - 1), ("watch", 1)]
    assert {status for (status,) in crm_rows(scored, "SELECT status FROM tasks")} <= {"cancelled"}
    code, _, err = churn("rollback", applied["run"], "--project", scored)
    assert code == 2
    assert "can be rolled back" in err


def test_a_source_that_lost_half_its_rows_stops_the_delivery_until_somebody_accepts_it(
    scored: Path, churn: Run
) -> None:
    with_moves(scored, usage_events=(1000, 400), touchpoints=(1000, 990))
    code, planned, _ = churn("plan", "--project", scored, "--json")
    assert (code, [stop["breaker"] for stop in planned["stops"]]) == (0, ["sources"])
    code, error, _ = churn("apply", "--project", scored, "--json")
    assert code == 6
    assert "`usage_events` has 400 rows" in error["error"]["message"]
    assert not (scored / ".churn" / "crm.sqlite").exists()
    assert churn("apply", "--accept", "source", "--project", scored)[0] == 2
    assert churn("apply", "--accept", "sources", "--project", scored, "--json")[1]["rejected"] == 0


def test_retry_sends_what_was_rejected_once_its_cause_is_cured(scored: Path, churn: Run) -> None:
    assert churn("apply", "--project", scored, "--json")[0] == 0
    (account,) = crm_rows(scored, "SELECT min(account_id) FROM accounts")[0]
    trigger = (
        "CREATE TRIGGER no BEFORE UPDATE ON accounts WHEN new.account_id = '{}' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with closing(sqlite3.connect(scored / ".churn" / "crm.sqlite")) as db, db:
        db.execute("UPDATE accounts SET as_of='2026-01-05', scorer='old'")
        db.execute(trigger.format(account))
    for left in (scored / ".churn").glob("ledger.sqlite*"):
        left.unlink()
    code, applied, _ = churn("apply", "--project", scored, "--json")
    assert (code, applied["rejected"]) == (0, 1)
    _, found, _ = churn("status", "--project", scored, "--json")
    assert (found["rejected"], found["examples"][0]["key"]) == ({"constraint": 1}, account)
    with closing(sqlite3.connect(scored / ".churn" / "crm.sqlite")) as db, db:
        db.execute("DROP TRIGGER no")
    code, again, _ = churn("retry", "--project", scored, "--json")
    assert (code, again["staged"], again["written"]) == (0, 1, 1)
    assert {scorer for (scorer,) in crm_rows(scored, "SELECT scorer FROM accounts")} != {"old"}
    assert churn("retry", "--project", scored, "--json")[1]["staged"] == 0


def test_people_are_told_the_same_in_words(scored: Path, churn: Run) -> None:
    with_moves(scored, usage_events=(1000, 0))
    _, planned, _ = churn("plan", "--project", scored)
    assert "This would stop before anything is sent" in planned
    assert "churn apply --accept sources" in planned
    churn("apply", "--accept", "sources", "--project", scored)
    _, told, _ = churn("status", "--project", scored)
    assert "churn rollback" in told


def test_the_rows_of_four_weeks_are_held_against_the_twelve_before(checked: Checked) -> None:
    usual = {move.table: move for move in source_moves(checked, UNTIL)}
    assert set(usual) == {"usage_events", "support_tickets", "ticket_messages", "touchpoints"}
    assert all(0.5 < move.now / move.before < 1.5 for move in usual.values() if move.before >= 100)
    events = checked.facts.tables["usage_events"]
    begins = UNTIL - timedelta(days=28)
    cut = events.filter((events.occurred_at < begins) | (events.account_id < "acc-00100"))
    facts = replace(checked.facts, tables={**checked.facts.tables, "usage_events": cut})
    after = source_moves(Checked(checked.project, facts, checked.report, checked.engine), UNTIL)[0]
    assert after.before == usual["usage_events"].before
    assert after.now < usual["usage_events"].now / 2
    counted = events.filter((events.occurred_at >= begins) & (events.occurred_at < UNTIL)).count().to_pyarrow().as_py()
    assert usual["usage_events"].now == counted


def test_what_people_put_into_the_crm_is_read_back_once_as_a_source_table(scored: Path, churn: Run) -> None:
    churn("apply", "--project", scored, "--json")
    assert churn("feedback", "--project", scored, "--json")[1]["new"] == 0
    (key,) = crm_rows(scored, "SELECT min(task_key) FROM tasks")[0]
    (account,) = crm_rows(scored, "SELECT min(account_id) FROM accounts")[0]
    with closing(sqlite3.connect(scored / ".churn" / "crm.sqlite")) as db, db:
        for column in ("outcome", "root_cause", "driver_mark"):
            db.execute(f"ALTER TABLE tasks ADD COLUMN {column}")
        for column in ("override", "override_reason", "override_expires_on", "sponsor_rating"):
            db.execute(f"ALTER TABLE accounts ADD COLUMN {column}")
        task = "UPDATE tasks SET status='done', outcome='saved', root_cause='adoption', driver_mark='Wrong' WHERE task_key=?"
        db.execute(task, (key,))
        override = "UPDATE accounts SET override='green', override_reason='merger', override_expires_on='2026-09-01',"
        db.execute(f"{override} sponsor_rating=4.0 WHERE account_id=?", (account,))
    code, found, _ = churn("feedback", "--project", scored, "--json")
    assert (code, found["by_kind"]) == (0, {"driver_mark": 1, "override": 1, "sponsor_rating": 1, "task_outcome": 1})
    assert churn("feedback", "--project", scored, "--json")[1]["new"] == 0
    table = pd.concat(map(pd.read_parquet, (scored / ".churn" / "feedback").glob("*.parquet"))).set_index("kind")
    assert table.loc["task_outcome", ["value", "reason", "task_key"]].tolist() == ["saved", "adoption", key]
    assert table.loc["override", ["account_id", "value", "reason", "expires_on"]].tolist() == [
        account, "green", "merger", date(2026, 9, 1),
    ]  # fmt: skip
    assert (table.loc["driver_mark", "value"], table.loc["sponsor_rating", "value"]) == ("wrong", "4")
    with closing(sqlite3.connect(scored / ".churn" / "crm.sqlite")) as db, db:
        db.execute("UPDATE tasks SET outcome='lost', root_cause='no idea' WHERE task_key=?", (key,))
    found = churn("feedback", "--project", scored, "--json")[1]
    assert (found["by_kind"], found["unknown_root_causes"]) == ({"task_outcome": 1}, ["no idea"])
    # A person's fields are never called edits of ours, and the contract takes the table as it is.
    assert churn("apply", "--project", scored, "--json")[1]["written"] == 0
    contract = source_contracts()["crm_feedback"]
    engine = ibis.duckdb.connect()
    rows = engine.read_parquet(str(scored / ".churn" / "feedback" / "*.parquet"))
    assert set(rows.columns) <= set(contract.column_names)
    engine.disconnect()
