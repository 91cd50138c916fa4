"""The judge of the comparison is right: a tool that loses, doubles, spoils or hides a row is found."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from benchmarks.reliability import HEAD, put
from benchmarks.rival import plays
from benchmarks.rival.cases import CASES
from benchmarks.rival.judge import Stored, Verdict, judge
from benchmarks.rival.page import outcome, table
from benchmarks.rival.receiver import Receiver, listening
from benchmarks.rival.scene import Result, Scene
from benchmarks.rival.staged_set import WEEK_2, account, book, score, task
from benchmarks.rival.tool import Report
from serving.writeback.staged import Staged
from tests.crm.fault_proxy import fault_proxy

EMPTY: Stored = ("score", account(0), {"account_id": account(0), "risk_tier": None})


def held(row: Staged, **changed: Any) -> Stored:
    return row.kind, row.key, {**row.fields, **changed}


def test_a_counterpart_that_holds_just_what_was_staged_is_clean() -> None:
    rows = book()
    assert judge(rows, [held(row) for row in rows]).clean


def test_a_row_that_is_missing_or_that_never_got_its_values_is_lost() -> None:
    rows = [score(0), task(0)]
    assert judge(rows, [EMPTY]).lost == (account(0), task(0).key)


def test_a_row_that_is_there_twice_is_doubled_and_another_value_is_wrong() -> None:
    rows = [score(0), task(0)]
    found = judge(rows, [held(score(0), risk_tier="watch"), held(task(0)), held(task(0))])
    assert found == Verdict(doubled=(task(0).key,), wrong=(account(0),))
    assert found.counts == (0, 1, 1)


def test_one_good_copy_does_not_hide_a_spoilt_one() -> None:
    assert judge([task(0)], [held(task(0)), held(task(0), body="")]).wrong == (task(0).key,)


def test_what_nobody_staged_is_counted() -> None:
    assert judge([], [held(task(1))]).counts == (0, 0, 1)


def test_last_weeks_score_over_this_weeks_is_wrong() -> None:
    assert judge([score(3, WEEK_2)], [held(score(3))]).wrong == (account(3),)


@dataclass
class Fake:
    """A tool that posts each row once, under its key, but for what it is told to spoil."""

    url: str
    folder: Path
    skips: str = ""
    twice: str = ""
    silent: bool = False
    name: str = "fake"
    rows: list[Staged] = field(default_factory=list)

    def stage(self, rows: Sequence[Staged]) -> None:
        self.rows = list(rows)

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", ""], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def report(self, process: subprocess.Popen[str]) -> Report:
        process.communicate()
        failed = sum(not self._post(row) for row in self.rows if row.key != self.skips)
        failed += sum(not self._post(row) for row in self.rows if row.key == self.twice)
        return Report(0, 0 if self.silent else failed, "")

    def recover(self) -> Report:
        return self.report(self.start())

    def _post(self, row: Staged) -> bool:
        path, key = ("scores", "account_id") if row.kind == "score" else ("tasks", "task_key")
        body = json.dumps({"account_id": row.account_id, key: row.key, **row.fields}).encode()
        try:
            number = {} if row.key == self.twice else {"Idempotency-Key": row.key}
            with urlopen(Request(f"{self.url}/{path}", body, number)):  # noqa: S310
                return True
        except OSError:
            return False


def told(tmp_path: Path, play: Any, **fake: Any) -> Result:
    receiver = Receiver()
    with listening(receiver) as address, fault_proxy(address) as proxy:
        tool: Any = Fake(proxy.url, tmp_path, **fake)
        return play(Scene(tool, None, receiver, proxy, over_http=True))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fake", "counts"),
    [({}, (0, 0, 0)), ({"skips": account(3)}, (1, 0, 0)), ({"twice": task(0).key}, (0, 1, 0))],
    ids=["honest", "loses a score", "doubles a task"],
)
def test_a_tool_is_judged_by_what_the_endpoint_holds(
    fake: dict[str, str], counts: tuple[int, int, int], tmp_path: Path
) -> None:
    assert told(tmp_path, _once, **fake).verdict.counts == counts


def _once(s: Scene) -> Result:
    report = s.deliver(book())
    return s.judged(book(), report.complained)


def test_a_refused_row_that_is_reported_is_not_lost_and_one_that_is_hidden_is(tmp_path: Path) -> None:
    assert told(tmp_path, plays.one_row_refused).verdict.clean
    hidden = told(tmp_path, plays.one_row_refused, silent=True)
    assert (hidden.verdict.lost, hidden.told) == ((plays.ODD_ONE,), False)


def test_a_tool_that_calls_on_after_a_429_is_counted(tmp_path: Path) -> None:
    found = told(tmp_path, lambda s: plays.told_to_wait(s, 1))
    assert int(found.figure.split()[0]) > 50


def test_a_cell_says_what_was_lost_and_whether_it_was_told() -> None:
    lost = Result(Verdict(lost=("a", "b")), told=False, figure="9 calls")
    assert outcome([lost]) == "**2 lost**, not told; 9 calls"
    assert outcome([replace(lost, told=True)], "it has none") == "not offered: it has none (2 lost); 9 calls"


def test_the_table_has_a_row_and_a_reason_for_every_case() -> None:
    clean = {"drt": [Result(Verdict(), told=False)], "churn": [Result(Verdict(), told=False)]}
    text = table([(case, clean) for case in CASES], "drt 0", "make rival")
    assert text.count("| as staged | as staged |") == len(CASES)
    assert all(case.why and f": {case.why}" in text for case in CASES)


def test_the_page_keeps_what_stands_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "reliability.md"
    put("rival", "one", page)
    put("matrix", "x", page)
    put("rival", "two", page)
    told = "<!-- measured: matrix -->\n\nx\n\n<!-- end: matrix -->\n\n<!-- measured: rival -->\n\ntwo\n\n<!-- end: rival -->\n"
    assert page.read_text(encoding="utf-8") == f"{HEAD}\n{told}"
