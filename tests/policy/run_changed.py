"""Run tests under changed default policies: `python run_changed.py CHANGES.json`, one fork per change.

CHANGES.json is a list of {policy: file, tests: [node ids]}; stdout is the list of exit codes. What is slow to import is
imported once, what reads the policy only in the fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path

for name in ("numpy", "pandas", "pytest", "hypothesis", "pydantic", "yaml"):
    importlib.import_module(name)


def exit_code(policy: str | None, tests: list[str]) -> int:
    """pytest's exit code for these tests under this default policy; null: the shipped one."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        import pytest

        if policy is not None:
            importlib.import_module("policy.policy").DEFAULT = Path(policy)
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", *tests])
    os._exit(int(code))


if __name__ == "__main__":
    changes = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps([exit_code(c["policy"], c["tests"]) for c in changes]))
