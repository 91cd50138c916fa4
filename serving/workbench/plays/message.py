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
MAY_SEND = "A message you may send, once you have read it:"
HELD_BACK = "No message is drafted: "
INSIDE = "What we see (not for the customer):"
"""The parts of the task to reach out: the message or why there is none, then what is for our own eyes."""
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
        return Draft(None, "we see nothing with numbers and a date that belongs into a message")
    why = ""
    # A milestone's name is the customer's own and may break a check: then the text does without it.
    for fact, opening in product(noticed, dict.fromkeys((reached, None))):
        text = _text(fact, opening, as_of)
        evidence = [fact.sentence, opening or "", _until(as_of)]
        wrong = faults(text, told=evidence, ours=fact.ours)
        if not wrong:
            return Draft(text)
        why = why or f"{wrong[0].wrong}: {wrong[0].where} ({wrong[0].rule})"
    return Draft(None, why)


def noticed(reasons: Iterable[tuple[str, str]]) -> list[Noticed]:
    """What may be told of the (driver group, sentence) of an account's reasons, in their order."""
    return list(dict.fromkeys(Noticed(told, group in OUR_GROUPS) for group, told in reasons if group in TOLD_GROUPS))


def reach_out_text(made: Draft, seen: Iterable[str], plan: str) -> str:
    """The words of the task to reach out: what may be sent, or why nothing may; and apart from it what we see and do.

    >>> print(reach_out_text(Draft(None, "we see no number"), ["A bill is open."], "1. Call"))
    No message is drafted: we see no number.
    <BLANKLINE>
    What we see (not for the customer):
    - A bill is open.
    <BLANKLINE>
    1. Call
    """
    message = f"{HELD_BACK}{made.held_back}." if made.text is None else f"{MAY_SEND}\n\n{made.text}"
    told = [f"- {sentence}" for sentence in seen] or [
        "- The score moved without one clear reason; look at the account."
    ]
    return "\n\n".join((message, "\n".join((INSIDE, *told)), plan))


def draft_in(body: str) -> Draft:
    """The draft that such a text holds: so what is told of a task is what the task says."""
    message, _, _ = body.partition(f"\n\n{INSIDE}")
    if message.startswith(MAY_SEND):
        return Draft(message.removeprefix(MAY_SEND).strip())
    if message.startswith(HELD_BACK):
        return Draft(None, message.removeprefix(HELD_BACK).removesuffix("."))
    return Draft(None, "its task was written before messages were checked")


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
