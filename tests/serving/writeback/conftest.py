"""Tiny rows, a clock that moves only when somebody sleeps, and a CRM that counts its calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.writeback.destination import Scalar
from serving.writeback.place_postgres import PostgresPlace
from serving.writeback.staged import Staged
from tests.postgres import server

WEEK_1, WEEK_2, WEEK_3 = "2025-01-06", "2025-01-13", "2025-01-20"


class Clock:
    def __init__(self) -> None:
        self.now = 1_736_150_400.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with server() as address:
        yield address


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def ledger(tmp_path: Path, request: pytest.FixtureRequest) -> Path | PostgresPlace:
    """A file, or where a module asks for both, a schema of its own in Postgres too."""
    if getattr(request, "param", "file") == "file":
        return tmp_path / "state" / "ledger.sqlite"
    address = request.getfixturevalue("postgres")
    return PostgresPlace(SecretStr(address), schema=f"ledger_{secrets.token_hex(4)}")


@pytest.fixture
def score() -> Callable[..., Staged]:
    def make(account_id: str, as_of: str = WEEK_1, **fields: Scalar) -> Staged:
        usual: dict[str, Scalar] = {"name": account_id.title(), "owner_id": "csm-1", "risk_tier": "green"}
        return Staged("score", account_id, account_id, as_of, {**usual, **fields})

    return make


@pytest.fixture
def task() -> Callable[..., Staged]:
    def make(account_id: str, as_of: str = WEEK_1, *, key: str | None = None, **fields: Scalar) -> Staged:
        usual: dict[str, Scalar] = {"play": "reengage", "subject": "Call", "owner_id": "csm-1", "due_at": "2025-01-08"}
        return Staged("task", key or f"{account_id}|reengage|2025-W02", account_id, as_of, {**usual, **fields})

    return make


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules that say EVERY_LEDGER run with a ledger file and with one in Postgres."""
    if getattr(metafunc.module, "EVERY_LEDGER", False) and "ledger" in metafunc.fixturenames:
        metafunc.parametrize("ledger", ["file", "postgres"], indirect=True)
