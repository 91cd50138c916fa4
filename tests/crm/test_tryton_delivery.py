"""The delivery to a real CRM, also while the line between them fails; the judge is the CRM's own file."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Handle, Key, Kind, Outcome, Outgoing, Row
from serving.writeback.patient import Deferred
from serving.writeback.place import rejections
from tests.crm import clock
from tests.crm.company import (
    ACCOUNTS,
    TASKS,
    WEEK_2,
    WRITES,
    apply,
    book,
    missing_or_wrong,
    nothing_lost_nothing_doubled,
    score,
    task,
)
from tests.crm.conftest import TIMEOUT
from tests.crm.fault_proxy import Proxy, fault_proxy
from tests.crm.fault_rules import Rule
from tests.crm.tryton_destination import TrytonCrm
from tests.crm.tryton_server import Tryton

FAULTS = {
    "no fault at all": [],
    "answers lost after the commit": [Rule("lose_answer", body_has=WRITES, every=2, count=4)],
    "answers lost and the connection reset": [Rule("lose_answer", body_has=WRITES, every=2, count=4, reset=True)],
    "timeouts after the commit": [Rule("pass", body_has=WRITES, every=3, count=3, after=TIMEOUT + 0.4)],
    "requests lost on the way": [Rule("drop", body_has=WRITES, every=2, count=4)],
    "answers cut off": [Rule("truncate", body_has=WRITES, every=2, count=2), Rule("garble", body_has=WRITES, count=2)],
    "a burst of 5xx": [
        Rule("answer", status=500, skip=6, count=2, name="500"),
        Rule("answer", status=502, count=2, body_has=WRITES, name="502"),
        Rule("answer", status=503, count=2, name="503"),
    ],
    "gateways that give up after the commit": [
        Rule("answer_after", status=status, body_has=WRITES, every=2, count=2, name=str(status))
        for status in (500, 502, 503, 504)
    ],
    "sessions that expire": [Rule("answer", status=401, skip=8, every=5, count=3)],
    "reads that fail": [Rule("drop", body_has="search_read", every=2, count=6)],
}


Hurried = partial(clock.Hurried, longest=1.05)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_doubled_by(
    fault: str, tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(*FAULTS[fault])
    applied = apply(book(), tryton_crm, ledger, run_id="r1")
    assert all(front.picked.values()), "a fault that never came tests nothing"
    nothing_lost_nothing_doubled(tryton, book(), applied)
    front.clear()
    writes = tryton.query("SELECT max(write_date) last FROM party_party")
    assert apply(book(), tryton_crm, ledger, run_id="r2").skipped == ACCOUNTS + TASKS
    assert tryton.query("SELECT max(write_date) last FROM party_party") == writes


def test_many_faults_at_once_lose_nothing_and_the_two_poisoned_rows_are_quarantined(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    rows = book()
    # Tryton answers a number in a text field with 500, and a priority it does not know with 400: for ever.
    rows[37] = score(37, reason_1=7)
    rows[ACCOUNTS + 5] = task(5, priority="odd")
    front.add(
        Rule("pass", body_has=WRITES, skip=1, count=1, after=TIMEOUT + 0.4, name="timeout"),
        Rule.rate_limit(1, body_has=WRITES, skip=3, count=1, name="429"),
        Rule("answer", status=500, body_has=WRITES, skip=4, count=2, name="burst"),
        Rule("lose_answer", body_has=WRITES, probability=0.2, seed=1, count=6),
        Rule("drop", probability=0.05, seed=2, count=6),
        Rule("answer_after", status=503, body_has=WRITES, probability=0.1, seed=3, count=4),
    )
    clock = Hurried()
    applied = apply(rows, tryton_crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert all(front.picked.values()), front.picked
    assert front.violations == []
    assert (applied.written, applied.rejected, applied.deferred) == (len(rows) - 2, 2, 0)
    found = {(line.kind, line.key): line.code for line in rejections(ledger)}
    assert found == {("score", "a037"): "http_500", ("task", rows[ACCOUNTS + 5].key): "http_400"}
    wrong = {line.partition(" ")[0].partition(".")[0] for line in missing_or_wrong(tryton, rows)}
    assert wrong == {"a037", rows[ACCOUNTS + 5].key}
    assert tryton.duplicates() == []
    assert len(tryton.tasks()) == TASKS - 1


@pytest.mark.slow
def test_a_storm_of_429_is_waited_out_and_nobody_calls_too_early(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(Rule.rate_limit(1, body_has=WRITES, count=2), Rule.rate_limit(1, every=9, count=2, name="reads too"))
    applied = apply(book(), tryton_crm, ledger, run_id="r1")
    assert all(front.picked.values())
    assert front.violations == []
    nothing_lost_nothing_doubled(tryton, book(), applied)


@pytest.mark.slow
def test_a_daily_limit_defers_and_the_run_after_it_completes(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(Rule.rate_limit(3600, body_has=WRITES, skip=2, count=1))
    first = apply(book(), tryton_crm, ledger, run_id="r1")
    assert (first.written, first.deferred, first.complete) == (20, ACCOUNTS + TASKS - 20, False)
    assert front.violations == []
    with pytest.raises(Deferred):
        apply(book(), tryton_crm, ledger, run_id="r2")
    later = apply(book(), tryton_crm, ledger, run_id="r3", clock=lambda: time.time() + 3700)
    assert (later.written, later.skipped, missing_or_wrong(tryton, book())) == (ACCOUNTS, 20, [])


def test_a_redirect_is_not_followed_and_the_next_run_completes(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    with fault_proxy(tryton.url) as elsewhere:
        front.add(Rule.redirect(307, f"{elsewhere.url}/crm/rpc/", body_has=WRITES, skip=1))
        with pytest.raises(DeliveryIncomplete, match="redirects are not followed"):
            apply(book(), tryton_crm, ledger, run_id="r1")
        assert elsewhere.log == []
    front.clear()
    assert apply(book(), tryton_crm, ledger, run_id="r2").complete
    assert missing_or_wrong(tryton, book()) == []


def test_a_password_withdrawn_in_mid_run_stops_it_and_the_next_run_completes(
    tryton: Tryton, front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(Rule("answer", status=401, skip=9))
    with pytest.raises(DeliveryIncomplete, match="refuses the user or the password"):
        apply(book(), tryton_crm, ledger, run_id="r1")
    front.clear()
    assert apply([], tryton_crm, ledger, run_id="r2").complete
    assert missing_or_wrong(tryton, book()) == []


def test_a_field_that_the_crm_does_not_have_stops_before_the_first_write(
    front: Proxy, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    front.add(Rule("pass", body_has=WRITES))
    with pytest.raises(SettingsError, match="no score field `colour`"):
        apply([*book(), score(1, colour="red")], tryton_crm, ledger, run_id="r1")
    assert front.picked == {"pass": 0}


def test_what_persons_did_since_stays(tryton: Tryton, tryton_crm: TrytonCrm, ledger: Path) -> None:
    apply(book(), tryton_crm, ledger, run_id="r1")
    ids = {account: party["id"] for account, party in tryton.parties().items()}
    tryton.as_person("model.party.party.write", [ids["a004"]], {"churn_owner": "anna"})
    tryton.as_person("model.party.party.write", [ids["a005"]], {"active": False})
    tryton.as_person("model.party.party.delete", [ids["a006"]])
    done = {"status": "done", "body": "Called them.", "owner": "anna"}
    tryton.as_person("model.churn.task.write", [tryton.tasks()[task(3).key]["id"]], done)
    tryton.as_person("model.churn.task.delete", [tryton.tasks()[task(4).key]["id"]])
    applied = apply([score(i, WEEK_2) for i in range(ACCOUNTS)], tryton_crm, ledger, run_id="r2")
    assert applied.edited == (("score", "a004", "owner_id"),)
    assert (tryton.parties()["a004"]["owner"], tryton.parties()["a004"]["as_of"]) == ("anna", WEEK_2)
    assert {(line.key, line.code) for line in rejections(ledger)} == {("a005", "no_account"), ("a006", "no_account")}
    assert tryton.parties()["a005"]["as_of"] == "2025-01-06"
    assert "a006" not in tryton.parties()
    assert {name: tryton.tasks()[task(3).key][name] for name in done} == done
    assert task(4).key not in tryton.tasks()


def test_a_lost_ledger_doubles_no_task_and_brings_back_no_old_score(
    tryton: Tryton, tryton_crm: TrytonCrm, ledger: Path
) -> None:
    apply(book(WEEK_2), tryton_crm, ledger, run_id="r1")
    again = apply(book(), tryton_crm, ledger.with_name("another.sqlite"), run_id="r2")
    assert (again.stale, tryton.duplicates(), len(tryton.tasks())) == (ACCOUNTS, [], 2 * TASKS)
    assert missing_or_wrong(tryton, book(WEEK_2)) == []


def test_two_creates_of_one_key_at_once_are_one_task_and_an_answer_to_read_back(tryton: Tryton) -> None:
    row = Outgoing(task(1).key, "a001", task(1).fields, create=True)

    def create(_: int) -> Outcome:
        one = TrytonCrm(tryton.url, tryton.database, tryton.user, tryton.password)
        with one.client:
            return one.write("task", [row], Nothing())[0]

    with ThreadPoolExecutor(4) as pool:
        answers = Counter(outcome.answer for outcome in pool.map(create, range(4)))
    assert answers == {"ok": 1, "unknown": 3}
    assert len(tryton.tasks()) == 1


class Nothing:
    job = None

    def save(self, job: str) -> None: ...


class Keyless(TrytonCrm):
    """The control: a destination that finds again only what it was told was stored, and whose tasks bear no key."""

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        if kind == "score":
            return super().read(kind, keys)
        mine: dict[Key, Row] = self.__dict__.setdefault("mine", {})
        return {key: mine[key] for key in keys if key in mine}

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        if kind == "score":
            return super().write(kind, batch, handle)
        parties = self._search("score", [row.account_id for row in batch], [])
        values = [self._values(kind, row, parties[row.account_id]["id"]) for row in batch]
        nobodys = [value | {"task_key": f"{value['task_key']}#{time.monotonic_ns()}"} for value in values]
        answers = self._send(kind, list(batch), "create", [nobodys])
        self.mine |= {row.key: row.fields for row in batch if answers[row.key].answer == "ok"}
        return [answers[row.key] for row in batch]


def test_without_a_key_the_same_faults_do_double_tasks(
    tryton: Tryton, front: Proxy, ledger: Path, record_property: Callable[[str, object], None]
) -> None:
    front.add(Rule("lose_answer", body_has="churn.task.create", count=1))
    tryton_crm = Keyless(front.url, tryton.database, tryton.user, tryton.password, batch_size=10)
    with tryton_crm.client:
        apply(book(), tryton_crm, ledger, run_id="r1")
    found = Counter(key.partition("#")[0] for key in tryton.tasks())
    twice = sum(times > 1 for times in found.values())
    record_property("doubled", twice)
    assert (len(found), twice) == (TASKS, 10)
