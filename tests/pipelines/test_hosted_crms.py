"""HubSpot and Salesforce as churn.toml names them: set up, delivered to and read back by the commands alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.crm import hubspot_oracle, salesforce_server
from tests.crm.salesforce_company import ACCOUNT_KEY, FIELDS

Run = Callable[..., tuple[int, Any, str]]


def accounts(project: Path) -> list[str]:
    (file,) = (project / ".churn" / "scores").glob("*/scores.parquet")
    return [str(account) for account in pd.read_parquet(file)["account_id"]]


def owned_tasks(project: Path) -> pd.DataFrame:
    """The tasks with the addresses of their accounts' owners."""
    state = project / ".churn"
    (tasks,), (book,) = state.glob("tasks/*/tasks.parquet"), state.glob("book/*/book.parquet")
    owners = pd.read_parquet(book, columns=["account_id", "owner_email"])
    return pd.read_parquet(tasks, columns=["account_id"]).merge(owners, on="account_id")


def pointed_at(project: Path, text: str) -> None:
    file = project / "churn.toml"
    file.write_text(file.read_text(encoding="utf-8").split("[destination]")[0] + text, encoding="utf-8")


def test_hubspot_is_set_up_and_delivered_to(scored: Path, churn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with hubspot_oracle.server(task_unique="on") as hub:
        monkeypatch.setenv("CHURN_HUBSPOT_TOKEN", hub.token)
        pointed_at(scored, f'[destination]\nkind = "hubspot"\nlabel = "main"\nurl = "{hub.url}"\n')
        code, looked, _ = churn("crm", "setup", "--project", scored, "--json")
        assert (code, looked["ready"]) == (0, False)
        code, made, _ = churn("crm", "setup", "--create", "--project", scored, "--json")
        assert (code, made["ready"], made["steps"]) == (0, True, [])
        records = [{"name": key, "churn_account_id": key} for key in accounts(scored)]
        hub.control("seed", {"type": "companies", "records": records})
        tasks = owned_tasks(scored)
        known = sorted(set(tasks["owner_email"]))[0]
        hub.options(owners=["77"], owner_emails={"77": known.upper()})
        strange = int((tasks["owner_email"] != known).sum())
        assert churn("plan", "--project", scored, "--json")[1]["unknown_owners"] == strange > 0
        code, applied, err = churn("apply", "--project", scored, "--json")
        assert code == 0, applied
        assert applied["written"] == applied["staged"] > 100
        owners = [record["properties"].get("hubspot_owner_id") for record in hub.records("tasks")]
        assert (owners.count("77"), owners.count(None)) == (len(tasks) - strange, strange)
        shown = hub.by("churn_account_id")
        assert {record["properties"]["churn_risk_tier"] for record in shown.values()} <= {"low", "medium", "high"}
        assert len(hub.records("tasks")) == applied["staged"] - len(records)
        hub.control("forget", {})
        assert churn("apply", "--project", scored, "--json")[1]["skipped"] == applied["staged"]
        assert hub.log() == []
        assert hub.token not in f"{applied}{err}"


def test_salesforce_is_looked_at_and_delivered_to(scored: Path, churn: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with salesforce_server.server(FIELDS) as org:
        monkeypatch.setenv("CHURN_SALESFORCE_KEY", org.private_key)
        text = f'[destination]\nkind = "salesforce"\nurl = "{org.url}"\nclient_id = "3MVG9.consumer.key"\n'
        text += 'username = "integration@example.org"\ntask_fields = {owner_id = ""}\n'
        pointed_at(scored, text)
        code, looked, _ = churn("crm", "setup", "--project", scored, "--json")
        assert (code, looked["ready"], looked["fields"]) == (0, True, [])
        org.seed("Account", ["Name", ACCOUNT_KEY], [[key, key] for key in accounts(scored)])
        code, applied, err = churn("apply", "--project", scored, "--json")
        assert code == 0, applied
        assert applied["written"] == applied["staged"] > 100
        assert {row["Churn_Risk_Tier__c"] for row in org.records("Account")} <= {"low", "medium", "high"}
        assert len(org.records("Task")) == applied["staged"] - len(accounts(scored))
        calls = len(org.log())
        assert churn("apply", "--project", scored, "--json")[1]["skipped"] == applied["staged"]
        assert len(org.log()) == calls
        line = org.private_key.splitlines()[1]
        assert line not in f"{applied}{err}"


def test_an_org_that_lacks_everything_gets_metadata_to_deploy(
    scored: Path, churn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with salesforce_server.server({}) as org:
        monkeypatch.setenv("CHURN_SALESFORCE_KEY", org.private_key)
        text = f'[destination]\nkind = "salesforce"\nurl = "{org.url}"\nclient_id = "3MVG9.consumer.key"\n'
        pointed_at(scored, text + 'username = "integration@example.org"\n')
        code, looked, _ = churn("crm", "setup", "--project", scored, "--json")
        assert (code, looked["ready"]) == (0, False)
        assert (Path(looked["files"]) / "objects" / "Account.object").exists()
        assert "sf project deploy start" in looked["steps"][0]
        assert churn("apply", "--project", scored, "--json")[0] == 3
