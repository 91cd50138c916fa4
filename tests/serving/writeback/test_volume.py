"""Memory does not grow with the rows of a run, and what a run costs does not grow with those that went before it."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.writeback.decision import Confirmed
from serving.writeback.delivery import apply
from serving.writeback.destination import Capabilities
from serving.writeback.ledger import Ledger
from serving.writeback.ledger_schema import LIVE
from serving.writeback.lines import Lines
from serving.writeback.memory import MemoryCrm
from serving.writeback.place_postgres import PostgresPlace
from serving.writeback.staged import Staged

ROOT = Path(__file__).parents[3]
FEW, MANY = 4_000, 28_000
LIFE = """
import sys
from pathlib import Path
from serving.writeback.delivery import apply
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

def rows(count, run):
    for i in range(count):
        fields = {"churn_probability": i % 997 / 1000, "risk_tier": "low", "run_id": run, "reason_1": f"{i} " + "why " * 30}
        yield Staged("score", f"a{i:06}", f"a{i:06}", "2025-01-06", fields | {f"figure_{n}": i / 7 + n for n in range(10)})
    for i in range(count // 2):
        yield Staged("task", f"a{i:06}|call", f"a{i:06}", "2025-01-06", {"subject": f"Call {i}", "run_id": run})

folder, count = Path(sys.argv[1]), int(sys.argv[2])
for run in ("r1", "r2"):
    done = apply(rows(count, run), SqliteCrm(folder / "crm.sqlite"), folder / "ledger", run_id=run, accepted=["new_tasks"])
    assert done.complete and done.written == (done.staged if run == "r1" else 0), done
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


PLAN = """
import collections, sys
from pathlib import Path
from serving.writeback.memory import MemoryCrm
from serving.writeback.plan import plan
from serving.writeback.staged import Staged

class Shows(MemoryCrm):
    def read(self, kind, keys):
        return {key: {f"figure_{n}": None for n in range(12)} for key in keys}

count = int(sys.argv[2])
rows = (Staged("score", f"a{i:06}", f"a{i:06}", "2025-01-06", {f"figure_{n}": i / 7 + n for n in range(12)} | {"owner_id": None}) for i in range(count))
found = plan(rows, Shows(), Path(sys.argv[1], "ledger"))
assert (found.scores.changed, len(found.changes), len(found.unowned)) == (count, 12 * count, count)
collections.deque(found.pieces(), maxlen=0)
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def peak_mb(folder: Path, rows: int, code: str = LIFE) -> float:
    folder.mkdir()
    command = [sys.executable, "-c", code, str(folder), str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout) / 1024


def test_seven_times_the_rows_need_no_more_memory(tmp_path: Path) -> None:
    few, many = peak_mb(tmp_path / "few", FEW), peak_mb(tmp_path / "many", MANY)
    # Holding a row's fields alone would take two kilobytes: 50 MB for the rows that are more.
    assert many - few < 10, (few, many)


@pytest.mark.parametrize(("table", "rest"), [("shadow", ""), ("outbox", f"AND {LIVE}")])
def test_a_ledger_in_postgres_that_grows_looks_at_the_rows_it_was_asked_for(
    table: str, rest: str, postgres: str
) -> None:
    place = PostgresPlace(SecretStr(postgres), schema=f"ledger_volume_{table}")
    with place.delivery("crm") as store, store.transaction():
        ledger = Ledger(store, "crm", lambda: 0.0)
        ledger.start_run("r1")
        keys = [f"a{i:05}" for i in range(5_000)]
        ledger.confirm("score", {key: Confirmed("2025-01-06", {"tier": b"123456"}) for key in keys})
        columns = "dest, kind, key, account_id, run, as_of, hash, state"
        lines = [("crm", "score", key, key, ledger.run, "2025-01-06", "", "pending") for key in keys]
        store.many(f"INSERT INTO outbox ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines)
        fetched = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_xact_user_tables WHERE relid=?::regclass"
        before = store.one(fetched, (table,))
        found = store.keyed("key", table, "crm", "score", keys[:100], rest)
        after = store.one(fetched, (table,))
    assert {key for (key,) in found} == set(keys[:100])
    assert before is not None
    assert after is not None
    assert after[0] - before[0] == 100


def test_a_long_list_of_a_plan_lies_in_a_file_and_reads_as_a_list(tmp_path: Path) -> None:
    lines: Lines[tuple[str, float | None]] = Lines(tuple)
    whole = [(f"a{i} é\n", None if i % 3 else i / 7) for i in range(60_000)]
    for one in whole[:30_000]:
        lines.append(*one)
    assert next(iter(lines)) == whole[0], "read between"
    for one in whole[30_000:]:
        lines.append(*one)
    assert lines._file._rolled, "sixty thousand lines lay in memory"
    assert lines == whole
    assert lines != whole[:-1]
    assert (lines[-1], lines[1:3]) == (whole[-1], whole[1:3])


def test_a_plan_of_many_rows_needs_no_more_memory_than_one_of_few(tmp_path: Path) -> None:
    few, many = peak_mb(tmp_path / "few", FEW, PLAN), peak_mb(tmp_path / "many", MANY, PLAN)
    assert many - few < 10, (few, many)


def test_cycles_are_given_back_between_batches_and_looked_for_as_before_afterwards(ledger_file: Path) -> None:
    gone: list[int] = []

    class Answer:
        def __init__(self) -> None:
            self.call = self

        def __del__(self) -> None:
            gone.append(len(crm.writes))

    def answers_in_a_cycle(crm: MemoryCrm, *_: object) -> None:
        assert not gc.isenabled()
        Answer()

    accepts = Capabilities("small", open_fields=True, creates_accounts=True, batch_size=2)
    crm = MemoryCrm(answers_in_a_cycle, accepts)
    rows = [Staged("score", f"a{i}", f"a{i}", "2025-01-06", {"risk_tier": "low"}) for i in range(8)]
    assert apply(rows, crm, ledger_file, run_id="r1").written == 8
    assert gone == [1, 2, 3, 4]
    assert gc.isenabled()
