"""One repetition of one case, in a process of its own: `python -m benchmarks.child CASE FOLDER [RESULT]`.

Imports and preparation come first; what is measured is the CPU time of all threads from then on. The last line of the
output is a JSON object. RESULT keeps the rows as Parquet.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.case import Case


def main(given: list[str]) -> None:
    """Prepare, measure, print."""
    case, folder = Case(**json.loads(given[0])), Path(given[1])
    work = _prepared(case, folder)
    wall, before = time.perf_counter(), used_cpu()
    found = work()
    cpu, wall = used_cpu() - before, time.perf_counter() - wall
    peak = peak_gb()
    table = _as_arrow(found)
    if table is not None and len(given) > 2:
        import pyarrow.parquet as pq

        pq.write_table(table, given[2])
    said = {"cpu": cpu, "wall": wall, "rss": peak, "digest": digest(table) if table is not None else None}
    sys.stdout.write(f"\n{json.dumps(said)}\n")


def _prepared(case: Case, folder: Path) -> Any:
    if case.contender == "pandas":
        from benchmarks import in_pandas

        return in_pandas.work(case, folder)
    if case.contender == "featuretools":
        from benchmarks import in_featuretools

        return in_featuretools.work(case, folder)
    from benchmarks import engine

    return getattr(engine, case.contender)(case, folder)


def used_cpu() -> float:
    """CPU seconds of this process so far, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gb() -> float:
    """The most memory since this program was loaded. `ru_maxrss` would start from what the parent held when it forked."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kilobytes) * 1024 / 1e9


def _as_arrow(found: Any) -> Any:
    import pyarrow as pa

    if isinstance(found, pa.Table):
        return found
    if hasattr(found, "columns"):
        return pa.Table.from_pandas(found, preserve_index=False)
    return None


def digest(table: Any) -> dict[str, list[float]]:
    """Per column: how many values there are, and their sum to nine digits. Equal results have equal digests."""
    import pyarrow.compute as pc

    found: dict[str, list[float]] = {"rows": [len(table), 0.0]}
    for name in table.column_names:
        if name in ("account_id", "as_of"):
            continue
        values = pc.drop_null(pc.cast(table[name], "float64"))
        values = values.filter(pc.invert(pc.is_nan(values)))
        found[name] = [len(values), float(f"{pc.sum(values).as_py() or 0.0:.9g}")]
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
