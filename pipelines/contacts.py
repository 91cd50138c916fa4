"""Which scored rows were acted on before their label window opened: a contact made because of risk, or a task.

Not until it closed: who decides early has less time to be contacted, and would count as one on whom nobody acted. In
the demo, where the reasons of contacts mean nothing, that alone made 1.8 points of churn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
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
    """account_id, on: the accounts that a scoring run wrote a task for, and the day on which it was published."""
    import pandas as pd
    import pyarrow.parquet as pq

    found = [
        pq.read_table(path, columns=["account_id", "as_of"], partitioning=None).to_pandas()
        for path in sorted((project.state / "tasks").glob("as_of=*/tasks.parquet"))
    ]
    rows = pd.concat([pd.DataFrame({"account_id": [], "as_of": []}, dtype=object), *found], ignore_index=True)
    return on_publishing(project, rows.drop_duplicates())


def on_publishing(project: Project, rows: pd.DataFrame) -> pd.DataFrame:
    """account_id, on: rows of scoring runs (account_id, as_of) by the day on which their scores were published.

    Whoever scores a Monday of last year today tells nobody anything last year. Where no scores are kept, it is the as_of.
    """
    import pandas as pd

    days = {day: _published(project, day) or day for day in rows["as_of"].unique()}
    return pd.DataFrame({"account_id": rows["account_id"], "on": rows["as_of"].map(days)}, dtype=object)


def _published(project: Project, as_of: date) -> date | None:
    import pyarrow.parquet as pq

    for path in sorted((project.state / "scores" / f"as_of={as_of}").glob("*.parquet")):
        given = pq.read_table(path, columns=["published_at"], partitioning=None)["published_at"]
        if len(given):
            published: date = given[0].as_py().date()
            return max(published, as_of)
    return None


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
