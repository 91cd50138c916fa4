"""From checked sources to validated feature frames: the one crossing from Ibis to pandas."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from data_contracts.check import CheckReport, check_sources
from data_contracts.sources import Facts, mapped_sources
from features.catalogue import catalogue, feature_contract
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.indicator import Indicator
from features.snapshots import Snapshots
from features.stored import in_parts, stored
from pipelines.backend import warehouse
from pipelines.check_record import record_check
from pipelines.settings import Project
from policy.errors import ContractStop, NotEnoughData

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """Sources that passed their contracts, with the warehouse connection they live in."""

    project: Project
    facts: Facts
    report: CheckReport
    engine: Any


def now_utc() -> datetime:
    """The moment of the run, naive UTC."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def checked_sources(project: Project, *, stop: bool = True, docs: bool = False) -> Iterator[Checked]:
    """Check every source table and keep the warehouse open. With `stop`, a stopped contract raises."""
    tables, coverages = mapped_sources(project.sources, project.settings.variables)
    pages = project.out("data_docs") if docs else None
    with warehouse(project) as (engine, origin):
        last = project.out("checks") / "last.json"
        facts, report = check_sources(engine, origin, tables, coverages, now=now_utc(), docs=pages, last=last)
        record_check(project, report, at=now_utc())
        if stop:
            report.raise_if_stopped()
        yield Checked(project, _with_moods(facts, engine), report, engine)


def _with_moods(facts: Facts, engine: Any) -> Facts:
    from features.mood import with_moods

    return with_moods(facts, engine)


def cohort_rule(project: Project) -> CohortRule:
    """The cohort as settings and policy define it."""
    return CohortRule(project.settings.cohort.min_tenure_days, project.policy.label.loss_kinds)


def features_at(
    checked: Checked,
    snapshots: Snapshots,
    indicators: Mapping[str, Indicator] | None = None,
    *,
    members_of: Callable[..., Any] = cohort,
    table_of: Callable[..., Any] = feature_table,
) -> tuple[Any, pd.DataFrame]:
    """(cohort as an Ibis table, validated feature frame sorted by as_of and account).

    Raises ContractStop where a value leaves its declared range: nothing trains or scores on it.
    """
    chosen = dict(indicators or catalogue(checked.project.policy))
    rule = cohort_rule(checked.project)
    members = checked.engine.create_table("cohort", members_of(checked.facts, snapshots, rule), overwrite=True)
    # What is built otherwise than by the engine may look across components: it gets all of them at once.
    parts = in_parts(chosen) if table_of is feature_table else [chosen]
    with stored(checked.facts, snapshots, chosen, checked.engine, members) as facts:
        frames = [_part(table_of(facts, members, snapshots, part), part, chosen) for part in parts]
    frame = side_by_side(frames)
    if frame.empty:
        raise NotEnoughData(
            f"no account has a term in force between {snapshots.dates[0]} and {snapshots.dates[-1]}.",
            where="cohort",
            cure="Look at starts_on and ends_on in sources/subscriptions.sql, or choose another --as-of.",
        )
    validate_features(frame, chosen)
    log.info("features: %s rows, %s indicators, %s snapshots", len(frame), len(chosen), len(snapshots.dates))
    return members, frame


def _part(table: Any, part: Mapping[str, Indicator], chosen: Mapping[str, Indicator]) -> pd.DataFrame:
    """One statement's columns; what the cohort and another part both name (`tenure_days`) is that part's to give."""
    frame = dated(table.to_pandas())
    return frame.drop(columns=[name for name in frame.columns if name in chosen and name not in part])


def side_by_side(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames with the same accounts and snapshots as one, sorted by as_of and account; each column once."""
    import pandas as pd

    ordered = [frame.sort_values(["as_of", "account_id"], ignore_index=True) for frame in frames]
    found = pd.concat(ordered, axis=1)
    return found.loc[:, ~found.columns.duplicated()]


def dated(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with `as_of` as plain dates, whatever the engine returned."""
    import pandas as pd

    return frame.assign(as_of=pd.to_datetime(frame["as_of"]).dt.date)


def validate_features(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> None:
    """Check the frame against the contract that the catalogue generates; raise ContractStop on the first breach."""
    from data_contracts.validate import ROW, Validator

    contract = feature_contract(indicators)
    numbered = frame[list(contract.column_names)].assign(**{ROW: range(len(frame))})
    found = Validator().findings(numbered, contract, now=now_utc())
    if found.failed:
        first = found.failed[0]
        row = next(n for n, names in found.reasons.items() if first.check.name in names)
        account = frame.iloc[row]
        raise ContractStop(
            f"{first.rows} rows break `{first.check.name}`: {first.check.says} First: account {account['account_id']} "
            f"at {account['as_of']}.",
            where="features",
            cure="Mend the indicator's declaration or the source rows behind it; nothing was trained or scored.",
        )


def write_features(project: Project, frame: pd.DataFrame, as_of: date) -> str:
    """Write one snapshot's features as Parquet, whole or not at all; returns the file's path."""
    from pipelines.files import write_parquet

    names = ["account_id", "as_of", *catalogue(project.policy)]
    return str(write_parquet(frame[names], project.out("features", f"as_of={as_of.isoformat()}") / "features.parquet"))
