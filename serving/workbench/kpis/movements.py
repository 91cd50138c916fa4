"""What each customer's ARR did from one day to another: churn, contraction, expansion, new or won back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from serving.workbench.kpis.ledger import Ledger

LOST = ("churn", "contraction")
GAINED = ("expansion", "new", "won_back")
PARTS = (*LOST, *GAINED)
AMOUNTS = ("start", *PARTS, "end")
LIFE = ["account_id", "began"]


@dataclass(frozen=True)
class Period:
    """Two days whose books are compared; `complete` unless it is a month that goes on."""

    start: pd.Timestamp
    end: pd.Timestamp
    complete: bool = True


def movements(ledger: Ledger, start: pd.Timestamp, end: pd.Timestamp, *, win_back_days: int) -> pd.DataFrame:
    """One row per life of a customer in force on either day: account_id and the amounts in whole cents.

    Two days are compared, so what rises and falls in between is one movement of the life that goes on. Who left and came
    back in between has two lives and so two rows: the one left, the other began. Who comes is `won_back` where the life
    before ended at most `win_back_days` earlier, inclusive (I12), else `new`.
    """
    both = pd.DataFrame({"start": _in_force(ledger, start), "end": _in_force(ledger, end)}).fillna(0).astype("int64")
    was, here = both["start"] > 0, both["end"] > 0
    change = both["end"] - both["start"]
    lives = ledger.stints.set_index(LIFE, drop=False)
    back = (lives["began"] - lives["before"]).dt.days.reindex(both.index) <= win_back_days
    found = both.assign(
        churn=both["start"].where(was & ~here, 0),
        contraction=(-change).where(was & here & (change < 0), 0),
        expansion=change.where(was & here & (change > 0), 0),
        new=both["end"].where(here & ~was & ~back, 0),
        won_back=both["end"].where(here & ~was & back, 0),
    )
    return closed(found.reset_index()[["account_id", *AMOUNTS]])


def _in_force(ledger: Ledger, day: pd.Timestamp) -> pd.Series:
    """(customer, beginning of its life) → cents on the morning of a day."""
    lives = ledger.stints[(ledger.stints["began"] <= day) & (day < ledger.stints["ended"])]
    cents = lives["account_id"].map(ledger.on(day)).astype("int64")
    return pd.Series(cents.to_numpy(), index=pd.MultiIndex.from_frame(lives[LIFE]))


def closed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows themselves, once start − churn − contraction + expansion + new + won back is the end, to the cent (M15).

    Raises ValueError where it is not: a bug of ours.
    """
    lost, gained = rows[list(LOST)].sum(axis=1), rows[list(GAINED)].sum(axis=1)
    if not (rows["start"] - lost + gained == rows["end"]).all():
        raise ValueError("the movements do not add up to the change of the ARR")
    return rows


def months(begins: pd.Timestamp | None, as_of: pd.Timestamp, most: int | None = None) -> list[Period]:
    """Calendar months from the one that a day lies in until as_of, oldest first; the last goes on unless as_of is a 1st.

    >>> [(p.start.strftime("%m-%d"), p.end.strftime("%m-%d"), p.complete)
    ...  for p in months(pd.Timestamp("2026-01-15"), pd.Timestamp("2026-03-10"))]
    [('01-01', '02-01', True), ('02-01', '03-01', True), ('03-01', '03-10', False)]
    """
    if begins is None or begins >= as_of:
        return []
    firsts = list(pd.date_range(begins.replace(day=1), as_of, freq="MS"))
    found = [Period(a, b) for a, b in pairwise(firsts)]
    if firsts[-1] < as_of:
        found.append(Period(firsts[-1], as_of, complete=False))
    return found if most is None else found[-most:]
