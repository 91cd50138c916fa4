"""The onboarding board: how far along each young account is, what it missed, and what comes next (O3–O7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from policy.journey import JourneyStatus, completeness, is_active, journey_status
from policy.policy import Policy
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.step import Step
from serving.workbench.plays.success_plan import parts_shown, parts_unseen


@dataclass(frozen=True)
class Onboarding:
    """One account in its first days. `day` counts from the start of its first term.

    `activated` is null while it can still become true; `days_to_value` counts from where the policy has time to value
    begin, and is null until the first value is reached. `status` is null where no steps are known. `next_on` is when
    the next step of ours is due, of overdue ones the earliest. `lacking` are the parts of a complete onboarding that the
    record would show, `not_known` those that may be there and cannot be seen; while there are any, `completeness` is null.
    """

    account_id: str
    day: int
    status: JourneyStatus | None
    missed: tuple[str, ...]
    oldest_missed_days: int | None
    key_actions: int
    key_actions_wanted: int
    activated: bool | None
    first_value_on: date | None
    days_to_value: int | None
    completeness: float | None
    lacking: tuple[str, ...]
    not_known: tuple[str, ...]
    next_step: str | None
    next_on: date | None
    next_overdue: bool = False


def board_row(
    account: Account,
    milestones: Sequence[Row] | None,
    planned: Sequence[Row] | None,
    steps: Iterable[Step],
    created_on: date | None,
    as_of: date,
    policy: Policy,
) -> Onboarding | None:
    """The account's line on the board; null once its first days are over.

    `milestones` were due or reached before as_of, `planned` are for later; null where they are not known.
    """
    rule, day = policy.onboarding, account.days(as_of)
    if day is None or account.started_on is None or day >= rule.tenure_days:
        return None
    rows = list(milestones or ())
    late = sorted(
        (due, str(row["milestone"]).replace("_", " "))
        for row in rows
        if row.get("reached_at") is None and (due := day_of(row.get("due_on"))) is not None and due < as_of
    )
    oldest = (as_of - late[0][0]).days if late else None
    actions = [
        (reached - account.started_on).days
        for row in rows
        if row["kind"] == "key_action" and (reached := day_of(row.get("reached_at"))) is not None
    ]
    need = policy.indicators
    enough = is_active(actions, key_actions=need.activation_key_actions, by_day=need.activation_by_day)
    value = min(
        (on for r in rows if r["kind"] == "first_value" and (on := day_of(r.get("reached_at"))) is not None),
        default=None,
    )
    begin = account.started_on if rule.value_from == "contract_start" else created_on
    shown = parts_shown(account, [*rows, *(planned or ())])
    unseen = parts_unseen(milestones, planned) - shown
    hidden = tuple(part for part in rule.completeness if part in unseen)
    ahead = sorted((s for s in steps if s.state in ("open", "overdue")), key=lambda s: s.due_at)
    return Onboarding(
        account.account_id,
        day,
        journey_status(day, len(late) if rows else None, oldest, rule),
        tuple(name for _, name in late),
        oldest,
        sum(d <= need.activation_by_day for d in actions),
        need.activation_key_actions,
        True if enough else None if day <= need.activation_by_day or milestones is None else False,
        value,
        None if value is None or begin is None else max(0, (value - begin).days),
        None if hidden else completeness(shown, rule),
        tuple(part for part in rule.completeness if part not in shown | unseen),
        hidden,
        ahead[0].subject if ahead else None,
        day_of(ahead[0].due_at) if ahead else None,
        bool(ahead) and ahead[0].state == "overdue",
    )
