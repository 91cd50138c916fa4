"""The notebooks run from top to bottom, say what is there, and what is stored of them is what they would show."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("policy", "data_contracts", "features", "models", "serving", "proof", "pipelines", "simulation", "trials")
SERIES = [
    "01_first_look",
    "02_indicators",
    "03_train_and_compare",
    "04_explain_an_account",
    "05_backtest_and_calibration",
    "06_health_weights_on_trial",
]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"churn_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


execute = load(ROOT / "notebooks" / "execute.py")
NOTEBOOKS = execute.notebooks()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def cells(path: Path) -> list[Any]:
    found: list[Any] = nbformat.read(path, as_version=4).cells
    return found


def told(cells: list[Any]) -> str:
    """Everything that is written for people: the Markdown cells."""
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code(cells: list[Any]) -> list[Any]:
    return [cell for cell in cells if cell.cell_type == "code"]


def trees(cells: list[Any]) -> Iterator[ast.Module]:
    """The code of each cell, without what only IPython understands."""
    for cell in code(cells):
        yield ast.parse("\n".join(line for line in cell.source.splitlines() if not line.startswith("%")))


def kinds(outputs: list[Any]) -> list[tuple[str, ...]]:
    """What a cell puts out, by kind: text that is printed, and what a value is shown as."""
    return [("printed",) if o.output_type == "stream" else tuple(sorted(o.data)) for o in outputs]


def test_the_series_is_there() -> None:
    assert [p.stem for p in NOTEBOOKS] == SERIES


def test_one_notebook_can_be_named() -> None:
    assert [p.stem for p in execute.chosen(["05_backtest_and_calibration.ipynb", "02_indicators"])] == [
        "05_backtest_and_calibration",
        "02_indicators",
    ]
    assert execute.chosen([]) == NOTEBOOKS


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no notebook `2_indicators`\. There are: 01_first_look, 02_indicators"):
        execute.chosen(["2_indicators"])


@pytest.mark.slow
def test_it_runs_from_top_to_bottom_and_shows_what_is_stored_of_it(path: Path, cells: list[Any]) -> None:
    # What must hold of its figures is asserted in its cells.
    run = execute.plain(execute.executed(path)).cells
    assert [kinds(cell.outputs) for cell in code(run)] == [kinds(cell.outputs) for cell in code(cells)]


def test_its_outputs_are_stored_in_step_with_its_code(cells: list[Any]) -> None:
    assert [cell.execution_count for cell in code(cells)] == list(range(1, len(code(cells)) + 1))
    outputs = [output for cell in code(cells) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    for cell in code(cells):
        printed = any(isinstance(n, ast.Name) and n.id == "print" for tree in trees([cell]) for n in ast.walk(tree))
        last = cell.source.splitlines()[-1]
        if printed or last == "chart":
            assert cell.outputs, cell.source
        if last == "chart":
            assert "image/png" in cell.outputs[-1].data, cell.source


def test_it_has_a_picture_or_two_and_tables(cells: list[Any]) -> None:
    shown = [kind for cell in code(cells) for kind in kinds(cell.outputs)]
    assert 1 <= sum("image/png" in kind for kind in shown) <= 4
    assert any("text/html" in kind for kind in shown)


def test_what_is_stored_names_no_machine_and_no_time(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not re.findall(r"(?:/tmp|/home|/root|/Users|/var|/work)/[\w.-]+", text)
    assert not re.search(r"iopub|shell\.execute_reply|\d\d:\d\d:\d\d", text)
    assert '"stderr"' not in text


def test_it_reads_as_a_document(path: Path, cells: list[Any]) -> None:
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
    assert all(cell.source.strip() for cell in cells)
    assert sum(cell.cell_type == "markdown" for cell in cells) >= 8
    sections = [int(n) for n in re.findall(r"^## (\d+)\. .+$", told(cells), re.MULTILINE)]
    assert sections == list(range(1, len(sections) + 1))
    assert len(sections) >= 5
    if path.stem != SERIES[0]:
        assert all(title.endswith("?") for title in re.findall(r"^## (.+)$", told(cells), re.MULTILINE))
        assert told(cells).count("**What to do with it.**") >= 3


def test_it_leads_to_the_next(path: Path, cells: list[Any]) -> None:
    place = SERIES.index(path.stem)
    following = SERIES[place + 1] if place + 1 < len(SERIES) else SERIES[0]
    assert f"({following}.ipynb)" in cells[-2].source


def test_what_must_hold_is_asserted_in_it(cells: list[Any]) -> None:
    assert sum(isinstance(node, ast.Assert) for tree in trees(cells) for node in ast.walk(tree)) >= 1


def test_it_imports_what_is_public_and_there(cells: list[Any]) -> None:
    for tree in trees(cells):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), ast.unparse(node)
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in PACKAGES:
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert not alias.name.startswith("_"), alias.name
                    assert hasattr(module, alias.name), f"{node.module}.{alias.name}"


def test_every_import_is_used(cells: list[Any]) -> None:
    imported, used = set(), set()
    for tree in trees(cells):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if isinstance(node, ast.Name):
                used.add(node.id)
    assert imported <= used, imported - used


def test_every_command_it_names_exists_with_its_options(cells: list[Any]) -> None:
    commands = load(ROOT / "docs" / "generate.py").commands()
    for words in re.findall(r"`churn ([a-z][^`]*)`", told(cells)):
        given = words.split()
        name = next(n for n in (" ".join(given[:2]), given[0], "") if n in commands or not n)
        assert name, f"churn {words}"
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert {word for word in given if word.startswith("--")} <= known, f"churn {words}"


def test_every_link_and_file_it_names_is_there(path: Path, cells: list[Any]) -> None:
    text = told(cells)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve()
        assert there.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target
    for name in re.findall(rf"`((?:{'|'.join(PACKAGES)}|docs|notebooks)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


def test_a_number_in_its_text_is_a_setting_and_no_result(cells: list[Any]) -> None:
    # A figure that a run could change belongs into an output, where the run writes it.
    assert not re.findall(r"(?<![\w.])\d+(?:[.,]\d+)? ?%|(?<![\w.])0\.\d+", told(cells))
