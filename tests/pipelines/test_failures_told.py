"""Somebody hears of failed and killed runs, once each, by a real mail server and a real receiver."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import scheduled
from pipelines.failures_told import tell_failures
from pipelines.run_report import Report, reports
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from policy.errors import ContractStop, DeliveryIncomplete
from tests.mail_box import Box, mail_server
from tests.pipelines.test_scheduled import giving

STOP = ContractStop("`invoices` has lost half its rows.", where="invoices", cure="Look at sources/invoices.sql.")
TO = "ops@example.org"


def with_alerts(folder: Path, lines: str) -> Project:
    if not (folder / "churn.toml").exists():
        scaffold(folder)
    (folder / "churn.toml").write_text(f'[project]\nname = "fjord"\n[alerts]\n{lines}', encoding="utf-8")
    return open_project(folder)


def mailing(folder: Path, port: int) -> Project:
    mail = f'mail_host = "127.0.0.1"\nmail_port = {port}\nmail_from = "churn@example.org"\nfailures_to = "{TO}"\n'
    return with_alerts(folder, mail)


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    with mail_server() as found:
        yield found


def killed(project: Project, what: str = "weekly") -> None:
    """A run whose process is killed in its first step."""
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom pipelines import scheduled\n"
        "from pipelines.settings import open_project\n"
        f"scheduled.run({what!r}, open_project(Path(sys.argv[1])), call=lambda n, s: os.kill(os.getpid(), {int(signal.SIGKILL)}))"
    )
    subprocess.run([sys.executable, "-c", code, str(project.folder)], timeout=60, check=False)


def test_a_failed_run_is_told_with_what_where_cure_code_and_run(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    scheduled.run("weekly", project, call=giving(check=STOP), flow_run="0c1e-flow")
    ((to, mail),) = box[0].mails
    (found,) = reports(project)
    assert to == [TO]
    assert mail["Subject"] == "Churn: the weekly run of fjord failed with exit code 4"
    told = mail.get_content()
    for part in (STOP.message, "step check of the weekly run, invoices", STOP.cure, "Exit code: 4", found["run"],
                 "0c1e-flow", "feedback done, check failed", found["page"]):  # fmt: skip
        assert part in told
    assert found["notice"] == "sent by mail"


def test_it_is_told_once_whoever_looks_again(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    scheduled.run("weekly", project, call=giving(check=STOP))
    tell_failures(project)
    scheduled.run("weekly", project, call=giving())
    scheduled.run("weekly", project, call=giving(apply=DeliveryIncomplete("2 rows wait.", where="apply")))
    assert ["code 4" in box[0].mails[0][1]["Subject"], "code 6" in box[0].mails[1][1]["Subject"]] == [True, True]
    assert len(box[0].mails) == 2


def test_a_run_that_ends_well_is_nobodys_news(box: tuple[Box, int], tmp_path: Path) -> None:
    scheduled.run("weekly", mailing(tmp_path, box[1]), call=giving())
    assert box[0].mails == []


def test_a_killed_run_is_told_by_the_next_one(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    killed(project)
    assert box[0].mails == []
    scheduled.run("daily", project, call=giving())
    ((_, mail),) = box[0].mails
    assert mail["Subject"] == "Churn: the weekly run of fjord was killed"
    assert "step feedback" in mail.get_content()
    assert "Run `churn weekly` again" in mail.get_content()


def test_what_failed_before_anybody_was_to_be_told_floods_nobody(box: tuple[Box, int], tmp_path: Path) -> None:
    before = with_alerts(tmp_path, "")
    scheduled.run("weekly", before, call=giving(check=STOP))
    assert next(reports(before))["notice"] is None
    scheduled.run("weekly", mailing(tmp_path, box[1]), call=giving())
    assert box[0].mails == []


def test_what_cannot_be_sent_is_noted_and_sent_by_the_next_run(box: tuple[Box, int], tmp_path: Path) -> None:
    scheduled.run("weekly", mailing(tmp_path, box[1]), call=giving())
    made = scheduled.run("weekly", mailing(tmp_path, 1), call=giving(check=STOP))
    assert made.worst is STOP
    assert next(reports(made.project))["notice"].startswith("not sent")
    scheduled.run("weekly", mailing(tmp_path, box[1]), call=giving())
    assert [mail["Subject"].endswith("exit code 4") for _, mail in box[0].mails] == [True]


def test_somebody_to_tell_and_no_channel_is_said(tmp_path: Path) -> None:
    project = with_alerts(tmp_path, f'failures_to = "{TO}"\n')
    scheduled.run("weekly", project, call=giving(check=STOP))
    assert next(reports(project))["notice"] == "not sent: no channel is set up in [alerts]"


def test_no_secret_is_told(box: tuple[Box, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of an address in churn.toml, in the text of an error that no code of ours wrote."""
    from pipelines.backend import connect

    monkeypatch.setenv("PASSWORD", "canary-7f3a9c")
    project = mailing(tmp_path, box[1])
    with pytest.raises(Exception, match="cannot be opened"):
        connect(project, "postgres://anna:${PASSWORD}@127.0.0.1:1/crm?connect_timeout=2", reads=True)
    error = RuntimeError("no route to postgres://anna:canary-7f3a9c@127.0.0.1:1/crm")
    scheduled.run("weekly", project, call=giving(check=error))
    ((_, mail),) = box[0].mails
    (found,) = reports(project)
    assert "no route to" in found["error"]["message"]
    assert "canary" not in mail.as_string()
    assert "canary" not in Path(found["page"]).read_text("utf-8") + Path(found["page"]).with_suffix(".json").read_text(
        "utf-8"
    )


def test_the_text_of_a_bug_which_may_hold_a_row_stays_in_the_report(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    scheduled.run("weekly", project, call=giving(score=ValueError("could not convert 'anna@customer.example'")))
    ((_, mail),) = box[0].mails
    (found,) = reports(project)
    assert "anna@customer" not in mail.get_content()
    assert "ValueError" in mail.get_content()
    assert "anna@customer" in found["error"]["message"]


def test_a_name_with_a_line_break_begins_no_header(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    evil = project.settings.model_copy(
        update={"project": project.settings.project.model_copy(update={"name": "x\r\nBcc: all@example.org"})}
    )
    scheduled.run("weekly", project.model_copy(update={"settings": evil}), call=giving(check=STOP))
    ((to, mail),) = box[0].mails
    assert to == [TO]
    assert mail["Bcc"] is None


def test_two_who_tell_at_once_tell_once(box: tuple[Box, int], tmp_path: Path) -> None:
    project = mailing(tmp_path, box[1])
    scheduled.run("weekly", project, call=giving())
    for _ in range(3):
        Report(project, "weekly").close("failed", 4, {"code": 4, "where": "x", "message": "y", "cure": "z"})
    code = "import sys\nfrom pathlib import Path\nfrom pipelines.failures_told import tell_failures\n" + (
        "from pipelines.settings import open_project\ntell_failures(open_project(Path(sys.argv[1])))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=dict(os.environ)) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert len(box[0].mails) == 3
