"""The renewal play: 90, 60 and 30 days before a term ends, led by the renewals manager, its outcome recorded (R1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from policy.policy import Policy
from serving.due import end_of
from serving.reasons import long_date
from serving.workbench.plays import escalation
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.step import Step
from serving.workbench.plays.terms import Term

PLAY = "renewal"


@dataclass(frozen=True)
class Renewal:
    """A term that ends soon or has just ended.

    `stage` is the last of the policy's stages that was entered, in days; `outcome` is renewed, expanded, contracted or
    lost, null while nothing is signed or decided: a term of the same product that follows, however early it was signed. `discount` is the share off the list price that is on the table,
    null where no open renewal deal or no list price says so; above the policy's limit it `needs_approval`.
    """

    account_id: str
    term_ends_on: date
    days: int
    stage: int
    arr: float
    outcome: str | None
    new_arr: float | None
    discount: float | None
    needs_approval: bool


def renewal(terms: Sequence[Term], deals: Iterable[Row], as_of: date, policy: Policy) -> Renewal | None:
    """The renewal of the term that ends next, or of the last that ended within the first stage's days; else null.

    A term no longer than the first stage has no renewal of its own: it renews all the time.
    """
    stages = policy.signals.renewal.stages
    near = [
        term
        for term in terms
        if term.starts_on <= as_of
        and (term.ends_on - term.starts_on).days > stages[0]
        and abs((term.ends_on - as_of).days) <= stages[0]
    ]
    ahead = [term for term in near if term.ends_on >= as_of]
    if not near:
        return None
    term = min(ahead, key=lambda t: t.ends_on) if ahead else max(near, key=lambda t: t.ends_on)
    # Terms of one product that end on one day are renewed as one.
    together = [t for t in near if (t.ends_on, t.product) == (term.ends_on, term.product)]
    listed = [t.list_arr for t in together if t.list_arr is not None]
    term = term._replace(
        starts_on=max(t.starts_on for t in together),
        arr=sum(t.arr for t in together),
        list_arr=sum(listed) if len(listed) == len(together) else None,
    )
    days = (term.ends_on - as_of).days
    discount = _discount(term, deals, as_of)
    outcome, new_arr = _outcome(term, terms, as_of, policy)
    return Renewal(
        term.account_id,
        term.ends_on,
        days,
        min(stage for stage in stages if days <= stage),
        term.arr,
        outcome,
        new_arr,
        discount,
        discount is not None and outcome is None and discount > policy.renewals.approval_above_discount,
    )


def _outcome(term: Term, terms: Sequence[Term], as_of: date, policy: Policy) -> tuple[str | None, float | None]:
    grace = timedelta(days=policy.label.lapse_days)
    following = [
        t
        for t in terms
        if t.product == term.product
        and term.starts_on < t.starts_on <= term.ends_on + grace
        and t.ends_on > term.ends_on
    ]
    if following:
        new = sum(t.arr for t in following if t.starts_on == following[0].starts_on)
        return ("renewed" if new == term.arr else "expanded" if new > term.arr else "contracted"), new
    if term.loses(policy.label) or term.ends_on + grace < as_of:
        return "lost", 0.0
    return None, None


def _discount(term: Term, deals: Iterable[Row], as_of: date) -> float | None:
    """Of the newest open renewal deal against the list price of the term that ends."""
    open_ = [d for d in deals if d["kind"] == "renewal" and d.get("closed_at") is None and d.get("amount") is not None]
    began = [d for d in open_ if (day := day_of(d["created_at"])) is not None and term.starts_on <= day < as_of]
    if not began or not term.list_arr:
        return None
    newest = max(began, key=lambda d: d["created_at"])
    # Rounded, so that 1,600 of 2,000 is a fifth and not a little less.
    return max(0.0, round(1 - float(newest["amount"]) / term.list_arr, 6))


def renewal_steps(found: Renewal, account: Account, words: Iterable[str], as_of: date, policy: Policy) -> list[Step]:
    """A step for each stage that was entered, and the approval where one is needed; settled renewals have none.

    `words` are the keys of tasks that are done with. A stage's step is due within the play's own days after the stage
    began, never after the end of the term.
    """
    if found.outcome is not None or found.days < 0:
        return []
    play, over, steps = policy.plays["contract"], set(words), []
    days = play.step_days or (0,) * len(play.steps)
    for stage, text, within in zip(policy.signals.renewal.stages, play.steps, days, strict=False):
        if found.days > stage:
            continue
        day = min(found.term_ends_on - timedelta(days=stage) + timedelta(days=within), found.term_ends_on)
        steps.append(_step(found, account, f"stage_{stage}", text, day, over, as_of, policy))
    if found.needs_approval and found.discount is not None:
        most = policy.renewals.approval_above_discount
        told = f"Get approval: {found.discount:.0%} off the list price, the limit is {most:.0%}".replace("%", " %")
        steps.append(_step(found, account, "approval", told, found.term_ends_on, over, as_of, policy))
    return steps


def _step(
    found: Renewal, account: Account, step: str, text: str, day: date, over: set[str], as_of: date, policy: Policy
) -> Step:
    play = policy.plays["contract"]
    made = Step(
        found.account_id,
        "renewal",
        PLAY,
        step,
        found.term_ends_on.isoformat(),
        f"{text} (the term ends on {long_date(found.term_ends_on)})",
        "\n".join(f"{place}. {s}" for place, s in enumerate(play.steps, 1)),
        policy.renewals.owner_type,
        end_of(day, account.zone, policy.tasks),
        since=found.term_ends_on - timedelta(days=found.stage),
        success_metric=play.success_metric,
    )
    at = escalation.level(made.due_at, account.touch, account.zone, as_of, policy.tasks)
    return replace(made, level=escalation.name(at, policy.tasks)).judged(as_of, made.key in over)
