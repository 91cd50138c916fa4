"""Every repetition of every case once: interleaved, each in a process of its own, remembered on disk."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.case import ROOT, Case
from benchmarks.generate import accepted, cohort_file, generated

LIBRARIES = ("duckdb", "ibis-framework", "pandas", "pyarrow", "great-expectations")
LOCK = ROOT / "benchmarks" / "featuretools.lock"
# Above this load average a measurement is provisional: the case before it can leave at most its own threads behind.
CALM = (os.cpu_count() or 1) + 0.25


@dataclass(frozen=True)
class Measured:
    """CPU seconds of the measured work and of the whole process, peak memory in GB, and what the machine did besides."""

    cpu: float
    process_cpu: float
    wall: float
    rss: float
    load: float
    at: str
    digest: dict[str, list[float]] | None

    @property
    def provisional(self) -> bool:
        """Whether the machine was busy with something else."""
        return self.load > CALM


def measured(cases: Sequence[tuple[Case, int]], folder: Path, say: Callable[[str], None]) -> dict[Case, list[Measured]]:
    """Repetitions by case, in the order of repetitions. What was measured before with the same code is not run again."""
    found: dict[Case, list[Measured]] = {case: [] for case, _ in cases}
    for repetition in range(max((n for _, n in cases), default=0)):
        for case, repetitions in cases:
            if repetition < repetitions:
                found[case].append(_once(case, repetition, folder, say))
    return found


def _once(case: Case, repetition: int, folder: Path, say: Callable[[str], None]) -> Measured:
    file = folder / "results" / f"{case.key(repetition, libraries())}.json"
    if not file.exists():
        result = _run(case, folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"case": case.name, "repetition": repetition, **result.__dict__}), encoding="utf-8")
        say(f"{case.name} #{repetition + 1}: {result.cpu:.2f} CPU s, {result.rss:.2f} GB, load {result.load:.1f}")
    kept = json.loads(file.read_text(encoding="utf-8"))
    return Measured(**{name: kept[name] for name in Measured.__dataclass_fields__})


def _run(case: Case, folder: Path) -> Measured:
    data = _made_ready(case, folder)
    load = os.getloadavg()[0]
    command = [_python(case, folder), "-m", "benchmarks.child", case.as_json(), str(data)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": str(ROOT)})  # noqa: S603
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise RuntimeError(f"{case.name} failed:\n{err.read().decode()[-2000:]}")
        said = json.loads(out.read().decode().splitlines()[-1])
    return Measured(
        cpu=said["cpu"],
        process_cpu=used.ru_utime + used.ru_stime,
        wall=said["wall"],
        rss=said["rss"],
        load=load,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=said["digest"],
    )


def _made_ready(case: Case, folder: Path) -> Path:
    data = generated(case.size, folder)
    if case.contender in ("pandas", "featuretools"):
        cohort_file(data, case.snapshots)
    elif case.contender == "validation":
        (data / "validation.duckdb").unlink(missing_ok=True)
    else:
        accepted(data)
    return data


def _python(case: Case, folder: Path) -> str:
    return str(featuretools_python(folder)) if case.contender == "featuretools" else sys.executable


def featuretools_python(folder: Path) -> Path:
    """The interpreter of featuretools' own environment, made from its lock where it is missing."""
    home = (folder / "featuretools-venv").absolute()
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(LOCK),
        ]
        subprocess.run([str(python), *install], check=True)  # noqa: S603
        (home / "ready").touch()
    return python


def libraries() -> str:
    """The libraries that decide what is measured, with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def machine() -> dict[str, Any]:
    """What the measurements ran on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(memory, 1), "system": platform.platform(terse=True),
        "python": platform.python_version(), "libraries": libraries(),
    }  # fmt: skip
