"""The work list of one week: per owner what is due, what is chosen beside it, where the line falls, and who is unowned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from policy.policy import Policy
from serving.episodes import level
from serving.workbench.capacity import play_hours
from serving.workbench.worklist.choice import WHOLE_WEEK, Candidate, More, Week, week, worth_of_more
from serving.workbench.worklist.deadlines import share_of_week
from serving.workbench.worklist.effects import Effects, saved_probability

COLUMNS = (
    "account_id",
    "as_of",
    "owner_id",
    "worker_id",
    "name",
    "status",
    "rank",
    "play",
    "main_driver",
    "why",
    "note",
    "until",
    "hours",
    "arr",
    "churn_probability",
    "effect",
    "saved_arr",
    "due_at",
    "overdue_since",
    "zone",
)
OWNER_COLUMNS = (
    "owner_id",
    "as_of",
    "hours",
    "hours_used",
    "due",
    "chosen",
    "breached",
    "unknown",
    "saved_arr",
    "cut_account_id",
    "cut_hours",
    "cut_missing_hours",
    "cut_saved_arr",
    "day_hours",
    "day_promises",
    "day_saved_arr",
)
ASIDE = ("snoozed", "settled")
RANKED = ("due", "chosen", "breached", "below_the_line", "unknown", "nobody", "not_worth_it", *ASIDE)
"""What can become of an account, in the order in which they are listed."""
MINUTES, CENTS = 60, 100


@dataclass(frozen=True)
class WorkList:
    """The list, and what there is to say of each owner.

    `accounts` holds every candidate (COLUMNS), once for each person who has something promised to it. `worker_id` is
    whose hours it takes: who does what was promised, else the account's owner. `status`: `due` (promised for this week
    and kept), `chosen`, `breached` (promised, and it does not fit), `below_the_line`, `unknown` (it cannot be weighed:
    no probability yet, or no ARR; `note` says which, and so it does where hours were left to choose it), `nobody` (no
    owner: to be assigned, most valuable first), `not_worth_it` (nothing is expected to be saved), `snoozed` (put off
    `until` a day, `note` says why) and `settled` (`note` says how). `rank` counts from 1 within a worker; `saved_arr` is
    the ARR that acting is expected to save, null where not known. `due_at` and `overdue_since` are UTC, `zone` is theirs
    who look after the account.
    `owners` (OWNER_COLUMNS) holds hours for plays, what they save, the first account below the line and the hours
    missing for it (null where nothing is left out), and what one more working day would bring: promises kept as well,
    and ARR saved beside. What is not known is null: what is saved where nothing can be weighed, and a day without hours.
    """

    accounts: pd.DataFrame
    owners: pd.DataFrame


def candidates(rows: pd.DataFrame, effects: Effects, policy: Policy) -> pd.DataFrame:
    """The rows with `hours`, `effect`, `saved_arr` and `note`; null is saved where probability or ARR are not known.

    `rows` hold account_id, arr, churn_probability, main_driver and play. An account's play says how long it takes, where
    no `hours` of what was promised are given, its main driver how much acting changes; the default's hours and effect
    stand where there is none.
    """
    effect = np.array([effects.of(group) for group in rows["main_driver"]], dtype=float)
    probability = rows["churn_probability"].to_numpy(dtype=float, na_value=np.nan)
    arr = rows["arr"].to_numpy(dtype=float, na_value=np.nan)
    given, note = (rows.get(name, pd.Series(None, index=rows.index, dtype=object)) for name in ("hours", "note"))
    lacks = [_lacks(p, a) for p, a in zip(probability, arr, strict=True)]
    return rows.assign(
        hours=[play_hours(play, policy) if pd.isna(h) else h for play, h in zip(rows["play"], given, strict=True)],
        effect=effect,
        saved_arr=saved_probability(probability, effect) * arr,
        note=note.where(note.notna(), pd.Series(lacks, index=rows.index, dtype=object)),
    )


def worklist(
    rows: pd.DataFrame,
    hours: Mapping[str, float],
    policy: Policy,
    as_of: date,
    *,
    days: Mapping[str, float | None] | None = None,
) -> WorkList:
    """Choose for every worker within their `hours` (worker → hours for plays this week; who is not named has none).

    `rows` are `candidates` with owner_id, worker_id, name, why, health_tier, due_at (what was promised, null for none),
    zone, and `aside` (snoozed or settled, null for neither) with `until`. `days`: worker → hours of one more working
    day; who is not named has none.
    """
    listed, told = [], []
    for worker, own in rows.groupby("worker_id", sort=True):
        places = dict(zip(_by_urgency(own).index, range(len(own)), strict=True))
        weighed = own[own["aside"].isna()]
        given = [_candidate(row, places[at], policy, as_of) for at, row in weighed.to_dict("index").items()]
        capacity = max(round(hours.get(str(worker), 0.0) * MINUTES), 0)
        found = week(given, capacity)
        day = (days or {}).get(str(worker))
        more = None if day is None else worth_of_more(given, capacity, round(day * MINUTES))
        status = _status(own, found)
        listed.append(_ranked(own, status))
        unknown = int((status == "unknown").sum())
        row = _worker(str(worker), capacity, found, day, more, unknown)
        # Where nothing can be weighed, what is saved is not 0 but unknown.
        told.append(
            row
            if weighed.empty or weighed["saved_arr"].notna().any()
            else row | {"saved_arr": None, "day_saved_arr": None}
        )
    alone = rows[rows["worker_id"].isna()]
    if len(alone):
        listed.append(_ranked(alone, alone["aside"].where(alone["aside"].notna(), "nobody")))
    every = pd.concat(listed) if listed else rows.assign(status=None, rank=0)
    late = pd.to_datetime(every["due_at"]) < pd.Timestamp(as_of)
    accounts = every.assign(as_of=as_of, overdue_since=pd.to_datetime(every["due_at"]).where(late))
    owners = pd.DataFrame(told, columns=list(OWNER_COLUMNS)).assign(as_of=as_of)
    return WorkList(typed(accounts.reindex(columns=list(COLUMNS)).reset_index(drop=True)), _typed_owners(owners))


def typed(accounts: pd.DataFrame) -> pd.DataFrame:
    """The list with stable types, so that a column of nulls keeps its type."""
    texts = ("account_id", "owner_id", "worker_id", "name", "status", "play", "main_driver", "why", "note", "zone")
    numbers = ("hours", "arr", "churn_probability", "effect", "saved_arr")
    times = {name: pd.to_datetime(accounts[name]).astype("datetime64[us]") for name in ("due_at", "overdue_since")}
    found = accounts.assign(**times, until=pd.to_datetime(accounts["until"]).astype("datetime64[us]"))
    return found.astype({**dict.fromkeys(texts, "string"), **dict.fromkeys(numbers, "float64"), "rank": "int64"})


def _typed_owners(owners: pd.DataFrame) -> pd.DataFrame:
    counts = ("due", "chosen", "breached", "unknown")
    numbers = [c for c in OWNER_COLUMNS if "hours" in c or c.endswith("_arr")]
    texts = ("owner_id", "cut_account_id")
    found = owners.astype(
        {**dict.fromkeys(counts, "int64"), **dict.fromkeys(numbers, "float64"), **dict.fromkeys(texts, "string")}
    )
    return found.astype({"day_promises": "Int64"})


def _lacks(probability: float, arr: float) -> str | None:
    told = [text for value, text in ((probability, "no probability yet"), (arr, "ARR unknown")) if np.isnan(value)]
    return ", ".join(told) or None


def _by_urgency(rows: pd.DataFrame) -> pd.DataFrame:
    """Red before yellow before the others, then the largest ARR: the order where nothing can be weighed."""
    health = [-level(tier, None).health for tier in rows["health_tier"]]
    ordered = rows.assign(_health=health).sort_values(
        ["_health", "arr", "account_id"], ascending=[True, False, True], na_position="last"
    )
    return ordered.drop(columns="_health")


def _candidate(row: Mapping[Any, Any], place: int, policy: Policy, as_of: date) -> Candidate:
    saved, due_at = row["saved_arr"], row["due_at"]
    by = WHOLE_WEEK
    # What is overdue can no longer be kept in time; it is done in the week, and no fresh promise breaks for it.
    if not pd.isna(due_at) and due_at >= pd.Timestamp(as_of):
        zone = None if pd.isna(row["zone"]) else str(row["zone"])
        by = share_of_week(pd.Timestamp(due_at).to_pydatetime(), zone, as_of, policy.tasks.business_hours)
    return Candidate(
        str(row["account_id"]),
        round(row["hours"] * MINUTES),
        None if pd.isna(saved) else round(saved * CENTS),
        due=not pd.isna(due_at),
        by=by,
        place=place,
    )


def _status(own: pd.DataFrame, found: Week) -> pd.Series:
    named = {
        **dict.fromkeys(found.due, "due"),
        **dict.fromkeys((*found.new, *found.unweighed), "chosen"),
        **dict.fromkeys(found.breached, "breached"),
    }
    saved = own["saved_arr"]
    rest = np.where(saved.isna(), "unknown", np.where((saved * CENTS).round() > 0, "below_the_line", "not_worth_it"))
    status = [named.get(str(a), other) for a, other in zip(own["account_id"], rest, strict=True)]
    return own["aside"].where(own["aside"].notna(), pd.Series(status, index=own.index, dtype=object))


def _ranked(own: pd.DataFrame, status: pd.Series) -> pd.DataFrame:
    """Done first, what is due by its time; what is left out by what an hour of it saves; the rest by urgency."""
    place = status.map({name: at for at, name in enumerate(RANKED)})
    per_hour = own["saved_arr"] / own["hours"].where(own["hours"] > 0)
    due = pd.to_datetime(own["due_at"]).where(status.isin(["due", "breached"]))
    order = _by_urgency(own.assign(status=status, _place=place, _due=due))
    order["_worth"] = np.where(order["status"] == "below_the_line", per_hour[order.index], order["saved_arr"])
    keys, rising = ["_place", "_due", "_worth"], [True, True, False]
    for key, up in reversed(list(zip(keys, rising, strict=True))):
        order = order.sort_values(key, ascending=up, na_position="last", kind="stable")
    return order.drop(columns=["_place", "_due", "_worth"]).assign(rank=range(1, len(order) + 1))


def _worker(
    worker: str, capacity: int, found: Week, day: float | None, more: More | None, unknown: int
) -> dict[str, Any]:
    cut = found.cut
    return {
        "owner_id": worker,
        "hours": capacity / MINUTES,
        "hours_used": found.minutes / MINUTES,
        "due": len(found.due),
        "chosen": len(found.new) + len(found.unweighed),
        "breached": len(found.breached),
        "unknown": unknown,
        "saved_arr": found.cents / CENTS,
        "cut_account_id": None if cut is None else cut.account_id,
        "cut_hours": None if cut is None else cut.minutes / MINUTES,
        "cut_missing_hours": None if cut is None else cut.missing_minutes / MINUTES,
        "cut_saved_arr": None if cut is None else cut.cents / CENTS,
        "day_hours": day,
        "day_promises": None if more is None else more.promises,
        "day_saved_arr": None if more is None else more.cents / CENTS,
    }
