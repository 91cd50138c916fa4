"""Salesforce record ids: 15 case-sensitive characters, and three more that make them safe where case is lost.

The last three spell which of the first fifteen are capitals (documented under "ID Field Type").
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "Hs0"
WORTH = {digit: value for value, digit in enumerate(DIGITS)}
SHORT, LONG = 15, 18
_BLOCKS: dict[str, str] = {}


def suffix(short: str) -> str:
    """The three characters that follow an id of fifteen.

    >>> suffix("0018a00001rBqb8")
    'AAC'
    """
    return _block(short[:5]) + _block(short[5:10]) + _block(short[10:SHORT])


def _block(five: str) -> str:
    found = _BLOCKS.get(five)
    if found is None:
        found = SUFFIX[sum(1 << place for place, letter in enumerate(five) if letter.isupper())]
        if len(_BLOCKS) < 500_000:
            _BLOCKS[five] = found
    return found


def record_id(prefix: str, number: int) -> str:
    """The id of the record that was made as number `number`, from 0."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number, 62)
        text = DIGITS[rest] + text
    short = f"{prefix}{POD}{text:0>9}"
    return short + suffix(short)


def record_number(prefix: str, text: str) -> int | None:
    """Which record an id of fifteen or eighteen names, or None where it names none of this kind."""
    if not well_formed(text) or not text.startswith(prefix + POD):
        return None
    number = 0
    for letter in text[len(prefix + POD) : SHORT]:
        number = number * 62 + WORTH[letter]
    return number - 1


def well_formed(text: object) -> bool:
    """Whether the text can be an id at all: an eighteen whose last three do not fit is none."""
    if not isinstance(text, str) or len(text) not in (SHORT, LONG) or not text.isascii() or not text.isalnum():
        return False
    return len(text) == SHORT or suffix(text[:SHORT]) == text[SHORT:]
