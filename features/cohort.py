"""Who is scored on which as_of: accounts with a term in force whose loss is not yet known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_contracts.sources import Facts
from features.reductions.money import terms
from features.reductions.shapes import GONE, OPEN, later, with_gone
from features.snapshots import Snapshots, day_of


@dataclass(frozen=True)
class CohortRule:
    """Tenure below `min_tenure_days` is too young to score; `loss_kinds` are the decisions that lose an account."""

    min_tenure_days: int = 7
    loss_kinds: Sequence[str] = ("voluntary", "non_payment", "acquired")


def cohort(facts: Facts, snapshots: Snapshots, rule: CohortRule) -> Any:
    """One row per account and snapshot with a term in force, as known then.

    Columns: account_id, as_of, snapshot, as_of_day, known_loss, tenure_days, days_to_term_end, days_to_notice, arr, seats (null where
    no term is sold by seat), term_end_day, deadline_day (notice deadline, else term end), term_days, segment. `known_loss` rows have every
    term in force decided before as_of: they are listed, never scored. A merged account is in no snapshot from the day
    its merger was known (its first `acquired` decision); where that day is not recorded, from the day its own row was
    known. `segment` and `account_age_days` (since it was created) are null while the account's own row is not known.
    """
    rows = terms(facts.tables)
    grid = snapshots.grid()
    lost = rows["decision_kind"].isin(list(rule.loss_kinds)) | rows["decision_kind"].isnull()
    rows = rows.mutate(lost_day=(lost & rows["decided_day"].notnull()).ifelse(rows["decided_day"], None))
    held = rows.join(grid, [rows["end_day"] >= grid["as_of_day"], *_known(rows, grid)], how="inner")
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
    grid = grid.select("snapshot", "as_of_day")
    seen = rows.join(grid, _known(rows, grid))
    since = seen.group_by("account_id", "snapshot").agg(first_day=seen["starts"].min())
    found = in_force.inner_join(since, ["account_id", "snapshot"])
    found = found.mutate(
        tenure_days=found["as_of_day"] - found["first_day"],
        days_to_term_end=found["term_end_day"] - found["as_of_day"],
        days_to_notice=found["deadline_day"] - found["as_of_day"],
    )
    found = found.filter(found["tenure_days"] >= rule.min_tenure_days).drop("first_day")
    return _of_accounts(found, facts, rows)


def _known(rows: Any, grid: Any) -> list[Any]:
    """Begun and known before as_of, and not restated before it."""
    found = [rows["day"] < grid["as_of_day"], rows["known_day"] < grid["as_of_day"]]
    return [*found, rows[GONE].coalesce(OPEN) >= grid["as_of_day"]] if GONE in rows.columns else found


def _of_accounts(found: Any, facts: Facts, rows: Any) -> Any:
    acquired = rows.filter(rows["decision_kind"] == "acquired")
    acquired = acquired.group_by(merged_account="account_id").agg(
        merger_day=later(acquired["decided_day"], acquired["known_day"]).min()
    )
    accounts = with_gone(facts.tables["accounts"])
    created = day_of(accounts["created_on"])
    gone = accounts[GONE].coalesce(OPEN) if GONE in accounts.columns else None
    accounts = accounts.left_join(acquired, accounts["account_id"] == acquired["merged_account"]).select(
        named=accounts["account_id"],
        segment=accounts["segment"],
        merged=accounts["merged_into"].notnull(),
        merger_day=acquired["merger_day"],
        created_day=created,
        account_day=later(created, day_of(accounts["known_at"])),
        **({} if gone is None else {GONE: gone}),
    )
    # What the account's row says counts once the row is known; the account is scored on its terms all the same.
    seen = [found["account_id"] == accounts["named"], accounts["account_day"] < found["as_of_day"]]
    if gone is not None:
        seen.append(accounts[GONE] >= found["as_of_day"])
    joined = found.left_join(accounts, seen)
    merged = joined["merged"] & (joined["merger_day"].coalesce(joined["account_day"]) < joined["as_of_day"])
    kept = joined.filter(~merged.coalesce(False))
    return kept.select(*found.columns, "segment", account_age_days=kept["as_of_day"] - kept["created_day"])
