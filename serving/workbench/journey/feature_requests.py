"""What customers wish for: ranked by accounts and by ARR at risk, routed to product, and answered or not (V1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from policy.policy import Policy
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of

NOT_SAID = "not said"
"""The wish of a request whose record does not say what it is."""


@dataclass(frozen=True)
class Request:
    """One request. `status` is answered, answered late, open or overdue; `answer_by` is the last day in time."""

    touch_id: str
    account_id: str
    wish: str
    asked_on: date
    answered_on: date | None
    answer_by: date
    status: str


@dataclass(frozen=True)
class Wish:
    """A wish over all accounts. `accounts` are those that wait for an answer, `arr` is theirs, and `arr_at_risk` that of
    those of them that are yellow, red or of high risk; `asked_by` are all that ever asked.

    `answered` counts requests with an answer, `in_time` those within the policy's days; `routed_to` is null where
    nobody gets them.
    """

    wish: str
    rank: int
    accounts: int
    arr: float
    arr_at_risk: float
    requests: int
    answered: int
    in_time: int
    overdue: int
    routed_to: str | None
    asked_by: int


def requests(touches: Iterable[Row], as_of: date, policy: Policy) -> list[Request]:
    """Every request before as_of among the contacts, the oldest first. What is wished for is the contact's `reason`."""
    found = []
    for row in touches:
        asked = day_of(row["occurred_at"])
        if row["kind"] != "feature_request" or asked is None or asked >= as_of:
            continue
        answered = day_of(row.get("responded_at"))
        by = asked + timedelta(days=policy.feature_requests.answer_days)
        status = (
            ("answered" if answered <= by else "answered late")
            if answered is not None
            else ("overdue" if as_of > by else "open")
        )
        wish = " ".join(str(row.get("reason") or NOT_SAID).lower().replace("_", " ").split())
        found.append(Request(str(row["touch_id"]), str(row["account_id"]), wish, asked, answered, by, status))
    return sorted(found, key=lambda r: (r.asked_on, r.touch_id))


def wishes(found: Iterable[Request], accounts: Mapping[str, Account], policy: Policy) -> list[Wish]:
    """The wishes of accounts that are still customers, ranked as the policy says by who waits for an answer.

    A tie keeps the alphabet; what has been answered to all comes last.
    """
    by_wish: dict[str, list[Request]] = defaultdict(list)
    for request in found:
        if request.account_id in accounts:
            by_wish[request.wish].append(request)
    rows = []
    for wish, asked in sorted(by_wish.items()):
        who = [accounts[name] for name in sorted({r.account_id for r in asked if r.answered_on is None})]
        rows.append(
            Wish(
                wish,
                0,
                len(who),
                sum(a.arr or 0.0 for a in who),
                sum(a.arr or 0.0 for a in who if a.tier in ("yellow", "red") or a.risk == "high"),
                len(asked),
                sum(r.answered_on is not None for r in asked),
                sum(r.status == "answered" for r in asked),
                sum(r.status == "overdue" for r in asked),
                (policy.feature_requests.routed_to or "").strip() or None,
                len({r.account_id for r in asked}),
            )
        )
    rows.sort(key=lambda w: tuple(-getattr(w, by) for by in policy.feature_requests.ranked_by))
    return [Wish(**{**wish.__dict__, "rank": place}) for place, wish in enumerate(rows, 1)]
