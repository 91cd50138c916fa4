"""The dry run says what a delivery will do, and does nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy.errors import Locked
from serving.writeback.delivery import apply
from serving.writeback.memory import MemoryCrm
from serving.writeback.plan import FieldChange, FieldEdit, Tally, plan
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

WEEK_2, WEEK_3 = "2025-01-13", "2025-01-20"
# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]


def everything_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_plan_names_what_is_new_changed_refreshed_edited_unowned_and_rejected(
    score: Make, task: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score(x) for x in "abcd"] + [task("a")], crm, ledger, run_id="r1")
    crm.rows["score"]["d"]["risk_tier"] = "watch"
    rows = [
        score("a", WEEK_2, expires_on=WEEK_3),
        score("b", WEEK_2, risk_tier="red"),
        score("d", WEEK_2, risk_tier="red"),
        score("e", WEEK_2, owner_id=None),
        score("f", WEEK_2, churn_probability=7.0),
        score("c"),
        task("a"),
        task("b", WEEK_2),
    ]
    found = plan(rows, crm, ledger)
    assert found.scores == Tally(new=1, changed=1, refreshed=2, unchanged=1, rejected=1)
    assert found.tasks == Tally(new=1, stale=0, unchanged=1)
    assert found.new_accounts == ["e"]
    assert (found.new_tasks, found.existing_tasks) == ([task("b").key], [task("a").key])
    assert found.changes == found.tier_moves == [FieldChange("score", "b", "risk_tier", "green", "red")]
    assert found.edited == [FieldEdit("score", "d", "risk_tier", "red", "watch")]
    assert found.unowned == ["e"]
    assert [(line.key, line.code) for line in found.rejected] == [("f", "probability")]
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["scores"]["refreshed"] == 2


def test_apply_does_what_the_plan_said_and_then_there_is_nothing_left_to_plan(
    score: Make, task: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score(x) for x in "abc"], crm, ledger, run_id="r1")
    rows = [score("a", WEEK_2), score("b", risk_tier="red"), score("c"), score("d"), task("a", WEEK_2), task("x")]
    said = plan(rows, crm, ledger)
    did = apply(rows, crm, ledger, run_id="r2")
    written = sum(tally.new + tally.changed + tally.refreshed for tally in (said.scores, said.tasks))
    assert (did.written, did.rejected) == (written, len(said.rejected)) == (4, 1)
    again = plan(rows, crm, ledger)
    assert (again.scores, again.tasks.unchanged) == (Tally(unchanged=4), 1)


def test_a_plan_writes_nothing_anywhere(score: Make, task: Make, tmp_path: Path) -> None:
    crm, ledger = SqliteCrm(tmp_path / "crm.sqlite"), tmp_path / "ledger.sqlite"
    assert plan([score("a"), task("a")], crm, ledger).scores.new == 1
    assert everything_in(tmp_path) == {}
    apply([score("a")], crm, ledger, run_id="r1")
    before = everything_in(tmp_path)
    plan([score("a", WEEK_2, colour="new column"), task("a", WEEK_2)], crm, ledger)
    assert everything_in(tmp_path) == before


def test_after_a_kill_the_plan_reads_the_ledger_as_it_was_left(score: Make, tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from serving.writeback.delivery import apply\n"
        "from serving.writeback.sqlite import SqliteCrm; from serving.writeback.staged import Staged\n"
        "def at(name):\n"
        "    if name == 'after_write': os.kill(os.getpid(), signal.SIGKILL)\n"
        "row = Staged('score', 'a', 'a', '2025-01-13', {'name': 'A', 'owner_id': 'csm-1', 'risk_tier': 'red'})\n"
        "folder = Path(sys.argv[1])\n"
        "apply([row], SqliteCrm(folder / 'crm.sqlite'), folder / 'ledger.sqlite', run_id='r2', at=at)\n"
    )
    crm, ledger = SqliteCrm(tmp_path / "crm.sqlite"), tmp_path / "ledger.sqlite"
    apply([score("a")], crm, ledger, run_id="r1")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=False, timeout=30)
    before = {name: body for name, body in everything_in(tmp_path).items() if not name.endswith("-shm")}
    assert "ledger.sqlite-wal" in before
    found = plan([score("a", WEEK_3, risk_tier="yellow")], crm, ledger)
    assert found.edited == [], "what the killed process wrote is ours"
    assert found.tier_moves == [FieldChange("score", "a", "risk_tier", "red", "yellow")]
    assert (found.resumed, plan([], crm, ledger).resumed) == (0, 1)
    assert {name: body for name, body in everything_in(tmp_path).items() if not name.endswith("-shm")} == before


def test_a_plan_overtaken_by_a_delivery_says_so(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a")], crm, ledger, run_id="r1")

    def rows() -> Iterator[Staged]:
        apply([score("b")], crm, ledger, run_id="r2")
        yield score("a", WEEK_2)

    with pytest.raises(Locked, match="started while this plan was made"):
        plan(rows(), crm, ledger)


def test_a_plan_says_when_a_delivery_would_stop(score: Make, ledger: Path) -> None:
    assert plan([score(f"a{i}", arr=float("nan")) for i in range(30)], MemoryCrm(), ledger).stops
