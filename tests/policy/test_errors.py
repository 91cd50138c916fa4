"""Errors carry their exit code, say where, and end with the cure."""

from __future__ import annotations

import pytest

from policy import errors


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ChurnError", 1),
        ("UsageError", 2),
        ("SettingsError", 3),
        ("ContractStop", 4),
        ("NotEnoughData", 5),
        ("DeliveryIncomplete", 6),
        ("Locked", 7),
    ],
)
def test_each_error_has_the_exit_code_of_the_interface(name: str, code: int) -> None:
    kind = getattr(errors, name)
    assert kind.exit_code == code
    assert issubclass(kind, errors.ChurnError)


def test_an_error_reads_where_what_and_cure() -> None:
    assert str(errors.UsageError("no such date.", where="--as-of", cure="Use a Monday.")) == (
        "--as-of: no such date. Use a Monday."
    )
    assert str(errors.ChurnError("broken.")) == "broken."
