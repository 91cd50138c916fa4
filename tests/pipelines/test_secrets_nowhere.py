"""Canaries: after deliveries that work and that fail, no secret is in what the program printed, kept, or was called with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crm import hubspot_oracle, salesforce_server
from tests.crm.salesforce_company import ACCOUNT_KEY, FIELDS
from tests.postgres import server as postgres

HUBSPOT = """[destination]
kind = "hubspot"
label = "main"
url = "{url}"
task_fields = {{owner_id = ""}}
"""
SALESFORCE = """[destination]
kind = "salesforce"
url = "{url}"
client_id = "3MVG9.consumer.key"
username = "integration@example.org"
task_fields = {{owner_id = ""}}
"""
POSTGRES = """[destination]
kind = "postgres"
label = "crm"
url = "${ADDRESS}"
accounts_table = "accounts"
tasks_table = "tasks"
[ledger]
url = "${ADDRESS}"
"""


class Said:
    """What commands printed, and how the system listed them and their children."""

    def __init__(self, project: Path, variables: dict[str, str], destination: str) -> None:
        self.project = project
        self.variables = {**os.environ, **variables}
        self.printed = ""
        self.listed = ""
        file = project / "churn.toml"
        file.write_text(file.read_text(encoding="utf-8").split("[destination]")[0] + destination, encoding="utf-8")

    def churn(self, *words: str) -> int:
        """Run a command in a process of its own; its exit code."""
        command = [sys.executable, "-m", "pipelines.cli", *words, "--project", str(self.project)]
        with subprocess.Popen(
            command, env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            until = time.monotonic() + 2
            while process.poll() is None and time.monotonic() < until:
                self.listed += listed(process.pid)
                time.sleep(0.05)
            self.printed += process.communicate(timeout=300)[0]
        return process.returncode

    def hits(self, secrets: Sequence[str]) -> list[str]:
        """Where one of them is: printed, in the list of processes, or in a file of the project."""
        found = [where for where, text in (("printed", self.printed), ("listed", self.listed)) if _any(text, secrets)]
        for file in self.project.rglob("*"):
            if file.is_file() and _any(file.read_bytes().decode("latin-1"), secrets):
                found.append(str(file.relative_to(self.project)))
        return found


def listed(parent: int) -> str:
    """The command lines of a process and its children, as everybody on the machine can read them."""
    told = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            stat = (one / "stat").read_text().rpartition(")")[2].split()
            if int(one.name) == parent or int(stat[1]) == parent:
                told.append((one / "cmdline").read_bytes().decode().replace("\0", " "))
        except OSError:
            continue
    return "\n".join(told)


def _any(text: str, secrets: Sequence[str]) -> bool:
    return any(secret in text for secret in secrets)


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--prefect",)])
def test_hubspots_key(scored: Path, how: tuple[str, ...]) -> None:
    with hubspot_oracle.server(task_unique="on") as hub:
        said = Said(scored, {"CHURN_HUBSPOT_TOKEN": hub.token}, HUBSPOT.format(url=hub.url))
        assert said.churn("crm", "setup", "--create") == 0
        told = {"message": f"the key {hub.token} is odd", "category": hub.token, "errors": [{"code": hub.token}]}
        hub.faults({"answer": {"status": 400, "body": told}, "path": "companies/batch/update", "count": 2})
        assert said.churn("apply", *how) == 6, "there is no company yet: all rows are refused"
        hub.faults({"answer": {"status": 403, "body": told}, "path": "batch"}, replace=True)
        assert said.churn("apply", "--verify", *how) != 0
        hub.faults({"answer": {"status": 401, "body": told}, "path": ""}, replace=True)
        assert said.churn("plan") != 0
        said.churn("status")
        assert said.hits([hub.token]) == []
        assert "pipelines.cli" in said.listed or not Path("/proc/self").exists()


@pytest.mark.slow
def test_salesforces_key_and_tokens(scored: Path) -> None:
    with salesforce_server.server(FIELDS) as org:
        said = Said(scored, {"CHURN_SALESFORCE_KEY": org.private_key}, SALESFORCE.format(url=org.url))
        assert said.churn("crm", "setup") == 0
        org.seed("Account", ["Name", ACCOUNT_KEY], [["a", "a"]])
        assert said.churn("apply") == 6
        org.config(approved=False)
        org.call("revoke")
        assert said.churn("apply", "--verify") != 0
        secrets = [line for line in org.private_key.splitlines() if len(line) > 40]
        assert len(secrets) > 3
        assert said.hits(secrets) == []


@pytest.mark.slow
def test_the_password_of_a_database(scored: Path) -> None:
    with postgres() as address:
        password = address.split(":")[2].split("@")[0]
        said = Said(scored, {"ADDRESS": address}, POSTGRES)
        assert said.churn("apply") == 3, "there is no table yet"
        wrong = Said(scored, {"ADDRESS": address.replace(password, f"{password}x")}, POSTGRES)
        assert wrong.churn("apply") != 0
        wrong.churn("status")
        assert said.hits([password]) + wrong.hits([password]) == []


def test_a_secret_that_is_written_down_is_found(scored: Path) -> None:
    said = Said(scored, {}, HUBSPOT.format(url="https://api.example.com"))
    (scored / ".churn" / "a.log").write_text("Authorization: Bearer pat-canary", encoding="utf-8")
    said.printed, said.listed = "pat-canary", "churn apply --token pat-canary"
    assert said.hits(["pat-canary"]) == ["printed", "listed", ".churn/a.log"]
