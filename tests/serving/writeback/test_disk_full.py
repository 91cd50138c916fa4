"""A disk that is full, under the ledger or under the CRM's file: a clean end, nothing lost, and it goes on with room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.delivery import apply
from tests.serving.writeback.lives import CLEAN, Crm, expectation
from tests.serving.writeback.one_life import CALM, LIMITS, SmallBatches, book

ACCOUNTS, WEEK = 400, "2025-01-06"
DISK_KIB = 8_192


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of eight megabytes."""
    where = tmp_path / "disk"
    where.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_KIB}k", "tmpfs", where], capture_output=True, text=True
    )
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.strip()}")
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


def leave(disk: Path, kib: int) -> Path:
    """Fill the disk but for so much; what fills it is returned."""
    filler = disk / "filler"
    filler.write_bytes(b"x" * 1024 * (DISK_KIB - kib))
    return filler


MIDWAY = {"ledger": 600, "crm": 40}
"""From how many KiB on something is delivered before the disk is full."""
CASES = [("ledger", kib) for kib in (8, 64, 300, 600, 900, 1_200, 1_500, 2_000)] + [
    ("crm", kib) for kib in (4, 40, 70, 100)
]


@pytest.mark.parametrize(("full", "kib"), CASES)
def test_it_ends_with_a_cure_and_the_next_run_completes(full: str, kib: int, disk: Path, tmp_path: Path) -> None:
    crm = Crm("keyed", disk if full == "crm" else tmp_path)
    ledger = (disk if full == "ledger" else tmp_path) / "ledger.sqlite"

    def delivered() -> int:
        rows, file = book(WEEK, ACCOUNTS), SmallBatches(crm.folder / "crm.sqlite")
        return apply(rows, file, ledger, run_id="r", limits=LIMITS, accepted=CALM).staged

    filler = leave(disk, kib)
    with pytest.raises(DeliveryIncomplete, match=r"(?s)disk (is full|I/O error).*space"):
        delivered()
    if kib >= MIDWAY[full]:
        assert 0 < len(crm.rows()["accounts"]) < ACCOUNTS
    filler.unlink()
    assert delivered() == ACCOUNTS * 3 // 2
    assert crm.judged(expectation(WEEK, n=ACCOUNTS)) == CLEAN
