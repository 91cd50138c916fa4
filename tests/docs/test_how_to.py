"""The pages "add a source" and "add an indicator", followed to the letter in a copy of the tree.

Every fenced block of these pages is carried out or compared, by what stands behind its language:

- `file=PATH` is written, `append=PATH` is added at the end, `after="LINE" in=PATH` goes below that line and
  `instead="LINE" in=PATH` takes its place;
- bash is run from the root of the copy and must end well;
- text is what the last command printed: each of its lines, or with `exactly` all of it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.test_docs import generate

ROOT = Path(__file__).resolve().parents[2]
LONGEST_STEP = 900  # seconds
INDICATOR = "urgent_tickets_per_seat_84d"
GIT = ("git", "-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands behind it, and its text."""

    language: str
    options: tuple[str, ...]
    text: str

    def option(self, name: str) -> str | None:
        return next((o.partition("=")[2] for o in self.options if o.partition("=")[0] == name), None)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order.

    >>> blocks('a\\n```bash\\nls\\n```\\nb\\n```sql file=a.sql\\nSELECT 1\\n```\\n')[1]
    Block(language='sql', options=('file=a.sql',), text='SELECT 1\\n')
    """
    found = re.findall(r"^```(\w*)([^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [Block(language, tuple(shlex.split(options)), text) for language, options, text in found]


class Follower:
    """Does what a page says, in a copy of the tree that has no history of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.printed = ""
        self.done: list[str] = []
        programs = root.parent / "programs"
        programs.mkdir()
        for name, command in {"python": "", "churn": "-m pipelines.cli"}.items():
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n', encoding="utf-8")
            program.chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
        path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
        self.environment = kept | {"PATH": path, "PYTHONPATH": str(root), "COLUMNS": "200"}

    def follow(self, page: str) -> None:
        for block in blocks((self.root / "docs" / page).read_text(encoding="utf-8")):
            self._step(block)

    def _step(self, block: Block) -> None:
        if block.language == "bash":
            self.run(["bash", "-euc", block.text])
        elif block.language == "text":
            self._compare(block)
        elif target := block.option("file"):
            (self.root / target).parent.mkdir(parents=True, exist_ok=True)
            (self.root / target).write_text(block.text, encoding="utf-8")
            self.done.append(f"wrote {target}")
        elif target := block.option("append"):
            file = self.root / target
            file.write_text(file.read_text(encoding="utf-8") + block.text, encoding="utf-8")
            self.done.append(f"added to {target}")
        elif (line := block.option("after") or block.option("instead")) and (target := block.option("in")):
            keeps = block.option("after") is not None
            self._at(self.root / target, line, block.text, keeps=keeps)
            self.done.append(f"added to {target}")
        else:
            raise AssertionError(f"Nobody knows what to do with this block: {block}")

    def run(self, command: Sequence[str]) -> None:
        ended = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LONGEST_STEP,
            check=False,
        )
        assert ended.returncode == 0, f"{command[-1]}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        self.printed = ended.stdout
        self.done.append(command[-1].strip())

    def _compare(self, block: Block) -> None:
        if "exactly" in block.options:
            assert self.printed == block.text
            return
        for line in block.text.splitlines():
            assert line in self.printed, f"`{self.done[-1]}` did not print: {line}\n{self.printed[-3000:]}"

    @staticmethod
    def _at(file: Path, line: str, text: str, *, keeps: bool) -> None:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        (place,) = [n for n, one in enumerate(lines) if one.rstrip("\n") == line]
        file.write_text("".join([*lines[: place + keeps], text, *lines[place + 1 :]]), encoding="utf-8")

    def touched(self) -> set[str]:
        self.run(["git", "status", "--short", "--untracked-files=all"])
        return {line[3:] for line in self.printed.splitlines()}


@pytest.fixture
def follower(tmp_path: Path) -> Follower:
    """A copy of every file under version control, as it is now, committed as a repository of its own."""
    root = tmp_path / "copy"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    if listed.returncode:
        pytest.skip("this is no git checkout: the tree that a contributor would copy cannot be told")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    found = Follower(root)
    found.run([*GIT, "init", "--quiet"])
    found.run([*GIT, "add", "--all"])
    found.run([*GIT, "commit", "--quiet", "--message", "as it is"])
    return found


@pytest.mark.slow
def test_adding_an_indicator_touches_two_files_and_the_rest_follows(follower: Follower) -> None:
    follower.follow("add-an-indicator.md")
    by_hand = {step.removeprefix("added to ") for step in follower.done if step.startswith(("added to ", "wrote "))}
    assert len(by_hand) == 2
    made = {path.relative_to(ROOT).as_posix() for path in generate.pages()}
    others = follower.touched() - by_hand
    assert "docs/indicators.md" in others
    assert others <= made
    assert f"`{INDICATOR}`" in (follower.root / "docs" / "indicators.md").read_text(encoding="utf-8")
    stale = "tests/docs/test_docs.py::test_a_generated_page_is_what_the_code_would_write"
    follower.run([sys.executable, "-m", "pytest", "-n", "0", stale])


@pytest.mark.slow
def test_adding_a_source_ends_with_its_indicators(follower: Follower) -> None:
    follower.follow("add-a-source.md")
    assert {name.partition("/")[0] for name in follower.touched()} == {"shop"}


@pytest.mark.slow
def test_adding_a_destination_is_one_module(follower: Follower) -> None:
    follower.follow("add-a-destination.md")
    assert {name.partition("/")[0] for name in follower.touched()} == {"shop"}


def test_a_page_that_promises_what_does_not_happen_is_found(tmp_path: Path) -> None:
    (tmp_path / "copy" / "docs").mkdir(parents=True)
    follower = Follower(tmp_path / "copy")
    page = tmp_path / "copy" / "docs" / "page.md"
    for promise, told in {
        "```bash\necho one\n```\n```text\ntwo\n```\n": "did not print: two",
        "```bash\nexit 3\n```\n": "exit 3",
        "```bash\necho one\n```\n```text exactly\non\n```\n": "one",
        "```ruby\nputs 1\n```\n": "Nobody knows",
    }.items():
        page.write_text(promise, encoding="utf-8")
        with pytest.raises(AssertionError, match=told):
            follower.follow("page.md")
    page.write_text(
        "```csv file=a.txt\na\nb\n```\n```csv after=a in=a.txt\nc\n```\n```csv append=a.txt\nd\n```\n```csv instead=b in=a.txt\nB\n```\n",
        encoding="utf-8",
    )
    follower.follow("page.md")
    assert (follower.root / "a.txt").read_text(encoding="utf-8") == "a\nc\nB\nd\n"
