"""Addresses of churn.toml: secrets come from the environment and show up nowhere else."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.backend import connect, filled, masked
from pipelines.settings import open_project
from policy.errors import SettingsError

Run = Callable[..., tuple[int, Any, str]]
PASSWORD = "h1dden/p@ss#word"  # noqa: S105 - what must not be shown
WHERE = "[sources] url"


def project(folder: Path, url: str) -> Path:
    (folder / "churn.toml").write_text(f'[sources]\nurl = "{url}"\n', encoding="utf-8")
    (folder / "sources").mkdir()
    (folder / "sources" / "accounts.sql").write_text("SELECT 1 AS account_id", encoding="utf-8")
    return folder


def test_a_part_of_an_address_is_quoted_and_a_whole_one_is_not() -> None:
    given = {"PASSWORD": PASSWORD, "CRM": "duckdb://a%20b.duckdb"}
    assert filled("postgres://anna:${PASSWORD}@db/crm", given, where=WHERE)[0] == (
        "postgres://anna:h1dden%2Fp%40ss%23word@db/crm"
    )
    assert filled("${CRM}", given, where=WHERE)[0] == "duckdb://a%20b.duckdb"
    assert filled("duckdb://.churn/warehouse.duckdb", {}, where=WHERE) == ("duckdb://.churn/warehouse.duckdb", [])


def test_a_file_may_hold_the_value(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n", encoding="utf-8")
    file = {"PASSWORD_FILE": str(tmp_path / "secret")}
    assert filled("postgres://anna:${PASSWORD}@db/crm", file, where=WHERE)[0] == "postgres://anna:from-a-file@db/crm"
    with pytest.raises(SettingsError, match=r"cannot read the file that `PASSWORD_FILE` names: FileNotFoundError"):
        filled("${PASSWORD}", {"PASSWORD_FILE": str(tmp_path / "nowhere")}, where=WHERE)


def test_a_missing_variable_is_named_with_the_cure(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("check", "--project", project(tmp_path, "${CHURN_TEST_NOWHERE}"), "--json")
    assert code == 3
    assert found["error"]["where"] == "[sources] url"
    assert found["error"]["message"] == "needs the environment variable `CHURN_TEST_NOWHERE`, which is not set."
    assert "CHURN_TEST_NOWHERE_FILE" in found["error"]["cure"]


def test_the_settings_never_hold_the_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURN_TEST_URL", f"postgres://anna:{PASSWORD}@db/crm")
    opened = open_project(project(tmp_path, "${CHURN_TEST_URL}"))
    assert opened.settings.sources.url == "${CHURN_TEST_URL}"
    assert PASSWORD not in opened.model_dump_json()


def test_an_address_is_in_no_repr_and_in_no_complaint(tmp_path: Path) -> None:
    opened = open_project(project(tmp_path, f"postgres://anna:{PASSWORD}@db/crm"))
    assert PASSWORD not in repr(opened)
    assert "CohortSection" in repr(opened)
    (tmp_path / "churn.toml").write_text(f'[sources]\nurl = ["postgres://anna:{PASSWORD}@db/crm"]\n', encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        open_project(tmp_path)
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://anna:{PASSWORD}@127.0.0.1:1/crm",
        "postgres://anna:h1dden@127.0.0.1:1/crm",
        "postgres://anna:h1dden%2Fp@127.0.0.1:h1dden/crm",
        "${CHURN_TEST_PASSWORD}",
        "${CHURN_TEST_URL}",
        "postgres://anna:${CHURN_TEST_PASSWORD}@127.0.0.1:1/crm",
        "postgres://127.0.0.1:1/crm?sslmode=${CHURN_TEST_PASSWORD}",
    ],
)
def test_no_failure_to_connect_tells_the_secret(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CHURN_TEST_URL", f"postgres://anna:{PASSWORD}@127.0.0.1:1/crm")
    monkeypatch.setenv("CHURN_TEST_PASSWORD", "h1dden")
    opened = open_project(project(tmp_path, "duckdb://"))
    with pytest.raises(SettingsError) as refused:
        connect(opened, url, reads=True)
    told = "".join(traceback.format_exception(refused.value)) + caplog.text
    assert "[sources] url" in told
    # The test's own line in the traceback is not what is told.
    assert not [line for line in told.splitlines() if "h1dden" in line and "connect(opened" not in line]


def test_masking_takes_the_longest_secret_first() -> None:
    assert masked("abcd-efgh and abcd", ["abcd", "abcd-efgh"]) == "… and …"
    assert masked("a b c", ["a"]) == "a b c"


def test_duckdb_takes_no_more_memory_than_it_is_given(tmp_path: Path) -> None:
    folder = project(tmp_path, "duckdb://:memory:")
    (folder / "churn.toml").write_text('[engine]\nurl = "duckdb://:memory:"\nmemory = "500MB"\n', encoding="utf-8")
    engine = connect(open_project(folder), "duckdb://:memory:")
    assert engine.raw_sql("SELECT current_setting('memory_limit')").fetchone() == ("476.8 MiB",)
    (folder / "churn.toml").write_text('[engine]\nmemory = "much"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="memory"):
        open_project(folder)
