"""What a score is compared with: the score of a week ago as it was made, or today's model on what was known then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from features.catalogue import catalogue
from models.linear import Column, Linear
from pipelines.changes import change_of, write_changes
from pipelines.files import write_parquet
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from policy.archive import archive_policy
from policy.policy import load_policy
from serving.score import Run

AS_OF, BEFORE = date(2026, 6, 8), date(2026, 6, 1)
CHAMPION = Linear("logistic", -2.0, (Column("past_due_days", (0.0, 15.0, 30.0), 1.0, 0.0),))


def frame(past_due: float) -> pd.DataFrame:
    return pd.DataFrame({"account_id": ["a0"], "as_of": [AS_OF]} | {n: [0.0] for n in catalogue()}).assign(
        past_due_days=past_due
    )


def run(champion: Linear | None = CHAMPION) -> Run:
    return Run(
        run_id="r",
        model_version="7" if champion else None,
        as_of=AS_OF,
        published_at=datetime(2026, 6, 8, tzinfo=UTC),
        horizon_days=90,
        gap_days=14,
        capacity_share=0.1,
        currency="USD",
        policy=load_policy(),
        champion=champion,
        lightgbm=None,
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    scaffold(tmp_path / "book")
    return open_project(tmp_path / "book")


def scored_a_week_ago(project: Project, past_due: float, version: str | None = "7") -> None:
    archive_policy(load_policy(), project.policies)
    scores = {"account_id": "a0", "model_version": version, "policy_version": load_policy().version}
    day = f"as_of={BEFORE}"
    write_parquet(pd.DataFrame([scores]), project.out("scores", day) / "scores.parquet")
    write_parquet(frame(past_due), project.out("features", day) / "features.parquet")


def test_what_was_scored_counts_and_not_what_is_known_of_that_week_by_now(project: Project) -> None:
    scored_a_week_ago(project, past_due=0.0)
    write_changes(project, run(), frame(30.0), frame(15.0))
    found = change_of(project, AS_OF.isoformat())["a0"]
    # Log-odds of −3 and −1: 4.7 % and 26.9 %.
    assert found["before_probability"] == pytest.approx(0.0474, abs=1e-4)
    assert found["data"] == pytest.approx(22.15, abs=0.01)
    assert found["before_as_of"] == BEFORE.isoformat()
    assert found["sentence"].replace("\xa0", " ") == "27 % now, 5 % a week ago: +22 from payment."


def test_without_a_score_of_that_week_todays_model_looks_back(project: Project) -> None:
    write_changes(project, run(), frame(30.0), frame(15.0))
    found = change_of(project, AS_OF.isoformat())["a0"]
    assert found["before_probability"] == pytest.approx(0.1192, abs=1e-4)
    assert (found["model"], found["calibration"]) == (0.0, 0.0)


@pytest.mark.parametrize("version", [None, "6"])
def test_a_week_whose_model_is_not_at_hand_leaves_the_change_unknown(project: Project, version: str | None) -> None:
    scored_a_week_ago(project, past_due=0.0, version=version)
    write_changes(project, run(), frame(30.0), frame(15.0))
    assert change_of(project, AS_OF.isoformat()) == {}


def test_without_a_champion_or_accounts_the_tables_are_empty(project: Project) -> None:
    write_changes(project, run(champion=None), frame(30.0), frame(15.0))
    assert change_of(project, AS_OF.isoformat()) == {}
    write_changes(project, run(), frame(30.0).head(0), frame(15.0))
    assert change_of(project, AS_OF.isoformat()) == {}
    assert change_of(project, "2020-01-06") == {}
