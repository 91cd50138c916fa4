"""Who is scored on which as_of: accounts with a term in force whose loss is not yet known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_contracts.sources import Facts
from features.reductions.money import terms
from features.snapshots import Snapshots, day_of


@dataclass(frozen=True)
class CohortRule:
    """Tenure below `min_tenure_days` is too young to score; `loss_kinds` are the decisions that lose an account."""

    min_tenure_days: int = 7
    loss_kinds: Sequence[str] = ("voluntary", "non_payment", "acquired")


def cohort(facts: Facts, snapshots: Snapshots, rule: CohortRule) -> Any:
    """One row per account and snapshot with a term in force, as known then.

    Columns: account_id, as_of, snapshot, as_of_day, known_loss, tenure_days, days_to_term_end, arr, seats (null where
    no term is sold by seat), term_end_day, deadline_day (notice deadline, else term end), term_days, segment. `known_loss` rows have every
    term in force decided before as_of: they are listed, never scored. A merged account is in no snapshot from the day
    its merger was known (its first `acquired` decision); where that day is not recorded, from the day its own row was
    known. `segment` is null while the account's own row is not known.
    """
    rows = terms(facts.tables)
    grid = snapshots.grid()
    lost = rows["decision_kind"].isin(list(rule.loss_kinds)) | rows["decision_kind"].isnull()
    rows = rows.mutate(lost_day=(lost & rows["decided_day"].notnull()).ifelse(rows["decided_day"], None))
    held = rows.join(
        grid,
        [rows["day"] < grid["as_of_day"], rows["end_day"] >= grid["as_of_day"], rows["known_day"] < grid["as_of_day"]],
        how="inner",
    )
    decided = held["lost_day"].notnull() & (held["lost_day"] < held["as_of_day"])
    in_force = held.group_by("account_id", "snapshot", "as_of", "as_of_day").agg(
        known_loss=decided.all(),
        arr=held["arr_cents"].sum().cast("float64") / 100.0,
        seats=held["seats"].sum(),
        term_end_day=held["ends"].min(),
        deadline_day=held["deadline"].min(),
        term_days=held["term_days"].max(),
    )
    # Tenure counts from the first term known at the time, however long ago it ended.
    seen = rows.join(
        grid.select("snapshot", "as_of_day"), [rows["day"] < grid["as_of_day"], rows["known_day"] < grid["as_of_day"]]
    )
    since = seen.group_by("account_id", "snapshot").agg(first_day=seen["starts"].min())
    found = in_force.inner_join(since, ["account_id", "snapshot"])
    found = found.mutate(
        tenure_days=found["as_of_day"] - found["first_day"],
        days_to_term_end=found["term_end_day"] - found["as_of_day"],
    )
    found = found.filter(found["tenure_days"] >= rule.min_tenure_days).drop("first_day")
    return _of_accounts(found, facts, rows)


def _of_accounts(found: Any, facts: Facts, rows: Any) -> Any:
    accounts = facts.tables["accounts"]
    acquired = rows.filter(rows["decision_kind"] == "acquired")
    decided = (acquired["known_day"] > acquired["decided_day"]).ifelse(acquired["known_day"], acquired["decided_day"])
    acquired = acquired.group_by("account_id").agg(merger_day=decided.min())
    created, known = day_of(accounts["created_on"]), day_of(accounts["known_at"])
    accounts = accounts.left_join(acquired, "account_id").select(
        "account_id",
        "segment",
        merged=accounts["merged_into"].notnull(),
        merger_day=acquired["merger_day"],
        account_day=(known > created).ifelse(known, created),
    )
    joined = found.left_join(accounts, "account_id").drop("account_id_right")
    # What the account's row says counts once the row is known; the account is scored on its terms all the same.
    seen = (joined["account_day"] < joined["as_of_day"]).coalesce(False)
    merger_day = joined["merger_day"].coalesce(joined["account_day"])
    gone = seen & joined["merged"] & (merger_day < joined["as_of_day"])
    joined = joined.mutate(segment=seen.ifelse(joined["segment"], None))
    return joined.filter(~gone.coalesce(False)).drop("merged", "merger_day", "account_day")
