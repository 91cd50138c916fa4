"""`churn weights` on the small company: one object, nothing changed, lines that a policy.yaml can hold."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from models.weights_trial import WeightsTrial
from pipelines import weights
from pipelines.build_features import Checked
from pipelines.weights_printed import told
from policy.policy import COMPONENTS, load_policy

TRIAL = WeightsTrial(
    "change",
    "Other weights tell churn better.",
    {"usage": 40.0, "engagement": 25.0, "sentiment": 20.0, "commercial": 15.0},
    {"usage": 19.4, "engagement": 16.4, "sentiment": 15.6, "commercial": 48.6},
    {c: {"ci": (1.0, 50.0), "ci_all_four": (0.0, 55.0)} for c in COMPONENTS},
    {},
    {},
    (),
    {"n_origins": 6},
    36,
    500,
    234,
    None,
)


def printed(result: object) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(result)
    return out.getvalue()


def test_the_lines_that_would_set_the_weights_are_a_policy(tmp_path: Path) -> None:
    policy = load_policy()
    file = tmp_path / "policy.yaml"
    file.write_text(weights.override_yaml(TRIAL, policy, "2026-06-01"), encoding="utf-8")
    changed = load_policy(file)
    assert dict(changed.health.weights) == {"usage": 19, "engagement": 16, "sentiment": 16, "commercial": 49}
    assert changed.version == f"{policy.version}-weights-2026-06-01"
    assert "234 churned accounts" in changed.reason
    again = load_policy(file).model_copy(update={"version": changed.version})
    assert len(weights.override_yaml(TRIAL, again, "2026-07-06").splitlines()[0]) < 80


def own_files(checked: Checked) -> dict[Path, bytes]:
    """What of a project is the user's, the policy's file included where there is one."""
    top = (p for p in checked.project.folder.glob("*") if p.is_file())
    return {p: p.read_bytes() for p in (*top, *checked.project.sources.glob("*"))}


@pytest.fixture(scope="module")
def tried(checked: Checked) -> dict[str, Any]:
    before = own_files(checked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "BESIDE", ("calendar",))
        result = weights.weights_on(checked)
    assert own_files(checked) == before
    return result


def test_the_weights_are_tried_and_nothing_is_changed(tried: dict[str, Any]) -> None:
    result = tried
    assert result["verdict"] in ("change", "no_change")
    assert result["policy_weights"] == {"usage": 40.0, "engagement": 25.0, "sentiment": 20.0, "commercial": 15.0}
    assert set(result["components"]) == set(result["intervals"]) == set(COMPONENTS)
    assert sum(result["suggested_whole"].values()) == 100
    assert len(result["by_snapshot"]) == result["n_snapshots"]
    assert sum(s["n_rows"] for s in result["by_snapshot"]) > result["n_accounts"]
    assert set(result["scorers"]) == {"health_score", "calendar"}
    # The calendar knows what the health score hardly weighs: when notice is due.
    assert result["scorers"]["calendar"]["roc_auc"] > result["scorers"]["health_score"]["roc_auc"]
    assert (result["override"] is None) == (result["verdict"] == "no_change")
    assert json.loads(Path(result["path"]).read_text(encoding="utf-8")) == result
    text = printed(told(result))
    assert result["sentence"][:60] in text.replace("\n", " ")
    assert "…" not in text


def test_the_override_is_shown_only_where_the_verdict_asks_for_it(tried: dict[str, Any]) -> None:
    lines = weights.override_yaml(TRIAL, load_policy(), "2026-06-01")
    assert "policy.yaml would" in printed(told(tried | {"override": lines}))
    assert "policy.yaml would" not in printed(told(tried | {"override": None}))
