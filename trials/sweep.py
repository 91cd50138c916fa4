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
NULL, EXPLAINED = "null", "explained"
ROUNDS_EXPLAINED, SAMPLE_EXPLAINED = 100, 20_000
"""Trees of each of five boosters, and the rows that TreeSHAP explains for comparison."""
ACTED, ACTED_ACCOUNTS = "acted", 2_000
"""The year of acted-on alarms, and the size of its book."""


@dataclass(frozen=True)
class Job:
    """One world: its number under the code, its family (null: drawn), and the sizes of the books judged in it.

    Of the family `explained` there is no world: so many made-up accounts are explained, to see what it costs.
    """

    number: int
    family: str | None
    sizes: tuple[int, ...]
    acted: bool = False
    """Whether a year of acted-on alarms is tried in it, too."""

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.family or 'world'}-{self.number:03d}"

    @property
    def parts(self) -> tuple[str, ...]:
        """What has a file of its own: each size, and the year of acted-on alarms."""
        return (*map(str, self.sizes), *((ACTED,) if self.acted else ()))


@dataclass(frozen=True)
class Plan:
    """How many worlds are judged at each size, how many without a signal (500 accounts each), in how many of the first
    worlds a year of acted-on alarms is tried (2,000 accounts each), and how many accounts are explained for the cost."""

    worlds: Mapping[int, int]
    silent: int
    acted: int = 0
    explained: int = 0

    def jobs(self) -> Iterator[Job]:
        """The largest books first: they take longest. World n has every size that asks for more than n worlds."""
        for number in range(max(self.acted, *self.worlds.values(), 0)):
            sizes = tuple(size for size, count in sorted(self.worlds.items()) if number < count)
            yield Job(number, None, sizes, acted=number < self.acted)
        for number in range(self.silent):
            yield Job(number, NULL, (500,))
        if self.explained:
            yield Job(0, EXPLAINED, (self.explained,))


FULL = Plan({200: 20, 500: 100, 2_000: 20, 5_000: 6, 50_000: 1}, silent=100, acted=6, explained=1_000_000)


def sweep(
    plan: Plan,
    code: str,
    folder: Path,
    *,
    workers: int,
    say: Callable[[str], None],
    keep: Callable[[Path], None] = lambda _: None,
) -> list[Path]:
    """Judge every world that has no file yet under `folder`/`code`; returns the files of all that are done.

    `keep` is handed the folder each time a world is done. A file is written whole or not at all, one a world and part, so that a sweep that was killed loses the worlds in work
    alone.
    """
    place = folder / code
    place.mkdir(parents=True, exist_ok=True)
    open_jobs = [job for job in plan.jobs() if any(not _file(place, job, part).exists() for part in job.parts)]
    say(f"code {code}: {len(open_jobs)} worlds to judge, {sum(1 for _ in plan.jobs()) - len(open_jobs)} done before")
    begun = time.monotonic()
    # Two processes on two cores are faster than four threads that wait for each other.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    # Spawned, not forked: DuckDB and LightGBM keep threads that a fork would lose.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(judged_world, job, code, str(place)): job for job in open_jobs}
        for done, future in enumerate(as_completed(waiting), start=1):
            job = waiting[future]
            keep(place)
            for line in future.result():
                say(f"[{done}/{len(open_jobs)}, {(time.monotonic() - begun) / 60:.0f} min] {job.name}: {line}")
    return sorted(place.glob("*.json"))


def judged_world(job: Job, code: str, place: str) -> list[str]:
    """Judge the parts of one world that have no file yet; one line each for the log."""
    from benchmarks.explanation import measured
    from trials.learned import world_with_fresh
    from trials.trial import named, null_trial, trial_on, year_trial

    if fingerprint() != code:
        raise SettingsError(
            f"the code is no longer {code}: its figures would be filed under a code that did not make them.",
            where="trials",
            cure="Run the sweep in a checkout of its own that nobody edits.",
        )
    lines, ready = [], None
    seed = seed_of(code, job.number if job.family is None else 1_000_000 + job.number)
    for part in job.parts:
        path = _file(Path(place), job, part)
        if path.exists():
            continue
        started = time.monotonic()
        if job.family == EXPLAINED:
            figures = {"family": EXPLAINED, **measured(ROUNDS_EXPLAINED, int(part), SAMPLE_EXPLAINED)}
        elif job.family == NULL:
            figures = null_trial(seed, int(part))
        else:
            ready = ready or world_with_fresh(seed, FRESH)
            figures = year_trial(ready, ACTED_ACCOUNTS) if part == ACTED else trial_on(ready, int(part))
        figures["seconds"] = round(time.monotonic() - started, 1)
        _write(path, figures)
        lines.append(named(figures))
    return lines


def _file(place: Path, job: Job, part: str) -> Path:
    return place / f"{job.name}-{part}.json"


def _write(path: Path, figures: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
