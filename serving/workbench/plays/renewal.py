"""The renewal play: 90, 60 and 30 days before a term ends, led by the renewals manager, its outcome recorded (R1)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from policy.policy import Policy
from serving.due import end_by, end_of
from serving.reasons import long_date
from serving.workbench.plays import escalation
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.step import Step
from serving.workbench.plays.terms import Term

PLAY = "renewal"


@dataclass(frozen=True)
class Renewal:
    """The term of a product that ends soon or has just ended; terms of one product that end on one day are one.

    `stage` is the last of the policy's stages that was entered, in days; `outcome` is renewed, expanded, contracted or
    lost, null while nothing is signed or decided: a term of the same product that follows, however early it was signed.
    `discount` is the share off the list price that is on the table, null where no open renewal deal or no list price
    says so; above the policy's limit it `needs_approval`. `deadline` is the last day for notice, else of the term.
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
    product: str | None
    deadline: date


def renewals(terms: Sequence[Term], deals: Iterable[Row], as_of: date, policy: Policy) -> list[Renewal]:
    """The renewals of an account: of each term that ends within the days of the play, or ended within the first stage's.

    Settled ones come first. A term shorter than `least_term_days` has none: it renews all the time.
    """
    together: dict[tuple[date, str | None], list[Term]] = {}
    for term in terms:
        long = (term.ends_on - term.starts_on).days >= policy.renewals.least_term_days
        days = (term.ends_on - as_of).days
        if term.starts_on <= as_of and long and -policy.signals.renewal.stages[0] <= days <= _begins(term, policy):
            together.setdefault((term.ends_on, term.product), []).append(term)
    deals = list(deals)
    found = [_renewal(same, terms, deals, as_of, policy) for same in together.values()]
    return sorted(found, key=lambda r: (r.outcome is None, r.term_ends_on, r.product or ""))


def _renewal(together: Sequence[Term], terms: Sequence[Term], deals: list[Row], as_of: date, policy: Policy) -> Renewal:
    listed = [t.list_arr for t in together if t.list_arr is not None]
    term = together[0]._replace(
        starts_on=max(t.starts_on for t in together),
        arr=sum(t.arr for t in together),
        list_arr=sum(listed) if len(listed) == len(together) else None,
    )
    days, stages = (term.ends_on - as_of).days, policy.signals.renewal.stages
    discount = _discount(term, deals, as_of)
    outcome, new_arr = _outcome(term, terms, as_of, policy)
    return Renewal(
        term.account_id,
        term.ends_on,
        days,
        min((stage for stage in stages if days <= stage), default=stages[0]),
        term.arr,
        outcome,
        new_arr,
        discount,
        discount is not None and outcome is None and discount > policy.renewals.approval_above_discount,
        term.product,
        min(t.deadline for t in together),
    )


def _begins(term: Term, policy: Policy) -> int:
    """Days before its end at which the first step of its renewal begins."""
    return max(_lead(stage, within, term.ends_on, term.deadline) for stage, _, within in _stages(policy))


def _lead(stage: int, within: int, ends_on: date, deadline: date) -> int:
    """Days before the end at which a stage's step begins: early enough to have its days before the deadline."""
    return max(stage, (ends_on - deadline).days + within)


def _stages(policy: Policy) -> list[tuple[int, str, int]]:
    """Each stage with its step, and the days that it has."""
    play = policy.plays["contract"]
    days = play.step_days or (0,) * len(play.steps)
    return list(zip(policy.signals.renewal.stages, play.steps, days, strict=False))


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


def renewal_steps(
    found: Iterable[Renewal], account: Account, over: Collection[str], as_of: date, policy: Policy
) -> list[Step]:
    """A step for each stage that was entered, and the approval where one is needed; settled renewals have none.

    `over` are the keys of tasks that are done with. A stage's step is due within the play's own days after the stage
    began, and never after the deadline. The steps stand until a lapse would be a loss (L3). Products whose terms end on
    one day are renewed in one go.
    """
    steps: dict[str, Step] = {}
    for one in found:
        if one.outcome is not None or one.days < -policy.label.lapse_days:
            continue
        made = []
        for stage, text, within in _stages(policy):
            lead = _lead(stage, within, one.term_ends_on, one.deadline)
            if one.days <= lead:
                day = one.term_ends_on - timedelta(days=lead) + timedelta(days=within)
                made.append(_step(one, account, f"stage_{stage}", text, day, over, as_of, policy))
        if one.needs_approval and one.discount is not None:
            most = policy.renewals.approval_above_discount
            told = f"Get approval: {one.discount:.0%} off the list price, the limit is {most:.0%}".replace("%", " %")
            name = "approval" if one.product is None else f"approval_{one.product.replace('|', '_')}"
            made.append(_step(one, account, name, told, one.deadline, over, as_of, policy))
        for step in made:
            if step.key not in steps or step.due_at < steps[step.key].due_at:
                steps[step.key] = step
    return list(steps.values())


def _step(
    found: Renewal,
    account: Account,
    step: str,
    text: str,
    day: date,
    over: Collection[str],
    as_of: date,
    policy: Policy,
) -> Step:
    play, zone = policy.plays["contract"], account.zone
    due_at = min(end_of(day, zone, policy.tasks), end_by(found.deadline, zone, policy.tasks))
    made = Step(
        found.account_id,
        "renewal",
        PLAY,
        step,
        found.term_ends_on.isoformat(),
        f"{text} (the term ends on {long_date(found.term_ends_on)})",
        "\n".join(f"{place}. {s}" for place, s in enumerate(play.steps, 1)),
        policy.renewals.owner_type,
        due_at,
        since=found.term_ends_on - timedelta(days=found.stage),
        success_metric=play.success_metric,
    )
    at = escalation.level(made.due_at, account.touch, account.zone, as_of, policy.tasks)
    return replace(made, level=escalation.name(at, policy.tasks)).judged(as_of, made.key in over)
