"""What a model keeps of the rows it was fitted on, so that `churn monitor` can say later how far the book has moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from models.drift import reference
from pipelines.panel import Panel, described
from policy.policy import Policy

JUDGED = ("roc_auc", "roc_auc_in_window", "log_loss", "log_loss_constant")


def model_reference(
    panel: Panel, indicators: Collection[str], judged: Mapping[str, Any], policy: Policy
) -> dict[str, Any]:
    """Shares of every indicator's bins over the rows that what ships was fitted on, and its test figures. No row."""
    rows = panel.train if panel.everything is None else panel.everything
    return {
        **described(rows),
        # The judged scorer was fitted on the training side alone.
        "judged": {name: judged[name] for name in JUDGED} | {"base_rate": float(panel.train["churned"].mean())},
        **reference(rows, indicators, usual_share=policy.monitoring.usual_share).parameters(),
    }
