"""A rollback restores exactly what was there before, and leaves alone what a person has changed since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete, UsageError
from policy.policy import load_policy
from serving.writeback.breakers import default_limits
from serving.writeback.delivery import apply
from serving.writeback.destination import Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.rollback import rollback
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]
WEEK_1, WEEK_2, WEEK_3, WEEK_4, WEEK_5 = "2025-01-06", "2025-01-13", "2025-01-20", "2025-01-27", "2025-02-03"


def delivered(crm: MemoryCrm, rows: Sequence[Staged], ledger: Path, run_id: str) -> dict[Kind, dict[str, Any]]:
    """Apply, and a copy of what the CRM then holds."""
    apply(rows, crm, ledger, run_id=run_id)
    return deepcopy(crm.rows)  # type: ignore[return-value]


def test_every_field_shows_again_exactly_what_it_showed_before(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    before = delivered(crm, [score("a", run_id="r1", arr=None), score("b", run_id="r1"), task("a")], ledger, "r1")
    week_2 = [
        score("a", WEEK_2, run_id="r2", arr=5.0, risk_tier="red"),
        score("b", WEEK_2, run_id="r2"),
        task("a", WEEK_2),
    ]
    after = delivered(crm, week_2, ledger, "r2")
    assert after != before
    done = rollback("r2", crm, ledger)
    assert crm.rows == before
    assert (done.complete, done.rows, done.restored, done.kept) == (True, 2, 2, 0)


def test_after_a_rollback_the_same_run_can_be_applied_again(score: Make, task: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a")], crm, ledger, run_id="r1")
    week_2 = [score("a", WEEK_2, risk_tier="red"), task("a", WEEK_2, status="open")]
    after = delivered(crm, week_2, ledger, "r2")
    rollback("r2", crm, ledger)
    assert crm.rows["score"]["a"]["risk_tier"] == "green"
    assert crm.rows["task"][task("a").key]["status"] == "cancelled"
    assert delivered(crm, week_2, ledger, "r2") == after


def test_what_a_person_edited_since_stays_and_is_told(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a"), score("b")], crm, ledger, run_id="r1")
    apply([score("a", WEEK_2, risk_tier="red"), score("b", WEEK_2, risk_tier="red")], crm, ledger, run_id="r2")
    crm.rows["score"]["a"]["risk_tier"] = "watch"
    done = rollback("r2", crm, ledger)
    assert (crm.rows["score"]["a"]["risk_tier"], crm.rows["score"]["b"]["risk_tier"]) == ("watch", "green")
    assert crm.rows["score"]["a"]["as_of"] == WEEK_1
    assert done.edited == (("score", "a", "risk_tier"),)


@pytest.mark.parametrize(("status", "then"), [("open", "cancelled"), ("in progress", "in progress"), ("done", "done")])
def test_a_task_that_the_run_opened_is_cancelled_unless_somebody_began_it(
    status: str, then: str, score: Make, task: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score("a"), task("a", status="open")], crm, ledger, run_id="r1")
    crm.rows["task"][task("a").key]["status"] = status
    done = rollback("r1", crm, ledger)
    assert crm.rows["task"][task("a").key]["status"] == then
    assert done.kept == (status != "open")


def test_an_account_that_the_run_created_is_emptied_not_deleted(score: Make, ledger: Path, tmp_path: Path) -> None:
    crm = SqliteCrm(tmp_path / "crm.sqlite")
    apply([score("a", run_id="r1")], crm, ledger, run_id="r1")
    rollback("r1", crm, ledger)
    row = crm.read("score", ["a"])["a"]
    assert {row[name] for name in ("risk_tier", "owner_id", "as_of", "run_id")} == {None}
    assert apply([score("a", run_id="r1")], crm, ledger, run_id="r1").written == 1


def test_only_the_last_run_that_wrote_can_be_rolled_back(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    apply([score("a")], crm, ledger, run_id="r1")
    apply([score("a", WEEK_2)], crm, ledger, run_id="r2")
    apply([score("a", WEEK_2)], crm, ledger, run_id="r3")  # nothing to write
    with pytest.raises(UsageError, match="after it came r2"):
        rollback("r1", crm, ledger)
    with pytest.raises(UsageError, match="no run `r9`"):
        rollback("r9", crm, ledger)
    rollback("r2", crm, ledger)
    rollback("r1", crm, ledger)
    with pytest.raises(UsageError, match="no run `r1`"):
        rollback("r1", crm, ledger)


def test_a_run_too_old_to_know_what_was_there_before_is_refused(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    weeks = (WEEK_1, WEEK_2, WEEK_3, WEEK_4, WEEK_5)
    for week in weeks:
        apply([score("a", week)], crm, ledger, run_id=week)
    apply([score("a", WEEK_5)], crm, ledger, run_id="again")  # prunes
    for week in (WEEK_5, WEEK_4, WEEK_3):
        rollback(week, crm, ledger)
    assert load_policy().delivery.undo_runs == 3
    assert crm.rows["score"]["a"]["as_of"] == WEEK_2
    with pytest.raises(UsageError, match="no run"):
        rollback(WEEK_2, crm, ledger)


def test_a_run_interrupted_and_taken_up_again_is_rolled_back_as_one(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    before = delivered(crm, [score(x) for x in "abc"], ledger, "r1")
    week_2 = [score(x, WEEK_2, risk_tier="red") for x in "abc"]

    def dies_after_two(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        for row in batch[:2]:
            crm.store(kind, row)
        raise DeliveryIncomplete("the line went dead")

    crm.script = dies_after_two
    with pytest.raises(DeliveryIncomplete):
        apply(week_2, crm, ledger, run_id="r2")
    crm.script = None
    apply(week_2, crm, ledger, run_id="r2")
    assert {row["risk_tier"] for row in crm.rows["score"].values()} == {"red"}
    rollback("r2", crm, ledger)
    assert crm.rows == before


def test_a_run_that_was_never_finished_is_rolled_back_too_with_what_it_had_begun(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    before = delivered(crm, [score(x) for x in "abc"], ledger, "r1")

    def dies_after_two(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        for row in batch[:2]:
            crm.store(kind, row)
        raise DeliveryIncomplete("the line went dead")

    crm.script = dies_after_two
    with pytest.raises(DeliveryIncomplete):
        apply([score(x, WEEK_2, risk_tier="red") for x in "abc"], crm, ledger, run_id="r2")
    crm.script = None
    assert {row["risk_tier"] for row in crm.rows["score"].values()} == {"red", "green"}
    done = rollback("r2", crm, ledger)
    assert crm.rows == before
    assert done.restored == 2
    assert apply([score("a")], crm, ledger, run_id="r1 again").deferred == 0


def test_a_rollback_that_stopped_halfway_is_run_again(score: Make, ledger: Path) -> None:
    crm = MemoryCrm(accepts=None)
    before = delivered(crm, [score(x) for x in "abcd"], ledger, "r1")
    apply([score(x, WEEK_2, risk_tier="red") for x in "abcd"], crm, ledger, run_id="r2")

    def stops(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        crm.store(kind, batch[0])
        raise DeliveryIncomplete("the line went dead")

    crm.script = stops
    with pytest.raises(DeliveryIncomplete):
        rollback("r2", crm, ledger)
    crm.script = None
    assert crm.rows != before
    assert rollback("r2", crm, ledger).complete
    assert crm.rows == before


def test_two_destinations_are_rolled_back_apart(score: Make, ledger: Path, tmp_path: Path) -> None:
    one, two = MemoryCrm(), SqliteCrm(tmp_path / "crm.sqlite")
    apply([score("a")], one, ledger, run_id="r1")
    apply([score("a")], two, ledger, run_id="r1")
    rollback("r1", one, ledger, limits=default_limits())
    assert one.rows["score"]["a"]["risk_tier"] is None
    assert two.read("score", ["a"])["a"]["risk_tier"] == "green"


def test_a_run_that_was_applied_twice_is_rolled_back_to_before_the_first_time(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    before = delivered(crm, [score("a", play=None)], ledger, "r1")
    apply([score("a", WEEK_2, play=None, risk_tier="yellow")], crm, ledger, run_id="r2")
    # The same run again, told to send more: another tier and another field.
    apply([score("a", WEEK_2, play="call", risk_tier="red")], crm, ledger, run_id="r2")
    assert crm.rows["score"]["a"]["risk_tier"] == "red"
    assert rollback("r2", crm, ledger).rows == 1
    assert crm.rows == before
