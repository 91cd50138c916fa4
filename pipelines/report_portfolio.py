"""The portfolio as the pages show it, from the files of metrics and capacity."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.deliver import rows_of
from pipelines.report_stake import owners_known, stake
from pipelines.settings import Project
from serving.workbench.kpis.goal import NO_CAUSE
from serving.workbench.kpis.slices import NOBODY
from serving.workbench.pages.portfolio_view import (
    Cohort,
    Curve,
    Figure,
    Goal,
    Load,
    Loss,
    Month,
    Mover,
    PortfolioView,
    Rate,
    Slice,
)

MONTHS, RATES, MOVERS, QUARTERS = 12, 24, 12, 12
GRR, NRR = ("grr", "grr_churn_only"), ("nrr", "nrr_churn_only")
"""Each with its readings: the standard one, and that of the texts."""
LEADING = ("arr", "grr", "nrr", "logo_retention", "nps", "activation_rate")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Revenue": ("M15",),
    "Retention": ("M1", "M2", "M3", "M4", "M17", "I12"),
    "Growth and value": ("M5", "M6", "M7"),
    "Use of the product": ("M8", "O5", "M16"),
    "Satisfaction and service": ("M9", "M10", "M11", "M14"),
    "Team": ("M12", "M13"),
}
SLICES = {"segment": "segment", "csm": "CSM", "touch_model": "touch model"}


def portfolio(project: Project, as_of: str, about: Mapping[str, Mapping[str, Any]]) -> PortfolioView | None:
    """The page's record; null where the day has no metrics. `about` are the book's rows: these accounts have a page."""
    folder = project.state / "kpis" / f"as_of={as_of}"
    if not (folder / "metrics.parquet").exists():
        return None
    day = date.fromisoformat(as_of)
    metrics = rows_of(project, "kpis", as_of, part="metrics")
    series = _of_the_whole(folder / "series.parquet")
    whole = [row for row in metrics if row["slice_by"] == "all"]
    figures = [_figure(row) for row in whole]
    names = {row["name"]: figure for row, figure in zip(whole, figures, strict=True)}
    grr, nrr = (_leading(whole, *readings) for readings in (GRR, NRR))
    owners = owners_known(project, as_of)
    base = next((row["denominator"] for row in whole if row["name"] == grr), None)
    year = rows_of(project, "kpis", as_of, part="year")
    lost = _lost(year, about, base or 0.0, contraction=grr == GRR[0])
    moved = [row for row in rows_of(project, "kpis", as_of, part="moved") if row["change"]]
    return PortfolioView(
        as_of=day,
        leading=tuple(names[name] for name in LEADING if name in names),
        grr=names.get(grr),
        movers=tuple(_mover(row, owners, about) for row in moved[:MOVERS]),
        movers_rest=(len(moved[MOVERS:]), sum(row["change"] for row in moved[MOVERS:])),
        lost=lost[:MOVERS],
        lost_rest=(
            len(lost[MOVERS:]),
            sum(one.lost for one in lost[MOVERS:]),
            sum(one.points for one in lost[MOVERS:]),
        ),
        slices=tuple((title, _slices(metrics, by, grr)) for by, title in SLICES.items()),
        rates=_rates(series, grr, nrr)[-RATES:],
        months=_months(rows_of(project, "kpis", as_of, part="waterfall"))[-MONTHS:],
        groups=tuple((title, tuple(f for f in figures if f.id in ids)) for title, ids in GROUPS.items()),
        cohorts=_cohorts(rows_of(project, "kpis", as_of, part="cohorts"))[-QUARTERS:],
        curve=_curve(rows_of(project, "kpis", as_of, part="survival"), metrics),
        loads=_loads(project, as_of),
        stake=stake(project, as_of, about),
        goal=_goal(project, rows_of(project, "kpis", as_of, part="goal")),
    )


def _figure(row: Mapping[str, Any]) -> Figure:
    return Figure(
        id=row["id"],
        title=row["title"],
        value=_number(row["value"]),
        unit=row["unit"],
        n=row["n"],
        before=_number(row["before"]),
        target=_number(row["target"]),
        met=row["met"],
        leads=bool(row["leads"]),
        formula=row["formula"],
        reason=row["reason"] or "",
    )


def _leading(metrics: Iterable[Mapping[str, Any]], *readings: str) -> str:
    """The reading of a metric that the policy leads with."""
    leads = {row["name"] for row in metrics if row["leads"]}
    return next((name for name in readings if name in leads), readings[0])


def _of_the_whole(path: Path) -> list[dict[str, Any]]:
    """The monthly figures of the whole book; those of its slices, nineteen of twenty, are not read."""
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(
        path,
        columns=["month", "as_of", "name", "slice_by", "value"],
        filters=[("slice_by", "=", "all")],
        partitioning=None,
    ).to_pylist()
    return rows


def _lost(
    year: Iterable[Mapping[str, Any]], about: Collection[str], base: float, *, contraction: bool = True
) -> tuple[Loss, ...]:
    """Who made GRR what it is: everybody that left or shrank within the twelve months, the largest first.

    `base` is the ARR of a year ago, also of those of whom nothing is lost; without `contraction` GRR counts churn alone.
    """
    found = [
        Loss(
            account_id=str(row["account_id"]),
            name=row["name"] or "",
            owner=None if row["csm"] == NOBODY else row["csm"],
            left=row["churn"] > 0,
            arr_before=row["start"],
            arr_now=row["end"],
            points=-100 * cost / base,
            page=str(row["account_id"]) in about,
        )
        for row in year
        if base > 0 and (cost := row["churn"] + contraction * row["contraction"]) > 0
    ]
    return tuple(sorted(found, key=lambda one: (-one.lost, one.account_id)))


def _mover(row: Mapping[str, Any], owners: Mapping[str, Any], scored: Collection[str]) -> Mover:
    account = str(row["account_id"])
    return Mover(
        account_id=account,
        name=row["name"] or "",
        owner=owners.get(account),
        kind=row["kind"],
        points=row["change"],
        arr_before=row["start"],
        arr_now=row["end"],
        page=account in scored,
    )


def _slices(metrics: Iterable[Mapping[str, Any]], by: str, grr: str) -> tuple[Slice, ...]:
    """GRR by slice, the largest loss first."""
    found = [
        Slice(
            str(r["slice"]),
            _number(r["value"]),
            r["denominator"] or 0.0,
            (r["denominator"] or 0.0) - (r["numerator"] or 0.0),
        )
        for r in metrics
        if r["name"] == grr and r["slice_by"] == by and r["denominator"] is not None
    ]
    return tuple(sorted(found, key=lambda s: (-s.lost, s.name)))


def _rates(series: Iterable[Mapping[str, Any]], grr: str, nrr: str) -> tuple[Rate, ...]:
    found: dict[str, dict[str, float | None]] = {}
    for row in series:
        if row["slice_by"] == "all" and row["name"] in (grr, nrr):
            found.setdefault(row["month"], {})[row["name"]] = _number(row["value"])
    return tuple(Rate(_first(month), own.get(grr), own.get(nrr)) for month, own in sorted(found.items()))


def _months(waterfall: Iterable[Mapping[str, Any]]) -> tuple[Month, ...]:
    rows = sorted((r for r in waterfall if r["slice_by"] == "all"), key=lambda r: r["from_day"])
    return tuple(
        Month(
            month=_first(r["month"]),
            start=r["start"],
            churn=r["churn"],
            contraction=r["contraction"],
            expansion=r["expansion"],
            new=r["new"],
            won_back=r["won_back"],
            end=r["end"],
            complete=bool(r["complete"]),
        )
        for r in rows
    )


def _cohorts(rows: Iterable[Mapping[str, Any]]) -> tuple[Cohort, ...]:
    """Logo retention by quarter of life, the cohorts in order."""
    by: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        if row["months"] % 3 == 0 and row["months"] // 3 <= QUARTERS:
            by.setdefault(str(row["cohort"]), {})[row["months"] // 3] = row
    shown = dict(sorted(by.items())[-QUARTERS:])
    most = max((quarter for own in shown.values() for quarter in own), default=0)
    return tuple(
        Cohort(
            name.replace("-", " "),
            own[0]["customers"],
            tuple(_number(own[q]["logo_retention"]) if q in own else None for q in range(most + 1)),
        )
        for name, own in shown.items()
        if 0 in own
    )


def _curve(rows: Iterable[Mapping[str, Any]], metrics: Iterable[Mapping[str, Any]]) -> Curve | None:
    own = [r for r in rows if r["what"] == "time_to_churn" and r["slice_by"] == "all"]
    if not own:
        return None
    median = next(
        (_number(r["value"]) for r in metrics if r["name"] == "time_to_churn_median" and r["slice_by"] == "all"), None
    )
    return Curve(
        customers=own[0]["at_risk"],
        churned=sum(r["events"] for r in own),
        median_days=None if median is None else median * 30.44,
        points=tuple((int(r["days"]), r["surviving"], r["low"], r["high"]) for r in own),
    )


def _loads(project: Project, as_of: str) -> tuple[Load, ...] | None:
    """The owners' books, and that of nobody; what no book holds stands out against the totals of the page."""
    if not (project.state / "capacity" / f"as_of={as_of}" / "owners.parquet").exists():
        return None
    alone = rows_of(project, "capacity", as_of, part="unowned")
    arr, owed = (sum(row[name] or 0.0 for row in alone) for name in ("arr", "owed_hours"))
    nobody = (Load(None, "", len(alone), arr, None, None, owed, None, 0.0),) if alone else ()
    return nobody + tuple(
        Load(
            owner=str(r["owner_id"]),
            role=r["role"] or "",
            accounts=r["accounts"],
            arr=r["arr"],
            book_share=_number(r["book_share"]),
            verdict=r["verdict"],
            owed=r["owed_hours"],
            available=_number(r["available_hours"]),
            overdue=r["overdue_hours"],
        )
        for r in rows_of(project, "capacity", as_of, part="owners")
    )


def _goal(project: Project, points: list[dict[str, Any]]) -> Goal | None:
    """Where the churn rate stands on its way; null where it has no points.

    The days of the goal are those the policy dates it with: the days of the points are only when somebody looked.
    """
    if not points:
        return None
    rule, last = project.policy.tasks.churn_goal, points[-1]
    starts, ends = (_day(last.get(name)) for name in ("starts_on", "ends_on"))
    dated = starts is not None and ends is not None
    churn, line = _number(last["churn"]), _number(last["line"]) if dated else None
    return Goal(
        from_rate=rule.from_rate,
        to_rate=rule.to_rate,
        starts=starts if dated else None,
        ends=ends if dated else None,
        churn=churn,
        line=line,
        on_track=None if churn is None or line is None else churn <= line,
        caveat=NO_CAUSE,
        rates=tuple((point["day"].date(), _number(point["churn"])) for point in points),
    )


def _day(value: Any) -> date | None:
    # Not a date: null, and NaT, which is not equal to itself.
    if value is None or value != value:
        return None
    return value.date() if hasattr(value, "date") else value


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
