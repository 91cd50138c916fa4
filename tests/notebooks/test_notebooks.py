"""The notebooks run from top to bottom, and what is stored of them names no machine."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("churn_notebooks_execute", ROOT / "notebooks" / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


execute = load()
NOTEBOOKS = execute.notebooks()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_is_a_first_look() -> None:
    assert [p.name for p in NOTEBOOKS] == ["01_first_look.ipynb"]


@pytest.mark.slow
def test_it_runs_from_top_to_bottom(path: Path) -> None:
    notebook = execute.executed(path)
    printed = "".join(o.get("text", "") for c in notebook.cells if c.cell_type == "code" for o in c.outputs)
    assert "base and points" in printed
    pictures = [o for c in notebook.cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(pictures) == 2


def test_what_is_stored_names_no_machine_and_no_time(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not re.findall(r"(?:/tmp|/home|/root|/Users|/var|/work)/[\w.-]+", text)
    assert not re.search(r"iopub|shell\.execute_reply|\d\d:\d\d:\d\d", text)
    assert '"stderr"' not in text


def test_it_reads_as_a_document(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert all(cell.source.strip() for cell in cells)
    assert sum(c.cell_type == "markdown" for c in cells) >= 8
