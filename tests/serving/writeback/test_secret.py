"""A secret is never shown: not by repr, not in a log line of anybody's, not in a traceback."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from policy.errors import SettingsError
from serving.writeback.secret import BLOT, secret, without_secrets

CANARY = "canary-7f3a91c2"


def test_it_comes_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{CANARY}-in-a-file\n", encoding="utf-8")
    assert secret("NAME", {"NAME": CANARY}).get_secret_value() == CANARY
    assert secret("NAME", {"NAME_FILE": str(file)}).get_secret_value() == f"{CANARY}-in-a-file"
    for nothing in ({}, {"NAME": " "}, {"NAME_FILE": str(tmp_path / "none")}):
        with pytest.raises(SettingsError, match="NAME"):
            secret("NAME", nothing)


def test_nobody_logs_it_whatever_way(caplog: pytest.LogCaptureFixture) -> None:
    known = secret("NAME", {"NAME": CANARY})
    other = logging.getLogger("somebody.elses.library")
    with caplog.at_level(logging.DEBUG):
        other.debug("Authorization: Bearer %s", CANARY)
        other.info(f"url?key={CANARY}")
        other.warning({"token": CANARY})
        try:
            raise ValueError(f"refused {CANARY}")
        except ValueError:
            other.exception("it failed")
    assert CANARY not in caplog.text
    assert caplog.text.count(BLOT) == 4
    assert CANARY not in f"{known!r}{known}"


def test_a_key_of_several_lines_is_blotted_line_by_line() -> None:
    key = "-----BEGIN KEY-----\nfirst-line-of-it\nsecond-line-of-it\n-----END KEY-----"
    secret("NAME", {"NAME": key})
    assert without_secrets("so it reads: second-line-of-it.") == f"so it reads: {BLOT}."
    assert without_secrets("a short text stays") == "a short text stays"


def test_other_records_are_left_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    secret("NAME", {"NAME": CANARY})
    with caplog.at_level(logging.INFO):
        logging.getLogger("x").info("%d rows of %s", 3, "accounts")
    assert caplog.records[0].args == (3, "accounts")
