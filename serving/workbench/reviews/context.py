"""The context of a review: its goal, whom it goes through, the ARR involved, the thresholds; changes are added below."""

from __future__ import annotations

from collections.abc import Sequence

from serving.workbench.pages.words import percent
from serving.workbench.reviews.account import Account
from serving.workbench.reviews.criteria import Criteria, changed, machine_line, told
from serving.workbench.reviews.markdown import amount, plain

NOT_KNOWN = "not known"


def first_context(
    task_id: str, goal: str | None, criteria: Criteria, accounts: Sequence[Account], currency: str
) -> str:
    """The file as it is first written."""
    aim = goal or f"Look at each of {len(accounts)} accounts, and say what to do next."
    return "\n".join(
        [
            f"# {task_id}: context",
            "",
            f"Goal: {plain(aim)}",
            "",
            *_selection(criteria),
            *_involved(accounts, currency),
            *_rated(criteria),
            machine_line(criteria),
            "",
        ]
    )


def changed_context(
    text: str, old: Criteria, new: Criteria, before: Sequence[str], accounts: Sequence[Account], currency: str
) -> str:
    """The text with the change below it: old and new of everything that differs, who came in, who left (F3).

    `before` are the ids of the accounts that the old criteria chose.
    """
    now, then = {a.account_id for a in accounts}, set(before)
    lines = [
        "",
        f"## Changed, as of {new.as_of}",
        "",
        *(f"- {name}: {plain(was)} → {plain(is_)}" for name, was, is_ in changed(old, new)),
        f"- accounts: {len(now - then)} came in, {len(then - now)} left, {len(now & then)} stay",
        "",
        *_involved(accounts, currency),
        machine_line(new),
        "",
    ]
    return f"{text}{'' if text.endswith(chr(10)) else chr(10)}" + "\n".join(lines)


def _selection(criteria: Criteria) -> list[str]:
    return [
        "## Whom it goes through",
        "",
        f"- as of: {criteria.as_of}",
        f"- tiers (health or risk): {plain(told(criteria.tiers))}",
        f"- segments: {plain(told(criteria.segments))}",
        f"- owners: {plain(told(criteria.owners))}",
        "",
    ]


def _involved(accounts: Sequence[Account], currency: str) -> list[str]:
    """Accounts and ARR by team segment and in all; ARR at risk is ARR times the probability, where both are known."""
    segments = sorted({a.team_segment or NOT_KNOWN for a in accounts})
    rows = [(name, [a for a in accounts if (a.team_segment or NOT_KNOWN) == name]) for name in segments]
    rows.append(("all", list(accounts)))
    lines = ["## Segments and ARR involved", "", "| segment | accounts | ARR | ARR at risk |", "|---|---|---|---|"]
    for name, some in rows:
        arr = [a.arr for a in some if a.arr is not None]
        risk = [a.arr * a.probability for a in some if a.arr is not None and a.probability is not None]
        cells = (amount(sum(values) if values else None, currency) for values in (arr, risk))
        lines.append(f"| {plain(name)} | {len(some)} | {' | '.join(cells)} |")
    return [*lines, ""]


def _rated(criteria: Criteria) -> list[str]:
    t = criteria.thresholds
    weights = ", ".join(
        f"{name.rpartition('.')[2]} {value:g}" for name, value in t.items() if name.startswith("health.weights.")
    )
    high = t["capacity.share"]
    return [
        f"## Health score criteria and thresholds (policy {plain(criteria.policy_version)})",
        "",
        f"- weights: {weights}",
        f"- green from {t['health.bands.green']:g}, yellow from {t['health.bands.yellow']:g}, red below",
        f"- unrated where the data cover less than {percent(t['health.tier_coverage'])} of the weight",
        f"- high risk: the {percent(high)} of the book with the highest probability; medium: the next "
        f"{percent(high * t['risk.medium_times_high'])}",
        "",
    ]
