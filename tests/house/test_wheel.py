"""The wheel holds our packages and nothing else, and what is installed from it is what runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT

NEEDED = {
    "policy/planned.yaml",
    "policy/policy.yaml",
    "data_contracts/source/accounts.yaml",
    "data_contracts/output/scores.yaml",
    "data_contracts/docs.css",
    "serving/workbench/pages/templates/account.html.j2",
    "serving/workbench/pages/assets/book.js",
    "serving/workbench/pages/assets/style.css",
    *(f"{package}/py.typed" for package in PACKAGES),
}


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHONPATH"))}
    done = subprocess.run(
        command, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-index", "--no-cache-dir", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "install", *options, "--target", folder, wheel, cwd=folder)
    return folder


def test_it_holds_our_packages_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    assert not [n for n in names if "__pycache__" in n or n.endswith((".parquet", ".sqlite", ".duckdb", ".ipynb"))]


def test_it_holds_every_file_that_the_code_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= NEEDED
    here = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert not here - names


def test_it_carries_the_licence_and_the_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    texts = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
    assert "churn = pipelines.cli:main" in archive.read(texts["entry_points.txt"]).decode()
    assert "licenses/LICENSE" in texts
    assert re.search(r"^License-Expression: Apache-2.0$", archive.read(texts["METADATA"]).decode(), re.MULTILINE)


def test_what_is_installed_is_what_runs(installed: Path) -> None:
    code = (
        "import importlib, json; "
        f"print(json.dumps({{n: importlib.import_module(n).__file__ for n in {list(PACKAGES)!r}}}))"
    )
    found = json.loads(run(sys.executable, "-c", code, cwd=installed, PYTHONPATH=str(installed)))
    elsewhere = {n: file for n, file in found.items() if not file or not Path(file).is_relative_to(installed)}
    assert not elsewhere


def test_the_installed_command_writes_a_project(installed: Path, tmp_path: Path) -> None:
    code = "from pipelines.cli import main; main(['init', 'mine', '--json'])"
    found = json.loads(run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(installed)))
    assert (tmp_path / "mine" / "churn.toml").exists()
    assert len(found["files"]) == len(list((tmp_path / "mine").rglob("*.*"))) - len(
        list(tmp_path.glob("mine/sources.*"))
    )
