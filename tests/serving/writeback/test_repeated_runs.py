"""A run that was delivered is not looked at again where looking costs calls, unless something is another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from serving.writeback.delivery import apply
from serving.writeback.destination import Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.rollback import rollback
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True


class Counted(MemoryCrm):
    """A CRM whose owner counts calls."""

    @property
    def costs_calls(self) -> bool:
        return True


def test_a_run_that_was_delivered_costs_no_call_until_something_is_another(score: Make, ledger: Path) -> None:
    crm, rows = Counted(), [score("a"), score("b")]
    apply(rows, crm, ledger, run_id="r1", settings="s")
    reads, writes = crm.reads, len(crm.writes)
    again = apply(rows, crm, ledger, run_id="r1", settings="s")
    assert (again.as_json(), crm.reads, len(crm.writes)) == (
        {"run": "r1", "staged": 2, "written": 0, "skipped": 2, "rejected": 0, "deferred": 0}, reads, writes,
    )  # fmt: skip
    crm.rows["score"].pop("a")
    assert apply(rows, crm, ledger, run_id="r1", settings="s", verify=True).written == 1
    crm.rows["score"].pop("a")
    assert apply(rows, crm, ledger, run_id="r1", settings="other").written == 1
    assert apply(rows, crm, ledger, run_id="r2", settings="other").written == 0
    assert crm.reads > reads


def test_a_run_that_left_rows_open_or_was_rolled_back_is_looked_at_again(score: Make, ledger: Path) -> None:
    def busy(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        return [Outcome.retry()] * len(batch)

    crm = Counted(busy)
    assert apply([score("a")], crm, ledger, run_id="r1", patience=0).deferred == 1
    crm.script = None
    assert apply([score("a")], crm, ledger, run_id="r1").written == 1
    rollback("r1", crm, ledger)
    assert apply([score("a")], crm, ledger, run_id="r1").written == 1
