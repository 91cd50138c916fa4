"""MLflow: every training run with its data, code, figures, plots and model; the registry with the champion's alias."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Project

if TYPE_CHECKING:
    import pandas as pd

ALIAS = "champion"
MODEL_FILE = "model.json"
QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def no_telemetry() -> None:
    """Switch every dependency's telemetry off; call before importing any of them."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


@dataclass(frozen=True)
class Shipped:
    """The registered champion: its parameters and where they come from."""

    version: str
    run_id: str
    parameters: Mapping[str, Any]


class Tracking:
    """The project's MLflow store: SQLite and a folder, no server."""

    def __init__(self, project: Project) -> None:
        no_telemetry()
        import logging

        import mlflow

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self.name = project.settings.project.name
        self._store = f"sqlite:///{project.out() / 'mlflow.db'}"
        mlflow.set_tracking_uri(self._store)
        mlflow.set_registry_uri(self._store)
        self._client = mlflow.MlflowClient()
        artifacts = project.out("mlflow-artifacts").as_uri()
        experiment = self._client.get_experiment_by_name(self.name)
        self._experiment = (
            experiment.experiment_id if experiment else self._client.create_experiment(self.name, artifacts)
        )

    @contextmanager
    def run(self, name: str) -> Iterator[str]:
        """A run of this project's experiment; yields its id. A failure is kept as a failed run."""
        import mlflow

        with mlflow.start_run(experiment_id=self._experiment, run_name=name) as run:
            yield str(run.info.run_id)

    def log(self, *, parameters: Mapping[str, Any], figures: Mapping[str, float], folder: Path) -> None:
        """Log into the open run: parameters, figures, and every file of the folder."""
        import mlflow

        mlflow.log_params({k: str(v)[:500] for k, v in parameters.items()})
        mlflow.log_metrics(dict(figures))
        mlflow.log_artifacts(str(folder), artifact_path="report")

    def register(self, model: Mapping[str, Any], example: pd.DataFrame, predicted: Any, folder: Path) -> str:
        """Log the model (parameters as JSON, code as a file, no pickle) and register it; returns its version."""
        import mlflow
        from mlflow.models import infer_signature

        path = folder / MODEL_FILE
        text = json.dumps(model, sort_keys=True)
        path.write_text(text, encoding="utf-8")
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps({MODEL_FILE: hashlib.sha256(text.encode()).hexdigest()}), encoding="utf-8")
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).with_name("served_model.py")),
            artifacts={"model": str(path), "manifest": str(manifest)},
            signature=infer_signature(example, predicted),
            input_example=example,
            pip_requirements=["lightgbm", "pandas", "scikit-learn", "numpy"],
        )
        registered = mlflow.register_model(logged.model_uri, self.name)
        return str(registered.version)

    def promote(self, version: str, reason: str) -> None:
        """Point the alias `champion` at this version."""
        self._client.set_registered_model_alias(self.name, ALIAS, version)
        self._client.set_model_version_tag(self.name, version, "reason", reason[:4000])

    def champion(self) -> Shipped | None:
        """The registered champion, checked against its manifest; None before the first training."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._client.get_model_version_by_alias(self.name, ALIAS)
        except MlflowException:
            return None
        return self._loaded(found)

    def version(self, version: str) -> Shipped:
        """A registered model by its version. Raises SettingsError where there is none, or it was changed since."""
        from mlflow.exceptions import MlflowException

        try:
            return self._loaded(self._client.get_model_version(self.name, version))
        except MlflowException as exc:
            from policy.errors import SettingsError

            raise SettingsError(
                f"no model of version {version} is registered.",
                where="mlflow",
                cure="Restore `.churn/mlflow.db` and `.churn/mlflow-artifacts`, or score again with today's model.",
            ) from exc

    def _loaded(self, found: Any) -> Shipped:
        import mlflow

        folder = Path(mlflow.artifacts.download_artifacts(f"models:/{self.name}/{found.version}"))
        text = (folder / "artifacts" / MODEL_FILE).read_text(encoding="utf-8")
        wanted = json.loads((folder / "artifacts" / "manifest.json").read_text(encoding="utf-8"))[MODEL_FILE]
        if hashlib.sha256(text.encode()).hexdigest() != wanted:
            from policy.errors import SettingsError

            raise SettingsError(
                f"the model file of version {found.version} does not match its manifest.",
                where="mlflow",
                cure="Train again; the file was changed after it was registered.",
            )
        return Shipped(str(found.version), str(found.run_id), json.loads(text))


def code_fingerprint() -> str:
    """SHA-256 over the source files of our packages, 16 digits: the same code gives the same one."""
    root = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for package in ("policy", "data_contracts", "features", "models", "serving", "proof", "pipelines"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in {".py", ".yaml"}:
                digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def frame_fingerprint(frame: pd.DataFrame) -> str:
    """SHA-256 over a frame's values, 16 digits, independent of row order."""
    import pandas as pd

    hashes = sorted(pd.util.hash_pandas_object(frame, index=False).tolist())
    return hashlib.sha256(repr(hashes).encode()).hexdigest()[:16]


def git_commit() -> str | None:
    """The checkout's commit, where there is one."""
    root = Path(__file__).resolve().parent.parent
    try:
        found = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()
