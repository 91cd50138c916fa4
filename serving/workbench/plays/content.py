"""The rules for text that a customer reads, as checks (C1–C5): each says what is wrong and where."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

JARGON = (
    "model",
    "probability",
    "churn",
    "churn score",
    "health score",
    "risk score",
    "risk tier",
    "at risk",
    "SHAP",
    "LightGBM",
    "algorithm",
    "prediction",
    "predicted",
    "feature importance",
    "log-odds",
    "calibrated",
    "driver",
    "signal",
    "playbook",
    "detractor",
    "ARR",
    "snapshot",
)
"""Our words, which say nothing to a customer (C3)."""
PROMISES = (
    r"prevents? churn",
    r"guarantees?\b",
    r"guaranteed",
    r"\bproven? to\b",
    r"will (?:certainly|surely|definitely)",
    r"never fails?",
)
"""What nobody can promise (C4)."""
LIMITS = ("our records", "may not", "might not", "cannot", "we do not know", "we do not see")
"""How a text admits where its knowledge ends (C4)."""
BLAME = (
    r"you(?:r team| people)? (?:failed|neglected|ignored|refused|forgot)",
    r"you(?:r team| people)? (?:did not|didn't|have not|haven't|never) (?:answer|repl|respond|use|attend|pay|show)\w*",
    r"you(?:r team| people)? should have",
    r"your fault",
    r"because of you",
    r"(?:lack of|missing) (?:effort|commitment) (?:on|from) your",
)
"""Words that put it on the customer (C5)."""
OUTCOMES = ("goal", "goals", "result", "results", "outcome", "value", "achieve", "achieved", "reached", "reach")
"""What a first sentence speaks of (C1)."""
OURS = ("ours to put right", "our side", "we owe you", "we are sorry")
"""How we speak of what our own side did (C5)."""
YOURS = re.compile(r"\byou(?:r|rs)?\b", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
DATE = re.compile(
    r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
)
GREETING = re.compile(r"^(?:hello|hi|dear|good (?:morning|day))\b[^.!?\n]*[,!]?\s*", re.IGNORECASE)


class Fault(NamedTuple):
    """What is wrong with a text: the rule, what it says, and the words it is about."""

    rule: str
    wrong: str
    where: str


def faults(text: str, *, told: Iterable[str], ours: bool = False) -> list[Fault]:
    """Everything that keeps a text from being sent; empty where nothing does.

    `told` are the sentences of evidence it rests on: a number that stands in none of them is nobody's own. `ours` says
    that the evidence is about something our own side did or left undone.

    >>> from policy.policy import load_policy
    >>> [fault.rule for fault in faults("Our model says that you failed to log in.", told=[])]
    ['C1', 'C2', 'C3', 'C4', 'C5']
    """
    return [
        *outcome_first(text),
        *own_numbers(text, told),
        *plain_words(text),
        *honest_limits(text),
        *no_blame(text, ours=ours),
    ]


def outcome_first(text: str) -> list[Fault]:
    """C1: the first sentence after the greeting speaks of what the customer wants to reach."""
    first = sentences(text)[0] if sentences(text) else ""
    words = set(re.findall(r"[a-z]+", first.lower()))
    if YOURS.search(first) and words & set(OUTCOMES):
        return []
    return [Fault("C1", "the first sentence says nothing of what the customer wants to reach", first)]


def own_numbers(text: str, told: Iterable[str]) -> list[Fault]:
    """C2: a number and a date of the account's own, and none that the evidence does not hold."""
    known = {number for sentence in told for number in NUMBER.findall(sentence)}
    found = [Fault("C2", "this number stands in no evidence", n) for n in NUMBER.findall(text) if n not in known]
    if not DATE.search(text):
        found.append(Fault("C2", "no date says since when", "the whole text"))
    if not NUMBER.search(DATE.sub("", text)):
        found.append(Fault("C2", "no number of the customer's own", "the whole text"))
    return found[:1] if found and not NUMBER.search(text) else found


def plain_words(text: str) -> list[Fault]:
    """C3: none of our own jargon."""
    return [
        Fault("C3", "a customer does not use this word", match[0])
        for word in JARGON
        if (match := re.search(rf"\b{re.escape(word)}s?\b", text, 0 if word.isupper() else re.IGNORECASE))
    ]


def honest_limits(text: str) -> list[Fault]:
    """C4: it says where our knowledge ends and promises nothing that nobody can keep."""
    found = [
        Fault("C4", "nobody can promise this", match[0])
        for promise in PROMISES
        if (match := re.search(promise, text, re.IGNORECASE))
    ]
    if not any(limit in text.lower() for limit in LIMITS):
        found.append(Fault("C4", "it does not say where our knowledge ends", "the whole text"))
    return found


def no_blame(text: str, *, ours: bool = False) -> list[Fault]:
    """C5: nothing is put on the customer, and what our own side did is called ours."""
    found = [
        Fault("C5", "this blames the customer", match[0])
        for words in BLAME
        if (match := re.search(words, text, re.IGNORECASE))
    ]
    if ours and not any(words in text.lower() for words in OURS):
        found.append(Fault("C5", "our own side did this, and the text does not say so", "the whole text"))
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text without its greeting; a decimal point ends none."""
    body = GREETING.sub("", text.strip())
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n{2,}", body) if part.strip()]


def rules_of(found: Collection[Fault]) -> tuple[str, ...]:
    """The rules that a text breaks, each once."""
    return tuple(dict.fromkeys(fault.rule for fault in found))
