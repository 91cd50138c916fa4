"""What the delivery owes a real CRM beyond single faults: few calls, none too early, nobody overwritten."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from serving.writeback.patient import Deferred
from tests.crm.company import WEEK_2, WRITES, apply, book, score, task
from tests.crm.fault_proxy import Proxy
from tests.crm.fault_rules import Rule
from tests.crm.tryton_destination import TrytonCrm
from tests.crm.tryton_server import Tryton

pytestmark = pytest.mark.slow


def test_a_run_during_a_daily_limit_makes_no_call_at_all(front: Proxy, tryton_crm: TrytonCrm, ledger: Path) -> None:
    front.add(Rule.rate_limit(3600, body_has=WRITES, skip=2, count=1))
    assert apply(book(), tryton_crm, ledger, run_id="r1").deferred
    with pytest.raises(Deferred):
        apply(book(), tryton_crm, ledger, run_id="r2")
    assert front.violations == []


def test_a_daily_limit_that_meets_a_read_is_remembered_too(front: Proxy, tryton_crm: TrytonCrm, ledger: Path) -> None:
    front.add(Rule.rate_limit(3600, body_has="search_read", skip=4, count=1))
    assert not apply(book(), tryton_crm, ledger, run_id="r1").complete
    with pytest.raises(Deferred):
        apply(book(), tryton_crm, ledger, run_id="r2")
    assert front.violations == []


@pytest.mark.parametrize("fault", [Rule("drop", body_has=WRITES), Rule("answer", status=500, body_has=WRITES)])
def test_a_crm_that_takes_nothing_is_given_up_after_a_few_calls(
    fault: Rule, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(fault)
    assert apply(book(), tryton_crm, ledger, run_id="r1", patience=5).written == 0
    assert sum(front.picked.values()) <= 30


def test_an_edit_between_the_last_read_and_the_write_is_kept_or_reported(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    apply(book(), tryton_crm, ledger, run_id="r1")
    tryton_crm.client.timeout = 5
    front.add(Rule("pass", body_has=WRITES, count=1, before=1.0))
    number = tryton.parties()["a003"]["id"]

    def edit() -> None:
        until = time.monotonic() + 20
        while not front.picked["pass"] and time.monotonic() < until:
            time.sleep(0.01)
        tryton.as_person("model.party.party.write", [number], {"churn_owner": "anna"})

    person = threading.Thread(target=edit)
    person.start()
    applied = apply([score(i, WEEK_2, owner_id="csm-9") for i in range(10)], tryton_crm, ledger, run_id="r2")
    person.join()
    assert tryton.parties()["a003"]["owner"] == "anna" or ("score", "a003", "owner_id") in applied.edited


def test_a_due_date_that_the_crm_rounds_is_not_called_a_persons_edit(tryton_crm: TrytonCrm, ledger: Path) -> None:
    rows = [score(1), task(1, due_at="2025-01-07T05:30:00.250000+00:00")]
    apply(rows, tryton_crm, ledger, run_id="r1")
    assert apply(rows, tryton_crm, ledger, run_id="r2").edited == ()
