"""The health score's weights on trial, on a project's own history; the policy itself is never touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from models.evaluate import RANK_ONLY, ranking_of_health
from models.recipe import ORIGINS, settled
from models.split import rolling_origins
from models.weights_told import whole
from models.weights_trial import WeightsTrial, ranking, weights_on_trial
from pipelines.build_features import Checked, checked_sources
from pipelines.files import write_text
from pipelines.fit import directions_in, probabilities
from pipelines.panel import build_panel, label_rule
from pipelines.settings import Project
from policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1
BESIDE = ("calendar", "health_recalibrated", "logistic", "lightgbm")


def weights(project: Project, *, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Check the sources and try the weights; returns the object `churn weights --json` prints."""
    with checked_sources(project) as checked:
        return weights_on(checked, progress=progress)


def weights_on(checked: Checked, *, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Try the weights on every mature training snapshot, and write .churn/weights/until=D/weights.json.

    Raises NotEnoughData below the ladder's first rung.
    """
    project, rule = checked.project, label_rule(checked)
    window = rule.horizon_days + rule.gap_days
    progress("building the panel")
    panel = build_panel(checked, rule, refit=True)
    rows = panel.everything
    assert rows is not None  # noqa: S101  # asked for with `refit`
    progress("replaying the policy and asking for other weights")
    trial = weights_on_trial(rows, project.policy, window)
    progress("fitting the scorers beside it")
    beside = scorers_beside(rows, project.policy, window)
    override = override_yaml(trial, project.policy, panel.data_until.isoformat()) if trial.verdict == "change" else None
    result = {
        "schema_version": SCHEMA_VERSION,
        "verdict": trial.verdict,
        "sentence": trial.sentence,
        "policy_version": project.policy.version,
        "horizon_days": rule.horizon_days,
        "gap_days": rule.gap_days,
        "data_until": panel.data_until.isoformat(),
        **{name: value for name, value in asdict(trial).items() if name not in ("verdict", "sentence")},
        "suggested_whole": whole(trial.suggested_weights),
        "scorers": beside,
        "override": override,
    }
    path = project.out("weights", f"until={panel.data_until.isoformat()}") / "weights.json"
    text = json.dumps(result | {"path": str(path)}, indent=2, allow_nan=False) + "\n"
    found: dict[str, Any] = json.loads(write_text(text, path))
    return found


def scorers_beside(rows: pd.DataFrame, policy: Policy, window_days: int) -> dict[str, dict[str, Any]]:
    """How the policy's score and the learned scorers, fitted before each rolling origin, rank the rows after it."""
    import numpy as np
    import pandas as pd

    from models.health_score import health_scores

    directions, recipe = directions_in(rows, catalogue()), settled(rows, window_days=window_days)
    later: list[pd.DataFrame] = []
    for train, test in rolling_origins(rows["as_of"], window_days=window_days, folds=ORIGINS):
        if rows.loc[train, "churned"].any():
            said = probabilities(rows[train], rows[test], directions, policy, BESIDE, recipe)
            health = ranking_of_health(health_scores(rows[test], policy)["health_score"])[0]
            base = rows.loc[test, ["account_id", "churned", "in_window"]]
            later.append(base.assign(**{RANK_ONLY: health}, **{name: said[name] for name in BESIDE}))
    if not later:
        return {}
    judged = pd.concat(later, ignore_index=True)
    return {name: ranking(judged, np.asarray(judged[name], dtype=float)) for name in (RANK_ONLY, *BESIDE)}


def override_yaml(trial: WeightsTrial, policy: Policy, until: str) -> str:
    """The lines of policy.yaml that would set the suggested weights: with version, author and reason, as all must have."""
    chosen = ", ".join(f"{name}: {value}" for name, value in whole(trial.suggested_weights).items())
    reason = f"weights fitted on {trial.n_churned_accounts} churned accounts until {until}"
    return (
        f'version: "{policy.version[:60]}-weights-{until}"\n'
        "author: your name\n"
        f"reason: {reason}\n"
        "health:\n"
        f"  weights: {{{chosen}}}\n"
    )
