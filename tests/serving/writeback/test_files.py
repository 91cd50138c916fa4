"""Files that nobody ever reads half written, and that a spreadsheet does not run."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.delivery import apply
from serving.writeback.files import FilesCrm
from serving.writeback.rollback import rollback
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
WEEK_2 = "2025-01-13"
ODD = 'naïve 🔥, "quoted"\r\nsecond line'


def lines(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row.get("task_key") or row["account_id"]: row for row in rows}


def test_the_newest_scores_and_all_tasks_stand_in_two_files(
    score: Make, task: Make, ledger: Path, tmp_path: Path
) -> None:
    crm = FilesCrm(tmp_path / "out", "csv")
    apply([score("a", reason_1=ODD, arr=1234.5), score("b"), task("a")], crm, ledger, run_id="r1")
    apply([score("a", WEEK_2, reason_1=None), task("a", WEEK_2, key="a|reengage|2025-W03")], crm, ledger, run_id="r2")
    found = lines(tmp_path / "out" / "accounts.csv")
    assert {key: (row["as_of"], row["reason_1"]) for key, row in found.items()} == {
        "a": (WEEK_2, ""),
        "b": ("2025-01-06", ""),
    }
    assert len(lines(tmp_path / "out" / "tasks.csv")) == 2
    assert not list((tmp_path / "out").glob("*.part"))


@pytest.mark.parametrize("text", ["=SUM(A1)", "+1", "-2+3", "@x", "\t=1"])
def test_a_formula_is_no_formula_in_a_file_for_people_and_itself_in_one_for_machines(
    text: str, score: Make, ledger: Path, tmp_path: Path
) -> None:
    for name, for_people, shown in (("people", True, f"'{text}"), ("machines", False, text)):
        crm = FilesCrm(tmp_path / name, "csv", for_people=for_people)
        apply([score("a", reason_1=text, arr=-5.0)], crm, ledger, run_id=name)
        row = lines(tmp_path / name / "accounts.csv")["a"]
        assert (row["reason_1"], row["arr"]) == (shown, "-5.0")
        assert crm.read("score", ["a"])["a"]["reason_1"] == text


def test_parquet_keeps_numbers_text_and_nulls(score: Make, ledger: Path, tmp_path: Path) -> None:
    crm = FilesCrm(tmp_path / "out", "parquet")
    apply([score("a", arr=1.5, reason_1=ODD), score("b", arr=None), score("c", arr=7)], crm, ledger, run_id="r1")
    rows = {row["account_id"]: row for row in pq.read_table(tmp_path / "out" / "accounts.parquet").to_pylist()}
    assert [rows[key]["arr"] for key in "abc"] == [1.5, None, 7.0]
    assert rows["a"]["reason_1"] == ODD


def test_a_run_killed_before_the_files_were_written_writes_them_the_next_time(
    score: Make, ledger: Path, tmp_path: Path
) -> None:
    crm = FilesCrm(tmp_path / "out", "csv")
    apply([score("a")], crm, ledger, run_id="r1")
    (tmp_path / "out" / "accounts.csv").unlink()
    assert apply([score("a")], crm, ledger, run_id="r1").written == 0
    assert set(lines(tmp_path / "out" / "accounts.csv")) == {"a"}


def test_a_file_that_cannot_be_replaced_is_an_error_with_a_cure_and_loses_nothing(
    score: Make, ledger: Path, tmp_path: Path
) -> None:
    crm = FilesCrm(tmp_path / "out", "csv")
    (tmp_path / "out" / "accounts.csv").mkdir(parents=True)
    with pytest.raises(DeliveryIncomplete, match="cannot be written"):
        apply([score("a")], crm, ledger, run_id="r1")
    (tmp_path / "out" / "accounts.csv").rmdir()
    apply([score("a")], crm, ledger, run_id="r1")
    assert set(lines(tmp_path / "out" / "accounts.csv")) == {"a"}


def test_a_rollback_reaches_the_files(score: Make, ledger: Path, tmp_path: Path) -> None:
    crm = FilesCrm(tmp_path / "out", "csv")
    apply([score("a")], crm, ledger, run_id="r1")
    apply([score("a", WEEK_2, risk_tier="red")], crm, ledger, run_id="r2")
    rollback("r2", crm, ledger)
    assert lines(tmp_path / "out" / "accounts.csv")["a"]["risk_tier"] == "green"
