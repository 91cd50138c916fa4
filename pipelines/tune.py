"""The budget for tuning that churn.toml gives, and the record that a training run keeps of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.tune import Budget, Tuning
from models.tune_search import require_search
from pipelines.settings import Project

FILE = "tuning.json"


def tuning_budget(project: Project) -> Budget:
    """What [tune] allows. Raises SettingsError where it asks for trials and optuna is not installed."""
    asked = project.settings.tune
    if asked.trials:
        require_search()
    return Budget(asked.trials, asked.minutes)


def tuning_record(tuning: Tuning | None, folder: Path) -> dict[str, Any]:
    """The parameters of a run that tell of its tuning; every trial goes into tuning.json in the folder. Empty without."""
    if tuning is None:
        return {}
    found = tuning.as_json()
    (folder / FILE).write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    chosen = {f"tune.{name}": value for one in tuning.tried if one.chosen for name, value in asdict(one.growth).items()}
    told = ("asked", "minutes", "run", "seconds", "default_stays")
    return {f"tune.{name}": found[name] for name in told} | chosen
