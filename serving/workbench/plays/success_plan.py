"""The success plan: which of its parts are there, which kind the account gets, and when it was last reviewed (P1, S7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from policy.policy import Policy
from policy.segments import success_plan
from serving.workbench.journey.cadence import Owed
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of

PLANNED = frozenset({"goals", "success_criteria", "milestones", "checklist"})
"""Parts that a milestone planned for later shows."""
RECORDED = PLANNED | {"sales_handoff"}
"""Parts that are read from milestones."""


@dataclass(frozen=True)
class SuccessPlan:
    """`kind` is custom, templated or automated, null where the ARR is not known. A part counts as present once the
    record shows it, as missing where it would show; `not_known` are those that may be there and cannot be seen.
    `review_due_on` is null where the account is owed no review; `reviewed_on` where none was held."""

    account_id: str
    kind: str | None
    present: tuple[str, ...]
    missing: tuple[str, ...]
    not_known: tuple[str, ...]
    reviewed_on: date | None
    review_due_on: date | None
    overdue_days: int


def plan_of(
    account: Account,
    milestones: Sequence[Row] | None,
    planned: Sequence[Row] | None,
    reviews: Iterable[date],
    review: Owed | None,
    policy: Policy,
) -> SuccessPlan:
    """The plan as the record shows it: `reviews` were held before the day, `review` is the one that the cadence owes.

    `milestones` were due or reached before the day, `planned` are for later; null where they are not known.
    """
    shown = parts_shown(account, [*(milestones or ()), *(planned or ())])
    unseen = parts_unseen(milestones, planned) - shown
    parts = policy.success_plans.parts
    return SuccessPlan(
        account.account_id,
        None if account.arr is None else success_plan(account.arr, policy.segments),
        tuple(part for part in parts if part in shown),
        tuple(part for part in parts if part not in shown | unseen),
        tuple(part for part in parts if part in unseen),
        max(reviews, default=None),
        None if review is None else review.due_on,
        0 if review is None else review.overdue_days,
    )


def parts_shown(account: Account, milestones: list[Row]) -> frozenset[str]:
    """The parts of a plan, and of a complete onboarding (O7), that the record shows.

    Goals are milestones of that kind; success criteria are goals with a date to be judged by, or a milestone of that
    name; a checklist and milestones are key actions and tasks; the handoff counts once it took place.
    """
    found = set()
    kinds = {str(row["kind"]) for row in milestones}
    if "goal" in kinds:
        found.add("goals")
    if any(_named(row, "success criteria") or (row["kind"] == "goal" and row.get("due_on")) for row in milestones):
        found.add("success_criteria")
    if kinds & {"key_action", "task"}:
        found |= {"milestones", "checklist"}
    if account.owner_id is not None:
        found |= {"owners", "owner"}
    if any(row["kind"] == "handoff" and day_of(row.get("reached_at")) for row in milestones):
        found.add("sales_handoff")
    return frozenset(found)


def parts_unseen(milestones: Sequence[Row] | None, planned: Sequence[Row] | None) -> frozenset[str]:
    """The parts that may be there although the record does not show them.

    A goal for later is no fact before its day where the source does not tell since when it knows of it.
    """
    return RECORDED if milestones is None else PLANNED if planned is None else frozenset()


def _named(row: Row, name: str) -> bool:
    return str(row["milestone"]).replace("_", " ").lower() == name
