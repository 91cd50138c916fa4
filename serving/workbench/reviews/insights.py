"""Insights: one block per account between two markers, appended and never changed; a half-written one is found and cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Literal, NamedTuple

from serving.workbench.pages.words import percent, score
from serving.workbench.reviews.account import Account, kind_of, recommendation
from serving.workbench.reviews.markdown import amount, decoded, encoded, in_bytes, plain

_START = re.compile(
    r"^<!-- churn:(?P<kind>insight|playbook) (?P<key>\S+) as_of=(?P<day>\d{4}-\d\d-\d\d) -->[ \t]*\r?$", re.MULTILINE
)
_OPENINGS = tuple(f"<!-- churn:{kind} " for kind in ("insight", "playbook"))
LEAST_FRAGMENT = 4  # `<!--`: what is shorter could be anybody's


class Block(NamedTuple):
    """What tells one block from all others."""

    kind: Literal["insight", "playbook"]
    key: str
    as_of: str


def first_insights(task_id: str) -> str:
    """The file's head."""
    return (
        f"# {task_id}: insights\n\n"
        "At-risk accounts with their reasons, chances to grow, and what the playbook lacks: appended account by account, "
        "never rewritten. Notes of your own are kept.\n\n"
    )


def insight_block(account: Account, as_of: str, currency: str) -> str:
    """The block of an account: how it stands, why, what moved, what warns, what to do."""
    block = Block("insight", account.account_id, as_of)
    lines = [f"### {plain(account.name)} ({plain(account.account_id)}): {kind_of(account)}", ""]
    lines += [f"- {line}" for line in _stands(account, currency)]
    lines += [f"- Reason: {plain(text)}" for text in account.reasons]
    if account.change:
        lines.append(f"- Since last week: {plain(account.change)}")
    if account.signals is None:
        lines.append("- Signals: not available, nobody has looked for them on this day")
    lines += [f"- {s.kind.capitalize()} since {s.since}: {plain(s.sentence)}" for s in account.signals or ()]
    lines += [f"- Recommended: {plain(recommendation(account))}", ""]
    return block_text(block, lines)


def block_text(block: Block, lines: list[str]) -> str:
    """The block between its markers, ending with a line end."""
    about = f"{encoded(block.key)} as_of={block.as_of}"
    return "\n".join((f"<!-- churn:{block.kind} {about} -->", *lines, f"<!-- churn:end {about} -->", ""))


def written(text: str) -> set[Block]:
    """The blocks that stand whole."""
    return {block for block, _, _, whole in _found(text) if whole}


def begun(text: str) -> Block | None:
    """The first block that begins in a text, whole or not; null where none does."""
    return next((block for block, _, _, _ in _found(text)), None)


def mended(text: str, text_of: Callable[[Block], str | None]) -> str:
    """The text without half-written blocks. `text_of` says what a block would be; null where that is not known any more.

    Only what agrees with that is cut: what a person wrote behind it stays.
    """
    for block, begins, ends, whole in reversed(_found(text)):
        wanted = None if whole else text_of(block)
        if wanted is not None:
            # In bytes: a write may have ended within a letter.
            there, would = (in_bytes(part) for part in (text[begins:ends], wanted))
            agrees = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(there, would, strict=False)))
            kept = there[agrees:]
            text = text[:begins] + kept.decode("utf-8", "surrogateescape") + text[ends:]
    head, line_end, last = text.rpartition("\n")
    return head + line_end if _is_fragment(last) else text


def _is_fragment(last: str) -> bool:
    """Whether a last line without an end is the beginning of a marker."""
    if len(last) < LEAST_FRAGMENT or last.endswith("-->"):
        return False
    return any(opening.startswith(last) or last.startswith(opening) for opening in _OPENINGS)


def _found(text: str) -> list[tuple[Block, int, int, bool]]:
    """(block, where it begins, where the next one begins, whether its end stands before that)."""
    starts = list(_START.finditer(text))
    found = []
    for place, start in enumerate(starts):
        ends = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        closing = re.compile(
            rf"^<!-- churn:end {re.escape(start['key'])} as_of={start['day']} -->[ \t]*\r?$", re.MULTILINE
        )
        kind: Literal["insight", "playbook"] = "insight" if start["kind"] == "insight" else "playbook"
        block = Block(kind, decoded(start["key"]), start["day"])
        found.append((block, start.start(), ends, closing.search(text, start.end(), ends) is not None))
    return found


def _stands(account: Account, currency: str) -> list[str]:
    health = f"Health {account.health_tier}, {score(account.health_score)} of 100"
    if account.health_before is not None and account.health_score is not None:
        health += f" (four weeks before: {score(account.health_before)})"
    lines = [f"{health}; {amount(account.arr, currency)} ARR"]
    if account.probability is None:
        lines.append("Probability of leaving: not available")
    else:
        before = f", four weeks before {percent(account.probability_before)}" if account.probability_before else ""
        lines.append(
            f"{percent(account.probability)} chance of a decision to leave within {account.horizon_days} days{before}; "
            f"risk {account.risk_tier}"
        )
    if account.low_evidence:
        lines.append("Little evidence: the account is young")
    return [*lines, f"Tasks of this week: {account.tasks}"] if account.tasks else lines
