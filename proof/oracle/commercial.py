"""Contract and payment indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import timedelta

from proof.oracle.cohort import in_force
from proof.oracle.past import Row, View, capped, day, mean, ratio

TERMS, INVOICES = "subscriptions", "invoices"


def total(view: View, column: str, ago: int = 0) -> float:
    terms = in_force(view, view.as_of - timedelta(days=ago))
    return round(sum(t[column] or 0 for t in terms), 2)


def per_seat(view: View, ago: int) -> float | None:
    return ratio(total(view, "arr", ago), total(view, "seats", ago))


def change(now: float | None, before: float | None) -> float | None:
    share = ratio(now, before)
    return None if share is None else share - 1


def price_change(view: View) -> float | None:
    return change(per_seat(view, 0), per_seat(view, 364)) if total(view, "arr", 364) > 0 else None


def discount(view: View) -> float | None:
    """Over the terms that name a list price."""
    listed = [t for t in in_force(view, view.as_of) if t["list_arr"] is not None]
    share = ratio(sum(t["arr"] for t in listed), sum(t["list_arr"] for t in listed))
    return None if share is None else capped(1 - share, -1, 1)


def auto_renews(view: View) -> int | None:
    """Terms that do not say are left out."""
    said = [t["auto_renew"] for t in in_force(view, view.as_of) if t["auto_renew"] is not None]
    return int(all(said)) if said else None


def past_due(view: View) -> list[Row]:
    return [r for r in view.of(INVOICES) if r["due_on"] < view.as_of and r["paid_at"] is None]


def unsettled(view: View, began: str, settled: str) -> int:
    """States that began and have neither been settled nor been paid since."""
    rows = [r for r in view.of(INVOICES, began) if r[settled] is None]
    return sum(1 for r in rows if r["paid_at"] is None or r["paid_at"] < r[began])


def delay(view: View) -> float | None:
    return mean(max((day(r["paid_at"]) - r["due_on"]).days, 0) for r in view.of(INVOICES, "paid_at", 182))


def deals(view: View) -> int:
    return sum(1 for r in view.of("opportunities") if r["kind"] == "expansion" and r["closed_at"] is None)


INDICATORS = {
    "arr_percentile": ((), lambda v: total(v, "arr")),
    "arr_change_364d": ((), lambda v: change(total(v, "arr"), total(v, "arr", 364))),
    "price_per_seat_change_364d": ((), price_change),
    "discount": ((), discount),
    "days_to_term_end": ((), lambda v: v.line["days_to_term_end"]),
    "term_length_days": ((), lambda v: v.line["term_days"]),
    "auto_renews": ((), auto_renews),
    "past_due_days": ((INVOICES,), lambda v: max((v.age(r["due_on"]) for r in past_due(v)), default=0)),
    "past_due_invoices": ((INVOICES,), lambda v: len(past_due(v))),
    "past_due_amount": ((INVOICES,), lambda v: sum(r["amount"] for r in past_due(v))),
    "failed_payments": ((INVOICES,), lambda v: unsettled(v, "failed_at", "failure_resolved_at")),
    "open_disputes": ((INVOICES,), lambda v: unsettled(v, "disputed_at", "dispute_resolved_at")),
    "payment_delay_182d": ((INVOICES,), delay),
    "expansion_deals": (("opportunities",), deals),
}
EVIDENCE = {
    "arr_percentile": (lambda v: total(v, "arr", 364), lambda v: total(v, "arr")),
    "arr_change_364d": (lambda v: total(v, "arr", 364), lambda v: total(v, "arr")),
    "price_per_seat_change_364d": (lambda v: per_seat(v, 364), lambda v: per_seat(v, 0)),
}
