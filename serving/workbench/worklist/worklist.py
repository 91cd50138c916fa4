"""The work list of one week: per owner what is due, what is chosen beside it, where the line falls, and who is unowned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from policy.policy import Policy
from serving.workbench.capacity import play_hours
from serving.workbench.worklist.choice import Candidate, Week, week, worth_of_more
from serving.workbench.worklist.effects import Effects, saved_probability

COLUMNS = (
    "account_id",
    "as_of",
    "owner_id",
    "name",
    "status",
    "rank",
    "play",
    "main_driver",
    "why",
    "hours",
    "arr",
    "churn_probability",
    "effect",
    "saved_arr",
    "due_at",
)
OWNER_COLUMNS = (
    "owner_id",
    "as_of",
    "hours",
    "hours_used",
    "due",
    "chosen",
    "breached",
    "saved_arr",
    "cut_account_id",
    "cut_hours",
    "cut_missing_hours",
    "cut_saved_arr",
    "day_hours",
    "day_saved_arr",
)
RANKED = ("due", "chosen", "breached", "below_the_line", "nobody", "not_worth_it", "unknown")
"""What can become of a candidate, in the order in which they are listed."""
MINUTES, CENTS = 60, 100


@dataclass(frozen=True)
class WorkList:
    """The list, and what there is to say of each owner.

    `accounts` holds every candidate once (COLUMNS). `status`: `due` (promised for this week and kept), `chosen`,
    `breached` (promised, and it does not fit), `below_the_line`, `nobody` (no owner: to be assigned, most valuable
    first), `not_worth_it` (nothing is expected to be saved), `unknown` (no probability or ARR). `rank` counts from 1
    within an owner; `saved_arr` is the ARR that acting is expected to save, null where not known.
    `owners` (OWNER_COLUMNS) holds hours for plays, what they save, the first account below the line and the hours
    missing for it (null where nothing is left out), and what one more working day would save.
    """

    accounts: pd.DataFrame
    owners: pd.DataFrame


def candidates(rows: pd.DataFrame, effects: Effects, policy: Policy) -> pd.DataFrame:
    """The rows with `hours`, `effect` and `saved_arr`, which is null where probability or ARR are not known.

    `rows` hold account_id, arr, churn_probability, main_driver and play. An account's play says how long it takes, its
    main driver how much acting changes; the default's hours and effect stand where there is none.
    """
    effect = np.array([effects.of(group) for group in rows["main_driver"]], dtype=float)
    probability = rows["churn_probability"].to_numpy(dtype=float, na_value=np.nan)
    return rows.assign(
        hours=[play_hours(play, policy) for play in rows["play"]],
        effect=effect,
        saved_arr=saved_probability(probability, effect) * rows["arr"].to_numpy(dtype=float, na_value=np.nan),
    )


def worklist(rows: pd.DataFrame, hours: Mapping[str, float], policy: Policy, as_of: date) -> WorkList:
    """Choose for every owner within their `hours` (owner → hours for plays this week; who is not named has none).

    `rows` are `candidates` with owner_id, name, why, and due_at (the promise of this week, null for none).
    """
    day = _working_day(policy)
    listed, told = [], []
    for owner, own in rows.groupby("owner_id", sort=True):
        given = [_candidate(row) for row in own.to_dict("records")]
        capacity = max(round(hours.get(str(owner), 0.0) * MINUTES), 0)
        found = week(given, capacity)
        more = worth_of_more(given, capacity, round(day * MINUTES))
        listed.append(_ranked(own, _status(own, found)))
        told.append(_owner(str(owner), capacity, found, day, more))
    unowned = rows[rows["owner_id"].isna()]
    if len(unowned):
        listed.append(_ranked(unowned, pd.Series("nobody", index=unowned.index, dtype=object)))
    every = pd.concat(listed) if listed else rows.assign(status=None, rank=0)
    accounts = every.assign(as_of=as_of).reindex(columns=list(COLUMNS)).reset_index(drop=True)
    owners = pd.DataFrame(told, columns=list(OWNER_COLUMNS)).assign(as_of=as_of)
    return WorkList(typed(accounts), _typed_owners(owners))


def typed(accounts: pd.DataFrame) -> pd.DataFrame:
    """The list with stable types, so that a column of nulls keeps its type."""
    texts = ("account_id", "owner_id", "name", "status", "play", "main_driver", "why")
    numbers = ("hours", "arr", "churn_probability", "effect", "saved_arr")
    found = accounts.assign(due_at=pd.to_datetime(accounts["due_at"]))
    return found.astype({**dict.fromkeys(texts, "string"), **dict.fromkeys(numbers, "float64"), "rank": "int64"})


def _typed_owners(owners: pd.DataFrame) -> pd.DataFrame:
    counts = ("due", "chosen", "breached")
    numbers = [c for c in OWNER_COLUMNS if "hours" in c or c.endswith("_arr")]
    texts = ("owner_id", "cut_account_id")
    return owners.astype(
        {**dict.fromkeys(counts, "int64"), **dict.fromkeys(numbers, "float64"), **dict.fromkeys(texts, "string")}
    )


def _working_day(policy: Policy) -> float:
    open_ = policy.tasks.business_hours
    return float(open_.to_hour - open_.from_hour)


def _candidate(row: Mapping[Any, Any]) -> Candidate:
    saved = row["saved_arr"]
    return Candidate(
        str(row["account_id"]),
        round(row["hours"] * MINUTES),
        None if pd.isna(saved) else round(saved * CENTS),
        due=not pd.isna(row["due_at"]),
    )


def _status(own: pd.DataFrame, found: Week) -> pd.Series:
    named = {
        **dict.fromkeys(found.due, "due"),
        **dict.fromkeys(found.new, "chosen"),
        **dict.fromkeys(found.breached, "breached"),
    }
    saved = own["saved_arr"]
    rest = np.where(saved.isna(), "unknown", np.where((saved * CENTS).round() > 0, "below_the_line", "not_worth_it"))
    return pd.Series(
        [named.get(str(a), other) for a, other in zip(own["account_id"], rest, strict=True)], index=own.index
    )


def _ranked(own: pd.DataFrame, status: pd.Series) -> pd.DataFrame:
    """Done first, then what is left out by what an hour of it saves; of equals by account id."""
    place = status.map({name: at for at, name in enumerate(RANKED)})
    per_hour = own["saved_arr"] / own["hours"].where(own["hours"] > 0)
    order = own.assign(
        status=status,
        _place=place,
        _worth=np.where(status.isin(["below_the_line"]), per_hour, own["saved_arr"]),
    ).sort_values(["_place", "_worth", "account_id"], ascending=[True, False, True], na_position="last")
    return order.drop(columns=["_place", "_worth"]).assign(rank=range(1, len(order) + 1))


def _owner(owner: str, capacity: int, found: Week, day: float, more: int) -> dict[str, Any]:
    cut = found.cut
    return {
        "owner_id": owner,
        "hours": capacity / MINUTES,
        "hours_used": found.minutes / MINUTES,
        "due": len(found.due),
        "chosen": len(found.new),
        "breached": len(found.breached),
        "saved_arr": found.cents / CENTS,
        "cut_account_id": None if cut is None else cut.account_id,
        "cut_hours": None if cut is None else cut.minutes / MINUTES,
        "cut_missing_hours": None if cut is None else cut.missing_minutes / MINUTES,
        "cut_saved_arr": None if cut is None else cut.cents / CENTS,
        "day_hours": day,
        "day_saved_arr": more / CENTS,
    }
