"""Texts of customers as they stand in a Markdown file: what they say can be read, and is never a tick, a link or a marker."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

from serving.reasons import formatted
from serving.workbench.pages.words import NOT_AVAILABLE

_SPECIAL = re.compile(r"([\\`*_\[\]|~$!#])")
# Only these: a name is read by people, and an apostrophe is nothing that Markdown would take for markup.
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def plain(text: str) -> str:
    r"""The text on one line, with everything that Markdown or HTML would read as markup taken literally.

    >>> plain("Acme\n- [x] <!-- done -->")
    'Acme - \\[x\\] &lt;\\!-- done --&gt;'
    """
    spaced = " ".join(text.split())
    # Control and direction characters: they could show a line otherwise than it is read.
    shown = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    escaped = _SPECIAL.sub(r"\\\1", shown)
    return "".join(_HTML.get(c, c) for c in escaped)


def encoded(key: str) -> str:
    """An account id for a marker comment: no space, no `--`, nothing that ends a comment; `decoded` takes it back.

    >>> encoded("acc-00001"), encoded("a --> b"), decoded(encoded("a --> b"))
    ('acc-00001', 'a%20%2D%2D%3E%20b', 'a --> b')
    """
    return quote(key, safe="", errors="surrogatepass").replace("--", "%2D%2D") or "%"


def decoded(text: str) -> str:
    """The id that was encoded."""
    return "" if text == "%" else unquote(text, errors="surrogatepass")


def in_bytes(text: str) -> bytes:
    """The text as it stands in a file: bytes that are no letters stay what they were."""
    return text.encode("utf-8", "surrogateescape")


def amount(value: float | None, currency: str) -> str:
    """Money with its currency's code: a dollar sign would begin a formula in some readers.

    >>> amount(9060.4, "USD"), amount(None, "USD")
    ('USD 9,060', 'not available')
    """
    return NOT_AVAILABLE if value is None else plain(formatted(value, "money", currency))
