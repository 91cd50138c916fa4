"""Talk of expansion: when it may begin (E3, I10), what is offered by the signal that stands, and at what discount (E4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from policy.errors import UsageError
from policy.policy import Policy
from serving.due import end_of
from serving.workbench.plays.account import Account
from serving.workbench.plays.reentry import rests_until
from serving.workbench.plays.said import Words
from serving.workbench.plays.step import Step, owner_type, step_in

TACTICS = {
    "use of the features paid for": "upsell",
    "feature requests": "upsell",
    "departments in use": "cross_sell",
    "use of the paid seats": "seats",
    "paid seats": "seats",
    "highest NPS answer": "multi_year",
}
"""What the evidence of a signal is about → the tactic that answers it."""
STEPS = {
    "upsell": "Show the return on what they use, and offer a trial of the higher plan",
    "cross_sell": "Bring a case of the departments that use it, and offer a pilot of the next product",
    "seats": "Name the departments without seats and the value per person, and make adding seats easy",
    "multi_year": "Offer a longer term with a discount within the policy, and show the roadmap",
}

REFUSED = re.compile(r"(?:no|not[ _]now)(?:\s*[,.:;!–].*)?", re.DOTALL)
"""What is said of a task where the customer wants no such talk; `no answer` is none of it."""


@dataclass(frozen=True)
class Chance:
    """An account with an expansion signal: whether the gate is open, what keeps it shut, and what may be offered."""

    account_id: str
    open: bool
    shut_by: tuple[str, ...]
    tactics: tuple[str, ...]
    since: date
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Calm:
    """What the gate looks at: warnings that stand, whether a risk episode goes on, when the last ended, and escalations.

    `calm_since` is the day on which the last warning stood no more; null where there was none.
    """

    warnings: tuple[str, ...] = ()
    at_risk: bool = False
    episode_ended_on: date | None = None
    escalated_on: date | None = None
    talk_closed_on: date | None = None
    calm_since: date | None = None


def closed_on(words: Words, policy: Policy) -> date | None:
    """When the account's last talk was closed: its last step is done with, or the customer refused at any; else null."""
    play = policy.plays["expansion"]
    last = f"step_{len(play.steps)}"
    steps = [(step_in(key, play.play), said) for key, said in words.items() if said.over]
    return max(
        (said.on.date() for step, said in steps if step and (step == last or REFUSED.fullmatch(said.value))),
        default=None,
    )


def shut_by(tier: str | None, calm: Calm, as_of: date, policy: Policy) -> tuple[str, ...]:
    """What keeps the gate shut, in words; empty where it is open.

    Open: the tier of the policy, no risk episode and no warning but a renewal or payment that is confirmatory anyway,
    more than `quiet_days` after an escalation, `expansion_pause_days` after an episode ended, and no talk of late.
    """
    rule, found = policy.expansion, []
    if tier != rule.tier:
        found.append(f"health is {tier or 'unknown'}, not {rule.tier}")
    if calm.at_risk:
        found.append("a risk episode goes on")
    found += [f"a warning stands: {warning}" for warning in calm.warnings]
    if calm.escalated_on is not None and (as_of - calm.escalated_on).days <= rule.quiet_days:
        found.append(f"an escalation on {calm.escalated_on.isoformat()}")
    ended = calm.episode_ended_on
    if ended is not None and as_of < ended + timedelta(days=policy.tasks.expansion_pause_days):
        found.append(f"a risk episode ended on {ended.isoformat()}")
    rests = rests_until(calm.talk_closed_on, policy.tasks)
    if rests is not None and as_of < rests:
        found.append(f"the last talk was closed, it rests until {rests.isoformat()}")
    return tuple(found)


def opened_on(since: date, green_since: date, calm: Calm, policy: Policy) -> date:
    """The first day on which all that the gate asks for was there; the same on every run that finds it open."""
    days = [since, green_since] if calm.calm_since is None else [since, green_since, calm.calm_since]
    if calm.escalated_on is not None:
        days.append(calm.escalated_on + timedelta(days=policy.expansion.quiet_days + 1))
    if calm.episode_ended_on is not None:
        days.append(calm.episode_ended_on + timedelta(days=policy.tasks.expansion_pause_days))
    rests = rests_until(calm.talk_closed_on, policy.tasks)
    return max(days if rests is None else [*days, rests])


def chance(
    account: Account, evidence: Sequence[tuple[str, date, str]], calm: Calm, as_of: date, policy: Policy
) -> Chance | None:
    """The chance of an account, from (what, episode began on, sentence) of the expansion signals; null without one."""
    if not evidence:
        return None
    tactics = [TACTICS[what] for what, _, _ in evidence if what in TACTICS]
    shut = shut_by(account.tier, calm, as_of, policy)
    return Chance(
        account.account_id,
        not shut,
        shut,
        tuple(t for t in policy.expansion.tactics if t in tactics),
        min(since for _, since, _ in evidence),
        tuple(sentence for _, _, sentence in evidence),
    )


def offered_discount(share: float, policy: Policy) -> float:
    """The discount of a multi-year offer. Raises UsageError outside the policy's range, both ends inclusive (E4).

    >>> from policy.policy import load_policy
    >>> offered_discount(0.15, load_policy())
    0.15
    """
    if not policy.expansion.allows_discount(share):
        low, high = policy.expansion.discount
        raise UsageError(
            f"a discount of {share:.0%} is not offered for a longer term.",
            where="expansion.discount",
            cure=f"Offer {low:.0%} to {high:.0%}, or get approval.",
        )
    return share


def expansion_steps(
    found: Chance,
    account: Account,
    opened_on: date,
    over: Iterable[str],
    as_of: date,
    policy: Policy,
    discount: float | None = None,
) -> list[Step]:
    """The talk, step by step, for an open gate; none for a shut one. Its days count from the day the gate was open.

    `discount` is what is on the table in an open renewal deal: where a longer term may be offered, the step that makes
    the offer says if that is none of ours (E4).
    """
    if not found.open or not found.tactics:
        return []
    play, done, steps = policy.plays["expansion"], set(over), []
    offers = "\n".join(f"- {t.replace('_', ' ')}: {STEPS.get(t, t)}" for t in found.tactics)
    seen = "\n".join(f"- {sentence}" for sentence in found.sentences)
    low, high = policy.expansion.discount
    refused = _refused(discount, policy) if "multi_year" in found.tactics else None
    for place, (text, within) in enumerate(zip(play.steps, play.step_days or (0,) * len(play.steps), strict=True), 1):
        made = Step(
            found.account_id,
            "expansion",
            play.play,
            f"step_{place}",
            opened_on.isoformat(),
            text,
            f"What the data show:\n{seen}\n\nWhat may be offered:\n{offers}\n"
            f"A longer term has {low:.0%} to {high:.0%} discount.",
            owner_type(play, policy),
            end_of(opened_on + timedelta(days=within), account.zone, policy.tasks),
            since=found.since,
            success_metric=play.success_metric,
            note=refused if place == len(play.steps) else None,
        )
        steps.append(made.judged(as_of, made.key in done))
    return steps


def _refused(discount: float | None, policy: Policy) -> str | None:
    """Why the discount on the table cannot go with a longer term; null where it can, or where none is."""
    if not discount:
        return None
    try:
        offered_discount(discount, policy)
    except UsageError as error:
        return f"{error} {error.cure}"
    return None
