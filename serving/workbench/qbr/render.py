"""The two pages of a brief as HTML that needs nothing else. Every value is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.workbench.pages import words
from serving.workbench.pages.render import asset
from serving.workbench.qbr.records import Brief, Sheet, Week

WIDTH, HEIGHT = 600, 90


def sheet_page(sheet: Sheet) -> str:
    """The page for the customer: it is given the sheet alone, so nothing of ours can reach it."""
    return _environment("USD").get_template("sheet.html.j2").render(sheet=sheet)


def brief_page(brief: Brief, *, currency: str) -> str:
    """The page for us: preparation first, then the same six parts."""
    return _environment(currency).get_template("brief.html.j2").render(sheet=brief.sheet, ours=brief.ours)


def _environment(currency: str) -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A number and its unit stay on one line.
        finalize=lambda value: value.replace(" %", words.PERCENT) if type(value) is str else value,
    )
    environment.filters |= {
        "day": words.day,
        "money": partial(words.money, currency=currency),
        "percent": words.percent,
        "score": words.score,
    }
    own = resources.files(__package__).joinpath("assets", "qbr.css").read_text(encoding="utf-8")
    # Our own style sheets, which hold no text of the customer's.
    environment.globals |= {"style": asset("style.css") + own, "bars": bars, "size": (WIDTH, HEIGHT)}
    return environment


def bars(weeks: Sequence[Week]) -> list[dict[str, Any]]:
    """A bar for each week of the period: x, y, width, height, and its number for those who do not see it.

    >>> from datetime import date
    >>> [b["height"] for b in bars([Week(date(2026, 1, 5), 10), Week(date(2026, 1, 12), None), Week(date(2026, 1, 19), 5)])]
    [90.0, 0.0, 45.0]
    """
    highest = max((w.logins or 0 for w in weeks), default=0)
    step = WIDTH / max(len(weeks), 1)
    found = []
    for place, week in enumerate(weeks):
        height = round(HEIGHT * (week.logins or 0) / highest, 1) if highest else 0.0
        told = words.NOT_AVAILABLE if week.logins is None else str(week.logins)
        found.append(
            {
                "x": round(place * step + 2, 1),
                "y": round(HEIGHT - height, 1),
                "width": round(step - 4, 1),
                "height": height,
                "told": f"Week of {words.day(week.begins)}: {told}",
            }
        )
    return found
