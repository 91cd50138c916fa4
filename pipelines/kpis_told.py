"""What `churn kpis` and `churn scenario` tell people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from policy.scenario import percent
from serving.workbench.kpis.catalogue import Metric, records
from serving.workbench.kpis.movements import AMOUNTS
from serving.workbench.kpis.results import Kpis

if TYPE_CHECKING:
    import pandas as pd

MONTHS_SHOWN = 12
MOVES_SHOWN = 8
THOUSAND = 1000
HEADS = {"won_back": "won back"}


def told(found: Kpis, by: str | None, currency: str) -> Any:
    """The metrics against their targets, the last months' waterfall, what moved GRR, and the goal."""
    metrics = found.metrics
    lines: list[Any] = [
        Text(f"As of {found.as_of:%Y-%m-%d}, money in {currency}", "bold"),
        _metrics(list(records(metrics[metrics["slice_by"] == "all"]))),
    ]
    if by is not None:
        lines += [Text(f"By {by.replace('_', ' ')}", "bold"), _sliced(metrics[metrics["slice_by"] == by])]
    falls = found.waterfall[found.waterfall["slice_by"] == "all"].tail(MONTHS_SHOWN)
    return Group(
        *lines,
        Text("ARR month by month in thousands, as known now", "bold"),
        _waterfall(falls),
        Text(moved_sentence(found), "bold"),
        _moved(found.moved.head(MOVES_SHOWN)),
        Text(goal_sentence(found), "bold"),
        Text(found.goal.caveat),
    )


def _metrics(metrics: list[Metric]) -> Table:
    table = _table(("", True), ("metric", True), ("value", False), ("target", False), ("", True), ("n", False))
    waiting = next((int(m.value) for m in metrics if m.name == "response_waiting" and m.value), 0)
    for m in metrics:
        title = m.title if m.leads else Text(f"{m.title} (not judged)", "dim")
        verdict = {True: "met", False: "unmet", None: "" if m.target is None else "unknown"}[m.met]
        value = shown(m.value, m.unit) if m.value is not None else Text(f"— {m.reason}", "dim")
        if m.name in ("response_median", "response_high") and waiting and m.value is not None:
            value = f"{value} ({waiting:,} still wait)"
        target = "" if m.target is None else shown(m.target, m.unit)
        table.add_row(m.id, title, value, target, verdict, f"{m.n:,}")
    return table


def _sliced(frame: pd.DataFrame) -> Table:
    names = ("arr", "customers", _leading(frame, "M1"), _leading(frame, "M2"), "logo_churn", "expansion_rate")
    titles = ("ARR", "customers", "GRR", "NRR", "churn of customers", "expansion")
    units = ("money", "count", "share", "share", "share", "share")
    wide = frame[frame["name"].isin(names)].pivot(index="slice", columns="name", values="value")
    table = _table(("", True), *((title, False) for title in titles))
    for name, row in wide.iterrows():
        cells = (
            shown(None if row.get(n) is None or row.get(n) != row.get(n) else float(row[n]), u)
            for n, u in zip(names, units, strict=True)
        )
        table.add_row(str(name), *cells)
    return table


def _leading(metrics: pd.DataFrame, rule: str) -> str:
    """The name of the reading of a metric that the policy takes."""
    return str(metrics.loc[(metrics["id"] == rule) & metrics["leads"], "name"].iloc[0])


def _waterfall(falls: pd.DataFrame) -> Table:
    table = _table(("month", True), *((HEADS.get(name, name), False) for name in AMOUNTS))
    for row in falls.to_dict("records"):
        month = row["month"] if row["complete"] else f"{row['month']} …"
        table.add_row(month, *(f"{row[name] / THOUSAND:,.1f}" for name in AMOUNTS))
    return table


def _moved(moved: pd.DataFrame) -> Table:
    table = _table(("customer", True), ("what", True), ("lost", False), ("points of GRR", False))
    for row in moved.to_dict("records"):
        name = row["name"] if isinstance(row["name"], str) else row["account_id"]
        table.add_row(name, row["kind"], shown(row["lost"], "money"), f"{row['change']:+.2f}")
    return table


def moved_sentence(found: Kpis) -> str:
    """By how many points the GRR that leads is another than on the day it is compared with."""
    name = _leading(found.metrics, "M1")
    row = found.metrics[(found.metrics["name"] == name) & (found.metrics["slice_by"] == "all")].iloc[0]
    now, before = row["value"], row["before"]
    if now != now or before != before:
        return "Why GRR moved cannot be told: it is not known now or was not a month ago."
    ends = f"from {shown(before, 'share')} on {row['before_on']:%Y-%m-%d} to {shown(now, 'share')}"
    if found.moved.empty:
        return f"GRR moved {ends}: nothing was lost."
    return f"GRR moved by {100 * (now - before):+.2f} points, {ends}. What moved it most"


def goal_sentence(found: Kpis) -> str:
    """Churn against the line of the goal; without a date there is no line."""
    goal = found.goal
    head = f"The goal: annual churn from {percent(goal.from_rate)} to {percent(goal.to_rate)}"
    last = goal.points[-1] if goal.points else None
    now = "not known" if last is None or last.churn is None else percent(last.churn)
    if goal.starts_on is None or goal.ends_on is None:
        return f"{head}, without a date (`tasks.churn_goal.starts_on`): no line is drawn. Now {now}"
    head += f" between {goal.starts_on:%Y-%m-%d} and {goal.ends_on:%Y-%m-%d}"
    if last is None or last.line is None:
        return f"{head}; its line has not begun. Now {now}"
    if goal.on_track is None:
        return f"{head}; where it stands is not known."
    side = "on or below" if goal.on_track else "above"
    return f"{head}; now {now}, {side} the line at {percent(last.line)}"


def scenario_told(found: Mapping[str, Any]) -> Any:
    """The two plans side by side, the months of the first, and the audit."""
    now, promised = found["now"], found["promised"]
    table = _table(("", True), ("as it goes on", False), ("as promised", False))
    for title, name, unit in (
        ("ARR at the start", "arr", "money"),
        ("churn, a year", "churn", "share"),
        ("contraction, a year", "contraction", "share"),
        ("expansion, a year", "expansion", "share"),
        ("new ARR, a year", "new_arr", "money"),
    ):
        table.add_row(title, *(shown(one["rates"][name], unit) for one in (now, promised)))
    for title, name, unit in (("GRR", "grr", "share"), ("NRR", "nrr", "share"), ("ARR at the end", "end_arr", "money")):
        table.add_row(title, *(shown(one[name], unit) for one in (now, promised)))
    steps = _table(
        ("month", True), *((name, False) for name in ("start", "churn", "contraction", "expansion", "new", "end"))
    )
    for step in now["months"]:
        steps.add_row(str(step["month"]), *(shown(step[name], "money") for name in list(step)[1:]))
    missing = _missing(found["target_arr"], found["new_arr_needed"])
    return Group(table, Text("As it goes on, month by month", "bold"), steps, Text(missing, "bold"), *_audited(found))


def _missing(target: float | None, needed: float | None) -> str:
    """What the promised ARR asks of new customers."""
    if target is None or needed is None:
        return (
            "No ARR is promised of this book: name `scenario.arr` and `scenario.target_arr` of your own in policy.yaml."
        )
    if not needed:
        return f"The {shown(target, 'money')} promised are reached without new customers."
    return (
        f"{shown(target, 'money')} are promised: what is promised of churn and NRR leaves {shown(needed, 'money')} to "
        "new customers."
    )


def _audited(found: Mapping[str, Any]) -> Iterator[Text]:
    yield Text("\nThe scenario's own arithmetic (! where it does not bear out a promise)", "bold")
    for one in found["audit"]:
        yield Text(f"{' ' if one['agrees'] else '!'} {one['about'][0].upper()}{one['about'][1:]}: {one['says']}")


def shown(value: float | None, unit: str) -> str:
    """A figure for people.

    >>> shown(0.8552, "share"), shown(1234567.8, "money"), shown(None, "days"), shown(2.5, "hours"), shown(501, "count")
    ('85.5 %', '1,234,568', '—', '2.5 h', '501')
    >>> shown(40.62, "customers per CSM")
    '40.6 customers per CSM'
    """
    if value is None:
        return "—"
    return {
        "share": lambda v: f"{v:.1%}".replace("%", " %"),
        "money": lambda v: f"{v:,.0f}",
        "months": lambda v: f"{v:.1f} months",
        "days": lambda v: f"{v:.0f} days",
        "hours": lambda v: f"{v:.1f} h",
        "count": lambda v: f"{v:,.0f}",
        "points": lambda v: f"{v:+.0f}",
        "score": lambda v: f"{v:.2f}",
    }.get(unit, lambda v: f"{v:.1f} {unit}")(value)


def _table(*columns: tuple[str, bool]) -> Table:
    table = Table(box=SIMPLE)
    for name, left in columns:
        table.add_column(name, justify="left" if left else "right")
    return table
