"""The evaluation card as one page that needs nothing else: no script, no address, its style and plots inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.split import EMBARGO_DAYS
from pipelines.card_markdown import MAIN, VARIANTS, notes, segment_cell, told
from pipelines.card_plots import HEIGHT, LEFT, WIDTH, benefit_plot, calibration_plot, split_diagram
from pipelines.card_rows import cell, headline, rows, title

BLOCKS = {
    "discrimination": "Discrimination",
    "overall": "Overall",
    "calibration": "Calibration",
    "ranking": "Ranking",
    "money": "Money",
    "lead_time": "Lead time",
    "stability": "Stability of the red list",
}


def card_page(card: Mapping[str, Any]) -> str:
    """The page's HTML; every value is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from serving.workbench.pages.render import asset

    environment = Environment(
        loader=PackageLoader("pipelines"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    shown = rows(card)
    return environment.get_template("card.html.j2").render(
        card=card,
        # Our own style sheet, which holds no text of the customer's.
        style=asset("style.css"),
        headline=headline(card),
        names=[(name, title(name, card)) for name in card["columns"]],
        blocks=[(label, [r for r in shown if r.block == block]) for block, label in BLOCKS.items()],
        cell=cell,
        plots=[calibration_plot(card), benefit_plot(card)],
        size=(WIDTH, HEIGHT, LEFT),
        split=split_diagram(card["split"], embargo_days=EMBARGO_DAYS),
        embargo_days=EMBARGO_DAYS,
        main=MAIN,
        segment_cell=segment_cell,
        variants=VARIANTS,
        told=told,
        notes=[line for line in notes(card) if line],
    )
