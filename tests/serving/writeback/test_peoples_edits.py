"""What people do in the CRM between two deliveries stays as they left it, and is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from serving.writeback.delivery import apply
from serving.writeback.memory import MemoryCrm
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

WEEK_1, WEEK_2, WEEK_3 = "2025-01-06", "2025-01-13", "2025-01-20"
# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]


def test_a_score_field_that_a_person_edited_is_kept_and_reported(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a", risk_tier="red", reason_1="logins down")], crm, ledger, run_id="r1")
    crm.rows["score"]["a"]["risk_tier"] = "watch"
    second = apply([score("a", WEEK_2, risk_tier="yellow", reason_1="invoice late")], crm, ledger, run_id="r2")
    assert second.edited == (("score", "a", "risk_tier"),)
    assert crm.rows["score"]["a"]["risk_tier"] == "watch"
    assert crm.rows["score"]["a"]["reason_1"] == "invoice late"
    third = apply([score("a", WEEK_3, risk_tier="green")], crm, ledger, run_id="r3")
    assert third.edited == (("score", "a", "risk_tier"),), "kept for as long as it differs"
    crm.rows["score"]["a"]["risk_tier"] = "green"
    apply([score("a", WEEK_3, risk_tier="green")], crm, ledger, run_id="r4")
    apply([score("a", "2025-01-27", risk_tier="red")], crm, ledger, run_id="r5")
    assert crm.rows["score"]["a"]["risk_tier"] == "red", "once both agree, the field is ours again"


def test_a_value_from_before_our_first_write_is_no_edit(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    crm.rows["score"]["a"] = {"name": "A", "owner_id": "csm-1", "risk_tier": "old system's red"}
    applied = apply([score("a", risk_tier="green")], crm, ledger, run_id="r1")
    assert (applied.edited, crm.rows["score"]["a"]["risk_tier"]) == ((), "green")
    crm.rows["score"]["a"]["owner_id"] = "csm-9"
    apply([score("a", WEEK_2, owner_id="csm-2")], crm, ledger, run_id="r2")
    assert crm.rows["score"]["a"]["owner_id"] == "csm-9", "what was equal at first counts as confirmed"


@pytest.mark.parametrize("crm_kind", ["memory", "sqlite"])
def test_a_task_stays_as_its_owner_left_it(
    crm_kind: str, score: Make, task: Make, ledger: Path, tmp_path: Path
) -> None:
    crm = MemoryCrm() if crm_kind == "memory" else SqliteCrm(tmp_path / "crm.sqlite")
    apply([score("a"), task("a", body="old")], crm, ledger, run_id="r1")
    key = task("a").key
    edits = {"status": "done", "owner_id": "csm-7", "due_at": "2025-02-01"}
    if isinstance(crm, MemoryCrm):
        crm.rows["task"][key].update(edits)
    else:
        with closing(sqlite3.connect(crm.path)) as db, db:
            db.execute("UPDATE tasks SET status='done', owner_id='csm-7', due_at='2025-02-01'")
    second = apply([score("a", WEEK_2), task("a", WEEK_2, body="new", status="open")], crm, ledger, run_id="r2")
    found = crm.read("task", [key])[key]
    assert {name: found[name] for name in edits} == edits
    assert found["body"] == "new"
    assert {name for _, _, name in second.edited} == {"owner_id", "due_at"}


def test_a_task_that_a_person_deleted_stays_deleted(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    rows = [score("a"), task("a")]
    apply(rows, crm, ledger, run_id="r1")
    crm.rows["task"].clear()
    assert apply(rows, crm, ledger, run_id="r2").written == 0


def test_a_crm_that_was_emptied_is_filled_again(score: Make, task: Make, ledger: Path, tmp_path: Path) -> None:
    crm = SqliteCrm(tmp_path / "crm.sqlite")
    rows = [score("a"), task("a")]
    apply(rows, crm, ledger, run_id="r1")
    crm.path.unlink()
    assert apply(rows, crm, ledger, run_id="r2").written == 2
    assert crm.read("score", ["a"])["a"]["risk_tier"] == "green"
    assert crm.read("task", [task("a").key])
