"""A ledger that several machines share: one delivery at a time, nothing lost when the line breaks, no password shown."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, Locked, SettingsError
from serving.writeback import place_postgres
from serving.writeback.delivery import apply
from serving.writeback.destination import Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.place import FilePlace, rejections
from serving.writeback.place_postgres import PostgresPlace
from serving.writeback.plan import plan
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
SCHEMA = "a ledger"


@pytest.fixture
def place(postgres: str) -> PostgresPlace:
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(f'DROP SCHEMA IF EXISTS "{SCHEMA}" CASCADE')
    return PostgresPlace(SecretStr(postgres), SCHEMA)


def query(postgres: str, sql: str) -> list[Any]:
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(f'SET search_path TO "{SCHEMA}"')
        return db.execute(sql).fetchall()


def test_a_second_delivery_is_told_locked_and_a_plan_is_not_held_up(
    score: Make, place: PostgresPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_postgres, "PATIENCE_MS", 100)
    crm = MemoryCrm()
    found: list[Any] = []

    def meanwhile(point: str) -> None:
        if point == "before_write":
            with pytest.raises(Locked, match="another delivery"):
                apply([score("b")], crm, place, run_id="r2")
            found.append(plan([score("b")], crm, place).scores.new)

    apply([score("a")], crm, place, run_id="r1", at=meanwhile)
    assert found == [1]
    assert set(crm.rows["score"]) == {"a"}
    assert apply([score("b")], crm, place, run_id="r3").written == 1


def test_the_lock_is_free_the_moment_a_delivery_has_ended(score: Make, place: PostgresPlace, postgres: str) -> None:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    with psycopg.connect(postgres, autocommit=True) as db:
        for run in range(20):
            apply([score("a")], MemoryCrm(), place, run_id=f"r{run}")
            assert db.execute(held).fetchone() == (0,)


def test_a_run_right_after_a_kill_waits_until_the_server_has_noticed(
    score: Make, place: PostgresPlace, postgres: str
) -> None:
    killed = psycopg.connect(postgres, autocommit=True)
    killed.execute("SELECT pg_advisory_lock(%s)", (place_postgres._number(SCHEMA, MemoryCrm().name),))
    noticed = threading.Timer(0.5, killed.close)
    noticed.start()
    assert apply([score("a")], MemoryCrm(), place, run_id="r").written == 1
    noticed.join()


def test_a_place_is_no_path_and_no_file_is_made_of_its_name(
    score: Make, place: PostgresPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for known in (place, FilePlace(tmp_path / "ledger.sqlite")):
        for told in (str, "{}".format, Path, os.fspath):
            with pytest.raises(TypeError):
                told(known)
    strange: Any = "ledger.sqlite"
    for use in (apply, plan):
        with pytest.raises(TypeError, match="not a str"):
            use([score("a")], MemoryCrm(), strange, **({"run_id": "r1"} if use is apply else {}))
    assert list(tmp_path.iterdir()) == []
    assert repr(place) == f"PostgresPlace(schema={place.schema!r})"


def test_a_delivery_to_another_destination_goes_on_beside_it(score: Make, place: PostgresPlace) -> None:
    from serving.writeback.destination import Capabilities

    one, two = MemoryCrm(), MemoryCrm(accepts=Capabilities("other", open_fields=True, creates_accounts=True))

    def meanwhile(point: str) -> None:
        if point == "before_write" and not two.writes:
            apply([score("b")], two, place, run_id="r2")

    assert apply([score("a")], one, place, run_id="r1", at=meanwhile).written == 1
    assert set(two.rows["score"]) == {"b"}


def test_a_line_that_breaks_in_mid_run_loses_nothing(score: Make, place: PostgresPlace, postgres: str) -> None:
    def cut(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        outcomes = [crm.store(kind, row) for row in batch]
        query(postgres, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return outcomes

    crm = MemoryCrm(cut)
    with pytest.raises(DeliveryIncomplete, match="connection broke"):
        apply([score("a"), score("b")], crm, place, run_id="r1")
    crm.script = None
    applied = apply([score("a"), score("b")], crm, place, run_id="r1")
    assert (applied.complete, len(crm.writes)) == (True, 1)


def test_the_audit_cannot_be_rewritten(score: Make, place: PostgresPlace, postgres: str) -> None:
    apply([score("a"), score("b", arr=float("nan"))], MemoryCrm(), place, run_id="r1")
    for sql in ("DELETE FROM audit", "UPDATE audit SET code='x'", "TRUNCATE audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            query(postgres, sql)
    assert [line.code for line in rejections(place)] == ["not_finite"]


def test_a_plan_before_the_first_delivery_makes_no_schema(score: Make, place: PostgresPlace, postgres: str) -> None:
    assert plan([score("a")], MemoryCrm(), place).scores.new == 1
    assert query(postgres, f"SELECT 1 FROM pg_namespace WHERE nspname = '{SCHEMA}'") == []


def test_a_wrong_password_is_told_without_showing_it(postgres: str, score: Make) -> None:
    port = urlsplit(postgres).port
    place = PostgresPlace(SecretStr(f"postgres://churn_tests:tell-nobody@127.0.0.1:{port}/postgres"))
    with pytest.raises(SettingsError, match="cannot connect") as caught:
        apply([score("a")], MemoryCrm(), place, run_id="r1")
    told = f"{caught.value} {caught.value.__cause__!r} {caught.value.__context__ and ''}"
    assert "tell-nobody" not in told


def test_a_ledger_of_a_newer_version_is_left_alone(score: Make, place: PostgresPlace, postgres: str) -> None:
    apply([score("a")], MemoryCrm(), place, run_id="r1")
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(f"COMMENT ON SCHEMA \"{SCHEMA}\" IS 'churn ledger 99'")
    with pytest.raises(SettingsError, match="version 99"):
        apply([score("a")], MemoryCrm(), place, run_id="r1")
