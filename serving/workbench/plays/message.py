"""The draft of the message to a customer, "We noticed …", filled from the evidence and checked before it is shown (I2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import product
from typing import NamedTuple

from serving.reasons import long_date
from serving.workbench.plays.content import faults

TOLD_GROUPS = frozenset({"usage", "support"})
"""Groups of indicators whose facts a customer may be told. What we count of their moods, contacts, bills or terms is
for the call, and what they do not do towards us would read as blame."""
OUR_GROUPS = frozenset({"support"})
"""Groups in which our own side acts."""
TOLD_SIGNALS = frozenset({"W1", "W2", "W7"})
OUR_SIGNALS = frozenset({"W2"})
MOVED = re.compile(r"\b(?:fell|rose|has stood|has waited|lie[s]? )\b")


class Noticed(NamedTuple):
    """A fact of the account in a sentence with its numbers and date; `ours`: our own side acted."""

    sentence: str
    ours: bool = False


class Draft(NamedTuple):
    """A text that passed every check, or none and the reason."""

    text: str | None
    held_back: str | None = None


def draft(noticed: Sequence[Noticed], reached: str | None, as_of: date) -> Draft:
    """The message about the first fact that may be told; none where no fact has numbers and a date.

    `reached` is a dated sentence of what the customer has reached with us, from the wins log; without one the text
    begins with their goals.
    """
    if not noticed:
        return Draft(None, "nothing that a customer can be told has numbers and a date")
    why = ""
    # A milestone's name is the customer's own and may break a check: then the text does without it.
    for fact, opening in product(noticed, dict.fromkeys((reached, None))):
        text = _text(fact, opening, as_of)
        evidence = [fact.sentence, opening or "", _until(as_of)]
        wrong = faults(text, told=evidence, ours=fact.ours)
        if not wrong:
            return Draft(text)
        why = why or f"{wrong[0].rule}: {wrong[0].wrong} ({wrong[0].where})"
    return Draft(None, why)


def noticed(signals: Iterable[tuple[str, str]], reasons: Iterable[tuple[str, str]]) -> list[Noticed]:
    """What may be told of (signal id, sentence) and (driver group, sentence): the signals that stand come first."""
    found = [Noticed(told, signal in OUR_SIGNALS) for signal, told in signals if signal in TOLD_SIGNALS]
    found += [Noticed(told, group in OUR_GROUPS) for group, told in reasons if group in TOLD_GROUPS]
    return list(dict.fromkeys(found))


def _text(fact: Noticed, reached: str | None, as_of: date) -> str:
    said = fact.sentence.rstrip(".")
    low = said if said[1:2].isupper() else f"{said[0].lower()}{said[1:]}"
    plain = ":" not in said and MOVED.search(said)
    seen = (
        f"We noticed that {low}, and wanted to check in."
        if plain
        else (f"We noticed the following, and wanted to check in. {said}.")
    )
    opening = (
        f"{reached} We would like your team to get more results like it."
        if reached
        else "You came to us with goals, and we would like your team to reach them."
    )
    owned = (
        " What waits on our side is ours to put right, and we will tell you who does what by when." if fact.ours else ""
    )
    return (
        f"Hello,\n\n{opening}\n\n{seen}{owned}\n\n"
        f"{_until(as_of)} and cannot tell the reason; there may be a good one that we do not see.\n\n"
        "Would a short call this week suit you?"
    )


def _until(as_of: date) -> str:
    return f"Our records go up to {long_date(as_of - timedelta(days=1))}"
