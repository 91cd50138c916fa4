"""Everything about the metrics as of one day, as frames in the reporting currency: what is written, shown and exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

from serving.workbench.kpis.book import books
from serving.workbench.kpis.catalogue import CENTS, metrics_at
from serving.workbench.kpis.cohorts import cohorts
from serving.workbench.kpis.definition import NotDefined
from serving.workbench.kpis.goal import Goal, goal
from serving.workbench.kpis.moment import Known, Moment
from serving.workbench.kpis.moved import MOVED, grr_moved
from serving.workbench.kpis.movements import AMOUNTS, PARTS, Period, months
from serving.workbench.kpis.onboarding import time_to_value
from serving.workbench.kpis.slices import Slices, in_slices
from serving.workbench.kpis.survival import CURVE, curve, lives
from serving.workbench.kpis.waterfall import WHEN, monthly_movements, monthly_slices, waterfall

GOAL_RATE = "arr_churn"
ABOUT = ("segment", "touch_model", "csm", "cohort")


@dataclass(frozen=True)
class Kpis:
    """All of it. Money is in the reporting currency, shares are 0–1, days are midnights (UTC), unknown is null.

    `metrics`: one row per metric and slice as of the day; of all customers also the figure `before`, that of the same day
    a month earlier (`before_on`). `series`: the same at the end of every month (`month`,
    `complete`; the last row of a month that goes on is the day itself). `waterfall`: M15 by month and slice.
    `movements`: who moved in a month, by how much and how (`kind`), the largest first; who left and came back has two rows.
    `year`: the same over the months that annual figures look back on. `moved`: why GRR is another than on `before_on`,
    customer by customer. `cohorts`, `survival`: curves. `book`: M12 by owner. `goal`: I9, its two days in every row.
    """

    as_of: pd.Timestamp
    metrics: pd.DataFrame
    series: pd.DataFrame
    waterfall: pd.DataFrame
    movements: pd.DataFrame
    year: pd.DataFrame
    moved: pd.DataFrame
    cohorts: pd.DataFrame
    survival: pd.DataFrame
    book: pd.DataFrame
    goal: Goal

    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The frames by name, the goal's points among them."""
        points = pd.DataFrame([asdict(point) for point in self.goal.points], columns=["day", "line", "churn", "above"])
        points = points.astype(dict.fromkeys(("line", "churn", "above"), "float64"))
        points = points.assign(starts_on=self.goal.starts_on, ends_on=self.goal.ends_on)
        points = points.astype(dict.fromkeys(("day", "starts_on", "ends_on"), "datetime64[us]"))
        names = ("metrics", "series", "waterfall", "movements", "year", "moved", "cohorts", "survival", "book")
        return {**{name: getattr(self, name) for name in names}, "goal": points}


def sheets(found: Kpis) -> Mapping[str, pd.DataFrame]:
    """The tables of a workbook: the series of all customers alone, whose slices are some 80,000 rows in Parquet."""
    series = found.series
    whole = series[series["slice_by"] == "all"] if len(series) else series
    return {**found.tables(), "series": whole}


def kpis(known: Known, *, most_months: int | None = None, progress: Callable[[str], None] = lambda _: None) -> Kpis:
    """Everything as of the ledger's day.

    Past months are computed from what is known as of that day, not as they were first published: a fact that was entered
    or corrected later is in them.
    """
    ledger = known.ledger
    now = known.at(ledger.as_of)
    periods = months(ledger.begins, ledger.as_of, most_months)
    progress(f"{len(periods)} months of movements")
    moved = monthly_movements(ledger, periods, win_back_days=known.policy.tasks.win_back_days)
    sliced = monthly_slices(ledger, known.accounts, periods, known.policy.segments)
    progress("metrics as of the day")
    metrics = _with_before(metrics_at([now]), now)
    progress("metrics of every month")
    series = _series(known, periods)
    names = known.accounts.drop_duplicates("account_id").set_index("account_id")["name"]
    return Kpis(
        as_of=ledger.as_of,
        metrics=metrics,
        series=series,
        waterfall=_in_currency(waterfall(moved, sliced), AMOUNTS),
        movements=_told(moved, sliced, names),
        year=_year(now, names),
        moved=_moved(now, names),
        cohorts=_in_currency(cohorts(ledger, ledger.as_of), ("arr_start", "arr_kept", "arr_now")),
        survival=_curves(now),
        book=_in_currency(books(now), ("arr",)),
        goal=_goal(known, series, metrics),
    )


def _series(known: Known, periods: Sequence[Period]) -> pd.DataFrame:
    if not periods:
        return pd.DataFrame(columns=["month", "complete"])
    found = metrics_at([known.at(period.end) for period in periods], light=True)
    month = found["as_of"].map({period.end: period.start.strftime("%Y-%m") for period in periods})
    complete = found["as_of"].map({period.end: period.complete for period in periods})
    found.insert(0, "month", month)
    found.insert(1, "complete", complete)
    return found


def _told(moved: pd.DataFrame, sliced: Slices, names: pd.Series) -> pd.DataFrame:
    """The rows that moved, with who they are and in which slices they were."""
    who = sliced.frame[sliced.frame["slice_by"].isin(ABOUT)]
    wide = who.pivot(index=["as_of", "account_id"], columns="slice_by", values="slice").reset_index()
    wide = wide.rename(columns={"as_of": "until_day"})
    rows = _kinds(moved).merge(wide, on=["until_day", "account_id"], how="left")
    rows = rows.assign(name=rows["account_id"].map(names), size=rows["change"].abs())
    rows = rows.sort_values(["from_day", "size", "account_id"], ascending=[False, False, True], ignore_index=True)
    return _in_currency(rows[[*WHEN, "account_id", "name", *ABOUT, "kind", "change", *AMOUNTS]], ("change", *AMOUNTS))


def _kinds(moved: pd.DataFrame) -> pd.DataFrame:
    """Rows whose ARR changed, with `kind` (each has one) and `change`."""
    rows = moved[moved["start"] != moved["end"]]
    kind = rows[list(PARTS)].gt(0).idxmax(axis=1) if len(rows) else pd.Series(dtype="object")
    return rows.assign(kind=kind.astype("string"), change=rows["end"] - rows["start"])


def _year(now: Moment, names: pd.Series) -> pd.DataFrame:
    try:
        rows = _kinds(now.year).assign(from_day=now.year_start, until_day=now.day)
    except NotDefined:
        return pd.DataFrame(columns=["account_id", "name", *ABOUT, "kind", "change", *AMOUNTS])
    who = now.slices(then=True).frame
    wide = who.pivot(index="account_id", columns="slice_by", values="slice").reset_index()
    rows = rows.merge(wide, on="account_id", how="left").assign(size=lambda r: r["change"].abs())
    rows = rows.assign(name=rows["account_id"].map(names))
    rows = rows.sort_values(["size", "account_id"], ascending=[False, True], ignore_index=True)
    return _in_currency(rows[["account_id", "name", *ABOUT, "kind", "change", *AMOUNTS]], ("change", *AMOUNTS))


def _with_before(metrics: pd.DataFrame, now: Moment) -> pd.DataFrame:
    """The metrics with those of a month earlier beside them: of the very day that the movers of GRR compare with."""
    then = now.known.at(now.before(1))
    begins = now.ledger.begins
    rows = metrics.assign(before_on=then.day, before=float("nan"))
    if begins is None or begins > then.day:
        return rows
    earlier = metrics_at([then], axes=("all",), light=True).set_index("name")["value"]
    return rows.assign(before=rows["name"].map(earlier).where(rows["slice_by"] == "all"))


def _moved(now: Moment, names: pd.Series) -> pd.DataFrame:
    then = now.known.at(now.before(1))
    try:
        rows = grr_moved(now, then)
    except NotDefined:
        return pd.DataFrame(columns=["account_id", "name", *MOVED[1:], "before_on"])
    rows.insert(1, "name", rows["account_id"].map(names))
    return _in_currency(rows.assign(before_on=then.day), ("start", "end", "lost"))


def _curves(now: Moment) -> pd.DataFrame:
    """Every Kaplan–Meier curve: time to churn for all and by slice, time to value for all."""
    found = []
    for what, rows in _durations(now):
        axes = ("all", *ABOUT) if what == "time_to_churn" else ("all",)
        keyed = in_slices(rows.assign(as_of=now.day), [now.slices(then=False)], axes)
        for (by, name), own in keyed.groupby(["slice_by", "slice"]):
            points = curve(own["days"], own["observed"])
            found.append(
                points.assign(what=what, slice_by=str(by), slice=str(name))[["what", "slice_by", "slice", *CURVE]]
            )
    if not found:
        return pd.DataFrame(columns=["what", "slice_by", "slice", *CURVE])
    return pd.concat(found, ignore_index=True)


def _durations(now: Moment) -> Iterator[tuple[str, pd.DataFrame]]:
    for what, rows in (
        ("time_to_churn", lives),
        ("time_to_value_contract", lambda moment: time_to_value(moment, "contract_start")),
        ("time_to_value_signup", lambda moment: time_to_value(moment, "signup")),
    ):
        try:
            yield what, rows(now)
        except NotDefined:
            continue


def _goal(known: Known, series: pd.DataFrame, metrics: pd.DataFrame) -> Goal:
    points = []
    for frame in (series, metrics):
        if len(frame):
            own = frame[(frame["name"] == GOAL_RATE) & (frame["slice_by"] == "all")]
            points += [
                (day, None if pd.isna(value) else float(value))
                for day, value in zip(own["as_of"], own["value"], strict=True)
            ]
    churn = {at: value for at, value in points if at <= known.ledger.as_of}
    return goal(known.policy, sorted(churn.items()))


def _in_currency(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    return frame.assign(**{name: frame[name] / CENTS for name in columns})
