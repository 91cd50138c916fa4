"""All worlds of a sweep, in as many processes as asked for: what is done is kept, what was interrupted is done again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from policy.errors import SettingsError
from simulation.drawn import seed_of
from trials.fingerprint import fingerprint

FRESH = 20_000
NULL = "null"


@dataclass(frozen=True)
class Job:
    """One world: its number under the code, its family (null: drawn), and the sizes of the books judged in it."""

    number: int
    family: str | None
    sizes: tuple[int, ...]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.family or 'world'}-{self.number:03d}"


@dataclass(frozen=True)
class Plan:
    """How many worlds are judged at each size, and how many without a signal (500 accounts each)."""

    worlds: Mapping[int, int]
    silent: int

    def jobs(self) -> Iterator[Job]:
        """The largest books first: they take longest. World n has every size that asks for more than n worlds."""
        for number in range(max(self.worlds.values(), default=0)):
            yield Job(number, None, tuple(size for size, count in sorted(self.worlds.items()) if number < count))
        for number in range(self.silent):
            yield Job(number, NULL, (500,))


FULL = Plan({200: 20, 500: 100, 2_000: 20, 5_000: 6, 50_000: 1}, silent=100)


def sweep(plan: Plan, code: str, folder: Path, *, workers: int, say: Callable[[str], None]) -> list[Path]:
    """Judge every world that has no file yet under `folder`/`code`; returns the files of all that are done.

    A file is written whole or not at all, one a world and size, so that a sweep that was killed loses the worlds in work
    alone.
    """
    place = folder / code
    place.mkdir(parents=True, exist_ok=True)
    open_jobs = [job for job in plan.jobs() if any(not _file(place, job, size).exists() for size in job.sizes)]
    say(f"code {code}: {len(open_jobs)} worlds to judge, {sum(1 for _ in plan.jobs()) - len(open_jobs)} done before")
    begun = time.monotonic()
    # Two processes on two cores are faster than four threads that wait for each other.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    # Spawned, not forked: DuckDB and LightGBM keep threads that a fork would lose.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(judged_world, job, code, str(place)): job for job in open_jobs}
        for done, future in enumerate(as_completed(waiting), start=1):
            job = waiting[future]
            for line in future.result():
                say(f"[{done}/{len(open_jobs)}, {(time.monotonic() - begun) / 60:.0f} min] {job.name}: {line}")
    return sorted(place.glob("*.json"))


def judged_world(job: Job, code: str, place: str) -> list[str]:
    """Judge the sizes of one world that have no file yet; one line each for the log."""
    from trials.trial import named, null_trial, trial_on, world_with_fresh

    if fingerprint() != code:
        raise SettingsError(
            f"the code is no longer {code}: its figures would be filed under a code that did not make them.",
            where="trials",
            cure="Run the sweep in a checkout of its own that nobody edits.",
        )
    lines, ready = [], None
    seed = seed_of(code, job.number if job.family is None else 1_000_000 + job.number)
    for size in job.sizes:
        path = _file(Path(place), job, size)
        if path.exists():
            continue
        started = time.monotonic()
        if job.family == NULL:
            figures = null_trial(seed, size)
        else:
            if ready is None:
                ready = world_with_fresh(seed, FRESH)
            figures = trial_on(ready, size)
        figures["seconds"] = round(time.monotonic() - started, 1)
        _write(path, figures)
        lines.append(named(figures))
    return lines


def _file(place: Path, job: Job, size: int) -> Path:
    return place / f"{job.name}-{size}.json"


def _write(path: Path, figures: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
