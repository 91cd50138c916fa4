"""Terms, invoices and deals."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import GONE, cents, dated, kept, later, sooner, while_any, with_gone
from features.snapshots import day_of

Tables = Mapping[str, Any]


def terms(tables: Tables) -> Any:
    """Terms as states: in force from `starts_on` through the day before `ends_on`, known from signing.

    The day before the start stands for the start itself: a term counts on its first morning.
    """
    rows = with_gone(tables["subscriptions"])
    start, end = day_of(rows["starts_on"]), day_of(rows["ends_on"])
    signed, known = day_of(rows["signed_at"]), day_of(rows["known_at"])
    return rows.select(
        "account_id",
        "subscription_id",
        *([GONE] if GONE in rows.columns else []),
        day=start - 1,
        end_day=end - 1,
        known_day=later(known, signed),
        starts=start,
        ends=end,
        deadline=end - rows["notice_days"].coalesce(0),
        term_days=end - start,
        product=rows["product"],
        arr_cents=cents(rows["arr"]),
        list_cents=cents(rows["list_arr"]),
        listed_cents=rows["list_arr"].notnull().ifelse(cents(rows["arr"]), 0),
        seats=rows["seats"],
        auto_renew=rows["auto_renew"].cast("int64"),
        decided_day=day_of(rows["decision_at"]),
        decision_kind=rows["decision_kind"],
        effective=day_of(rows["effective_on"]),
    )


def _signed_ahead(tables: Tables) -> Any:
    """Terms that are signed and have not begun: a renewal that is settled."""
    rows = terms(tables)
    return rows.mutate(day=rows["known_day"], end_day=rows["starts"] - 1)


def _begun(tables: Tables) -> Any:
    """Every term that has begun, over or not."""
    import ibis

    return terms(tables).mutate(end_day=ibis.null("int64"))


def _products(tables: Tables) -> Any:
    rows = terms(tables)
    rows = rows.filter(rows["product"].notnull())
    return while_any(rows, by=("account_id", "product"))


def _unpaid(tables: Tables) -> Any:
    rows = dated(tables["invoices"], "due_on")
    return kept(rows, end_day=day_of(rows["paid_at"]), cents=cents(rows["amount"]))


def _state(start: str, end: str, *, moment: bool = False) -> Any:
    def rows(tables: Tables) -> Any:
        found = dated(tables["invoices"], start)
        # Whichever comes first settles it; a payment made before it began does not.
        settled = day_of(found[end])
        paid = (found["paid_at"] >= found[start]).ifelse(day_of(found["paid_at"]), None)
        return kept(found, end_day=sooner(paid, settled), **({"moment": found[start]} if moment else {}))

    return rows


@cache
def failures_after(hours: int) -> Reduction:
    """Failed payments as states that begin once so many hours have passed, to the second, and end like the failure.

    One of exactly that age at as_of 00:00 has reached it.
    """

    def rows(tables: Tables) -> Any:
        import ibis

        found = _state("failed_at", "failure_resolved_at", moment=True)(tables)
        reached = found["moment"] + ibis.interval(hours=hours)
        # Reached on the stroke of midnight, it stands on the morning that begins.
        on_the_stroke = reached == reached.truncate("D")
        day = on_the_stroke.ifelse(day_of(reached) - 1, day_of(reached))
        return found.mutate(day=day, known_day=later(day, found["known_day"])).drop("moment")

    return Reduction(f"failures_after_{hours}h", "invoices", rows, needs=("failed_at",))


def _paid(tables: Tables) -> Any:
    rows = dated(tables["invoices"], "paid_at")
    late = day_of(rows["paid_at"]) - day_of(rows["due_on"])
    return kept(rows, paid=1, late=(late > 0).cast("int64"), late_days=(late > 0).ifelse(late, 0))


def _began(at: str) -> Any:
    def rows(tables: Tables) -> Any:
        return kept(dated(tables["invoices"], at), began=1)

    return rows


def _deals(*kinds: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = dated(tables["opportunities"], "created_at")
        found = found.filter(found["kind"].isin(kinds))
        return kept(found, end_day=day_of(found["closed_at"]))

    return rows


def _closed(tables: Tables) -> Any:
    found = dated(tables["opportunities"], "closed_at")
    found = found.filter(found["kind"] == "expansion")
    won = found["won"].coalesce(False)
    return kept(found, won=won.cast("int64"), lost=(~won).cast("int64"))


terms_in_force = Reduction("terms", "subscriptions", terms)
unpaid = Reduction("unpaid", "invoices", _unpaid, needs=("paid_at",))
failures = Reduction("payment_failures", "invoices", _state("failed_at", "failure_resolved_at"), needs=("failed_at",))
disputes = Reduction("disputes", "invoices", _state("disputed_at", "dispute_resolved_at"), needs=("disputed_at",))
payments = Reduction("payments", "invoices", _paid, needs=("paid_at",))
failed = Reduction("failed", "invoices", _began("failed_at"), needs=("failed_at",))
disputed = Reduction("disputed", "invoices", _began("disputed_at"), needs=("disputed_at",))
open_deals = Reduction("expansion_deals", "opportunities", _deals("expansion"))
open_renewals = Reduction("renewal_deals", "opportunities", _deals("renewal"))
closed_deals = Reduction("closed_deals", "opportunities", _closed, needs=("closed_at", "won"))
signed_ahead = Reduction("signed_ahead", "subscriptions", _signed_ahead)
terms_begun = Reduction("terms_begun", "subscriptions", _begun)
products = Reduction("products", "subscriptions", _products, needs=("product",))
