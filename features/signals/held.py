"""Which signals have a cause on which run dates: computed for whole sets of dates at once, one weekday at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from data_contracts.sources import Facts
from features.cohort import CohortRule, cohort
from features.feature_table import expression_table
from features.signals.signal import Signal, column
from features.snapshots import Snapshots

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("account_id", "run_date", "signal", "suppressed", "cause", "before", "after", "since_days")


def held(
    facts: Facts,
    rule: CohortRule,
    signals: Sequence[Signal],
    runs: Sequence[date],
    accounts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """One row per account, run and cause that holds (`COLUMNS`), sorted; everything else is no cause.

    Accounts outside the cohort of a run, or lost by then, have no cause on it. `accounts` narrows the rows, never the
    segments they are compared with. `suppressed` is the same for all causes of one signal.
    """
    import pandas as pd

    weekdays: dict[int, list[date]] = {}
    for run in runs:
        weekdays.setdefault(run.weekday(), []).append(run)
    found = [rows for dates in weekdays.values() for rows in _on(facts, rule, signals, Snapshots.of(dates), accounts)]
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))
    return rows.sort_values(["account_id", "signal", "run_date", "cause"], ignore_index=True)


def _on(
    facts: Facts,
    rule: CohortRule,
    signals: Sequence[Signal],
    snapshots: Snapshots,
    accounts: Sequence[str] | None,
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    members = cohort(facts, snapshots, rule)
    members = members.filter(~members["known_loss"])
    if accounts is not None and all(s.peers is None for s in signals):
        members = _only(members, accounts)
    members = members.cache()
    exprs = {name: expr for signal in signals for name, expr in signal.columns.items()}
    wide = _with_peers(expression_table(facts, members, snapshots, exprs), signals)
    if accounts is not None:
        wide = _only(wide, accounts)
    frame = wide.filter(_any_holds(wide, signals)).to_pandas()
    frame["as_of"] = pd.to_datetime(frame["as_of"]).dt.date
    for signal in signals:
        for place in range(len(signal.causes)):
            yield _rows(frame, signal, place)


def _only(table: Any, accounts: Sequence[str]) -> Any:
    import ibis
    import pyarrow as pa

    return table.semi_join(ibis.memtable(pa.table({"account_id": pa.array(list(accounts), pa.string())})), "account_id")


def _any_holds(wide: Any, signals: Sequence[Signal]) -> Any:
    import ibis

    names = [column(s, place, "holds") for s in signals for place in range(len(s.causes))]
    return ibis.or_(*(wide[name] == 1.0 for name in names))


def _with_peers(wide: Any, signals: Sequence[Signal]) -> Any:
    """With the median fall of each segment at the same run, and over how many accounts it is taken."""
    import ibis

    peers = ibis.window(group_by=[wide["as_of"], wide["segment"]])
    medians = {}
    for signal in signals:
        if signal.peers is not None:
            fall = wide[f"{signal.id}__fall"]
            medians[f"{signal.id}__median"] = fall.median().over(peers)
            medians[f"{signal.id}__peers"] = fall.count().over(peers)
    return wide.mutate(**medians) if medians else wide


def _rows(frame: pd.DataFrame, signal: Signal, place: int) -> pd.DataFrame:
    import pandas as pd

    cause = signal.causes[place]
    holds = frame[column(signal, place, "holds")] == 1.0
    after = frame[column(signal, place, "after")]
    before = (
        frame[column(signal, place, "before")] if cause.before is not None else pd.Series(float("nan"), frame.index)
    )
    if cause.surprise is not None:
        holds &= unlikely(after, before) < cause.surprise
    suppressed = pd.Series(False, frame.index)
    if signal.peers is not None:
        enough = frame[f"{signal.id}__peers"] >= signal.peers.accounts
        suppressed = enough & (frame[f"{signal.id}__median"] >= signal.peers.least)
    rows = pd.DataFrame(
        {
            "account_id": frame["account_id"],
            "run_date": frame["as_of"],
            "signal": signal.id,
            "suppressed": suppressed.astype(bool),
            "cause": place,
            "before": before.astype("float64"),
            "after": after.astype("float64"),
            "since_days": frame[column(signal, place, "since")].astype("float64"),
        }
    )
    return rows[holds]


def unlikely(counted: pd.Series, expected: pd.Series) -> pd.Series:
    """The Poisson probability of so many or more where so many are expected; of any at all where none is: 0."""
    import pandas as pd
    from scipy.stats import poisson

    found = poisson.sf(counted.to_numpy("float64") - 1, expected.to_numpy("float64"))
    return pd.Series(found, counted.index).where(expected > 0, (counted < 1).astype("float64"))
