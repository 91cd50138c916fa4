"""A review killed with SIGKILL at random moments and called again: nothing is lost and nothing doubled."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipelines.review_book import made_book

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("CHURN_KILLS", "3"))
ACCOUNTS, FEW = 150, 30
NOTE = "- [ ] a note of mine, with no account\r\n"


def started(folder: Path, task: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pipelines.cli", "review", task, "--project", str(folder), *options]
    variables = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def killed(folder: Path, task: str, after: float, *options: str, from_the_start: bool = False) -> bool:
    """Whether the process was killed so many seconds after the first account it told of, or after it was started; false
    where it was done.
    """
    with started(folder, task, *options) as process:
        assert process.stderr
        if not from_the_start:
            process.stderr.readline()
        time.sleep(after)
        process.kill()
        process.communicate(timeout=180)
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


def until_it_tells(folder: Path) -> float:
    """Seconds from the start of a process to the first account it tells of."""
    begun = time.monotonic()
    with started(folder, "how-long") as process:
        assert process.stderr
        process.stderr.readline()
        span = time.monotonic() - begun
        process.communicate(timeout=180)
    return span


def finished(folder: Path, task: str, *options: str) -> None:
    with started(folder, task, *options) as process:
        _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err


def text_of(folder: Path, task: str, part: str) -> str:
    return (folder / "reviews" / f"{task}-{part}.md").read_bytes().decode()


def judged(folder: Path, task: str, ids: list[str]) -> dict[str, list[str]]:
    """What is lost, doubled or open, by the files alone: none of the code that wrote them reads them here."""
    insights, todos = text_of(folder, task, "insights"), text_of(folder, task, "todos")
    begun = Counter(re.findall(r"^<!-- churn:insight (\S+) ", insights, re.MULTILINE))
    ended = Counter(re.findall(r"^<!-- churn:end (acc-\d+) ", insights, re.MULTILINE))
    marks = re.findall(r"^- \[(.)\] .*<!-- churn:account (\S+) -->$", todos, re.MULTILINE)
    lines = Counter(account for _, account in marks)
    return {
        "lost": [i for i in ids if not (begun[i] and ended[i] and lines[i])],
        "doubled": [i for i in ids if max(begun[i], ended[i], lines[i]) > 1],
        "open": [account for mark, account in marks if mark != "x"],
        "strange": sorted({*begun, *ended, *lines} - set(ids)),
    }


CLEAN = {"lost": [], "doubled": [], "open": [], "strange": []}


@pytest.mark.parametrize("kills", [pytest.param(KILLS, id="few"), pytest.param(50, marks=pytest.mark.slow, id="50")])
def test_killed_at_random_moments_and_called_again_nothing_is_lost_or_doubled(
    kills: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    folder, chance = made_book(tmp_path / "book", ACCOUNTS), random.Random(11)
    ids = [f"acc-{n:03d}" for n in range(ACCOUNTS)]
    done, tasks, span = 0, ["q1-retention"], until_it_tells(folder)
    while done < kills:
        # Every other kill falls anywhere from the start of the process on: before the first file, while the three are
        # brought up to date, on a call that goes on, on one whose criteria changed.
        early = done % 2 == 0
        after = chance.uniform(0.0, 1.3 * span) if early else chance.uniform(0.0, 0.25)
        tiers = chance.choice(("any", "any", "yellow", "yellow,green"))
        if killed(folder, tasks[-1], after, "--tier", tiers, from_the_start=early):
            done += 1
            todos = folder / "reviews" / f"{tasks[-1]}-todos.md"
            if todos.exists() and NOTE not in todos.read_bytes().decode():
                todos.write_bytes(todos.read_bytes() + NOTE.encode())
        else:
            tasks.append(f"q1-retention-{len(tasks)}")
    record_property("kills", done)
    for task in tasks:
        finished(folder, task, "--tier", "any")
        assert judged(folder, task, ids) == CLEAN, task
    assert any(NOTE in text_of(folder, task, "todos") for task in tasks)
    assert not [p for p in (folder / "reviews").iterdir() if p.suffix in (".part", ".next")]


def test_two_ids_at_once_never_collide(tmp_path: Path) -> None:
    folder = made_book(tmp_path / "book", FEW)
    finished(folder, "alone")
    running = {task: started(folder, task) for task in ("q1-retention", "q1-retention-2")}
    for process in running.values():
        process.communicate(timeout=180)
        assert process.returncode == 0
    for task in running:
        for part in ("context", "todos", "insights"):
            assert text_of(folder, task, part).replace(task, "alone") == text_of(folder, "alone", part)


def test_the_same_id_at_once_is_worked_on_by_one_alone(tmp_path: Path) -> None:
    folder = made_book(tmp_path / "book", FEW)
    running = [started(folder, "q1-retention") for _ in range(2)]
    for process in running:
        process.communicate(timeout=180)
    assert sorted(process.returncode for process in running) in ([0, 7], [0, 0])
    finished(folder, "q1-retention")
    assert judged(folder, "q1-retention", [f"acc-{n:03d}" for n in range(FEW)]) == CLEAN
