"""Which scored rows were acted on before their label window opened: a contact made because of risk, or a task.

Not until it closed: who decides early has less time to be contacted, and would count as one on whom nobody acted. In
the demo, where the reasons of contacts mean nothing, that alone made 1.8 points of churn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from data_contracts.facts import latest
from pipelines.build_features import Checked
from pipelines.settings import Project

if TYPE_CHECKING:
    import pandas as pd

LEAST_DAYS = 7


def risk_contacts(checked: Checked, words: Sequence[str]) -> pd.DataFrame:
    """account_id, on: our own contacts whose reason holds one of the words, in any case; reasons are free text."""
    import pandas as pd

    if not checked.facts.has("touchpoints", "reason") or not words:
        return pd.DataFrame({"account_id": pd.Series(dtype=object), "on": pd.Series(dtype="datetime64[ns]")})
    table = latest(checked.facts, "touchpoints")
    ours = table.filter((table["direction"] == "ours") & table["reason"].notnull())
    rows = ours.select("account_id", "reason", on=ours["occurred_at"].cast("date")).to_pandas()
    known = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    because = rows["reason"].map(lambda text: bool(known.search(text))).astype(bool)
    return rows.loc[because, ["account_id", "on"]]


def written_tasks(project: Project) -> pd.DataFrame:
    """account_id, on: the accounts that a scoring run wrote a task for, and its as-of date."""
    import pandas as pd
    import pyarrow.parquet as pq

    found = [
        pq.read_table(path, columns=["account_id", "as_of"], partitioning=None).to_pandas()
        for path in sorted((project.state / "tasks").glob("as_of=*/tasks.parquet"))
    ]
    rows = pd.concat([pd.DataFrame({"account_id": [], "as_of": []}, dtype=object), *found], ignore_index=True)
    return rows.drop_duplicates().rename(columns={"as_of": "on"})


def touched(rows: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series:
    """True where the account was contacted from the row's as_of on and before its label window opens.

    Where it opens at once, the first week counts.
    """
    import pandas as pd

    numbered = rows[["account_id", "as_of", "gap_days"]].assign(row=range(len(rows)))
    pairs = numbered.merge(contacts, on="account_id")
    on, start = pd.to_datetime(pairs["on"]), pd.to_datetime(pairs["as_of"])
    opens = start + pd.to_timedelta(pairs["gap_days"].astype(int).clip(lower=LEAST_DAYS), unit="D")
    hit = set(pairs.loc[(on >= start) & (on < opens), "row"])
    return pd.Series([row in hit for row in range(len(rows))], index=rows.index, dtype=bool)
