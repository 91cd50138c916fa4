"""What `churn journey` shows to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_ROWS = 15
UNKNOWN = "not known: the table is not delivered"


def told(found: Mapping[str, Any]) -> Any:
    """The board, then one line for each of the rest."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    board = Table("account", "day", "status", "key actions", "first value", "missed", "next")
    for line in found["board"]:
        board.add_row(
            line["account_id"],
            str(line["day"]),
            line["status"] or "–",
            f"{line['key_actions']} of {line['key_actions_wanted']}",
            line["first_value_on"] or "–",
            ", ".join(line["missed"]) or "–",
            line["next_step"] or "–",
        )
    wishes = Table("rank", "wish", "accounts", "ARR at risk", "answered", "overdue", "with")
    for wish in (found["feature_requests"] or [])[:MOST_ROWS]:
        wishes.add_row(
            str(wish["rank"]),
            wish["wish"],
            str(wish["accounts"]),
            f"{wish['arr_at_risk']:,.0f}",
            f"{wish['answered']} of {wish['requests']}",
            str(wish["overdue"]),
            wish["routed_to"] or "nobody",
        )
    champions = "not known" if found["champions"] is None else found["champions"]
    return Group(
        Text(f"Journey as of {found['as_of']}: {found['onboarding']['accounts']} accounts onboarding", "bold"),
        board,
        Text(f"Contacts overdue: {_counts(found['overdue'])}."),
        Text(f"Surveys due to people: {_counts(found['surveys_due'])}. {_rates(found['response_rates'])}"),
        wishes,
        Text(f"May be asked to speak for us: {_names(found['advocates'])}. Champions: {champions}."),
    )


def _counts(counts: Mapping[str, int] | None) -> str:
    if counts is None:
        return UNKNOWN
    return ", ".join(f"{kind.replace('_', ' ')} {n}" for kind, n in counts.items()) or "none"


def _rates(rates: list[Mapping[str, Any]] | None) -> str:
    known = [r for r in rates or () if r["rate"] is not None]
    return " ".join(f"Answered {r['kind'].upper()}: {r['rate']:.0%} of {r['occasions']}." for r in known)


def _names(advocates: list[Mapping[str, Any]] | None) -> str:
    if advocates is None:
        return UNKNOWN
    names = [a["account_id"] for a in advocates]
    more = f" and {len(names) - MOST_ROWS} more" if len(names) > MOST_ROWS else ""
    return ", ".join(names[:MOST_ROWS]) + more if names else "nobody"
