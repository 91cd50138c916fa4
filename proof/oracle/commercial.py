"""Contract indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import timedelta

from proof.oracle.cohort import in_force
from proof.oracle.past import View, capped, ratio

TERMS, DEALS = "subscriptions", "opportunities"


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


def discount_at(view: View, ago: int = 0) -> float | None:
    """Over the terms that name a list price."""
    listed = [t for t in in_force(view, view.as_of - timedelta(days=ago)) if t["list_arr"] is not None]
    share = ratio(sum(t["arr"] for t in listed), sum(t["list_arr"] for t in listed))
    return None if share is None else capped(1 - share, -1, 1)


def discount_change(view: View) -> float | None:
    now, before = discount_at(view), discount_at(view, 364)
    return None if now is None or before is None else now - before


def auto_renews(view: View) -> int | None:
    """Terms that do not say are left out."""
    said = [t["auto_renew"] for t in in_force(view, view.as_of) if t["auto_renew"] is not None]
    return int(all(said)) if said else None


def deals(view: View, kind: str) -> int:
    return sum(1 for r in view.of(DEALS) if r["kind"] == kind and r["closed_at"] is None)


def closed(view: View, *, won: bool) -> int:
    rows = view.of(DEALS, "closed_at", 364)
    return sum(1 for r in rows if r["kind"] == "expansion" and bool(r["won"]) is won)


INDICATORS = {
    "arr_percentile": ((), lambda v: total(v, "arr")),
    "arr_change_364d": ((), lambda v: change(total(v, "arr"), total(v, "arr", 364))),
    "price_per_seat_change_364d": ((), price_change),
    "discount": ((), discount_at),
    "days_to_term_end": ((), lambda v: v.line["days_to_term_end"]),
    "term_length_days": ((), lambda v: v.line["term_days"]),
    "auto_renews": ((), auto_renews),
    "expansion_deals": ((DEALS,), lambda v: deals(v, "expansion")),
    "arr_change_91d": ((), lambda v: change(total(v, "arr"), total(v, "arr", 91))),
    "seats_change_91d": ((), lambda v: change(total(v, "seats"), total(v, "seats", 91))),
    "seats_change_364d": ((), lambda v: change(total(v, "seats"), total(v, "seats", 364))),
    "discount_change_364d": ((), discount_change),
    "days_to_notice": ((), lambda v: v.line["days_to_notice"]),
    "renewal_signed": ((), lambda v: int(any(t["starts_on"] > v.as_of for t in v.of(TERMS)))),
    "terms_begun": ((), lambda v: sum(1 for t in v.of(TERMS) if t["starts_on"] <= v.as_of)),
    "products": ((), lambda v: len({t["product"] for t in in_force(v, v.as_of)} - {None})),
    "open_renewals": ((DEALS,), lambda v: deals(v, "renewal")),
    "expansions_won_364d": ((DEALS,), lambda v: closed(v, won=True)),
    "expansions_lost_364d": ((DEALS,), lambda v: closed(v, won=False)),
}
EVIDENCE = {
    "arr_percentile": (lambda v: total(v, "arr", 364), lambda v: total(v, "arr")),
    "arr_change_364d": (lambda v: total(v, "arr", 364), lambda v: total(v, "arr")),
    "price_per_seat_change_364d": (lambda v: per_seat(v, 364), lambda v: per_seat(v, 0)),
    "arr_change_91d": (lambda v: total(v, "arr", 91), lambda v: total(v, "arr")),
    "seats_change_91d": (lambda v: total(v, "seats", 91), lambda v: total(v, "seats")),
    "seats_change_364d": (lambda v: total(v, "seats", 364), lambda v: total(v, "seats")),
    "discount_change_364d": (lambda v: discount_at(v, 364), discount_at),
}
