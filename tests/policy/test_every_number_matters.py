"""No number of the policy is decoration: changed, and everything else left alone, a test fails that names its rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from policy.archive import leaves
from policy.planned import planned
from policy.policy import Policy
from tests.policy.guarded_numbers import TESTED, changed, default, guard, longest_prefix, numbers

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("run_changed.py")
PASSED, FAILED = 0, 1
BY_SECTION: Mapping[str, list[str]] = {
    section: [p for p in numbers() if p.split(".")[0] == section and guard(p) is not None]
    for section in dict.fromkeys(p.split(".")[0] for p in numbers())
}


def exit_codes(folder: Path, changes: list[tuple[Path | None, tuple[str, ...]]]) -> list[int]:
    """pytest's exit code under each changed default policy."""
    file = folder / "changes.json"
    given = [{"policy": None if path is None else str(path), "tests": list(tests)} for path, tests in changes]
    file.write_text(json.dumps(given), encoding="utf-8")
    # Threads of the numeric libraries would not survive a fork.
    quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-P", str(RUNNER), str(file)], cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: list[int] = json.loads(done.stdout)
    return found


def test_every_number_is_guarded_by_a_test_or_its_rule_is_named_as_planned() -> None:
    for path in numbers():
        guard(path)
    assert len(numbers()) > 300


def test_every_number_can_be_changed_without_making_the_policy_invalid() -> None:
    for path in numbers():
        if guard(path) is not None:
            assert Policy.model_validate(changed(path)) != Policy.model_validate(default())


def test_no_entry_names_a_number_that_is_gone() -> None:
    paths = dict(leaves(default()))
    for prefix in (*TESTED, *planned()):
        assert any(longest_prefix(path, {prefix: 0}) for path in paths), prefix


@pytest.mark.slow
@pytest.mark.parametrize("section", [s for s, paths in BY_SECTION.items() if paths])
def test_a_changed_number_makes_its_test_fail(section: str, tmp_path: Path) -> None:
    paths = BY_SECTION[section]
    changes: list[tuple[Path | None, tuple[str, ...]]] = []
    for place, path in enumerate(paths):
        file = tmp_path / f"{place}.yaml"
        file.write_text(yaml.safe_dump(changed(path), allow_unicode=True), encoding="utf-8")
        changes.append((file, guard(path) or ()))
    shipped = sorted({tests for _, tests in changes})
    codes = exit_codes(tmp_path, [(None, tests) for tests in shipped] + changes)
    assert codes[: len(shipped)] == [PASSED] * len(shipped), dict(zip(shipped, codes, strict=False))
    unnoticed = [p for p, code in zip(paths, codes[len(shipped) :], strict=True) if code != FAILED]
    assert not unnoticed, f"no test notices a change of {', '.join(unnoticed)}"
