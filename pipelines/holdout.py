"""Where the holdout is remembered: one file of assignments that only grows, and the accounts held out of each run."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from data_contracts.facts import latest
from pipelines.build_features import Checked
from pipelines.contacts import on_publishing
from pipelines.files import write_parquet
from pipelines.settings import Project
from serving.holdout import WITHHELD, Draw, assigned, held_on, nobody, strata_of, without_tasks

if TYPE_CHECKING:
    import pandas as pd

    from serving.score import Scored

NO = {"false", "no", "0"}


def held_out(checked: Checked, scored: Scored, as_of: date) -> Scored:
    """What was scored, with the accounts of the holdout spared; draws who is new, and writes who was held out.

    Without a `[holdout] share` nothing is drawn and nobody is spared.
    """
    project, given = checked.project, checked.project.settings.holdout
    if not given.share:
        return scored
    known = assignments(project)
    draw, strata = Draw(given.share, given.seed), strata_of(scored.scores, project.policy)
    everyone = assigned(known, strata, draw, as_of, recorded=_recorded(checked, as_of))
    # Before any task is written: an account must not be worked on because a crash forgot that it is held out.
    if len(everyone) > len(known):
        write_parquet(_typed(everyone), _file(project))
    kept, withheld = without_tasks(scored, held_on(everyone, as_of))
    write_parquet(withheld, project.out("holdout", f"as_of={as_of.isoformat()}") / "holdout.parquet")
    return kept


def assignments(project: Project) -> pd.DataFrame:
    """Every account that was ever assigned, held out or not."""
    import pyarrow.parquet as pq

    path = _file(project)
    return pq.read_table(path, partitioning=None).to_pandas() if path.exists() else nobody()


def held_since(project: Project, as_of: str) -> dict[str, date]:
    """Account → the day it was drawn, for the accounts held out of the run of that day."""
    import pyarrow.parquet as pq

    path = project.state / "holdout" / f"as_of={as_of}" / "holdout.parquet"
    if not path.exists():
        return {}
    return {r["account_id"]: r["held_since"] for r in pq.read_table(path, partitioning=None).to_pylist()}


def withheld_tasks(project: Project) -> pd.DataFrame:
    """account_id, on: the accounts drawn by lot from which a scoring run withheld a task, and the day it was published."""
    import pandas as pd
    import pyarrow.parquet as pq

    found = [
        pq.read_table(path, partitioning=None).to_pandas()
        for path in sorted((project.state / "holdout").glob("as_of=*/holdout.parquet"))
    ]
    rows = pd.concat([pd.DataFrame(columns=WITHHELD, dtype=object), *found], ignore_index=True)
    rows = rows[(rows["tasks_withheld"].astype(int) > 0) & (rows["origin"] == "drawn")]
    return on_publishing(project, rows[["account_id", "as_of"]].drop_duplicates())


def _file(project: Project) -> Path:
    return project.state / "holdout" / "assignments.parquet"


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype({"held": bool, "share": "float64", "seed": "int64"})


def _recorded(checked: Checked, as_of: date) -> frozenset[str]:
    """Accounts that the CRM says are held out (crm_feedback of kind `holdout`), recorded before this day."""
    import pandas as pd

    if "crm_feedback" not in checked.facts.tables:
        return frozenset()
    rows = latest(checked.facts, "crm_feedback")
    rows = rows.filter(rows["kind"] == "holdout").select("account_id", "value", "recorded_at", "expires_on").to_pandas()
    day = pd.Timestamp(as_of)
    told = pd.to_datetime(rows["recorded_at"]).dt.tz_localize(None) < day
    ends = pd.to_datetime(rows["expires_on"])
    yes = ~rows["value"].astype("string").str.lower().isin(NO).fillna(False)
    return frozenset(rows.loc[told & yes & (ends.isna() | (ends > day)), "account_id"].astype(str))
