"""The year of acted-on alarms as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Figures = Mapping[str, Any]
MODELS = ("untouched", "naive", "weighted", "ours")


def year_rows(years: Sequence[Figures]) -> list[str]:
    """The goal: after twelve months of acting on alarms as the world has it, the untreated risk is still known."""
    if not years:
        return []
    lost = float(np.mean([_model(w, "1", "untouched")["auc"] - _model(w, "1", "ours")["auc"] for w in years]))
    odds = float(np.mean([_model(w, "1", "ours")["observed_expected"] for w in years]))
    reached = lost <= 0.01 and 0.95 <= odds <= 1.05
    return [
        f"| 12 months of acted-on alarms, then retraining: AUC lost; observed ÷ expected of the untreated risk "
        f"| {years[0]['accounts']:,} | {len(years)} | ≤ .01; in [.95, 1.05] | {lost:+.4f}; {odds:.3f} "
        f"| {'yes' if reached else '**no**'} |"
    ]


def year_table(years: Sequence[Figures]) -> list[str]:
    """Beside each other: had nobody acted, trained on what happened, trained with what acting did taken back."""
    if not years:
        return []
    lines = [
        "### A year of alarms that are acted on, then retraining",
        "",
        "Every four weeks the riskiest tenth is alarmed and acted on, except for a tenth of the book that a lot holds out; "
        "then LightGBM is trained anew and held against the true risk of accounts on which nobody acts: *untouched*, had nobody "
        "acted; *naive*, on what happened; *weighted*, without the acted-on, the held standing for them; *ours*, with what "
        "acting did taken back. *Care* says how "
        "strong acting is, beside the simulation's own effects; *saved*: churned accounts fewer than had nobody acted; "
        "*effect*: as it is measured against the holdout and taken back, in log-odds. In brackets the lowest and highest "
        "world; beside each observed ÷ expected how far it is from the twin's, on average, up or down.",
        "",
        "| care | worlds | saved | effect | trained | AUC | observed ÷ expected | off the twin's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for care in years[0]["year"]["cares"]:
        cares = [w["year"]["cares"][care] for w in years]
        saved = np.mean(
            [w["year"]["churned_accounts"] - c["churned_accounts"] for w, c in zip(years, cares, strict=True)]
        )
        effects = [c["acted_on"]["effect"] for c in cares if c["acted_on"] and c["acted_on"]["effect"] is not None]
        effect = f"{np.mean(effects):+.2f}" if effects else "–"
        for name in MODELS:
            found = [_model(w, care, name) for w in years]
            twin = np.array([_model(w, care, "untouched")["observed_expected"] for w in years])
            odds = np.array([f["observed_expected"] for f in found])
            lines.append(
                f"| {care} | {len(years)} | {saved:.0f} | {effect} | {name} | {np.mean([f['auc'] for f in found]):.4f} | "
                f"{odds.mean():.3f} [{odds.min():.3f}, {odds.max():.3f}] | {np.abs(odds / twin - 1).mean():.1%} |"
            )
    return lines


def _model(world: Figures, care: str, name: str) -> Mapping[str, float]:
    year = world["year"]
    found: Mapping[str, float] = year["untouched"] if name == "untouched" else year["cares"][care][name]
    return found
