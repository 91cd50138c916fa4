"""Secrets from Secret blocks of a real, temporary Prefect server: used, and shown nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.backend import filled
from policy.errors import SettingsError
from serving.writeback.secret import secret
from tests.crm import hubspot_oracle

ROOT = Path(__file__).parents[2]
TOKEN, NUMBER, MEMBER = "canary-5c1be72e90a4", "40912230081174", "canary-inside-a-table"
STATUS = ["status", "--json"]
pytestmark = pytest.mark.slow
HUBSPOT = '[destination]\nkind = "hubspot"\nlabel = "main"\nurl = "{url}"\n'


def life(**asked: Any) -> dict[str, Any]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "CHURN_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.pipelines.blocks_life"],
        input=json.dumps(asked), capture_output=True, text=True, timeout=300, env=clean, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    found["shown"] = done.stderr + json.dumps(found["ran"])
    return found


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What one process saw that ran several commands, after another one had saved the blocks."""
    folder = tmp_path_factory.mktemp("blocks")
    with hubspot_oracle.server(token=TOKEN) as hub:
        (folder / "churn.toml").write_text(HUBSPOT.format(url=hub.url), encoding="utf-8")
        state = str(folder / ".churn")
        life(state=state, save={"crm-key": TOKEN, "number": NUMBER, "table": {"key": MEMBER}})
        setup = ["crm", "setup", "--project", str(folder), "--json"]
        names = ("crm-key", "nobody-made-it", "table", "number")
        runs = [(setup, {"CHURN_HUBSPOT_TOKEN_BLOCK": name}) for name in names]
        runs.append((setup, {"CHURN_HUBSPOT_TOKEN_BLOCK": "nobody-made-it", "CHURN_HUBSPOT_TOKEN": TOKEN}))
        found = life(run=runs)
        found["kept"] = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        yield found


def error(ran: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran["out"])["error"]
    return found


def test_the_crm_is_called_with_the_blocks_value(lived: dict[str, Any]) -> None:
    by_block, by_variable = lived["ran"][0], lived["ran"][4]
    assert (by_block["code"], json.loads(by_block["out"])["destination"]) == (0, "hubspot:main")
    assert by_variable["code"] == 0, "the variable itself comes first"


def test_a_number_stays_the_text_it_is(lived: dict[str, Any]) -> None:
    # Refused as a key by the CRM (6), not as a block (3): Prefect's own `.get()` makes an int of it.
    assert lived["ran"][3]["code"] == 6
    assert "401" in error(lived["ran"][3])["message"]


@pytest.mark.parametrize(("place", "name", "told"), [(1, "nobody-made-it", "no such block"), (2, "table", "no text")])
def test_a_block_that_cannot_be_used_is_named_with_its_cure(
    place: int, name: str, told: str, lived: dict[str, Any]
) -> None:
    assert lived["ran"][place]["code"] == 3
    found = error(lived["ran"][place])
    assert f"`{name}`" in found["where"]
    assert told in found["message"]
    assert found["cure"]


def test_the_value_is_neither_told_nor_handed_on_nor_kept_in_the_open(lived: dict[str, Any]) -> None:
    assert len(lived["environments"]) >= 2, "the temporary server was a child"
    for value in (TOKEN, NUMBER, MEMBER):
        assert value not in lived["shown"]
        assert not [text for text in lived["environments"] if value in text]
        assert not [data for data in lived["kept"] if value.encode() in data]


def test_a_server_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text(HUBSPOT.format(url="http://127.0.0.1:9"), encoding="utf-8")
    nowhere = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "CHURN_HUBSPOT_TOKEN_BLOCK": "crm-key"}
    found = life(run=[(["crm", "setup", "--project", str(tmp_path), "--json"], nowhere)])["ran"][0]
    assert found["code"] == 3
    assert "PREFECT_API_URL" in error(found)["cure"]
    assert not (tmp_path / ".churn" / "prefect").exists()


def test_an_address_takes_its_password_from_a_block_last() -> None:
    from pydantic import SecretStr

    asked: list[str] = []

    def blocks(name: str) -> SecretStr:
        asked.append(name)
        return SecretStr("p@ss")

    given = {"PASSWORD_BLOCK": "crm-password"}
    url = "postgres://anna:${PASSWORD}@db/crm"
    address, secrets = filled(url, given, where="[ledger] url", blocks=blocks)
    assert (address, asked) == ("postgres://anna:p%40ss@db/crm", ["crm-password"])
    assert {"p@ss", "p%40ss"} <= set(secrets)
    assert (
        filled(url, {**given, "PASSWORD": "x1"}, where="[ledger] url", blocks=blocks)[0] == "postgres://anna:x1@db/crm"
    )
    assert asked == ["crm-password"], "a block is asked for where nothing else is given"
    with pytest.raises(SettingsError, match="PASSWORD_BLOCK"):
        filled(url, {}, where="[ledger] url", blocks=blocks)
    assert secret("NAME", {"NAME_BLOCK": "a"}, blocks=blocks).get_secret_value() == "p@ss"
    assert secret("NAME", {"NAME": "own", "NAME_BLOCK": "a"}, blocks=blocks).get_secret_value() == "own"
