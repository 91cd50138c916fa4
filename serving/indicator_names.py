"""What an indicator is called on a page."""

from __future__ import annotations

from features.catalogue import catalogue


def label(indicator: str) -> str:
    """An indicator's name for people: its sentence up to the moving part.

    >>> label("open_tickets")
    'Open tickets'
    """
    says = catalogue()[indicator].says
    head = says.split("{moved}")[0].strip() if "{moved}" in says else says.split("{")[0].strip()
    head = head.removesuffix(" lies").removesuffix(" is").removesuffix(" has waited").removesuffix(" runs")
    return f"{head[0].upper()}{head[1:]}"
