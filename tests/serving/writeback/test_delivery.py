"""What a delivery promises, on books of a few accounts."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete, Locked, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities, Field
from serving.writeback.memory import MemoryCrm
from serving.writeback.place import rejections
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

WEEK_1, WEEK_2, WEEK_3 = "2025-01-06", "2025-01-13", "2025-01-20"
# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]
CRM_ONLY_UPDATES = Capabilities("strict", open_fields=True, creates_accounts=False)


class Stop(Exception):
    """Stands for a process that ends at a point."""


def stop_at(point: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == point:
            raise Stop

    return at


def test_a_second_apply_makes_no_write_call(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    rows = [score("a"), score("b"), task("a")]
    assert apply(rows, crm, ledger, run_id="r1").written == 3
    crm.writes.clear()
    again = apply(rows, crm, ledger, run_id="r2")
    assert (again.staged, again.written, again.skipped, again.complete) == (3, 0, 3, True)
    assert crm.writes == []


def test_a_second_apply_leaves_the_sqlite_file_as_it_is(score: Make, task: Make, ledger: Path, tmp_path: Path) -> None:
    crm = SqliteCrm(tmp_path / "crm.sqlite")
    rows = [score("a", churn_probability=0.25), task("a")]
    apply(rows, crm, ledger, run_id="r1")
    before = hashlib.sha256(crm.path.read_bytes()).hexdigest()
    apply(rows, crm, ledger, run_id="r2")
    assert hashlib.sha256(crm.path.read_bytes()).hexdigest() == before


def test_scoring_the_same_snapshot_again_writes_nothing_but_a_newer_snapshot_renews_the_dates(
    score: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score("a", run_id="r1", published_at="2025-01-06T05:00Z", expires_on=WEEK_2)], crm, ledger, run_id="r1")
    again = score("a", run_id="r2", published_at="2025-01-07T05:00Z", expires_on=WEEK_2)
    assert apply([again], crm, ledger, run_id="r2").written == 0
    assert apply([score("a", WEEK_2, run_id="r3", expires_on=WEEK_3)], crm, ledger, run_id="r3").written == 1
    shown = crm.rows["score"]["a"]
    assert (shown["as_of"], shown["expires_on"], shown["run_id"]) == (WEEK_2, WEEK_3, "r3")


def test_an_older_run_never_overwrites_a_newer_one(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a", WEEK_2, risk_tier="red")], crm, ledger, run_id="new")
    old = apply([score("a", WEEK_1), task("a", WEEK_1)], crm, ledger, run_id="old")
    assert (old.skipped, old.stale, old.written) == (2, 2, 0)
    assert crm.rows["score"]["a"]["risk_tier"] == "red"
    assert crm.rows["task"] == {}


def test_an_older_run_does_not_overwrite_even_when_the_ledger_is_lost(score: Make, ledger_file: Path) -> None:
    crm = MemoryCrm()
    apply([score("a", WEEK_2, risk_tier="red")], crm, ledger_file, run_id="new")
    assert apply([score("a", WEEK_1)], crm, ledger_file.with_name("another.sqlite"), run_id="old").stale == 1


def test_a_newer_row_still_on_its_way_is_not_replaced_by_an_older_one(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    with pytest.raises(Stop):
        apply([score("a", WEEK_2, risk_tier="red")], crm, ledger, run_id="new", at=stop_at("after_stage_commit"))
    old = apply([score("a", WEEK_1)], crm, ledger, run_id="old")
    assert (old.staged, old.stale, old.written) == (2, 1, 1)
    assert crm.rows["score"]["a"]["risk_tier"] == "red"


def test_rows_that_an_interrupted_run_left_are_delivered_by_the_next(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    with pytest.raises(Stop):
        apply([score("a"), score("b"), task("a")], crm, ledger, run_id="r1", at=stop_at("after_claim"))
    assert crm.rows["score"] == {}
    later = apply([score("a", WEEK_2)], crm, ledger, run_id="r2")
    assert (later.staged, later.written) == (3, 3)
    assert {key: row["as_of"] for key, row in crm.rows["score"].items()} == {"a": WEEK_2, "b": WEEK_1}
    assert len(crm.rows["task"]) == 1


def test_a_person_who_edits_while_a_row_waits_for_the_next_run_is_respected(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a", risk_tier="green")], crm, ledger, run_id="r1")
    with pytest.raises(Stop):
        apply([score("a", WEEK_2, risk_tier="red")], crm, ledger, run_id="r2", at=stop_at("after_stage_commit"))
    crm.rows["score"]["a"]["risk_tier"] = "watch"
    later = apply([], crm, ledger, run_id="r3")
    assert (later.written, later.edited) == (1, (("score", "a", "risk_tier"),))
    assert (crm.rows["score"]["a"]["risk_tier"], crm.rows["score"]["a"]["as_of"]) == ("watch", WEEK_2)


def test_a_second_process_is_told_locked_and_writes_nothing(score: Make, ledger_file: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from serving.writeback.delivery import apply\n"
        "from serving.writeback.sqlite import SqliteCrm; from serving.writeback.staged import Staged\n"
        "def at(name):\n"
        "    if name == 'after_claim': print('holding', flush=True); sys.stdin.readline()\n"
        "rows = [Staged('score', 'first', 'first', '2025-01-06', {'name': 'First'})]\n"
        "apply(rows, SqliteCrm(Path(sys.argv[1])), Path(sys.argv[2]), run_id='r1', at=at)\n"
    )
    crm = SqliteCrm(tmp_path / "crm.sqlite")
    command = [sys.executable, "-c", program, str(crm.path), str(ledger_file)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(Locked, match="another delivery"):
            apply([score("second")], crm, ledger_file, run_id="r2")
        other.communicate("go on\n", timeout=30)
    assert set(crm.read("score", ["first", "second"])) == {"first"}
    assert apply([score("second")], crm, ledger_file, run_id="r3").written == 1


def test_poisoned_rows_are_quarantined_and_the_rest_arrives_byte_exact(
    score: Make, task: Make, ledger: Path, tmp_path: Path
) -> None:
    crm = SqliteCrm(tmp_path / "crm.sqlite")
    text = {
        "emoji": "churn 🔥 naïve \u202e日本",
        "csv": 'a,"b"\r\n;c\td',
        "formula": '=HYPERLINK("http://x","y")',
        "html": "<script>alert('1')</script>&amp;",
        "spaces": "  kept  ",
        "digits": "007",
        "long": "x" * 32_768,
    }
    exact = score("id with 'quotes' , 🔥", **text)
    poison = [
        (score("nan", churn_probability=float("nan")), "not_finite"),
        (score("inf", arr=float("-inf")), "not_finite"),
        (score("p", lightgbm_probability=1.0001), "probability"),
        (score("negative", churn_probability=-0.1), "probability"),
        (score(""), "key_empty"),
        (score("k" * 256), "key_too_long"),
        (score("nul\0id"), "nul"),
        (score("nul", name="a\0b"), "nul"),
        (score("long", evidence="x" * 32_769), "too_long"),
        (score("surrogate", name="\ud83d"), "unicode"),
        (score("date", as_of="06/01/2025"), "as_of"),
        (replace(score("other"), key="not-the-account"), "key_mismatch"),
        (score("twice"), "duplicate_key"),
        (score("twice", risk_tier="red"), "duplicate_key"),
        (task("nan"), "score_rejected"),
        (task("nobody"), "no_account"),
    ]
    applied = apply([exact, task(exact.key, **text), *(row for row, _ in poison)], crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected, applied.complete) == (2, 16, True)
    assert sorted(line.code for line in rejections(ledger)) == sorted(code for _, code in poison)
    assert all(line.reason for line in rejections(ledger))
    with closing(sqlite3.connect(crm.path)) as db:
        for table in ("accounts", "tasks"):
            found = db.execute(f"SELECT {', '.join(text)} FROM {table}").fetchall()
            assert found == [tuple(text.values())]
        assert db.execute("SELECT account_id FROM accounts").fetchall() == [(exact.key,)]


def test_too_many_quarantined_rows_stop_the_delivery_before_anything_is_sent(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    rows = [score(f"a{i}", churn_probability=2.0 if i < 20 else 0.5) for i in range(399)]
    with pytest.raises(DeliveryIncomplete, match="20 of 399"):
        apply(rows, crm, ledger, run_id="r1")
    assert len(rejections(ledger)) == 20
    apply([], crm, ledger, run_id="r2")
    assert crm.writes == [], "what was stopped is not sent by the next run either"


def test_twenty_quarantined_rows_of_four_hundred_do_not_stop_it(score: Make, ledger: Path) -> None:
    rows = [score(f"a{i}", churn_probability=2.0 if i < 20 else 0.5) for i in range(400)]
    assert apply(rows, MemoryCrm(), ledger, run_id="r1").as_json() == {
        "run": "r1",
        "staged": 400,
        "written": 380,
        "skipped": 0,
        "rejected": 20,
        "deferred": 0,
    }


def test_accounts_are_not_created_where_the_crm_is_somebody_elses(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm(accepts=CRM_ONLY_UPDATES)
    crm.rows["score"]["known"] = {}
    applied = apply([score("known"), score("unknown"), task("known"), task("unknown")], crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected) == (2, 2)
    assert set(crm.rows["score"]) == {"known"}
    assert {line.code for line in rejections(ledger)} == {"no_account"}


@pytest.mark.parametrize(
    ("accepts", "message"),
    [
        (replace(CRM_ONLY_UPDATES, key_unique=False), "not unique"),
        (replace(CRM_ONLY_UPDATES, reserved=frozenset({"name"})), "cannot have a field `name`"),
        (Capabilities("closed", {"score": {"nome": Field(), "as_of": Field()}}), "Did you mean `nome`"),
        (Capabilities("closed", {"score": {"name": Field(writable=False)}}, open_fields=True), "cannot be written"),
    ],
)
def test_a_destination_that_does_not_fit_gets_no_write_at_all(
    accepts: Capabilities, message: str, score: Make, ledger: Path
) -> None:
    crm = MemoryCrm(accepts=accepts)
    row = score("a")
    with pytest.raises(SettingsError, match=message):
        apply([replace(row, fields={"name": row.fields["name"]})], crm, ledger, run_id="r1")
    assert crm.writes == []


def test_progress_reaches_its_total(score: Make, task: Make, ledger: Path) -> None:
    seen: list[tuple[int, int]] = []
    crm = MemoryCrm(accepts=Capabilities("small", open_fields=True, creates_accounts=True, batch_size=2))
    rows = [score("a"), score("b"), score("c"), task("a")]
    apply(rows, crm, ledger, run_id="r1", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 4), (3, 4), (4, 4)]


def test_a_ledger_that_cannot_be_opened_is_an_error_with_a_cure(score: Make, ledger_file: Path) -> None:
    ledger_file.mkdir(parents=True)
    with pytest.raises(SettingsError, match=r"cannot be written.*write access"):
        apply([score("a")], MemoryCrm(), ledger_file, run_id="r1")


def test_importing_the_write_back_loads_nothing_heavy() -> None:
    heavy = "pandas numpy sklearn lightgbm mlflow prefect ibis duckdb great_expectations pyarrow httpx yaml"
    program = (
        "import sys; import serving.writeback.delivery, serving.writeback.plan, serving.writeback.sqlite\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "[]\n"
