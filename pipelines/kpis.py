"""The metrics of the business as of a day: loaded from the sources as known then, computed, written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_contracts.contract import source_contracts
from data_contracts.known import in_contract_types
from features.catalogue import catalogue
from features.snapshots import Snapshots
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.files import write_parquet
from pipelines.known_tables import known_tables
from pipelines.score import newest_as_of, refuse_beyond_data
from pipelines.settings import Project
from policy.errors import NotEnoughData
from serving.workbench.kpis.export import write_workbook
from serving.workbench.kpis.ledger import Ledger, ledger_of
from serving.workbench.kpis.moment import Known, known
from serving.workbench.kpis.movements import months as calendar_months
from serving.workbench.kpis.results import Kpis, sheets
from serving.workbench.kpis.results import kpis as computed
from serving.workbench.kpis.usage import INDICATORS

if TYPE_CHECKING:
    import pandas as pd

VERSION = ["subscription_id", "known_at"]
TABLES = ("accounts", "subscriptions", "survey_responses", "support_tickets", "touchpoints", "milestones")


def kpis(
    project: Project,
    as_of: date | None,
    *,
    months: int | None = None,
    export: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Kpis, Path]:
    """Check the sources, compute the metrics and write them; (the metrics, the folder they were written to).

    Without a date: as of the newest snapshot the data can speak about, as `churn score` takes it.
    """
    with checked_sources(project) as checked:
        return kpis_on(checked, as_of, months=months, export=export, progress=progress)


def kpis_on(
    checked: Checked,
    as_of: date | None,
    *,
    months: int | None = None,
    export: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Kpis, Path]:
    """The same on sources that have been checked. The workbook first: where it cannot be written nothing is."""
    day = as_of or newest_as_of(checked)
    if as_of is not None:
        refuse_beyond_data(checked, as_of)
    progress(f"what was known before {day}")
    found = computed(what_is_known(checked, day, months=months), most_months=months, progress=progress)
    if export is not None:
        write_workbook(sheets(found), export)
    folder = checked.project.out("kpis", f"as_of={day.isoformat()}")
    for name, frame in found.tables().items():
        write_parquet(frame, folder / f"{name}.parquet")
    return found, folder


def what_is_known(checked: Checked, day: date, *, months: int | None = None) -> Known:
    """The ledger, the tables and the use of the product as known before a day.

    Raises NotEnoughData where no term has begun by then.
    """
    import pandas as pd

    policy = checked.project.policy
    tables = known_tables(checked, day, TABLES)
    ledger = ledger_of(
        _with_ends_of_today(checked, tables["subscriptions"], pd.Timestamp(day)),
        tables["accounts"],
        pd.Timestamp(day),
        loss_kinds=policy.label.loss_kinds,
        lapse_days=policy.label.lapse_days,
    )
    if ledger.begins is None or ledger.begins > ledger.as_of:
        raise NotEnoughData(
            f"no subscription has begun by {day}.",
            where="subscriptions",
            cure="Look at starts_on and known_at in sources/subscriptions.sql, or choose a later --as-of.",
        )
    covered = {
        name: frozenset(str(account) for account in accounts.to_pandas()["account_id"])
        for name, accounts in checked.facts.covered.items()
    }
    return known(ledger, tables, policy, covered=covered, usage=_usage(checked, ledger, months))


def _with_ends_of_today(checked: Checked, terms: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The terms, with `effective_on` of those whose known decision takes effect this morning.

    A date is read as known from the day after it, but who pays this morning is asked of the decision, and that was known
    before.
    """
    import pandas as pd

    contract = source_contracts()["subscriptions"]
    raw = in_contract_types(checked.facts.tables["subscriptions"].to_pandas(), contract)
    today = raw.loc[raw["effective_on"] == day, VERSION]
    ends = pd.MultiIndex.from_frame(terms[VERSION]).isin(pd.MultiIndex.from_frame(today)) & terms["decision_at"].notna()
    return terms.assign(effective_on=terms["effective_on"].mask(ends, day))


def _usage(checked: Checked, ledger: Ledger, months: int | None) -> pd.DataFrame | None:
    """Indicators of use on the run's weekday on or before every month's end, a month before the day, and on the day itself."""
    import pandas as pd

    if "usage_events" not in checked.facts.tables:
        return None
    day = ledger.as_of.date()
    ends = [period.end.date() for period in calendar_months(ledger.begins, ledger.as_of, months)]
    a_month_ago = (ledger.as_of - pd.DateOffset(months=1)).date()
    first = checked.facts.tables["usage_events"]["occurred_at"].min().to_pyarrow().as_py()
    dates = {end - timedelta(days=(end - day).days % 7) for end in (*ends, a_month_ago, day)}
    dates = {at for at in dates if first is not None and at > first.date()}
    if not dates:
        return None
    chosen = {name: indicator for name, indicator in catalogue(checked.project.policy).items() if name in INDICATORS}
    _, frame = features_at(checked, Snapshots.of(dates), chosen)
    return frame[["account_id", "as_of", *INDICATORS]].assign(as_of=pd.to_datetime(frame["as_of"]))


def summary(found: Kpis, folder: Path, by: str | None) -> dict[str, Any]:
    """The object `churn kpis --json` prints; undefined figures are null."""
    goal = found.goal
    metrics = found.metrics[found.metrics["slice_by"].isin(["all", by])]
    falls = found.waterfall[found.waterfall["slice_by"] == "all"].drop(columns=["slice_by", "slice"])
    return {
        "as_of": found.as_of.date().isoformat(),
        "metrics": _rows(metrics),
        "waterfall": _rows(falls.tail(MONTHS_SHOWN)),
        "grr_moved": _rows(found.moved.head(MOVES_SHOWN)),
        "goal": {
            "from_rate": goal.from_rate,
            "to_rate": goal.to_rate,
            "starts_on": None if goal.starts_on is None else goal.starts_on.date().isoformat(),
            "ends_on": None if goal.ends_on is None else goal.ends_on.date().isoformat(),
            "points": _rows(found.tables()["goal"]),
            "on_track": goal.on_track,
            "met": goal.met,
            "caveat": goal.caveat,
        },
        "path": str(folder),
    }


MONTHS_SHOWN = 12
MOVES_SHOWN = 10


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values: dates in ISO, null for what is not known."""
    import pandas as pd

    def plain(value: Any) -> Any:
        if value is None or pd.isna(value):
            return None
        if isinstance(value, pd.Timestamp):
            return value.date().isoformat()
        return value.item() if hasattr(value, "item") else value

    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]
