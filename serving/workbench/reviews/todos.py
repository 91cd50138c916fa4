"""The checklist: one line per account with its mark, found by a marker comment that a name cannot forge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from serving.workbench.reviews.account import Account
from serving.workbench.reviews.markdown import amount, decoded, encoded, in_bytes, plain

_LINE = re.compile(
    r"^(?P<head>[ \t]*[-*+] \[)(?P<mark>[ xX])(?P<text>\][^\n]*?)(?P<marker><!-- churn:account (?P<id>\S+)(?P<left> left)? -->)",
    re.MULTILINE,
)
LEFT = "*(no longer within the criteria)* "


@dataclass(frozen=True)
class Todo:
    """An account's state in the list: ticked or not, and whether it has left the criteria."""

    account_id: str
    done: bool
    left: bool


def first_todos(task_id: str) -> str:
    """The list's head."""
    return (
        f"# {task_id}: to do\n\n"
        "Accounts to review, riskiest first. `- [x]` is done. Ticks, lines and notes of your own are kept; what stands in "
        "the comment at the end of a line tells the account.\n\n"
    )


def listed(text: str) -> dict[str, Todo]:
    """Account id → its state, in the order of the list. Of several lines of one account any tick counts."""
    found: dict[str, Todo] = {}
    for line in _LINE.finditer(text):
        account, done, left = decoded(line["id"]), line["mark"] != " ", line["left"] is not None
        before = found.get(account)
        found[account] = Todo(account, done or (before is not None and before.done), left)
    return found


def ticked(text: str, account_id: str) -> str:
    """The text with the account's box ticked and everything else as it was."""
    return _LINE.sub(lambda m: _line(m, mark="x") if decoded(m["id"]) == account_id else m[0], text)


class Mark(NamedTuple):
    """An open box in the file: the byte where its line begins, the line up to its marker's end, the box's place in it."""

    at: int
    line: bytes
    place: int


def open_marks(text: str) -> dict[str, list[Mark]]:
    """Account id → its lines with an open box, by where they stand in the file."""
    found: dict[str, list[Mark]] = {}
    at, seen = 0, 0
    for line in _LINE.finditer(text):
        at += len(in_bytes(text[seen : line.start()]))
        seen = line.start()
        if line["mark"] == " ":
            found.setdefault(decoded(line["id"]), []).append(Mark(at, in_bytes(line[0]), len(line["head"])))
    return found


def brought_up_to_date(text: str, accounts: Iterable[Account], currency: str, note: str) -> str:
    """The text with a line for each account that is missing, below a note, and a mark at those that have left.

    A line is never taken away; an account that comes back loses its mark.
    """
    wanted: Mapping[str, Account] = {a.account_id: a for a in accounts}

    def marked(line: re.Match[str]) -> str:
        inside = decoded(line["id"]) in wanted
        if inside == (line["left"] is None):
            return line[0]
        shown = line["text"].removesuffix(LEFT) if inside else line["text"] + LEFT
        return f"{line['head']}{line['mark']}{shown}{_marker(decoded(line['id']), left=not inside)}"

    found = _LINE.sub(marked, text)
    known = listed(found)
    missing = [a for a in wanted.values() if a.account_id not in known]
    if not missing:
        return found
    lines = "".join(f"{todo_line(a, currency)}\n" for a in missing)
    return f"{found}{'' if found.endswith(chr(10)) or not found else chr(10)}{note if known else ''}{lines}"


def todo_line(account: Account, currency: str) -> str:
    """An open line."""
    risk = f", {account.risk_tier} risk" if account.risk_tier else ""
    owner = plain(account.owner) if account.owner else "no owner"
    about = f"health {account.health_tier}{risk} · {amount(account.arr, currency)} ARR · {owner}"
    return f"- [ ] {plain(account.name)} ({plain(account.account_id)}) · {about} {_marker(account.account_id)}"


def _line(match: re.Match[str], *, mark: str) -> str:
    return f"{match['head']}{mark}{match['text']}{match['marker']}"


def _marker(account_id: str, *, left: bool = False) -> str:
    return f"<!-- churn:account {encoded(account_id)}{' left' if left else ''} -->"
