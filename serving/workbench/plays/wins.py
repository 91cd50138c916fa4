"""The wins log: what the customer reached, each with its date (I13). It feeds the business review and the messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from policy.policy import Policy
from serving.reasons import long_date
from serving.workbench.plays.rows import Row, day_of

KINDS = ("first_value", "goal", "recovery", "milestone", "promoter")
SAYS = {"first_value": "first value", "goal": "goal", "key_action": "milestone", "task": "milestone"}


class Win(NamedTuple):
    """Something worth celebrating; `to_customer` words it for them, null where it is for us alone."""

    account_id: str
    on: date
    kind: str
    sentence: str
    to_customer: str | None = None


def wins(
    milestones: Iterable[Row],
    answers: Iterable[Row],
    recoveries: Mapping[str, Iterable[date]],
    as_of: date,
    policy: Policy,
) -> list[Win]:
    """The wins of the last `tasks.wins_days` days before as_of, by account and day."""
    first = as_of - timedelta(days=policy.tasks.wins_days)
    found = [*_reached(milestones), *_promoters(answers, policy), *_recovered(recoveries)]
    return sorted((w for w in found if first <= w.on < as_of), key=lambda w: (w.account_id, w.on, w.sentence))


def _reached(milestones: Iterable[Row]) -> Iterable[Win]:
    for row in milestones:
        day, kind = day_of(row.get("reached_at")), SAYS.get(str(row["kind"]))
        if day is None or kind is None:
            continue
        name = str(row["milestone"]).replace("_", " ")
        win = kind.replace(" ", "_")
        if kind == "first value":
            ours, theirs = (
                f"First value reached on {long_date(day)}.",
                f"Your team reached its first value on {long_date(day)}.",
            )
        else:
            ours = f"{kind.capitalize()} reached on {long_date(day)}: {name}."
            theirs = f"Your team reached the {kind} {name} on {long_date(day)}."
        yield Win(str(row["account_id"]), day, win, ours, theirs)


def _promoters(answers: Iterable[Row], policy: Policy) -> Iterable[Win]:
    for row in answers:
        day = day_of(row.get("answered_at"))
        if row["kind"] == "nps" and day is not None and row["score"] >= policy.advocacy.promoter_from:
            told = f"NPS answer of {row['score']:g} on {long_date(day)}."
            yield Win(str(row["account_id"]), day, "promoter", told)


def _recovered(recoveries: Mapping[str, Iterable[date]]) -> Iterable[Win]:
    for account, days in recoveries.items():
        for day in days:
            yield Win(account, day, "recovery", f"Back to green on {long_date(day)}.")


def newest_reached(found: Iterable[Win]) -> dict[str, str]:
    """Account → what it reached last, as a customer may be told it."""
    return {win.account_id: win.to_customer for win in sorted(found, key=lambda w: w.on) if win.to_customer}
