"""Which training rows had an alarm before their outcome: one that was acted on, or one that the holdout withheld."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from features.snapshots import EPOCH
from models.acted_on import ACTED, HELD
from pipelines.contacts import written_tasks
from pipelines.holdout import withheld_tasks
from pipelines.outcomes import next_day
from pipelines.panel import Panel
from pipelines.settings import Project

if TYPE_CHECKING:
    import pandas as pd


def alarms(project: Project) -> pd.DataFrame:
    """account_id, on, alarm: the tasks that scoring runs wrote, and those they withheld from accounts drawn by lot."""
    import pandas as pd

    return pd.concat(
        [written_tasks(project).assign(alarm=ACTED), withheld_tasks(project).assign(alarm=HELD)], ignore_index=True
    )


def with_alarms(panel: Panel, given: pd.DataFrame, *, lasts_days: int, window_days: int) -> Panel:
    """The panel whose training rows say `alarm`: one at most `lasts_days` before the snapshot, or later but before the
    outcome, that is before the loss was known or the label window closed.

    Without any alarm the panel is given back as it is.
    """
    if given.empty:
        return panel
    losses = None if panel.outcomes is None else panel.outcomes.losses

    def marked(rows: pd.DataFrame) -> pd.DataFrame:
        return _marked(rows, given, losses, lasts_days, window_days)

    everything = None if panel.everything is None else marked(panel.everything)
    return replace(panel, train=marked(panel.train), everything=everything)


def _marked(
    rows: pd.DataFrame, given: pd.DataFrame, losses: pd.DataFrame | None, lasts_days: int, window_days: int
) -> pd.DataFrame:
    import pandas as pd

    rows = rows.reset_index(drop=True)
    ends = rows["as_of_day"] + window_days
    if losses is not None:
        ends = next_day(rows, losses).where(rows["churned"] == 1).fillna(ends)
    pairs = pd.DataFrame({"account_id": rows["account_id"], "row": rows.index, "from": rows["as_of_day"], "end": ends})
    pairs = pairs.merge(given, on="account_id")
    day = (pd.to_datetime(pairs["on"]) - pd.Timestamp(EPOCH)).dt.days
    pairs = pairs[(day > pairs["from"] - lasts_days) & (day < pairs["end"])]
    # An account that was drawn into the holdout later than its first alarm was acted on all the same.
    acted = set(pairs.loc[pairs["alarm"] == ACTED, "row"])
    held = set(pairs.loc[pairs["alarm"] == HELD, "row"])
    alarm = pd.Series(None, index=rows.index, dtype=object)
    alarm[alarm.index.isin(held)] = HELD
    alarm[alarm.index.isin(acted)] = ACTED
    return rows.assign(alarm=alarm)
