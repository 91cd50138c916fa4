"""`churn back-to-green` on the small book: one object, every way re-scored as green, and what is written is what is told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.deliver import rows_of
from pipelines.settings import open_project
from tests.pipelines.conftest import UNTIL, Run


@pytest.fixture
def whole(trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path) -> Path:
    """A private copy of the scored project with its indicators and its model."""
    ignored = shutil.ignore_patterns("prefect", "data_docs", "truth", "warehouse*")
    return Path(shutil.copytree(trained[0], tmp_path / "whole", ignore=ignored))


@pytest.mark.slow
def test_every_way_back_is_green_when_scored_and_written_as_it_is_told(whole: Path, churn: Run) -> None:
    code, found, _ = churn("back-to-green", "--project", whole, "--json")
    assert code == 0
    assert (found["as_of"], found["by"], found["on"]) == (UNTIL.isoformat(), "2026-07-01", "2026-06-29")
    ways = {w["account_id"]: w for w in found["accounts"]}
    reachable = [w for w in ways.values() if w["status"] == "reachable"]
    assert reachable
    goals = [(w, g) for w in ways.values() for g in w["goals"]]
    for way, goal in goals:
        if goal["aim"] == "health":
            assert goal["reachable"] == (goal["score_after"] >= 75)
        else:
            assert way["risk_tier"] == "high"
            assert goal["reachable"] == (goal["probability_after"] < way["probability_cut"])
    assert {g["aim"] for _, g in goals} == {"health", "probability"}
    assert all(w["hours"] == min(g["hours"] for g in w["goals"] if g["reachable"]) for w in reachable)
    assert all(w["sentence"].startswith(w["headline"]) for w in ways.values())
    high = [w for w in ways.values() if w["risk_tier"] == "high"]
    assert all(any(g["aim"] == "probability" for g in w["goals"]) for w in high)
    scores = {r["account_id"]: r for r in rows_of(open_project(whole), "scores", UNTIL.isoformat())}
    for account, way in ways.items():
        assert way["score"] == pytest.approx(scores[account]["health_score"])
        assert way["probability"] == pytest.approx(scores[account]["churn_probability"])
    assert any(w["probability_after"] is not None for w in reachable)
    assert all(r["account_id"] in ways for r in scores.values() if r["health_tier"] in ("yellow", "red"))
    written = {r["account_id"]: r for r in pq.read_table(found["path"], partitioning=None).to_pylist()}
    assert {a: (r["status"], r["hours"], r["sentence"], r["changes"]) for a, r in written.items()} == {
        a: (w["status"], w["hours"], w["sentence"], w["changes"]) for a, w in ways.items()
    }
    code, alone, _ = churn("back-to-green", reachable[0]["account_id"], "--project", whole, "--json")
    assert (code, alone) == (0, reachable[0])
    code, failed, _ = churn("back-to-green", "acc-0000", "--project", whole, "--json")
    assert (code, failed["error"]["code"], failed["error"]["where"]) == (2, 2, "account")
    # Whoever was scored is answered for by the rules of the run, whatever the settings say since.
    toml = whole / "churn.toml"
    settings = toml.read_text(encoding="utf-8")
    assert "min_tenure_days = 7" in settings
    toml.write_text(settings.replace("min_tenure_days = 7", "min_tenure_days = 400"), encoding="utf-8")
    code, stricter, _ = churn("back-to-green", "--project", whole, "--json")
    assert (code, stricter["accounts"]) == (0, found["accounts"])
    # Where the run kept none of its rules, what the cohort no longer holds is told as gone, and nobody is dropped.
    (whole / ".churn" / "scores" / f"as_of={UNTIL}" / "made_with.json").unlink()
    code, unkept, _ = churn("back-to-green", "--project", whole, "--json")
    gone = [w["account_id"] for w in unkept["accounts"] if w["status"] == "gone"]
    assert (code, unkept["listed"]) == (0, found["listed"])
    assert gone
    code, lost, _ = churn("back-to-green", gone[0], "--project", whole, "--json")
    assert (code, lost["status"], lost["goals"]) == (0, "gone", [])
    shutil.rmtree(whole / ".churn" / "features")
    code, failed, _ = churn("back-to-green", "--project", whole, "--json")
    assert (code, failed["error"]["where"]) == (2, "features")
