"""Secrets come from the environment, or from a file or block it names; they are never shown, and no log line has them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from policy.errors import SettingsError

BLOT = "[secret]"
SHORTEST = 8
"""Characters below which a value is too common a text to be blotted out wherever it occurs."""
_KNOWN: set[str] = set()
Blocks = Callable[[str], SecretStr]
"""What reads a block of some store of secrets by its name; raises SettingsError where it cannot."""


def secret(name: str, environment: Mapping[str, str] | None = None, *, blocks: Blocks | None = None) -> SecretStr:
    """The secret of the environment variable `name`, of the file that `name`_FILE names, or the block of `name`_BLOCK.

    The first of them that holds something counts. Raises SettingsError where there is none or it is empty; neither the
    error nor any log line shows it.
    """
    given = os.environ if environment is None else environment
    value, file = given.get(name, ""), given.get(f"{name}_FILE", "")
    if not value and file:
        try:
            value = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            cure = "Let it name a file that this user can read."
            raise SettingsError("the secret's file cannot be read.", where=f"{name}_FILE", cure=cure) from exc
    block = given.get(f"{name}_BLOCK", "")
    if not value.strip() and block and blocks:
        value = blocks(block).get_secret_value()
    value = value.strip()
    if not value:
        cure = f"Set {name}, or {name}_FILE to a file that holds it, or {name}_BLOCK to a Secret block of Prefect; "
        cure += "it never stands in churn.toml."
        raise SettingsError("the destination needs a secret that is not set.", where=name, cure=cure)
    return blotted(SecretStr(value))


def blotted(value: SecretStr) -> SecretStr:
    """The secret, which from now on no log line shows, whoever writes it."""
    text = value.get_secret_value()
    # A key of several lines may be logged line by line.
    _KNOWN.update(part for part in (text, *text.splitlines()) if len(part) >= SHORTEST)
    if not isinstance(logging.getLogRecordFactory(), _Blotting):
        logging.setLogRecordFactory(_Blotting(logging.getLogRecordFactory()))
    return value


def without_secrets(text: str) -> str:
    """The text with every known secret blotted out."""
    for known in sorted(_KNOWN, key=len, reverse=True):
        text = text.replace(known, BLOT)
    return text


class _Blotting:
    """Makes log records without secrets: in the message, its arguments and the traceback."""

    def __init__(self, before: Callable[..., logging.LogRecord]) -> None:
        self.before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.before(*args, **kwargs)
        told = record.getMessage()
        clean = without_secrets(told)
        if clean != told:
            record.msg, record.args = clean, ()
        if record.exc_info and any(record.exc_info):
            record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
        return record
