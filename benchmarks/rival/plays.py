"""What happens in each case: the fault, the runs, and the moment at which the counterpart is judged."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.rival.judge import Verdict, judge
from benchmarks.rival.scene import Result, Scene, both_weeks, scores
from benchmarks.rival.staged_set import WEEK_1, WEEK_2, account, book, score
from benchmarks.rival.tool import CANARY, kill, left_behind, run
from serving.writeback.staged import Staged
from tests.crm.fault_rules import Rule

ODD_ONE = account(50)
TASKS = r"task_key|\"kind\": \"task\""
LIVES = (0.1, 0.3, 0.5, 0.7, 0.9)


def killed_over_http(s: Scene) -> Result:
    """SIGKILL in the second week's run, at five shares of its requests, then a run to the end."""
    s.deliver(book(WEEK_1))
    whole = s.done()
    s.tool.stage(book(WEEK_2))
    s.proxy.add(Rule("pass", after=0.03))
    killed = 0
    for share in LIVES:
        upto, process, until = s.done() + max(1, round(share * whole)), s.tool.start(), time.monotonic() + 60
        while s.done() < upto and process.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        killed += kill(process)
    s.proxy.clear()
    report = s.finish(run(s.tool))
    return s.judged(both_weeks(WEEK_1, WEEK_2), report.complained, f"{killed} kills")


def killed_in_a_transaction(s: Scene) -> Result:
    """SIGKILL while the second week's run waits for a row that somebody holds, five times, then a run to the end."""
    s.deliver(book(WEEK_1))
    s.tool.stage(book(WEEK_2))
    killed = 0
    for share in LIVES:
        with s.tables.held(int(share * 100)):
            process = s.tool.start()
            s.tables.somebody_waits()
            killed += kill(process)
        time.sleep(0.2)
    report = s.finish(run(s.tool))
    return s.judged(both_weeks(WEEK_1, WEEK_2), report.complained, f"{killed} kills")


def out_of_order(s: Scene) -> Result:
    """503 to everything for six seconds from the sixth request on."""
    s.proxy.add(Rule("answer", status=503, skip=5))
    threading.Timer(7, s.proxy.clear).start()
    report = s.deliver(book())
    report = s.finish(report)
    return s.judged(book(), report.complained)


def answers_lost(s: Scene) -> Result:
    """Every other request that makes tasks is carried out and its answer lost, five times at most."""
    s.proxy.add(Rule("lose_answer", body_has=TASKS, every=2, count=5))
    report = s.finish(s.deliver(book()))
    lost = sum(s.proxy.picked.values())
    return s.judged(book(), report.complained, f"{lost} answers lost")


def answers_lost_and_forgotten(s: Scene) -> Result:
    """The same before an endpoint that does not know a request again."""
    s.receiver.forgets = True
    return answers_lost(s)


def told_to_wait(s: Scene, seconds: int = 3) -> Result:
    """One 429 with a Retry-After, at the sixth request."""
    s.proxy.add(Rule.rate_limit(seconds, skip=5, count=1))
    began = time.monotonic()
    report = s.deliver(book())
    if report.complained:
        time.sleep(max(0.0, seconds + 4 - (time.monotonic() - began)))
        report = s.tool.recover()
    early = len(s.proxy.violations)
    return s.judged(book(), report.complained, f"{early} calls too early")


def told_to_wait_long(s: Scene) -> Result:
    """The same, longer than the rival's default of the longest wait."""
    return told_to_wait(s, 70)


def one_row_refused(s: Scene) -> Result:
    """One of the rows can never be stored: the others must be, and it must be reported."""
    rows = book(reason_1="a poison for the counterpart")
    s.receiver.refuses = "poison"
    first = s.deliver(rows)
    calls = s.done()
    report = s.finish(first)
    told = first.complained and report.complained
    return s.judged(rows, told, f"{calls} {s.unit}", {ODD_ONE})


def one_row_breaks_the_server(s: Scene) -> Result:
    """The same, and the endpoint answers 500."""
    s.receiver.refusal = 500
    return one_row_refused(s)


def one_row_of_a_207(s: Scene) -> Result:
    """The same, and the endpoint takes the others and says so with 207."""
    s.receiver.partial = True
    return one_row_refused(s)


def the_same_again(s: Scene) -> Result:
    """The same rows once more."""
    s.deliver(book())
    before = s.done()
    report = run(s.tool)
    again = s.done() - before
    return s.judged(book(), report.complained, f"{again} {s.unit}")


def accounts_scored_later(s: Scene) -> Result:
    """A run without ten of the accounts, then one with all of them, of the same date."""
    late = [account(i) for i in range(90, 100)]
    s.deliver([row for row in book() if row.account_id not in late])
    report = s.deliver(book())
    return s.judged(book(), report.complained)


def older_after_newer(s: Scene) -> Result:
    """The second week's scores, then the first's."""
    s.deliver(scores(book(WEEK_2)))
    report = s.deliver(scores(book(WEEK_1)))
    return s.judged(scores(book(WEEK_2)), report.complained)


def failed_row_after_a_newer_run(s: Scene) -> Result:
    """One score fails with 500 in the first week; the second week's run passes; then the failed row's recovery."""
    s.receiver.refuses, s.receiver.refusal = "poison", 500
    s.deliver(scores(book(WEEK_1, reason_1="a poison for the counterpart")))
    s.receiver.refuses = ""
    s.deliver(scores(book(WEEK_2)))
    report = s.tool.recover()
    return s.judged(scores(book(WEEK_2)), report.complained)


def owner_edited(s: Scene) -> Result:
    """A person gives an account to a colleague; the next week's run names a third."""
    return _edited(s, "owner_id", "anna")


def tier_edited(s: Scene) -> Result:
    """A person overrules a tier, which the next week's run moves."""
    return _edited(s, "risk_tier", "watch")


def _edited(s: Scene, name: str, value: str) -> Result:
    s.deliver(scores(book(WEEK_1)))
    s.tables.edit(7, **{name: value})
    week_2 = [score(i, WEEK_2, **({"owner_id": "csm-9"} if i == 7 else {})) for i in range(100)]
    report = s.deliver(week_2)
    kept = [replace(row, fields={**row.fields, name: value}) if row.key == account(7) else row for row in week_2]
    told = report.complained or name in report.output.partition('"edited"')[2]
    return s.judged(kept, told, "reported" if told else "not reported")


def two_at_once(s: Scene) -> Result:
    """Two processes of the same project, started together."""
    s.tool.stage(book())
    first = s.tool.start()
    if not s.is_rival:
        s.tool.stage(book())
    reports = [s.tool.report(process) for process in (first, s.tool.start())]
    refused = sum(report.exit != 0 for report in reports)
    first_done = s.done()
    return s.judged(book(), refused > 0, f"{first_done} {s.unit}, {refused} of 2 refused")


def odd_values(s: Scene) -> Result:
    """Text with everything in it must arrive to the byte; a number that is none arrives as it is or is reported."""
    odd = "naïve 🔥 \"quoted\", 'single'\r\n=SUM(1;2) <b>%s</b> {{ row }} \\ " + "x" * 30_000
    rows = book(reason_1=odd)
    numbers = {1: float("nan"), 2: float("inf")}
    rows = [score(int(r.key[1:]), health_score=numbers[int(r.key[1:])]) if _is_one(r, numbers) else r for r in rows]
    report = s.deliver(rows)
    held = {key: fields for kind, key, fields in s.stored() if kind == "score"}
    arrived = ["as it is" if held[account(i)].get("health_score") is not None else "not" for i in numbers]
    figure = f"NaN stored {arrived[0]}, inf {arrived[1]}"
    rows = [r for r in rows if not _is_one(r, numbers)]
    verdict = judge(rows, [one for one in s.stored() if one[1] not in map(account, numbers) or one[0] == "task"])
    return Result(verdict, report.complained, figure)


def _is_one(row: Staged, numbers: dict[int, float]) -> bool:
    return row.kind == "score" and int(row.key[1:]) in numbers


def looked_for_the_secret(s: Scene) -> Result:
    """A run with a refused row, at the most talkative level: is the secret, or the row, in output or files?"""
    s.receiver.refuses = "poison"
    rows = book(reason_1="a poison for the counterpart")
    report = s.deliver(rows)
    left = left_behind(s.tool.folder)
    hits = report.output.count(CANARY) + left.count(CANARY)
    said, kept = "poison" in report.output, "a poison for" in left
    figure = f"secret {hits} times; the refused row's content {'in' if said else 'not in'} the output, "
    figure += f"{'in' if kept else 'not in'} its files"
    found = s.judged(rows, report.complained, figure, {ODD_ONE})
    return replace(found, verdict=Verdict(wrong=("secret",) * hits)) if hits else found


def redirected(s: Scene) -> Result:
    """307 to another address, for the whole run; then the endpoint is itself again."""
    s.proxy.add(Rule.redirect(307, "{proxy}/elsewhere"))
    first = s.deliver(book())
    followed = sum(entry.path.startswith("/elsewhere") for entry in s.proxy.log)
    s.proxy.clear()
    s.finish(first)
    return s.judged(book(), first.complained, f"{followed} calls sent on")


def key_revoked(s: Scene) -> Result:
    """401 to everything from the sixth request on; then the key holds again."""
    s.proxy.add(Rule("answer", status=401, skip=5))
    first = s.deliver(book())
    refused = sum(s.proxy.picked.values())
    s.proxy.clear()
    s.finish(first)
    return s.judged(book(), first.complained, f"{refused} calls answered 401")


def companies_by_odd_keys(s: Scene) -> Result:
    """Scores for companies of which five have keys with characters that mean something in an address."""
    return _companies(s, s.keys)


def a_company_that_is_not_there(s: Scene) -> Result:
    """Scores for 100 companies, and for one that HubSpot does not have; none may be created."""
    return _companies(s, [*s.keys[:100], "nobody"], "nobody")


def _companies(s: Scene, keys: Sequence[str], missing: str = "") -> Result:
    sent = {key: {n: v for n, v in score(i).fields.items() if n != "owner_id"} for i, key in enumerate(keys)}
    rows = [Staged("score", key, key, WEEK_1, fields) for key, fields in sent.items()]
    report = s.deliver(rows)
    calls = s.done()
    untouched = [key for key in s.keys if key not in sent]
    held = [one for one in s.stored() if one[1] not in untouched]
    refused = {missing} if missing and report.complained else set()
    return Result(judge(rows, held, refused=refused), report.complained, f"{calls} calls")
