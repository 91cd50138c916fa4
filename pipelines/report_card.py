"""The run's record: model card, plots, figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Scorer

PLOTTED = ("health_recalibrated", "logistic", "lightgbm", "ensemble")
MOST_EXPLAINED = 2000


def write_card(
    folder: Path,
    result: Mapping[str, Any],
    test: pd.DataFrame,
    predictions: pd.DataFrame,
    scorers: Mapping[str, Scorer],
    prepared_test: pd.DataFrame,
) -> None:
    """Write model_card.md, figures.json, calibration.png, lift.png and shap_summary.png into the folder."""
    write_figures(folder, result)
    (folder / "model_card.md").write_text(model_card(result), encoding="utf-8")
    _calibration(folder / "calibration.png", test, predictions)
    _lift(folder / "lift.png", test, predictions)
    from models.tree_shap import summary_plot

    sample = prepared_test.sample(min(MOST_EXPLAINED, len(prepared_test)), random_state=0)
    _, contributions = scorers["lightgbm"].margins(sample)
    summary_plot(contributions.to_numpy(), sample[list(contributions.columns)], str(folder / "shap_summary.png"))


def write_figures(folder: Path, result: Mapping[str, Any]) -> None:
    """Write figures.json into the folder; once more when the model has its version, which the pages find it by."""
    (folder / "figures.json").write_text(json.dumps(result, indent=2), encoding="utf-8")


def model_card(result: Mapping[str, Any]) -> str:
    """What was predicted, on which data, how well each scorer did, and what the figures do not say."""
    train, test = result["train"], result["test"]
    lines = [
        f"# Model card, run {result['run_id']}",
        "",
        f"Predicts whether the decision to leave falls into the {result['horizon_days']} days that begin "
        f"{result['gap_days']} days after the snapshot.",
        "",
        f"Champion: **{result['champion']['scorer']}**. {result['champion']['reason']}",
        "",
        "| | from | until | snapshots | rows | accounts | churned rows | churned accounts | base rate |",
        "|---|---|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {part['from']} | {part['until']} | {part['n_snapshots']} | {part['n_rows']:,} | "
            f"{part['n_accounts']:,} | {part['n_churned_rows']:,} | {part['n_churned_accounts']:,} | {part['base_rate']:.4f} |"
            for name, part in (("train", train), ("test", test))
        ),
        "",
        f"Out of time: {result['purged_rows']} training rows were dropped because their label window reaches into the "
        f"test period; {result['decided_in_gap']} rows decided inside the gap are left out of both.",
        "",
        figures_table(result),
        "",
        "Intervals are 95 %, by resampling accounts (2,000 draws). The health score only ranks. A constant at the "
        f"training base rate has log-loss {result['models']['calendar']['log_loss_constant']:.5f}.",
        "",
        "What the figures do not say: whether acting on a score keeps a customer. Contributions are associations.",
    ]
    if result.get("tuning"):
        lines += ["", result["tuning"]["sentence"]]
    missing = result["unavailable"]
    if missing:
        lines += ["", f"Source tables not connected: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def figures_table(result: Mapping[str, Any]) -> str:
    """One Markdown row per scorer."""
    head = (
        "| scorer | ROC-AUC [95 %] | in window | PR-AUC | log-loss | Brier | ECE | slope | O/E | lift 10 % | recall at "
        "capacity | AUC − recency [95 %] |"
    )
    rows = [head, "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for name, f in result["models"].items():
        pair = result["paired"].get(name)
        difference = f"{pair['roc_auc_diff']:+.3f} {_bounds(pair['ci'])}" if pair else "–"
        rows.append(
            f"| {name} | {_number(f['roc_auc'], 3)} {_bounds(f['roc_auc_ci'])} | {_number(f['roc_auc_in_window'], 3)} | "
            f"{_number(f['pr_auc'], 3)} | {_number(f['log_loss'], 5)} | {_number(f['brier'], 5)} | {_number(f['ece'], 4)} | "
            f"{_number(f['calibration_slope'], 2)} | {_number(f['observed_expected'], 2)} | {_number(f['lift_at_10'], 2)} | "
            f"{_number(f['recall_at_capacity'], 2)} | {difference} |"
        )
    return "\n".join(rows)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _bounds(bounds: tuple[float, float] | None) -> str:
    return "" if bounds is None else f"[{bounds[0]:.3f}, {bounds[1]:.3f}]"


def _axes() -> tuple[Any, Any]:
    """A figure of its own: pyplot's state belongs to whoever calls."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5))
    return figure, figure.subplots()


def _calibration(path: Path, test: pd.DataFrame, predictions: pd.DataFrame) -> None:
    import numpy as np

    figure, axes = _axes()
    churned = test["churned"].to_numpy()
    top = 0.0
    for name in PLOTTED:
        p = predictions.loc[predictions["scorer"] == name, "probability"].to_numpy()
        parts = np.array_split(np.argsort(p, kind="stable"), 10)
        x, y = [p[i].mean() for i in parts if len(i)], [churned[i].mean() for i in parts if len(i)]
        top = max(top, *x, *y)
        axes.plot(x, y, marker="o", label=name)
    axes.plot([0, top], [0, top], color="grey", linestyle="--", label="honest")
    axes.set(
        xlabel="promised probability (tenths of the rows)", ylabel="observed churn", title="Calibration, out of time"
    )
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")


def _lift(path: Path, test: pd.DataFrame, predictions: pd.DataFrame) -> None:
    from models.metrics import lift_at

    figure, axes = _axes()
    churned = test["churned"].to_numpy(dtype=float)
    shares = [s / 100 for s in (1, 2, 5, 10, 15, 20, 30, 50, 75, 100)]
    for name in PLOTTED:
        p = predictions.loc[predictions["scorer"] == name, "probability"].to_numpy()
        axes.plot([100 * s for s in shares], [lift_at(churned, p, share=s) for s in shares], marker="o", label=name)
    axes.axhline(1, color="grey", linestyle="--", label="chance")
    axes.set(xlabel="riskiest share of the rows, %", ylabel="times the average churn", title="Lift, out of time")
    axes.legend()
    figure.savefig(path, dpi=110, bbox_inches="tight")
