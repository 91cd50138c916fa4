"""docs/metrics.md: every metric with its definition, made from the code."""

from __future__ import annotations

import sys
from pathlib import Path

ABOUT = """\
`churn kpis` computes these as of any day, for all customers and by team segment, touch model, CSM and cohort (the quarter \
of the first start), for the day and for the end of every month that the subscriptions hold. The numbers below are the \
policy's ([metrics](policy.md)). *Judged* names the target; where a metric can be read in two ways, the policy says which \
one is judged, and the other stands beside it.

- **A customer** is an account with ARR above 0. A merged account and the one it merged into are one customer in all \
months, once the merger is known: a merger by itself is neither churn nor expansion.
- **ARR** of a day is what the terms in force that morning come to, in whole cents. What is left ends on `effective_on`, \
whatever day that was decided on. A lapse of at most `label.lapse_days` of the whole customer is none, once it went on; \
until then it counts as churn.
- **Movements** compare two days: what rises and falls in between is one movement, so twelve monthly contractions need \
not add up to that of the year. Who comes back within `tasks.win_back_days` is won back, later a new customer. Who left \
and came back between the two days did both: churn and a win-back, two rows, and kept by no rate. Cohort curves alone count \
who came back.
- **Renewals** (M17): a term goes on in one that starts within `label.lapse_days` of its end. What several terms went on in \
is shared among them. Terms agreed for less than `metrics.renewal_least_days` are counted apart: a monthly one would outweigh \
an annual one twelve to one.
- **The goal for churn** (I9) has a line and a verdict once `tasks.churn_goal.starts_on` names its first day.
- **Slices** of annual figures follow the ARR with which the year began, so that who left is counted where it was; others \
follow the day's. The CSM is today's owner, `nobody` where there is none.
- **Point in time**: a figure as of a day rests on what had happened and was known before it. Past months of the series are \
computed with what is known as of that day, not as they were first published; the use of the product as known then.
- **Undefined is null**, with the reason beside it, and never 0.

Files in `.churn/kpis/as_of=D/`: `metrics` (with `before`, the figure of all customers on `before_on`, a month earlier), \
`series`, `waterfall`, `movements` (who moved in each month, the largest \
first), `year` (the same over the year), `moved` (why the GRR that leads is another than on `before_on`, customer by customer), `cohorts`, \
`survival`, `book`, `goal` (with `starts_on` and `ends_on`). `churn scenario` plans ahead (M18)."""


def metrics_page(note: str) -> str:
    """The page."""
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    from policy.policy import load_policy
    from serving.workbench.kpis.catalogue import definitions, worded
    from serving.workbench.kpis.targets import leading, targets

    policy = load_policy()
    aims, leads = targets(policy), leading(policy)
    lines = [
        f"# Metrics\n\n{note}\n\n{ABOUT}\n",
        "| id | metric | name | unit | definition | judged |",
        "|---|---|---|---|---|---|",
    ]
    for one in definitions():
        aim = aims.get(one.name)
        beside = one.beside or (one.id in leads and leads[one.id] != one.name)
        judged = "beside it" if beside else "" if aim is None else f"{'≥' if aim.at_least else '≤'} {aim.value:g}"
        cells = (
            one.id,
            worded(one.title, policy),
            f"`{one.name}`",
            one.unit,
            worded(one.formula, policy),
            judged,
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "M18 is the scenario of the texts: `churn scenario` shows it month by month, and `churn policy lint` audits it. "
        "I9 is the goal for churn: the annual churn of ARR against a straight line, with no claim about causes.",
    ]
    return "\n".join(lines) + "\n"
