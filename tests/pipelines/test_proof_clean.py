"""A clean book raises no alarm: the small company, ten others and the Open University, all in the long run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.build_features import checked_sources
from pipelines.demo import make_demo
from pipelines.proof_checks import CHECKS
from pipelines.prove import prove_on
from pipelines.settings import open_project

Run = Callable[..., tuple[int, Any, str]]
SEEDS = range(101, 111)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "oulad"
OULAD = Path(__file__).resolve().parents[2] / "examples" / "oulad"


@pytest.mark.slow
def test_the_command_proves_the_small_company_and_writes_its_certificate(scored: Path, churn: Run) -> None:
    code, found, progress = churn("prove-no-leak", "--project", scored, "--json")
    assert code == 0
    assert found["verdict"] == "holds"
    assert [c["check"] for c in found["checks"]] == list(CHECKS)
    assert {c["verdict"] for c in found["checks"]} == {"passed"}
    for figures in found["checks"][-3]["measured"]["scorers"].values():
        assert figures["interval"][0] <= 0.5 <= figures["interval"][1]
    assert all(len(t["fingerprint"]) == 16 for t in found["data"].values())
    assert len(found["as_of"]) == 2
    assert "corruption: passed" in progress
    page = Path(found["path"])
    assert page.parent == scored.resolve() / ".churn" / "proofs"
    assert json.loads(page.with_suffix(".json").read_text(encoding="utf-8")) == found
    assert "**Nothing leaks**" in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_another_clean_company_raises_no_alarm(seed: int, tmp_path: Path) -> None:
    accounts = 200 + 30 * (seed - SEEDS.start)
    folder = make_demo(tmp_path / "company", seed=seed, accounts=accounts, until=date(2026, 6, 1))
    with checked_sources(open_project(folder)) as checked:
        found = prove_on(checked)
    assert {c["check"]: c["verdict"] for c in found["checks"] if c["verdict"] != "passed"} == {}


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the OULAD files are not beside this checkout (../shared/data/oulad)")
def test_the_open_university_raises_no_alarm(tmp_path: Path) -> None:
    folder = shutil.copytree(OULAD, tmp_path / "oulad", ignore=shutil.ignore_patterns(".churn"))
    with checked_sources(open_project(folder, {"data": str(SHARED)})) as checked:
        found = prove_on(checked)
    # Its terms are too short for the pooled limit, and hardly anybody leaves as a term ends.
    assert found["not_judged"] == ["single_indicator", "pooled_auc"]
