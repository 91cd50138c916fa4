"""One small simulated company, checked, trained and scored once; every test that changes it works on a copy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.build_features import Checked, checked_sources
from pipelines.cli import main
from pipelines.demo import make_demo
from pipelines.score import score_on
from pipelines.settings import TuneSection, open_project
from pipelines.signals import signals_on
from pipelines.tracking import no_telemetry
from pipelines.train import TrainRequest, train_on

UNTIL = date(2026, 6, 1)
THURSDAY = date(2026, 5, 28)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
Run = Callable[..., tuple[int, Any, str]]
# Big and made anew where needed: copying them would be most of a test.
NOT_COPIED = ("mlflow*", "prefect", "warehouse*", "data_docs", "truth", "features")


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo project of a small book, untouched after it is made."""
    no_telemetry()
    return make_demo(tmp_path_factory.mktemp("company") / "demo", seed=11, accounts=200, until=UNTIL)


@pytest.fixture(scope="session")
def checked(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    """The company's accepted tables, in a warehouse of their own: a check takes longer than most tests."""
    project = open_project(company)
    file = tmp_path_factory.mktemp("accepted") / "warehouse.duckdb"
    engine = project.settings.engine.model_copy(update={"url": f"duckdb://{file}"})
    settings = project.settings.model_copy(update={"engine": engine})
    with checked_sources(project.model_copy(update={"settings": settings}), docs=True) as found:
        yield found


@pytest.fixture(scope="session")
def trained(company: Path, checked: Checked) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """(project folder, train result, score result) of the small book, its trees tuned in two trials."""
    settings = checked.project.settings.model_copy(update={"tune": TuneSection(trials=2)})
    tuning = replace(checked, project=checked.project.model_copy(update={"settings": settings}))
    result = train_on(tuning, TrainRequest())
    return company, result, score_on(checked, UNTIL)


@pytest.fixture(scope="session")
def signalled(checked: Checked) -> dict[str, Any]:
    """What `churn signals` returned for a Thursday of the small book."""
    return signals_on(checked, THURSDAY)


@pytest.fixture
def book(company: Path, tmp_path: Path) -> Path:
    """A private copy of the company's project without its state."""
    return Path(shutil.copytree(company, tmp_path / "book", ignore=shutil.ignore_patterns(".churn", "truth")))


@pytest.fixture
def scored(trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path) -> Path:
    """A private copy of the trained and scored project."""
    return Path(shutil.copytree(trained[0], tmp_path / "scored", ignore=shutil.ignore_patterns(*NOT_COPIED)))


@pytest.fixture
def churn(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process: (exit code, parsed JSON or text of stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, Any, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        found = json.loads(out) if "--json" in arguments else out
        return int(left.value.code or 0), found, err

    return run
