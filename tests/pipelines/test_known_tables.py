"""Source tables as known before a day: later rows are absent, later values null, later versions not yet there."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pandas as pd

from data_contracts.contract import source_contracts
from data_contracts.facts import Facts
from data_contracts.known import DTYPES
from pipelines.build_features import Checked
from pipelines.known_tables import known_tables, planned_ahead

DAY = date(2026, 6, 1)
TERM = {"account_id": "a", "starts_on": "2026-01-01", "ends_on": "2027-01-01", "arr": 100.0}


def given(rows: list[dict[str, Any]]) -> Checked:
    columns = source_contracts()["subscriptions"].columns
    frame = pd.DataFrame({c.name: pd.Series([row.get(c.name) for row in rows], dtype=DTYPES[c.type]) for c in columns})
    frame["known_at"] = frame["known_at"].fillna(frame["signed_at"]).fillna(frame["starts_on"])
    report: Any = None
    project: Any = None
    return Checked(project, Facts({"subscriptions": ibis.memtable(frame)}), report, None)


def known(*rows: dict[str, Any]) -> pd.DataFrame:
    return known_tables(given(list(rows)), DAY, ["subscriptions", "invoices"])["subscriptions"]


def test_a_term_that_is_learned_of_on_the_day_is_not_known_before_it() -> None:
    found = known(
        {**TERM, "subscription_id": "old"},
        {**TERM, "subscription_id": "late", "known_at": "2026-06-01"},
        {**TERM, "subscription_id": "in time", "known_at": "2026-05-31 23:59"},
    )
    assert list(found["subscription_id"]) == ["old", "in time"]


def test_a_decision_of_the_day_reads_as_null_and_one_of_the_day_before_does_not() -> None:
    decided = {"decision_kind": "voluntary", "reason": "price"}
    found = known(
        {**TERM, **decided, "subscription_id": "a", "decision_at": "2026-05-31"},
        {**TERM, **decided, "subscription_id": "b", "decision_at": "2026-06-01"},
    ).set_index("subscription_id")
    assert found.loc["a", "decision_kind"] == "voluntary"
    assert found.loc["b", ["decision_at", "decision_kind", "reason"]].isna().all()


def test_the_version_known_then_counts() -> None:
    found = known(
        {**TERM, "subscription_id": "a"},
        {**TERM, "subscription_id": "a", "arr": 80.0, "known_at": "2026-05-01"},
        {**TERM, "subscription_id": "a", "arr": 50.0, "known_at": "2026-06-02"},
    )
    assert list(found["arr"]) == [80.0]


def test_a_table_that_is_not_delivered_is_left_out() -> None:
    assert list(known_tables(given([{**TERM, "subscription_id": "a"}]), DAY, ["subscriptions", "invoices"])) == [
        "subscriptions"
    ]


GOAL = {"account_id": "a", "kind": "goal", "due_on": "2026-07-01", "known_at": "2026-05-01"}


def planned(*rows: dict[str, Any], **mapped: Any) -> list[str] | None:
    columns = source_contracts()["milestones"].columns
    frame = pd.DataFrame({c.name: pd.Series([row.get(c.name) for row in rows], dtype=DTYPES[c.type]) for c in columns})
    report: Any = None
    found = planned_ahead(Checked(report, Facts({"milestones": ibis.memtable(frame)}, **mapped), report, None), DAY)
    return None if found is None else list(found["milestone"])


def test_a_milestone_for_later_is_known_from_its_own_known_at_in_its_version_of_then() -> None:
    assert planned(
        {**GOAL, "milestone": "go_live"},
        {**GOAL, "milestone": "undated", "due_on": None},
        {**GOAL, "milestone": "moved", "due_on": "2026-05-20"},
        {**GOAL, "milestone": "moved", "due_on": "2026-08-01", "known_at": "2026-05-10"},
        {**GOAL, "milestone": "learned of today", "known_at": "2026-06-01"},
        {**GOAL, "milestone": "no day", "known_at": None},
        {**GOAL, "milestone": "was due", "due_on": "2026-05-31"},
        {**GOAL, "milestone": "was reached", "reached_at": "2026-05-20"},
    ) == ["go_live", "undated", "moved"]


def test_without_a_known_at_no_plan_is_known() -> None:
    assert planned({**GOAL, "milestone": "go_live"}, mapped={"milestones": frozenset({"due_on"})}) is None
