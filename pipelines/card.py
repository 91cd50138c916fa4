"""The evaluation card of a training run: card.json, card.md and card.html in the run's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from models.card import evaluation_card
from models.card_figures import Judged
from models.evaluate import RANK_ONLY, ranking_of_health
from pipelines.card_evidence import Run, losses_of, refits, split_of
from pipelines.card_markdown import card_markdown
from pipelines.card_page import card_page
from pipelines.card_rows import headline

__all__ = ["Run", "write_evaluation_card"]


def write_evaluation_card(folder: Path, run_id: str, run: Run) -> dict[str, Any]:
    """Judge the run once more in full, and write the card; returns what card.json holds."""
    project = run.checked.project
    scores = {RANK_ONLY: ranking_of_health(run.test["health_score"])[0]}
    scores |= {name: scorer.score(run.test) for name, scorer in run.fitted.judged.items()}
    judged = Judged(
        run.test,
        float(run.panel.train["churned"].mean()),
        project.settings.capacity.share,
        run.rule.horizon_days,
        project.policy.money,
    )
    made = evaluation_card(judged, scores, run.fitted.champion.scorer, refits(run), losses_of(run), project.policy)
    card = {"run_id": run_id, "gap_days": run.rule.gap_days, **made, "split": split_of(run)}
    card["tuning"] = run.fitted.tuning.as_json() if run.fitted.tuning else None
    card["headline"] = headline(card)
    (folder / "card.json").write_text(json.dumps(card, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card_markdown(card), encoding="utf-8")
    (folder / "card.html").write_text(card_page(card), encoding="utf-8")
    return card
