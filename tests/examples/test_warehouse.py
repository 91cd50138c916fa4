"""The example in examples/warehouse: another company's Postgres, mapped by SELECTs alone, gives what the demo gives."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import duckdb
import pandas as pd
import psycopg
import pytest

from data_contracts.contract import source_contracts
from pipelines.cli import main
from pipelines.tracking import no_telemetry
from simulation import World, simulate, write_company
from tests.postgres import server

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "warehouse"
# Small, short and restless: enough leave for an honest training.
WORLD = World(seed=5, accounts=110, weeks=90, annual_churn=0.36, data_until=date(2026, 6, 1), backdated_share=0.0)
AS_OF = "2026-06-01"
MONEY = {"subscriptions": ("arr", "list_arr"), "invoices": ("amount",), "opportunities": ("amount",)}
READER = """
CREATE ROLE reader LOGIN PASSWORD 'reader-only';
ALTER ROLE reader SET default_transaction_read_only = on;
REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;
GRANT USAGE ON SCHEMA northlight TO reader;
GRANT SELECT ON ALL TABLES IN SCHEMA northlight TO reader;
"""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("churn_example_warehouse_fill", EXAMPLE / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def churn(command: str, project: Path, *arguments: str) -> Any:
    """The JSON that a command prints; it must end with exit code 0."""
    printed = StringIO()
    with redirect_stdout(printed), pytest.raises(SystemExit) as left:
        main([command, "--project", str(project), "--json", *arguments])
    assert left.value.code == 0, printed.getvalue()
    return json.loads(printed.getvalue())


@dataclass(frozen=True)
class Books:
    """One company twice: in the made-up warehouse, and as the demo would hold it."""

    theirs: Path
    plain: Path
    checked: dict[str, Any]
    plain_checked: dict[str, Any]


@pytest.fixture(scope="module")
def fill() -> ModuleType:
    return load()


@pytest.fixture(scope="module")
def made() -> Any:
    return with_odd_cents(simulate(WORLD))


def with_odd_cents(made: Any) -> Any:
    """The company with amounts that are no whole units; the simulation's all are."""
    for table, columns in MONEY.items():
        frame = made.tables[table]
        for column in columns:
            frame[column] = (frame[column] + (frame.index % 97) / 100).round(2)
    return made


@pytest.fixture(scope="module")
def books(fill: ModuleType, made: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    no_telemetry()
    folder = tmp_path_factory.mktemp("books")
    theirs = Path(shutil.copytree(EXAMPLE, folder / "theirs", ignore=shutil.ignore_patterns(".churn")))
    plain = as_the_demo_would(folder / "plain", made)
    with server() as address, pytest.MonkeyPatch.context() as environment:
        fill.fill(address, fill.warehouse_tables(made.tables))
        with psycopg.connect(address) as connection:
            connection.execute(READER.encode())
        where = urlsplit(address)
        environment.setenv("CHURN_SOURCES_URL", f"postgresql://reader:reader-only@127.0.0.1:{where.port}/postgres")
        yield Books(theirs, plain, churn("check", theirs), churn("check", plain))


def as_the_demo_would(folder: Path, made: Any) -> Path:
    write_company(made, folder / "tables", folder / "truth")
    (folder / "sources").mkdir()
    for name in made.tables:
        text = f"SELECT * FROM read_parquet('tables/{name}.parquet')"
        (folder / "sources" / f"{name}.sql").write_text(text, encoding="utf-8")
    (folder / "churn.toml").write_text("", encoding="utf-8")
    return folder


def as_theirs(account: str) -> str:
    """acc-00012 is number 12 in the warehouse."""
    return str(int(account.rpartition("-")[2]))


def test_the_eleven_tables_share_no_name_with_the_contracts(fill: ModuleType, made: Any) -> None:
    tables = fill.warehouse_tables(made.tables)
    text = (EXAMPLE / "schema.sql").read_text(encoding="utf-8")
    assert len(tables) == 11
    assert re.findall(r"CREATE TABLE (\w+)", text) == list(tables)
    assert not set(tables) & set(source_contracts())
    ours = {column for contract in source_contracts().values() for column in contract.column_names}
    assert not {column for table in tables.values() for column in table.columns} & ours


def test_all_that_connects_the_two_is_one_select_a_table() -> None:
    mapping = {path.stem for path in (EXAMPLE / "sources").iterdir()}
    assert mapping == set(source_contracts())
    assert {p.name for p in EXAMPLE.iterdir()} - {".churn", "__pycache__"} == {
        "README.md", "churn.toml", "fill.py", "schema.sql", "sources",
    }  # fmt: skip


def test_the_same_arguments_fill_the_same_rows(fill: ModuleType, made: Any) -> None:
    one, other = (fill.warehouse_tables(c.tables) for c in (made, with_odd_cents(simulate(WORLD))))
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


@pytest.mark.slow
def test_every_planted_row_is_found_and_no_other(books: Books) -> None:
    assert books.checked == books.plain_checked
    assert books.checked["verdict"] == "quarantined"
    tables = books.checked["tables"]
    assert {name: t["verdict"] for name, t in tables.items()} == dict.fromkeys(
        source_contracts(), "ok"
    ) | dict.fromkeys(
        ("usage_events", "support_tickets", "ticket_messages", "survey_responses", "invoices"), "quarantined"
    )
    failed = {name: {f["check"] for f in t["failed"]} for name, t in tables.items() if t["failed"]}
    assert failed["usage_events"] == {"account_id_known", "count_minimum", "unique_key"}
    assert failed["support_tickets"] == {"closed_at_not_before_opened_at"}
    assert failed["invoices"] == {"amount_minimum"}


@pytest.mark.slow
def test_every_row_arrives_as_it_is(books: Books) -> None:
    """Row by row and column by column, keys of their own aside: money to the cent, moments to the second."""
    account = "CAST(CAST(regexp_extract({}, '[0-9]+$') AS BIGINT) AS VARCHAR)"
    with duckdb.connect() as connection:
        for name in ("theirs", "plain"):
            file = getattr(books, name) / ".churn" / "warehouse.duckdb"
            connection.execute(f"ATTACH '{file}' AS {name} (READ_ONLY)")
        for table in source_contracts():
            columns = [row[0] for row in connection.sql(f"DESCRIBE plain.accepted.{table}").fetchall()]
            kept = [c for c in columns if c == "account_id" or not c.endswith("_id") or c == "owner_id"]
            shown = [f"{account.format(c)} AS {c}" if c in ("account_id", "merged_into") else f'"{c}"' for c in kept]
            one, other = (f"SELECT {', '.join(shown)} FROM {name}.accepted.{table}" for name in ("theirs", "plain"))
            for left, right in ((one, other), (other, one)):
                assert connection.sql(f"({left}) EXCEPT ALL ({right}) LIMIT 1").fetchall() == [], table
            assert connection.sql(f"FROM plain.accepted.{table}").fetchone(), table


# The rows are the same, so this can hardly fail where the one above holds; two builds of the catalogue take a minute.
@pytest.mark.slow
def test_cohort_and_features_are_those_of_the_plain_mapping(books: Books) -> None:
    frames = []
    for project in (books.theirs, books.plain):
        made = churn("features", project, "--as-of", AS_OF)
        frames.append(pd.read_parquet(made["path"]))
    theirs, plain = frames
    plain["account_id"] = plain["account_id"].map(as_theirs)
    theirs, plain = (f.sort_values("account_id", ignore_index=True) for f in (theirs, plain))
    assert len(theirs) > 80
    assert theirs["account_id"].to_list() == plain["account_id"].to_list()
    pd.testing.assert_frame_equal(theirs, plain, rtol=0, atol=1e-9)
    assert theirs.notna().any().mean() > 0.9


@pytest.mark.slow
def test_it_trains_and_scores(books: Books) -> None:
    trained = churn("train", books.theirs)
    assert trained["unavailable"] == []
    assert trained["train"]["n_churned_accounts"] >= 30
    assert trained["champion"]["scorer"] in trained["models"]
    scored = churn("score", books.theirs)
    assert scored["as_of"] == AS_OF
    scores = pd.read_parquet(scored["path"])
    assert len(scores) == scored["scored"]
    assert scores["churn_probability"].between(0, 1).all()
    # Annual revenue is whole cents in the warehouse and stays so.
    assert (scores["arr"] == scores["arr"].round(2)).all()
    assert (scores["arr"] != scores["arr"].round()).any()
    # Nothing that was kept holds the password.
    kept = [path for path in (books.theirs / ".churn").rglob("*") if path.is_file()]
    assert kept
    assert not [path.name for path in kept if b"reader-only" in path.read_bytes()]


@pytest.mark.slow
def test_a_wrong_password_is_told_without_it(
    books: Books, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = os.environ["CHURN_SOURCES_URL"].replace("reader-only", "not-the-password")
    monkeypatch.setenv("CHURN_SOURCES_URL", address)
    with pytest.raises(SystemExit) as left:
        main(["check", "--project", str(books.theirs), "--json"])
    out, err = capsys.readouterr()
    assert left.value.code == 3
    assert "password authentication failed" in json.loads(out)["error"]["message"]
    assert "not-the-password" not in out + err


def test_an_existing_schema_is_refused(fill: ModuleType) -> None:
    with server() as address:
        fill.fill(address, {})
        with pytest.raises(psycopg.errors.DuplicateSchema):
            fill.fill(address, {})
