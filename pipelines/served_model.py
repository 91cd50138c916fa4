"""The registered model as code: MLflow loads this file and the JSON beside it; nothing is unpickled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from models.prepare import prepared
from models.zoo import stored_scorers
from policy.policy import policy_from


class ServedModel(mlflow.pyfunc.PythonModel):
    """Features in, churn probability out."""

    def load_context(self, context: Any) -> None:
        """Read the parameters."""
        given = json.loads(Path(context.artifacts["model"]).read_text(encoding="utf-8"))
        self.champion = stored_scorers(given)[given["champion"]]
        self.policy = policy_from(given["policy"], where="the stored model")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.Series:
        """The champion's probability of every row of a feature frame."""
        del context, params
        return pd.Series(self.champion.score(prepared(model_input, self.policy)), name="churn_probability")


mlflow.models.set_model(ServedModel())
