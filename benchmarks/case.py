"""One thing that is measured: which contender, on which data, for how many snapshots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What a contender runs: a change there makes its earlier measurements void.
ENGINE = ("features", "policy", "data_contracts/contract.py", "data_contracts/source", "benchmarks/engine.py")
CODE: dict[str, tuple[str, ...]] = {
    "scan": ("benchmarks/engine.py",),
    "engine": ENGINE,
    "raw_sql": ("benchmarks/raw_sql.py", "benchmarks/engine.py"),
    "pandas": ("benchmarks/in_pandas.py",),
    "featuretools": ("benchmarks/in_featuretools.py", "benchmarks/featuretools.lock"),
    "validation": ("data_contracts", "policy", "benchmarks/engine.py"),
}
ALWAYS = (
    "benchmarks/book.py",
    "benchmarks/events.py",
    "benchmarks/small_tables.py",
    "benchmarks/activity.py",
    "benchmarks/rows.py",
    "benchmarks/columns.py",
    "benchmarks/child.py",
)


@dataclass(frozen=True)
class Case:
    """`columns` names a set of columns, `source` is parquet or duckdb, `memory` a limit for DuckDB ("" for its own)."""

    contender: str
    size: str
    snapshots: int = 0
    columns: str = "core"
    source: str = "parquet"
    memory: str = ""

    @property
    def name(self) -> str:
        """Short and readable: `engine core S/52 parquet`."""
        what = "" if self.contender in ("scan", "validation") else f" {self.columns}"
        at = f"/{self.snapshots}" if self.snapshots else ""
        return f"{self.contender}{what} {self.size}{at} {self.source}{' within ' + self.memory if self.memory else ''}"

    def key(self, repetition: int, libraries: str) -> str:
        """The measurement's name on disk: the same code, libraries, case and repetition give the same."""
        parts = [json.dumps(asdict(self), sort_keys=True), str(repetition), libraries, code_hash(self.contender)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]

    def as_json(self) -> str:
        """What the child reads."""
        return json.dumps(asdict(self))


def code_hash(contender: str) -> str:
    """A digest of every file the contender's figures depend on."""
    digest = hashlib.sha256()
    for file in _files((*CODE[contender], *ALWAYS)):
        digest.update(file.relative_to(ROOT).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(names: tuple[str, ...]) -> Iterator[Path]:
    for name in names:
        path = ROOT / name
        if path.is_file():
            yield path
        else:
            yield from sorted(p for p in path.rglob("*") if p.suffix in {".py", ".yaml"})
