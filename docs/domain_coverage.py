"""docs/domain-coverage.md: every rule, where it is computed and which tests hold it; a rule without either is refused."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
BY_NAME = ("test_equals_the_oracle", "test_nothing_at_or_after_as_of_changes_it")
CATALOGUE = "tests/features/test_catalogue.py"


def rules() -> dict[str, dict[str, Any]]:
    """Section → rule id → its entry in docs/domain.yaml."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docs" / "domain.yaml").read_text(encoding="utf-8"))
    return found["sections"]


def coverage_page() -> str:
    """The page. ValueError names a rule that is computed nowhere, tested nowhere, or by something that is not there."""
    from policy.policy import load_policy
    from policy.reference import reference

    numbers: dict[str, list[str]] = {}
    for key in reference(load_policy()):
        for rule in key.rules.split():
            numbers.setdefault(rule, []).append(key.path)
    lines = [
        "# The rules and where they are",
        "",
        "<!-- Made by `python docs/generate.py` from docs/domain.yaml and the code. -->",
        "",
        "Every customer-success rule of this version that is computed from data: what it says, where it is computed, the "
        "policy numbers it reads (`policy/policy.yaml`) and the tests that fail without it. An indicator is compared with "
        "a second, naive computation and with a spoiled future, by name.",
    ]
    for section, entries in rules().items():
        lines += ["", f"## {section}", "", "| id | rule | computed by | policy | tests |", "|---|---|---|---|---|"]
        for rule, entry in entries.items():
            where = [_symbol(rule, place) for place in entry.get("where", [])]
            where += [_indicator(rule, name) for name in entry.get("indicators", [])]
            tests = [_test(rule, node) for node in entry.get("tests", [])]
            if entry.get("indicators"):
                tests += [_test(rule, f"{CATALOGUE}::{test}") for test in BY_NAME]
            if not where or not tests:
                raise ValueError(f"{rule} is computed or tested nowhere: mend docs/domain.yaml.")
            cells = (
                rule,
                entry["rule"],
                "<br>".join(where),
                "<br>".join(_sections(numbers.get(rule, []))),
                "<br>".join(tests),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _sections(paths: list[str]) -> list[str]:
    """The places of the policy, at most two keys deep."""
    return [f"`{place}`" for place in dict.fromkeys(".".join(p.replace("[", ".").split(".")[:2]) for p in paths)]


def _symbol(rule: str, place: str) -> str:
    file, _, name = place.partition("::")
    if name not in _names(file):
        raise ValueError(f"{rule}: {file} has no `{name}`.")
    return f"`{name}` in {file}"


def _indicator(rule: str, name: str) -> str:
    from features.catalogue import catalogue

    if name not in catalogue():
        raise ValueError(f"{rule}: there is no indicator `{name}`.")
    return f"`{name}`"


def _test(rule: str, node: str) -> str:
    file, _, name = node.partition("::")
    if name and name not in _names(file):
        raise ValueError(f"{rule}: {file} has no test `{name}`.")
    if not (ROOT / file).exists():
        raise ValueError(f"{rule}: there is no {file}.")
    shown = name.removeprefix("test_").replace("_", " ") if name else Path(file).stem
    return f"[{shown}](../{file})"


@cache
def _names(file: str) -> frozenset[str]:
    """Functions, classes and methods of a file."""
    path = ROOT / file
    if not path.exists():
        raise ValueError(f"there is no {file}.")
    return frozenset(_defined(ast.parse(path.read_text(encoding="utf-8"))))


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
