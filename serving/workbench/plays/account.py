"""What the playbooks know of an account on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from policy.policy import Policy
from policy.segments import touch_model
from serving.workbench.plays.rows import Row
from serving.workbench.plays.terms import Terms, arr_on


@dataclass(frozen=True)
class Account:
    """Null: not known. `tier` and `risk` are those of the score; an account too young for one has none."""

    account_id: str
    name: str | None = None
    owner_id: str | None = None
    zone: str | None = None
    started_on: date | None = None
    term_ends_on: date | None = None
    arr: float | None = None
    tier: str | None = None
    risk: str | None = None
    policy: Policy | None = None

    @property
    def touch(self) -> str | None:
        """Its touch model (S1); null where its ARR is not known."""
        return None if self.arr is None or self.policy is None else touch_model(self.arr, self.policy.segments)

    def days(self, as_of: date) -> int | None:
        """Days since its first term began."""
        return None if self.started_on is None else (as_of - self.started_on).days


def accounts_on(
    about: Iterable[Row], terms: Terms, scores: Iterable[Row], as_of: date, policy: Policy
) -> dict[str, Account]:
    """Every account that has a term in force, scored or too young for it, by its id; merged ones are gone.

    `about` are rows of `accounts`, `scores` those of the run of that day. ARR is the score's where there is one.
    """
    known, scored = {str(row["account_id"]): row for row in about}, {str(row["account_id"]): row for row in scores}
    found = {}
    for account in sorted({*scored, *(a for a, held in terms.items() if arr_on(held, as_of) is not None)}):
        told, row, own = known.get(account, {}), scored.get(account, {}), terms.get(account, [])
        if told.get("merged_into") is not None and not row:
            continue
        held = [term for term in own if term.in_force(as_of)]
        found[account] = Account(
            account,
            _text(told, "name"),
            _text(told, "owner_id"),
            _text(told, "timezone"),
            min((term.starts_on for term in own), default=None),
            min((term.ends_on for term in held), default=None),
            row["arr"] if row.get("arr") is not None else arr_on(own, as_of),
            _text(row, "health_tier"),
            _text(row, "risk_tier"),
            policy,
        )
    return found


def accounts_left(about: Iterable[Row], there: Collection[str], policy: Policy) -> dict[str, Account]:
    """Who looked after the accounts that are not there any more: what is known of each, by its id; merged ones are gone."""
    return {
        name: Account(name, _text(row, "name"), _text(row, "owner_id"), _text(row, "timezone"), policy=policy)
        for row in about
        if (name := str(row["account_id"])) not in there and row.get("merged_into") is None
    }


def _text(row: Mapping[str, object], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None
