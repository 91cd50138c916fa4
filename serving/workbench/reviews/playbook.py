"""What the reviewed accounts say about the playbook: where it has no answer, and where nobody is there to give it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from serving.workbench.reviews.account import Account, kind_of
from serving.workbench.reviews.insights import Block, block_text
from serving.workbench.reviews.markdown import amount, plain


class Recommended(NamedTuple):
    """A change to the playbook or to how it is staffed, with the accounts and the ARR behind it; ARR null: not known."""

    change: str
    accounts: int
    arr: float | None


def playbook_changes(accounts: Iterable[Account], default_play: str) -> list[Recommended]:
    """The changes recommended, most accounts first; empty where the playbook had an answer for everybody."""
    book = list(accounts)
    at_risk = [a for a in book if kind_of(a) == "at risk"]
    watched = [(a, {s.name or s.signal for s in a.watched if s.play is None}) for a in book if kind_of(a) == "to watch"]
    found = [
        _of("name an owner for at-risk accounts that have none", [a for a in at_risk if not a.owner]),
        _of(
            f"find the cause by hand where only the play “{default_play}” fits: no reason of these accounts has a play of "
            "its own",
            [a for a in at_risk if a.play == default_play],
        ),
        _of(
            "deliver more sources: too little is known of these accounts for a tier",
            [a for a in book if a.health_tier == "unrated"],
        ),
        *(
            _of(
                f"give the warning “{name}” a play: no tier of these accounts is alarming, and nothing says what to do",
                [account for account, names in watched if name in names],
            )
            for name in sorted({name for _, names in watched for name in names})
        ),
    ]
    return sorted((r for r in found if r.accounts), key=lambda r: (-r.accounts, r.change))


def playbook_key(as_of: str, accounts: Iterable[Account]) -> Block:
    """The block of a review that has gone through these accounts."""
    ids = "\n".join(sorted(a.account_id for a in accounts))
    digest = hashlib.blake2b(ids.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
    return Block("playbook", digest, as_of)


def playbook_block(as_of: str, accounts: Sequence[Account], default_play: str, currency: str) -> str:
    """The block: how many accounts of each kind, then the changes recommended."""
    kinds = Counter(kind_of(a) for a in accounts)
    counted = ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())) or "no account"
    lines = ["### Playbook changes recommended", "", f"- Reviewed: {counted}"]
    for change, n, arr in playbook_changes(accounts, default_play):
        behind = f"{n} account{'' if n == 1 else 's'}" + ("" if arr is None else f", {amount(arr, currency)} ARR")
        lines.append(f"- {plain(change)} ({plain(behind)})")
    if len(lines) == 3:
        lines.append("- None: the playbook had an answer for every account.")
    return block_text(playbook_key(as_of, accounts), [*lines, ""])


def _of(change: str, accounts: Sequence[Account]) -> Recommended:
    known = [a.arr for a in accounts if a.arr is not None]
    return Recommended(change, len(accounts), sum(known) if known else None)
