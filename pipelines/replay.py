"""`churn replay`: a published score rebuilt from what was known then, and compared with what was published, bit for bit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.build_features import checked_sources
from pipelines.deliver import chosen_date, rows_of
from pipelines.files import write_parquet, write_text
from pipelines.rebuilt import Rebuilt, model_of, policy_of_run, rebuilt
from pipelines.replay_account import outcome_today, seen_then
from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean
from serving.workbench.pages.filenames import page_name
from serving.workbench.replay.compare import Difference, differences
from serving.workbench.replay.why import why

if TYPE_CHECKING:
    import pyarrow as pa

COMPARED = {
    "features": ("account_id",),
    "scores": ("account_id",),
    "outlook": ("account_id",),
    "drivers": ("account_id", "group", "indicator"),
    "evidence": ("account_id", "indicator"),
    "tasks": ("account_id", "task_key"),
}
"""What is rebuilt, and the columns that tell its rows apart."""
TOLD = 200
"""Differences of a whole book that are told; the file has all."""


def replay(
    project: Project, account: str | None, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Replay one account, or with null every account of the day; returns the object `churn replay --json` prints.

    The whole book is rebuilt either way: percentiles, tiers and tasks rest on all of it. Raises UsageError for a day or
    an account that was not scored, SettingsError where the model or the policy of the score is no longer kept.
    """
    day = chosen_date(project, as_of)
    scores = rows_of(project, "scores", day)
    ids = {str(row["account_id"]) for row in scores}
    if account is not None and account not in ids:
        raise UsageError(f"`{account}` was not scored as of {day}.", where="account", cure=did_you_mean(account, ids))
    first, on = scores[0], date.fromisoformat(day)
    policy = policy_of_run(project, str(first["policy_version"]))
    shipped = model_of(project, first["model_version"])
    outcome = None
    with checked_sources(project.model_copy(update={"policy": policy})) as checked:
        progress(f"rebuilding the {len(scores):,} accounts of {day}")
        again = rebuilt(checked, on, first, shipped)
        if account is not None:
            outcome = outcome_today(checked, account, on)
    progress("comparing")
    asked = ids if account is None else {account}
    told = {
        "as_of": day,
        **{name: first[name] for name in ("run_id", "model_version", "policy_version", "scorer")},
        "published_at": first["published_at"].isoformat(),
        **compared(project, day, again, None if account is None else asked),
        "accounts": len(asked),
    }
    if account is None:
        return told_of_all(project, day, asked, told)
    told |= {"account_id": account, **seen_then(project, account, day), "outcome": outcome}
    path = project.out("replays", f"as_of={day}") / page_name(account).replace(".html", ".json")
    write_text(json.dumps(told, allow_nan=False, indent=2, default=str) + "\n", path)
    return told | {"path": str(path)}


def compared(project: Project, day: str, again: Rebuilt, only: Collection[str] | None) -> dict[str, Any]:
    """`equal`, how much was compared, every difference with both values, and what may have made them."""
    found: list[Difference] = []
    fields, absent = 0, []
    for name, keys in COMPARED.items():
        stored = _stored(project, name, day, only)
        if stored is None:
            absent.append(name)
            continue
        rows = again.tables[name] if only is None else _of(again.tables[name], only)
        found.extend(differences(name, stored, rows, keys))
        fields += stored.num_rows * stored.num_columns
    return {
        "equal": not found,
        "differing": len(found),
        "compared": [name for name in COMPARED if name not in absent],
        "not_kept": absent,
        "fields": fields,
        "differences": [_plain(d) for d in found],
        "why": list(why(found, again.circumstances)),
    }


def _stored(project: Project, name: str, day: str, only: Collection[str] | None) -> pa.Table | None:
    """What was published; null where the project does not keep it."""
    import pyarrow.parquet as pq

    path = project.state / name / f"as_of={day}" / f"{name}.parquet"
    if not path.exists():
        return None
    table = pq.read_table(path, partitioning=None)
    return table if only is None else _of(table, only)


def _of(table: pa.Table, accounts: Collection[str]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = pa.array(sorted(accounts), table.column("account_id").type)
    return table.filter(pc.is_in(table.column("account_id"), wanted))


def _plain(difference: Difference) -> dict[str, Any]:
    """As JSON can hold it: NaN is null, dates are ISO texts."""
    row = asdict(difference)
    for side in ("published", "rebuilt"):
        value = row[side]
        row[side] = (
            None if value != value else value if value is None or isinstance(value, str | float | int) else str(value)
        )
    return row


def told_of_all(project: Project, day: str, asked: Collection[str], told: Mapping[str, Any]) -> dict[str, Any]:
    """The replay of the whole book, written as a row per account and a row per difference; of those, some are told."""
    import pandas as pd

    folder = project.out("replays", f"as_of={day}")
    columns = ["table", "account_id", "key", "field", "published", "rebuilt"]
    rows = pd.DataFrame(told["differences"], columns=columns).astype(dtype="string")
    write_parquet(rows, folder / "differences.parquet")
    counts = Counter(d["account_id"] for d in told["differences"])
    everyone = sorted({*asked, *counts})
    table = pd.DataFrame({"account_id": everyone, "equal": [not counts[a] for a in everyone]})
    table["differences"] = [counts[a] for a in everyone]
    path = write_parquet(table, folder / "replays.parquet")
    return {**told, "differences": told["differences"][:TOLD], "path": str(path)}
