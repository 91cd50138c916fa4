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

for name in ("numpy", "pandas", "pytest", "hypothesis", "pydantic", "yaml", "ibis"):
    importlib.import_module(name)
# Asserts are not rewritten: nobody reads the messages, and what is imported already could not be.
OPTIONS = ("-x", "-q", "--assert=plain", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist")
BROKEN = 70


def exit_code(policy: str | None, tests: list[str]) -> int:
    """pytest's exit code for these tests under this default policy; null: the shipped one."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = BROKEN
    try:
        with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
            if policy is not None:
                importlib.import_module("policy.policy").DEFAULT = Path(policy)
            code = int(importlib.import_module("pytest").main([*OPTIONS, *tests]))
    finally:
        os._exit(code)


if __name__ == "__main__":
    changes = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(json.dumps([exit_code(c["policy"], c["tests"]) for c in changes]))
