"""How often an account is owed which contact, when the last was, and how long the next is overdue (S3, S6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policy.policy import Policy
from policy.segments import qbr_list, review_days, row_of
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of

KINDS = ("check_in", "review", "executive_review", "mail", "nps")


@dataclass(frozen=True)
class Owed:
    """One kind of contact an account is owed. `last_on` is null where none is on record: then the start counts.

    `on_qbr_list` says whether the account is owed a business review each quarter (S6).
    """

    account_id: str
    kind: str
    every_days: int
    last_on: date | None
    due_on: date
    overdue_days: int
    on_qbr_list: bool


def contacts_owed(
    accounts: Mapping[str, Account],
    touches: Mapping[str, Sequence[Row]],
    answers: Mapping[str, Sequence[Row]],
    as_of: date,
    policy: Policy,
) -> list[Owed]:
    """What every account is owed, in their order; `touches` and `answers` by account."""
    listed = qbr_list({name: a.arr for name, a in accounts.items() if a.arr is not None}, policy.segments)
    return [
        contact
        for name, account in accounts.items()
        for contact in owed(account, touches.get(name, ()), answers.get(name, ()), name in listed, as_of, policy)
    ]


def owed(
    account: Account, touches: Iterable[Row], answers: Iterable[Row], listed: bool, as_of: date, policy: Policy
) -> list[Owed]:
    """What the account is owed by its cadence; nothing where its ARR is not known.

    An account on the QBR list is owed a review each quarter at least. A meeting that the customer missed is none. Facts lie before as_of.
    """
    if account.arr is None or account.started_on is None:
        return []
    row = row_of(account.arr, policy.segments)
    cadence = policy.segments.cadences[row.cadence]
    review = review_days(row, listed=listed, segments=policy.segments)
    every = (cadence.check_in_days, review, row.executive_review_days, cadence.mail_days, cadence.nps_days)
    last = _last(touches, answers)
    found = []
    for kind, days in zip(KINDS, every, strict=True):
        if days is None:
            continue
        due = (last.get(kind) or account.started_on) + timedelta(days=days)
        late = max(0, (as_of - due).days)
        found.append(Owed(account.account_id, kind, days, last.get(kind), due, late, listed))
    return found


def _last(touches: Iterable[Row], answers: Iterable[Row]) -> dict[str, date]:
    found: dict[str, date] = {}

    def seen(kind: str, day: date | None) -> None:
        if day is not None and (kind not in found or day > found[kind]):
            found[kind] = day

    for row in touches:
        day, kind = day_of(row["occurred_at"]), row["kind"]
        if row.get("attended") is False:
            continue
        if kind == "qbr":
            seen("review", day)
            if "executive" in str(row.get("reason") or "").lower():
                seen("executive_review", day)
        if kind in ("call", "meeting", "qbr"):
            seen("check_in", day)
        if kind == "email" and row["direction"] == "ours":
            seen("mail", day)
    for row in answers:
        if row["kind"] == "nps":
            seen("nps", day_of(row["answered_at"]))
    return found
