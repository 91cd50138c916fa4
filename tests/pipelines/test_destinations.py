"""What churn.toml says of the destination and the ledger, and what it must not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.destinations import destination, ledger
from pipelines.settings import open_project
from policy.errors import SettingsError
from serving.writeback.files import FilesCrm
from serving.writeback.place import FilePlace
from serving.writeback.place_postgres import PostgresPlace
from serving.writeback.postgres import PostgresCrm
from serving.writeback.webhook import WebhookCrm
from tests.postgres import server

Run = Callable[..., tuple[int, Any, str]]
PASSWORD = "tell-nobody-of-it"  # noqa: S105
POSTGRES = """
[destination]
kind = "postgres"
url = "postgres://churn:${CRM_PASSWORD}@db.example.com/crm"
label = "crm"
accounts_table = "crm.accounts"
tasks_table = "crm.tasks"
"""


def project(folder: Path, text: str) -> Any:
    (folder / "churn.toml").write_text(text, encoding="utf-8")
    return open_project(folder)


def test_an_empty_churn_toml_writes_to_a_file_of_its_own(tmp_path: Path) -> None:
    found = project(tmp_path, "")
    assert destination(found).name == "sqlite:crm.sqlite"
    assert isinstance(ledger(found), FilePlace)


def test_each_kind_is_made_from_its_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    monkeypatch.setenv("CHURN_WEBHOOK_SECRET", PASSWORD)
    found = destination(project(tmp_path, POSTGRES))
    assert isinstance(found, PostgresCrm)
    assert (found.name, found.tables["task"].account) == ("postgres:crm", "account_id")
    assert PASSWORD not in f"{found!r} {vars(found)}"
    files = destination(project(tmp_path, '[destination]\nkind = "files"\nformat = "parquet"\nfor_people = false'))
    assert isinstance(files, FilesCrm)
    assert (files.form, files.for_people, files.folder) == ("parquet", False, tmp_path / ".churn" / "delivered")
    hook = '[destination]\nkind = "webhook"\nurl = "https://hooks.example.com/x"\nhosts = ["hooks.example.com"]\nlabel = "ours"'
    made = destination(project(tmp_path, hook))
    assert isinstance(made, WebhookCrm)
    assert made.name == "webhook:ours"
    made.close()
    shared = ledger(project(tmp_path, '[ledger]\nurl = "postgres://churn:${CRM_PASSWORD}@db/x"\nschema = "books"'))
    assert isinstance(shared, PostgresPlace)
    assert (shared.schema, PASSWORD in repr(vars(shared))) == ("books", False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('kind = "sqlite"\nlabel = "x"', "`label` says nothing to a sqlite destination"),
        ('kind = "postgres"\nurl = "postgres://a:secret@b/c"', "needs `accounts_table`"),
        ('kind = "webhook"\nurl = "https://a/x"', "needs `hosts`"),
        ('kind = "hubspott"', "hubspott"),
        ('pathh = "x"', "unknown key `pathh` in [destination]. Did you mean `path`"),
        ('kind = "hubspot"\nlabel = "a b"', "label"),
    ],
)
def test_what_does_not_fit_is_told_and_no_address_is_shown(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        project(tmp_path, f"[destination]\n{text}")
    assert told in str(caught.value)
    assert "secret" not in f"{caught.value} {caught.value.__cause__!r}"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        (None, "", "CHURN_WEBHOOK_SECRET"),
        ("CHURN_WEBHOOK_SECRET_FILE", "nowhere", "cannot be read"),
        ("CHURN_WEBHOOK_SECRET", "  ", "not set"),
    ],
)
def test_a_missing_secret_is_told_by_the_name_of_its_variable(
    name: str | None, value: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name:
        monkeypatch.setenv(name, value)
    text = '[destination]\nkind = "webhook"\nurl = "https://h.example.com/x"\nhosts = ["h.example.com"]\nlabel = "o"'
    with pytest.raises(SettingsError, match=told):
        destination(project(tmp_path, text))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server() as found:
        yield found


def test_a_scored_project_is_delivered_to_postgres_with_its_ledger_there_too(
    scored: Path, churn: Run, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = "churn_probability float8, risk_tier text, health_score float8, health_tier text, reason_1 text,"
    columns += " reason_2 text, reason_3 text, play text, as_of date, expires_on date, published_at timestamp,"
    columns += " run_id text, scorer text, model_version text, policy_version text, account_manager text, told text"
    tasks = "subject text, body text, due_at timestamptz, priority text, status text DEFAULT 'open', owner_id text,"
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(f"CREATE TABLE accounts (account_id text PRIMARY KEY, {columns})")
        db.execute(
            f"CREATE TABLE tasks (task_key text PRIMARY KEY, account_id text, {tasks} play text, step text, why text)"
        )
    monkeypatch.setenv("ADDRESS", address)
    text = (scored / "churn.toml").read_text(encoding="utf-8").split("[destination]")[0]
    text += POSTGRES.replace("postgres://churn:${CRM_PASSWORD}@db.example.com/crm", "${ADDRESS}").replace("crm.", "")
    text += 'creates_accounts = true\nscore_fields = {owner_id = "account_manager"}\nfeedback_fields = {root_cause = "why"}\n'
    (scored / "churn.toml").write_text(text + '[ledger]\nurl = "${ADDRESS}"\n', encoding="utf-8")
    code, applied, err = churn("apply", "--project", scored, "--json")
    assert code == 0, applied
    assert applied["written"] == applied["staged"] > 100
    assert not (scored / ".churn" / "ledger.sqlite").exists()
    assert churn("apply", "--project", scored, "--json")[1]["written"] == 0
    with psycopg.connect(address, autocommit=True) as db:
        assert db.execute("SELECT count(account_manager) FROM accounts").fetchone() > (100,)
        db.execute("UPDATE tasks SET why='budget' WHERE task_key=(SELECT min(task_key) FROM tasks)")
    assert churn("feedback", "--project", scored, "--json")[1]["by_kind"] == {"task_outcome": 1}
    assert churn("status", "--project", scored, "--json")[1]["destination"] == "postgres:crm"
    password = address.split(":")[2].split("@")[0]
    assert password not in f"{applied}{err}"
