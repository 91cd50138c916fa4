"""An account's terms as they were known: what is in force, what it is worth, and whether the account is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from policy.work import Label
from serving.workbench.plays.rows import Row, day_of


class Term(NamedTuple):
    """One row of `subscriptions`; `ends_on` is exclusive, `decided_on` the day the decision to leave became known.

    `notice_days` before the end notice must have been given; null where nobody says.
    """

    account_id: str
    starts_on: date
    ends_on: date
    arr: float
    list_arr: float | None = None
    decided_on: date | None = None
    decision_kind: str | None = None
    effective_on: date | None = None
    reason: str | None = None
    product: str | None = None
    notice_days: int | None = None

    @property
    def deadline(self) -> date:
        """The last day on which something can be done about its end: of the notice, else of the term."""
        last = self.ends_on - timedelta(days=1)
        return last if self.notice_days is None else min(last, self.ends_on - timedelta(days=self.notice_days))

    def in_force(self, day: date) -> bool:
        """From its first day on, up to the day it ends."""
        return self.starts_on <= day < self.ends_on

    def loses(self, label: Label) -> bool:
        """Whether a decision is known that loses the account; an unnamed one counts as such (L4)."""
        return self.decided_on is not None and (self.decision_kind is None or self.decision_kind in label.loss_kinds)


class Loss(NamedTuple):
    """An account that decided to leave, or let its last term lapse."""

    account_id: str
    known_on: date
    ends_on: date
    arr: float
    kind: str | None
    reason: str | None
    lapsed: bool = False
    """Whether the last term ran out without a decision."""


Terms = Mapping[str, Sequence[Term]]


def terms_of(rows: Iterable[Row]) -> dict[str, list[Term]]:
    """Account → its terms by their first day."""
    found: dict[str, list[Term]] = defaultdict(list)
    for row in rows:
        starts, ends = day_of(row["starts_on"]), day_of(row["ends_on"])
        if starts is None or ends is None:
            continue
        found[str(row["account_id"])].append(
            Term(
                str(row["account_id"]),
                starts,
                ends,
                float(row["arr"] or 0),
                None if row.get("list_arr") is None else float(row["list_arr"]),
                day_of(row.get("decision_at")),
                row.get("decision_kind"),
                day_of(row.get("effective_on")),
                row.get("reason"),
                row.get("product"),
                None if row.get("notice_days") is None else int(row["notice_days"]),
            )
        )
    return {account: sorted(terms, key=lambda t: (t.starts_on, t.ends_on)) for account, terms in found.items()}


def arr_on(terms: Iterable[Term], day: date) -> float | None:
    """ARR of the terms in force, reporting currency; None where there is none."""
    held = [term.arr for term in terms if term.in_force(day)]
    return sum(held) if held else None


def losses(terms: Sequence[Term], day: date, label: Label) -> list[Loss]:
    """Each time the account was lost, as known before the day; the oldest first.

    By a decision: from the day it became known, and it ends with the term or on the day it takes effect. By a lapse:
    more than `lapse_days` after the end of a term that no other followed (L3). A term that begins no later than that
    after the end takes the loss back, whatever was decided.
    """
    found = []
    for term in terms:
        ends = min(term.ends_on, term.effective_on or term.ends_on) if term.loses(label) else term.ends_on
        grace = timedelta(days=label.lapse_days)
        if any(t is not term and t.starts_on <= ends + grace and t.ends_on > ends for t in terms):
            continue
        if term.loses(label) and term.decided_on is not None:
            found.append(Loss(term.account_id, term.decided_on, ends, term.arr, term.decision_kind, term.reason))
        elif ends + grace < day:
            found.append(Loss(term.account_id, ends + grace, ends, term.arr, None, None, lapsed=True))
    # Parallel terms of one account that end together are one loss.
    merged: dict[date, Loss] = {}
    for loss in found:
        known = merged.get(loss.ends_on)
        both = loss if known is None else known if loss.lapsed else loss
        merged[loss.ends_on] = both if known is None else both._replace(arr=known.arr + loss.arr)
    return [merged[ends] for ends in sorted(merged)]


def returned(terms: Iterable[Term], loss: Loss) -> Term | None:
    """The first term that began after the account was lost; None while there is none."""
    later = [term for term in terms if term.starts_on > loss.ends_on]
    return min(later, key=lambda t: t.starts_on, default=None)
