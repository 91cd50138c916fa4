"""How often an account is owed which contact, when the last was, and how long the next is overdue (S3, S6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policy.policy import Policy
from policy.segments import qbr_list, review_days, row_of
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.terms import Term, Terms, arr_on

KINDS = ("check_in", "review", "executive_review", "mail", "nps")
SURVEYS = frozenset({"nps"})
"""Kinds that the answers to surveys tell of; contacts tell of the others."""
EXECUTIVE = "executive"
"""The word in the reason of a business review that makes it an executive one."""


@dataclass(frozen=True)
class Owed:
    """One kind of contact an account is owed. `last_on` is null where none is on record: then `never_held`, and it is
    due from where its clock starts (`clock_from`).

    `on_qbr_list` says whether the account is owed a business review each quarter (S6).
    """

    account_id: str
    kind: str
    every_days: int
    last_on: date | None
    due_on: date
    overdue_days: int
    on_qbr_list: bool
    never_held: bool = False


def contacts_owed(
    accounts: Mapping[str, Account],
    touches: Mapping[str, Sequence[Row]],
    answers: Mapping[str, Sequence[Row]],
    as_of: date,
    policy: Policy,
    *,
    terms: Terms | None = None,
    covers: Callable[[str, str], bool] = lambda table, account: True,
) -> list[Owed]:
    """What every account is owed, in their order; `touches` and `answers` by account, `covers(table, account)` whether
    a source can speak about it: of who is not covered nothing is known, so nothing is owed."""
    listed = qbr_list({name: a.arr for name, a in accounts.items() if a.arr is not None}, policy.segments)
    first = first_of_each(touches, answers)
    sources = {kind: "survey_responses" if kind in SURVEYS else "touchpoints" for kind in KINDS}
    return [
        contact
        for name, account in accounts.items()
        for contact in owed(
            account,
            touches.get(name, ()),
            answers.get(name, ()),
            name in listed,
            as_of,
            policy,
            first=first,
            terms=(terms or {}).get(name, ()),
        )
        if covers(sources[contact.kind], name)
    ]


def owed(
    account: Account,
    touches: Iterable[Row],
    answers: Iterable[Row],
    listed: bool,
    as_of: date,
    policy: Policy,
    *,
    first: Mapping[str, date] | None = None,
    terms: Sequence[Term] = (),
) -> list[Owed]:
    """What the account is owed by its cadence; nothing where its ARR is not known.

    An account on the QBR list is owed a review each quarter at least. A meeting that the customer missed is none. Facts lie before as_of.
    `first` is from when on each kind is on record at all, of whatever account; `terms` tell since when the ARR asks for it.
    """
    if account.arr is None or account.started_on is None:
        return []
    last = _last(touches, answers)
    found = []
    for kind, days in _every(account.arr, listed, policy).items():
        if days is None:
            continue
        begins = clock_from(kind, account.started_on, listed, as_of, policy, first=first or {}, terms=terms)
        due = (last.get(kind) or begins) + timedelta(days=days)
        late = max(0, (as_of - due).days)
        found.append(Owed(account.account_id, kind, days, last.get(kind), due, late, listed, kind not in last))
    return found


def clock_from(
    kind: str,
    started_on: date,
    listed: bool,
    as_of: date,
    policy: Policy,
    *,
    first: Mapping[str, date],
    terms: Sequence[Term],
) -> date:
    """From when on a kind that was never held is owed: the latest of the start of the account, the first of that kind on
    record at all, and the day from which the ARR of the terms has asked for it without a break."""
    # Where even the newest terms do not ask for it, the ARR known of the account is another one: they tell nothing.
    since = None
    changes = sorted({d for t in terms for d in (t.starts_on, t.ends_on) if d <= as_of}, reverse=True)
    for day in changes:
        arr = arr_on(terms, day)
        if arr is None or _every(arr, listed, policy)[kind] is None:
            break
        since = day
    return max(started_on, since or started_on, first.get(kind, started_on))


def first_of_each(touches: Mapping[str, Sequence[Row]], answers: Mapping[str, Sequence[Row]]) -> dict[str, date]:
    """Kind → the first of it on record, of whatever account; of a kind that never was, the first row that there is.

    Before it, nobody wrote down whether any took place.
    """
    found: dict[str, date] = {}
    for rows, kinds in ((touches, set(KINDS) - SURVEYS), (answers, SURVEYS)):
        begins = None
        for row in (row for some in rows.values() for row in some):
            day = _day(row)
            begins = min(filter(None, (begins, day)), default=None)
            found |= {kind: min(day, found.get(kind, day)) for kind, day in _kinds(row)}
        if begins is not None:
            found = dict.fromkeys(kinds, begins) | found
    return found


def _every(arr: float, listed: bool, policy: Policy) -> dict[str, int | None]:
    """Kind → the days from one to the next; null where an account of this ARR is not owed it."""
    row = row_of(arr, policy.segments)
    cadence = policy.segments.cadences[row.cadence]
    review = review_days(row, listed=listed, segments=policy.segments)
    every = (cadence.check_in_days, review, row.executive_review_days, cadence.mail_days, cadence.nps_days)
    return dict(zip(KINDS, every, strict=True))


def _last(touches: Iterable[Row], answers: Iterable[Row]) -> dict[str, date]:
    found: dict[str, date] = {}
    for row in (*touches, *answers):
        for kind, day in _kinds(row):
            found[kind] = max(day, found.get(kind, day))
    return found


def _kinds(row: Row) -> Iterator[tuple[str, date]]:
    """What a contact or an answer counts as, with its day; nothing where the customer did not come."""
    day, kind = _day(row), row["kind"]
    if day is None or row.get("attended") is False:
        return
    if kind == "qbr":
        yield "review", day
        if EXECUTIVE in str(row.get("reason") or "").lower():
            yield "executive_review", day
    if kind in ("call", "meeting", "qbr"):
        yield "check_in", day
    if kind == "email" and row["direction"] == "ours":
        yield "mail", day
    if kind == "nps":
        yield "nps", day


def _day(row: Row) -> date | None:
    return day_of(row["answered_at"] if "answered_at" in row else row["occurred_at"])
