"""One delivery at a time per destination, across processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policy.errors import Locked, SettingsError


def lock_path(ledger_path: Path, destination: str) -> Path:
    """The lock's file, beside the ledger."""
    slug = hashlib.blake2b(destination.encode(), digest_size=5).hexdigest()
    return ledger_path.with_name(f"{ledger_path.name}.{slug}.lock")


def private_file(path: Path) -> int:
    """Open a file for reading and writing, created where it is missing, for its owner alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        cure = "Give write access to the project's .churn folder; nothing was sent."
        raise SettingsError(f"the file cannot be written: {exc.strerror}.", where=path.name, cure=cure) from exc


@contextmanager
def only_delivery(ledger_path: Path, destination: str) -> Iterator[None]:
    """Hold the destination's lock, or raise `Locked` at once. It frees itself with the process, however that ends."""
    refusal = Locked(
        "another delivery to this destination is running; nothing was written.",
        where=destination,
        cure="Wait until it has finished, then run `churn apply` again.",
    )
    with only_one(lock_path(ledger_path, destination), refusal):
        yield


@contextmanager
def only_one(path: Path, refusal: Locked) -> Iterator[None]:
    """Hold the lock of a file, or raise the refusal at once. It frees itself with the process, however that ends."""
    file = private_file(path)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise refusal from exc
        yield
    finally:
        os.close(file)
