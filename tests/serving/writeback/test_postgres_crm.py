"""Any two tables of a real Postgres as the CRM."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.names import named
from serving.writeback.place import rejections
from serving.writeback.postgres import PostgresCrm, Table
from serving.writeback.rollback import rollback
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
WEEK_2 = "2025-01-13"
NAMES = named(
    lambda name: f"Churn {name}",
    {"due_at": "due"},
    dict.fromkeys(("run_id", "scorer", "model_version", "policy_version"), "") | {"arr": "arr", "owner_id": "owner"},
    {"play": "", "step": ""},
)
TABLES = """
DROP SCHEMA IF EXISTS crm CASCADE; CREATE SCHEMA crm;
CREATE TABLE crm.accounts (id bigserial PRIMARY KEY, ref varchar(20) NOT NULL UNIQUE, note text DEFAULT 'theirs',
  owner text, arr numeric(12, 2), "Churn churn_probability" double precision, "Churn risk_tier" varchar(10),
  "Churn health_score" real, "Churn health_tier" text, "Churn reason_1" text, "Churn reason_2" text,
  "Churn reason_3" text, "Churn play" text, "Churn as_of" date, "Churn expires_on" date,
  "Churn published_at" timestamptz);
CREATE TABLE crm.tasks (ref text PRIMARY KEY, account text REFERENCES crm.accounts (ref), "Churn subject" text,
  "Churn body" text, due timestamptz, "Churn priority" text, "Churn status" text DEFAULT 'open', "Churn owner_id" text);
"""


@pytest.fixture
def db(postgres: str) -> Iterator[Any]:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(TABLES)
        for key in ("a", "b", "c"):
            connection.execute("INSERT INTO crm.accounts (ref) VALUES (%s)", (key,))
        yield connection


@pytest.fixture
def crm(postgres: str, db: Any) -> Iterator[PostgresCrm]:
    found = made(postgres)
    yield found
    found.close()


def made(postgres: str, **options: Any) -> PostgresCrm:
    tables = {"accounts": Table("crm.accounts", "ref"), "tasks": Table("crm.tasks", "ref", "account")}
    return PostgresCrm(SecretStr(postgres), NAMES, label="crm", **{**tables, **options})


def shown(db: Any, column: str, table: str = "accounts") -> dict[str, Any]:
    return dict(db.execute(f'SELECT ref, "{column}" FROM crm.{table} ORDER BY ref').fetchall())


def test_scores_update_accounts_and_tasks_are_made_and_a_second_run_writes_nothing(
    crm: PostgresCrm, db: Any, score: Make, task: Make, ledger: Path
) -> None:
    odd = "naïve 🔥 \"quoted\", 'single'\r\n=SUM(1;2) <b>%s</b> \\"
    rows = [
        score("a", churn_probability=1 / 3, arr=1234.5678, expires_on=WEEK_2, published_at="2025-01-06T09:00:00+01:00"),
        score("b", reason_1=odd),
        task("a", body=odd, due_at="2025-01-08T09:30:00Z"),
    ]
    assert apply(rows, crm, ledger, run_id="r1").written == 3
    assert shown(db, "Churn risk_tier") == {"a": "green", "b": "green", "c": None}
    assert shown(db, "Churn reason_1")["b"] == odd
    assert float(shown(db, "arr")["a"]) == 1234.57
    assert set(shown(db, "note").values()) == {"theirs"}
    key = task("a").key
    assert shown(db, "account", "tasks") == {key: "a"}
    assert shown(db, "Churn body", "tasks") == {key: odd}
    again = apply(rows, crm, ledger, run_id="r2")
    assert (again.written, again.skipped, again.edited) == (0, 3, ())


def test_an_account_that_is_not_there_is_not_made_unless_told_so(
    crm: PostgresCrm, postgres: str, db: Any, score: Make, ledger: Path
) -> None:
    assert apply([score("z")], crm, ledger, run_id="r1").rejected == 1
    assert [line.code for line in rejections(ledger)] == ["no_account"]
    with closing(made(postgres, creates_accounts=True)) as making:
        assert apply([score("z")], making, ledger, run_id="r2").written == 1
    assert "z" in shown(db, "Churn risk_tier")


def test_one_bad_row_is_set_apart_and_the_others_are_stored(
    crm: PostgresCrm, db: Any, score: Make, ledger: Path
) -> None:
    db.execute("ALTER TABLE crm.accounts ADD CHECK (\"Churn play\" <> 'forbidden')")
    rows = [score("a"), score("b", play="forbidden"), score("c")]
    applied = apply(rows, crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected) == (2, 1)
    (line,) = rejections(ledger)
    assert (line.key, line.code, line.reason) == ("b", "sql_23514", "CheckViolation")


def test_a_text_that_is_too_long_never_leaves(crm: PostgresCrm, score: Make, ledger: Path) -> None:
    apply([score("a", risk_tier="x" * 11)], crm, ledger, run_id="r1")
    assert [line.code for line in rejections(ledger)] == ["too_long"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('ALTER TABLE crm.accounts DROP COLUMN "Churn play"', "no score field `play`"),
        ("ALTER TABLE crm.accounts RENAME COLUMN ref TO other", "no column ref"),
        ("ALTER TABLE crm.tasks DROP CONSTRAINT tasks_pkey", "not unique"),
        ("DROP TABLE crm.tasks", "refuses: UndefinedTable"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_written(
    change: str, told: str, crm: PostgresCrm, db: Any, score: Make, ledger: Path
) -> None:
    db.execute(change)
    with pytest.raises(SettingsError, match=told):
        apply([score("a", play="x")], crm, ledger, run_id="r1")
    assert set(shown(db, "Churn risk_tier").values() if "ref TO" not in change else [None]) == {None}


def test_a_persons_edit_stays_even_between_the_read_and_the_write(
    crm: PostgresCrm, db: Any, score: Make, ledger: Path
) -> None:
    apply([score("a"), score("b")], crm, ledger, run_id="r1")
    db.execute("UPDATE crm.accounts SET owner = 'anna' WHERE ref = 'a'")

    def edit(point: str) -> None:
        if point == "after_stage_commit":
            db.execute("UPDATE crm.accounts SET \"Churn risk_tier\" = 'watch' WHERE ref = 'b'")

    week_2 = [score(x, WEEK_2, risk_tier="red", owner_id="csm-9") for x in "ab"]
    applied = apply(week_2, crm, ledger, run_id="r2", at=edit)
    assert applied.edited == (("score", "a", "owner_id"), ("score", "b", "risk_tier"))
    assert (shown(db, "owner")["a"], shown(db, "Churn risk_tier")) == ("anna", {"a": "red", "b": "watch", "c": None})


def test_a_rollback_restores_what_was_there(crm: PostgresCrm, db: Any, score: Make, task: Make, ledger: Path) -> None:
    db.execute("UPDATE crm.accounts SET owner = 'anna', arr = 7 WHERE ref = 'a'")
    before = db.execute("SELECT * FROM crm.accounts ORDER BY ref").fetchall()
    apply([score("a", arr=9.5), task("a")], crm, ledger, run_id="r1")
    assert db.execute("SELECT * FROM crm.accounts ORDER BY ref").fetchall() != before
    assert rollback("r1", crm, ledger).complete
    assert db.execute("SELECT * FROM crm.accounts ORDER BY ref").fetchall() == before
    assert set(shown(db, "Churn status", "tasks").values()) == {"cancelled"}


def test_a_connection_that_breaks_after_the_commit_doubles_nothing(
    crm: PostgresCrm, db: Any, score: Make, task: Make, ledger: Path
) -> None:
    def cut(point: str) -> None:
        if point == "after_write":
            db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    rows = [score("a"), score("b"), task("a")]
    assert apply(rows, crm, ledger, run_id="r1", at=cut).written == 3
    assert len(shown(db, "account", "tasks")) == 1


def test_a_locked_row_is_waited_for(crm: PostgresCrm, db: Any, postgres: str, score: Make, ledger: Path) -> None:
    with psycopg.connect(postgres) as holder:
        holder.execute("SELECT * FROM crm.accounts WHERE ref = 'a' FOR UPDATE")
        crm.describe()
        crm._connected().execute("SET lock_timeout = '50ms'")

        def let_go(seconds: float) -> None:
            holder.rollback()
            time.sleep(min(seconds, 0.5))

        assert apply([score("a"), score("b")], crm, ledger, run_id="r1", sleep=let_go).written == 2


def test_a_wrong_password_stops_without_showing_it(postgres: str, db: Any, score: Make, ledger: Path) -> None:
    port = urlsplit(postgres).port
    crm = made(f"postgres://churn_tests:tell-nobody@127.0.0.1:{port}/postgres")
    with pytest.raises(DeliveryIncomplete, match="sign-in") as caught:
        apply([score("a")], crm, ledger, run_id="r1", patience=0)
    assert "tell-nobody" not in f"{caught.value}{caught.value.__cause__!r}{crm!r}"
