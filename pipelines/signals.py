"""The daily run: which signals stand, and since when. Weekly signals are those of the last weekly run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from data_contracts.contract import output_contract
from data_contracts.facts import latest
from data_contracts.validate import ROW, Validator
from features.labels import data_until
from features.signals.catalogue import signals as signals_of
from features.signals.state import signal_state
from pipelines.alerts import owners_table
from pipelines.build_features import Checked, checked_sources, cohort_rule, now_utc
from pipelines.files import write_parquet
from pipelines.score import refuse_beyond_data
from pipelines.settings import Project
from policy.archive import archive_policy
from policy.errors import ContractStop
from serving.signals import signal_rows

if TYPE_CHECKING:
    import pandas as pd

STATUSES = ("open", "clearing", "cleared", "suppressed")


def signals(
    project: Project, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check the sources and find the signals; returns the object `churn signals --json` prints."""
    with checked_sources(project) as checked:
        return signals_on(checked, as_of, progress=progress)


def signals_on(
    checked: Checked, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Find the signals on sources that have been checked. Without a date: on the last day the data reach."""
    project = checked.project
    archive_policy(project.policy, project.policies)
    if as_of is not None:
        refuse_beyond_data(checked, as_of)
    day = as_of or data_until(checked.facts)
    progress(f"signals as of {day}")
    declared = signals_of(project.policy)
    state = signal_state(
        checked.facts,
        cohort_rule(project),
        declared,
        day,
        clear_runs=project.policy.signals.clear_runs,
        weekday=project.settings.panel.weekday,
    )
    rows, evidence = signal_rows(state, declared, project.policy, day, currency=project.settings.project.currency)
    validate(rows)
    folder = project.out("signals", f"as_of={day.isoformat()}")
    write_parquet(evidence, folder / "evidence.parquet")
    owners_table(latest(checked.facts, "accounts").to_pandas(), folder / "owners.parquet")
    # The signals last: a reader that finds them finds their evidence.
    path = write_parquet(rows, folder / "signals.parquet")
    stands = rows[rows["status"].isin(["open", "clearing"])]
    return {
        "as_of": day.isoformat(),
        "accounts": int(stands["account_id"].nunique()),
        "open": len(stands),
        "new": int(rows["is_new"].sum()),
        "cleared": int((rows["status"] == "cleared").sum()),
        "suppressed": int((rows["status"] == "suppressed").sum()),
        "by_signal": {
            name: {
                "title": signal.title,
                "open": int((stands["signal"] == name).sum()),
                "new": int(rows.loc[rows["signal"] == name, "is_new"].sum()),
                "suppressed": int(((rows["signal"] == name) & (rows["status"] == "suppressed")).sum()),
                "confirmatory": signal.confirmatory,
            }
            for name, signal in declared.items()
        },
        "path": str(path),
    }


def validate(rows: pd.DataFrame) -> None:
    """Check the rows against their contract. Raises ContractStop on the first breach: nothing is written."""
    found = Validator().findings(rows.assign(**{ROW: range(len(rows))}), output_contract("signals"), now=now_utc())
    if found.failed:
        first = found.failed[0]
        raise ContractStop(
            f"{first.rows} rows break `{first.check.name}`: {first.check.says}",
            where="signals",
            cure="This is a bug of the signal's declaration; nothing was written.",
        )
