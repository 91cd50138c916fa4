"""Terms, invoices and deals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import cents, dated
from features.snapshots import day_of

Tables = Mapping[str, Any]


def terms(tables: Tables) -> Any:
    """Terms as states: in force from `starts_on` through the day before `ends_on`, known from signing.

    The day before the start stands for the start itself: a term counts on its first morning.
    """
    rows = tables["subscriptions"]
    start, end = day_of(rows["starts_on"]), day_of(rows["ends_on"])
    signed, known = day_of(rows["signed_at"]), day_of(rows["known_at"])
    return rows.select(
        "account_id",
        "subscription_id",
        day=start - 1,
        end_day=end - 1,
        known_day=(signed > known).ifelse(signed, known),
        starts=start,
        ends=end,
        deadline=end - rows["notice_days"].coalesce(0),
        term_days=end - start,
        arr_cents=cents(rows["arr"]),
        list_cents=cents(rows["list_arr"]),
        listed_cents=rows["list_arr"].notnull().ifelse(cents(rows["arr"]), 0),
        seats=rows["seats"],
        auto_renew=rows["auto_renew"].cast("int64"),
        decided_day=day_of(rows["decision_at"]),
        decision_kind=rows["decision_kind"],
        effective=day_of(rows["effective_on"]),
    )


def _unpaid(tables: Tables) -> Any:
    rows = dated(tables["invoices"], "due_on")
    return rows.select("account_id", "day", "known_day", end_day=day_of(rows["paid_at"]), cents=cents(rows["amount"]))


def _state(start: str, end: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = dated(tables["invoices"], start)
        # Whichever comes first settles it; a payment made before it began does not.
        settled = day_of(found[end])
        paid = (found["paid_at"] >= found[start]).ifelse(day_of(found["paid_at"]), None)
        first = (paid < settled).ifelse(paid, settled).coalesce(paid, settled)
        return found.select("account_id", "day", "known_day", end_day=first)

    return rows


def _paid(tables: Tables) -> Any:
    rows = dated(tables["invoices"], "paid_at")
    late = day_of(rows["paid_at"]) - day_of(rows["due_on"])
    return rows.select("account_id", "day", "known_day", paid=1, late_days=(late > 0).ifelse(late, 0))


def _deals(tables: Tables) -> Any:
    rows = dated(tables["opportunities"], "created_at")
    rows = rows.filter(rows["kind"] == "expansion")
    return rows.select("account_id", "day", "known_day", end_day=day_of(rows["closed_at"]))


terms_in_force = Reduction("terms", "subscriptions", terms)
unpaid = Reduction("unpaid", "invoices", _unpaid, needs=("paid_at",))
failures = Reduction("payment_failures", "invoices", _state("failed_at", "failure_resolved_at"), needs=("failed_at",))
disputes = Reduction("disputes", "invoices", _state("disputed_at", "dispute_resolved_at"), needs=("disputed_at",))
payments = Reduction("payments", "invoices", _paid, needs=("paid_at",))
open_deals = Reduction("expansion_deals", "opportunities", _deals)
