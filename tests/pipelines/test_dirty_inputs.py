"""Ten kinds of dirty input: a clear message with the cure, the right exit code, and the CRM untouched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, Any, str]]
Spoil = Callable[[Path], None]


def _select(table: str, sql: str) -> Spoil:
    def spoil(book: Path) -> None:
        (book / "sources" / f"{table}.sql").write_text(sql, encoding="utf-8")

    return spoil


def _bad_encoding(book: Path) -> None:
    (book / "accounts.csv").write_bytes("account_id,created_on,name\na1,2024-01-01,Caf\xe9\n".encode("latin-1"))
    _select("accounts", "SELECT * FROM read_csv('accounts.csv')")(book)


def _wrong_weights(book: Path) -> None:
    (book / "policy.yaml").write_text(
        "version: mine\nauthor: me\nreason: a test\nhealth:\n  weights: {usage: 40, engagement: 25, sentiment: 20, commercial: 25}\n"
    )


A = "SELECT * FROM read_parquet('{data}/accounts.parquet')"
S = "read_parquet('{data}/subscriptions.parquet')"
U = "read_parquet('{data}/usage_events.parquet')"
CASES: dict[str, tuple[Spoil, int, str, str]] = {
    "missing column": (
        _select("usage_events", f"SELECT * EXCLUDE occurred_at, occurred_at AS occured_at FROM {U}"),
        4, "`usage_events` has no column `occurred_at`. Did you mean `occured_at`?", "sources/usage_events.sql",
    ),
    "wrong type": (
        _select("subscriptions", f"SELECT * REPLACE ('a lot' AS arr) FROM {S}"), 4, "`arr`", "sources/subscriptions.sql",
    ),
    "duplicate keys": (_select("accounts", f"{A} UNION ALL {A}"), 4, "account_id", "accounts"),
    "future dates": (
        _select("usage_events", f"SELECT * REPLACE (TIMESTAMP '2999-01-01' AS occurred_at) FROM {U}"),
        4, "occurred_at", "usage_events",
    ),
    "empty table": (_select("subscriptions", f"SELECT * FROM {S} WHERE false"), 4, "empty", "sources/subscriptions.sql"),
    "negative ARR": (_select("subscriptions", f"SELECT * REPLACE (-arr AS arr) FROM {S}"), 4, "`arr`", "subscriptions"),
    "unknown account": (
        _select("subscriptions", f"SELECT * REPLACE ('nobody' AS account_id) FROM {S}"), 4, "account_id", "subscriptions",
    ),
    "bad encoding": (_bad_encoding, 4, "", "encoding"),
    "unreadable SQL": (_select("accounts", "SELEC * FORM accounts"), 4, "cannot be run", "sources/accounts.sql"),
    "wrong policy weights": (_wrong_weights, 3, "weights must sum to 100, they sum to 110", "health"),
}  # fmt: skip
# One of each kind on every run: what the source lacks, what a contract refuses, what cannot be read, what a person set.
OFTEN = ("missing column", "duplicate keys", "bad encoding", "wrong policy weights")


@pytest.mark.parametrize("name", [n if n in OFTEN else pytest.param(n, marks=pytest.mark.slow) for n in CASES])
def test_dirty_input_stops_with_a_cure_and_leaves_the_crm_alone(name: str, scored: Path, churn: Run) -> None:
    spoil, code, says, cures = CASES[name]
    assert churn("apply", "--project", scored)[0] == 0
    crm = scored / ".churn" / "crm.sqlite"
    before = hashlib.sha256(crm.read_bytes()).hexdigest()
    spoil(scored)

    left, found, err = churn("score", "--project", scored, "--json")

    assert left == code, err
    assert found["error"]["code"] == code
    assert says in found["error"]["message"]
    assert cures in f"{found['error']['where']} {found['error']['cure']}"
    assert found["error"]["cure"]
    assert "Traceback" not in err
    assert hashlib.sha256(crm.read_bytes()).hexdigest() == before


def test_check_reports_a_stop_with_exit_code_4(book: Path, churn: Run) -> None:
    _select("accounts", f"{A} UNION ALL {A}")(book)
    code, found, _ = churn("check", "--project", book, "--json")
    assert code == 4
    assert found["error"]["code"] == 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[label]\nhorizon_day = 30\n", "Did you mean `horizon_days`?"),
        ("[lable]\n", "Did you mean `label`?"),
        ("[label]\nhorizon_days = 0\n", "label.horizon_days"),
        ("[label\n", "not readable TOML"),
    ],
)
def test_a_wrong_churn_toml_is_exit_code_3(text: str, says: str, tmp_path: Path, churn: Run) -> None:
    (tmp_path / "churn.toml").write_text(text)
    code, found, _ = churn("check", "--project", tmp_path, "--json")
    assert code == 3
    assert says in " ".join(map(str, found["error"].values()))


def test_an_unknown_variable_is_a_usage_error(book: Path, churn: Run) -> None:
    code, found, _ = churn("check", "--project", book, "--set", "dta=elsewhere", "--json")
    assert code == 2
    assert found["error"]["cure"] == "Did you mean `data`?"


def test_a_variable_on_the_command_line_wins(book: Path, churn: Run) -> None:
    (book / "tables").rename(book / "moved")
    assert churn("check", "--project", book, "--set", "data=moved", "--json")[0] == 0


def test_a_book_without_enough_churn_is_refused(book: Path, churn: Run) -> None:
    _select("subscriptions", f"SELECT * EXCLUDE (decision_at, decision_kind, effective_on, reason) FROM {S}")(book)
    code, found, _ = churn("train", "--project", book, "--json")
    assert code == 5
    assert "0 churned accounts" in found["error"]["message"]


def test_scoring_without_a_model_gives_health_alone(book: Path, churn: Run) -> None:
    import pandas as pd

    code, found, _ = churn("score", "--project", book, "--as-of", "2026-06-01", "--json")
    assert code == 0
    scores = pd.read_parquet(found["path"])
    assert scores["churn_probability"].isna().all()
    assert scores["health_score"].notna().any()
    assert (scores["scorer"] == "health_score").all()
    assert churn("apply", "--project", book, "--json")[0] == 0
    assert churn("report", "--project", book, "--json")[0] == 0


def test_a_second_run_on_the_same_warehouse_is_locked_out(book: Path, churn: Run) -> None:
    import subprocess
    import sys

    (book / ".churn").mkdir(exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c",
         "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('held', flush=True); time.sleep(60)",
         str(book / ".churn" / "warehouse.duckdb")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        code, found, _ = churn("check", "--project", book, "--json")
    finally:
        holder.kill()
        holder.wait(timeout=10)
        if holder.stdout:
            holder.stdout.close()
    assert code == 7
    assert "Wait" in found["error"]["cure"]


def test_the_demo_refuses_a_folder_that_holds_something_else(tmp_path: Path, churn: Run) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    code, found, _ = churn("demo", tmp_path, "--accounts", "50", "--json")
    assert code == 2
    assert "no demo" in found["error"]["message"]
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_another_world_replaces_the_demo_but_not_prefects_home(tmp_path: Path) -> None:
    from datetime import date

    from pipelines.demo import make_demo

    (tmp_path / "d" / ".churn" / "prefect").mkdir(parents=True)
    (tmp_path / "d" / ".churn" / "prefect" / "here").write_text("")
    make_demo(tmp_path / "d", seed=1, accounts=60, until=date(2026, 6, 1))
    (tmp_path / "d" / ".churn" / "crm.sqlite").write_text("of the old world")
    make_demo(tmp_path / "d", seed=2, accounts=60, until=date(2026, 6, 1))
    assert [p.name for p in (tmp_path / "d" / ".churn").iterdir()] == ["prefect"]
    assert (tmp_path / "d" / ".churn" / "prefect" / "here").exists()
