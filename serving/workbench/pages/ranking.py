"""Which account comes first: by ARR at risk, which is ARR times churn probability."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from serving.workbench.pages.view import AccountView
from serving.workbench.pages.words import known


def arr_at_risk(account: AccountView) -> float | None:
    """ARR times churn probability; null where the account has no probability."""
    arr, probability = known(account.arr), known(account.probability)
    return None if arr is None or probability is None else arr * probability


def ranked(accounts: Iterable[AccountView]) -> list[AccountView]:
    """Largest ARR at risk first; accounts without a probability last, by ARR; ties by id."""

    def key(account: AccountView) -> tuple[bool, float, float, str]:
        at_risk = arr_at_risk(account)
        return (at_risk is None, -(at_risk or 0.0), -(known(account.arr) or 0.0), account.account_id)

    return sorted(accounts, key=key)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account stands in the whole book and among its owner's accounts (both from 1)."""

    number: int
    of: int
    own_number: int
    own_of: int
    previous: AccountView | None
    next: AccountView | None


def places(accounts: Sequence[AccountView]) -> dict[str, Place]:
    """The place of each account id, with its neighbours in the owner's list. `accounts` are already ranked."""
    lists: dict[str | None, list[AccountView]] = {}
    for account in accounts:
        lists.setdefault(account.owner or None, []).append(account)
    before = {b.account_id: a for own in lists.values() for a, b in pairwise(own)}
    after = {a.account_id: b for own in lists.values() for a, b in pairwise(own)}
    own_number = {account.account_id: n for own in lists.values() for n, account in enumerate(own, 1)}
    return {
        account.account_id: Place(
            number=number,
            of=len(accounts),
            own_number=own_number[account.account_id],
            own_of=len(lists[account.owner or None]),
            previous=before.get(account.account_id),
            next=after.get(account.account_id),
        )
        for number, account in enumerate(accounts, 1)
    }
