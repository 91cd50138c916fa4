"""sources/*.sql: names, variables and encoding; each mistake is told with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_contracts.sources import mapped_sources
from policy.errors import SettingsError


def written(folder: Path, name: str, text: str | bytes) -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def refused(folder: Path, **variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        mapped_sources(folder, variables)
    return str(caught.value)


def test_tables_and_coverages_are_found_by_their_file_names(tmp_path: Path) -> None:
    written(tmp_path, "users.sql", "SELECT 1 AS user_id;\n")
    written(tmp_path, "users_coverage.sql", "SELECT 1 AS account_id")
    written(tmp_path, "invoices.sql.example", "not read")
    tables, coverages = mapped_sources(tmp_path, {})
    assert {name: mapped.sql for name, mapped in tables.items()} == {"users": "SELECT 1 AS user_id"}
    assert coverages["users"].where == "sources/users_coverage.sql"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("usage_event.sql", "Did you mean `usage_events`?"),
        ("Accounts.sql", "Did you mean `accounts`?"),
        ("payments.sql", "Known: accounts, crm_feedback,"),
        ("user_coverage.sql", "Did you mean `users`?"),
    ],
)
def test_an_unknown_table_name_is_told_with_the_nearest_known(tmp_path: Path, name: str, cure: str) -> None:
    told = refused(written(tmp_path, name, "SELECT 1"))
    assert told.startswith(f"sources/{name}: is not a contract table. {cure}")


def test_a_coverage_without_its_table_is_refused(tmp_path: Path) -> None:
    told = refused(written(tmp_path, "users_coverage.sql", "SELECT 1 AS account_id"))
    assert told == (
        "sources/users_coverage.sql: says whom `users` covers, but sources/users.sql is missing. "
        "Write sources/users.sql, or delete sources/users_coverage.sql."
    )


def test_a_variable_is_replaced_once_and_its_quotes_are_doubled(tmp_path: Path) -> None:
    written(tmp_path, "users.sql", "SELECT * FROM '{data}/users.csv'  -- {anything} may stand in a comment\n")
    tables, _ = mapped_sources(tmp_path, {"data": "/home/o'neil/{other}", "other": "x"})
    assert tables["users"].sql.startswith("SELECT * FROM '/home/o''neil/{other}/users.csv'")


def test_braces_that_are_no_variable_are_left_alone(tmp_path: Path) -> None:
    sql = r"SELECT {'a': 1}.a AS x, regexp_matches(y, '^\d{4}$') AS z"
    assert mapped_sources(written(tmp_path, "users.sql", sql), {})[0]["users"].sql == sql


def test_a_variable_that_is_not_set_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    told = refused(written(tmp_path, "users.sql", "SELECT * FROM '{date}/users.csv'"), data="x")
    assert told == (
        "sources/users.sql: uses `{date}`, and no such variable is set. Did you mean `data`? "
        "Add it to [variables] in churn.toml, or pass --set date=…."
    )
    assert "Add it to [variables]" in refused(tmp_path)


@pytest.mark.parametrize("text", ["", "  \n", "-- SELECT 1\n", ";"])
def test_an_empty_select_is_refused(tmp_path: Path, text: str) -> None:
    told = refused(written(tmp_path, "users.sql", text))
    assert told == "sources/users.sql: is empty. Write one SELECT, or delete the file."


def test_a_select_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    told = refused(written(tmp_path, "users.sql", "SELECT 'Zürich' AS name".encode("latin-1")))
    assert told == "sources/users.sql: is not UTF-8 text (byte 9). Save it as UTF-8 and check again."


def test_a_byte_order_mark_is_not_part_of_the_select(tmp_path: Path) -> None:
    tables, _ = mapped_sources(written(tmp_path, "users.sql", "SELECT 1".encode("utf-8-sig")), {})
    assert tables["users"].sql == "SELECT 1"
