"""An old score can be computed again from its policy version alone, and a version never means two things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.report import book, report
from pipelines.score import score
from pipelines.settings import open_project
from policy.archive import archive_policy, archived_policy
from policy.errors import SettingsError
from policy.policy import load_policy
from tests.pipelines.conftest import UNTIL, Run

HEALTH = ["health_score", "coverage", "usage_score", "engagement_score", "sentiment_score", "commercial_score"]
OWN = 'version: "{}"\nauthor: me\nreason: a test\nhealth: {{bands: {{green: {}}}, weights: {{usage: 30, sentiment: 30}}}}\n'


def scores(folder: Path) -> pd.DataFrame:
    path = folder / ".churn" / "scores" / f"as_of={UNTIL}" / "scores.parquet"
    return pd.read_parquet(path, partitioning=None).set_index("account_id").sort_index()


@pytest.mark.slow
def test_an_old_score_is_computed_again_to_the_bit_from_its_version(scored: Path, churn: Run) -> None:
    before = scores(scored)
    assert set(before["policy_version"]) == {load_policy().version}

    (scored / "policy.yaml").write_text(OWN.format("2-mine", 80), encoding="utf-8")
    score(open_project(scored), UNTIL)
    mine = scores(scored)
    assert set(mine["policy_version"]) == {"2-mine"}
    assert (mine["health_score"] != before["health_score"]).mean() > 0.9

    code, _, _ = churn(
        "score", "--project", scored, "--as-of", UNTIL, "--policy-version", load_policy().version, "--json"
    )
    assert code == 0
    again = scores(scored)
    assert set(again["policy_version"]) == {load_policy().version}
    pd.testing.assert_frame_equal(again[HEALTH], before[HEALTH], check_exact=True)
    assert again["health_tier"].tolist() == before["health_tier"].tolist()

    # The project's own rules are untouched by that: the next score is theirs again, and they are kept too.
    score(open_project(scored), UNTIL)
    pd.testing.assert_frame_equal(scores(scored)[HEALTH], mine[HEALTH], check_exact=True)
    assert {p.stem for p in (scored / ".churn" / "policies").iterdir()} == {load_policy().version, "2-mine"}


def test_a_version_that_was_used_with_other_content_is_refused_before_anything_is_scored(
    scored: Path, churn: Run
) -> None:
    archive_policy(load_policy(write(scored, OWN.format("2-mine", 80))), scored / ".churn" / "policies")
    before = scores(scored)
    write(scored, OWN.format("2-mine", 85))
    code, found, _ = churn("score", "--project", scored, "--as-of", UNTIL, "--json")
    assert code == 3
    error: dict[str, Any] = found["error"]
    assert error["message"] == (
        "version 2-mine was used before with other content: `health.bands.green` was 80.0 and is 85.0."
    )
    assert error["where"] == "policy.yaml"
    assert "version of its own" in error["cure"]
    pd.testing.assert_frame_equal(scores(scored), before)


def test_a_version_nobody_scored_with_is_refused_with_the_nearest(scored: Path, churn: Run) -> None:
    code, found, _ = churn("score", "--project", scored, "--policy-version", "2026.1x", "--json")
    assert (code, found["error"]["where"]) == (3, "--policy-version")
    assert found["error"]["cure"] == f"Did you mean `{load_policy().version}`?"


def test_the_policy_of_an_old_score_is_used_even_where_policy_yaml_is_broken(scored: Path) -> None:
    write(scored, "health: [")
    with pytest.raises(SettingsError):
        open_project(scored)
    assert open_project(scored, policy_version=load_policy().version).policy == load_policy()


def test_the_pages_show_the_weights_a_score_was_made_with_and_not_those_of_today(scored: Path) -> None:
    write(scored, OWN.format("3-later", 80))
    project = open_project(scored)
    assert round(project.policy.health.weights["usage"]) == 30
    assert book(project, UNTIL.isoformat()).weights["usage"] == 40
    rules = report(project, UNTIL.isoformat()).with_name("policy.html").read_text("utf-8")
    assert f"Version {load_policy().version} by" in rules
    assert "3-later" not in rules
    # A score from before policies were kept: the rules as they stand.
    (project.policies / f"{load_policy().version}.yaml").unlink()
    assert book(project, UNTIL.isoformat()).weights["usage"] == 30


def test_another_reason_or_author_is_the_same_policy(tmp_path: Path) -> None:
    default = load_policy()
    path = archive_policy(default, tmp_path / "policies")
    first = path.read_bytes()
    assert archive_policy(default.model_copy(update={"reason": "reworded", "author": "you"}), path.parent) == path
    assert path.read_bytes() == first


def test_a_policy_from_before_a_key_existed_can_still_be_read(tmp_path: Path) -> None:
    path = archive_policy(load_policy(), tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("scenario:")], encoding="utf-8")
    assert archived_policy(load_policy().version, tmp_path) == load_policy()


def write(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path
