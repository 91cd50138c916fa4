"""The files of the checkout, and what each module imports: what the house rules are checked on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("policy", "data_contracts", "features", "models", "serving", "proof", "pipelines", "simulation", "trials")
WRITTEN = (*PACKAGES, "tests", "docs", "notebooks", "examples", ".ci")
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "prefect.yaml", ".gitignore")
MADE = {"__pycache__", ".churn", ".ipynb_checkpoints"}
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".sql", ".css", ".js", ".j2", ".svg", ".ipynb", ".lock", ""}


@cache
def files(*suffixes: str) -> tuple[Path, ...]:
    """Every file we wrote, made ones left out, as paths below the root."""
    found = [ROOT / name for name in BESIDE]
    for folder in WRITTEN:
        found += [p for p in (ROOT / folder).rglob("*") if p.is_file() and not MADE & set(p.relative_to(ROOT).parts)]
    return tuple(sorted(p.relative_to(ROOT) for p in found if p.suffix in (suffixes or TEXT)))


def read(path: Path) -> str:
    """A file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name, and where."""

    file: str
    line: int
    module: str

    @property
    def top(self) -> str:
        """The library it belongs to."""
        return self.module.partition(".")[0]


@cache
def imports(*, ours_only: bool = True) -> tuple[Import, ...]:
    """Every import anywhere in the code, inside functions too."""
    return tuple(i for path in files(".py") if not ours_only or path.parts[0] in PACKAGES for i in imports_of(path))


def imports_of(path: Path) -> Iterator[Import]:
    """The imports of one file; `from a import b` counts as `a` and as `a.b`."""
    for node in ast.walk(ast.parse(read(path))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (Import(path.as_posix(), node.lineno, name) for name in names if isinstance(node, ast.stmt))
