"""Contract, price and payment (H17–H20, W4, W6)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import money as facts

YEAR = 364
arr_now = Span(facts.terms_in_force, "sum", "arr_cents")
arr_year_ago = Span(facts.terms_in_force, "sum", "arr_cents", ago=YEAR)
list_now = Span(facts.terms_in_force, "sum", "list_cents")
listed_now = Span(facts.terms_in_force, "sum", "listed_cents")
seats_now = Span(facts.terms_in_force, "sum", "seats")
seats_year_ago = Span(facts.terms_in_force, "sum", "seats", ago=YEAR)
paid = Measure(facts.payments, "paid")
late_days = Measure(facts.payments, "late_days")

arr_percentile = indicator(
    arr_now,
    component="commercial",
    group="contract",
    unit="share",
    across="percentile",
    low=0,
    high=1,
    doc="Share of the segment's accounts with less ARR at the same as_of (H17).",
    says="annual revenue {moved} to {after}, from {before} on {since}",
    before=arr_year_ago / 100,
    after=arr_now / 100,
    evidence_unit="money",
    before_ago=YEAR,
)
arr_change_364d = indicator(
    (arr_now / arr_year_ago - 1).where(arr_year_ago > 0),
    component="commercial",
    group="contract",
    unit="share",
    risk="lower",
    low=-1,
    doc="ARR against 364 days before (H19); null where there was none then.",
    says="annual revenue {moved} to {after}, from {before} on {since}",
    before=arr_year_ago / 100,
    after=arr_now / 100,
    evidence_unit="money",
    before_ago=YEAR,
)
price_per_seat_change_364d = indicator(
    ((arr_now / seats_now) / (arr_year_ago / seats_year_ago) - 1).where(arr_year_ago > 0),
    component="commercial",
    group="contract",
    unit="share",
    risk="higher",
    low=-1,
    doc="ARR per seat against 364 days before: the price rise the customer feels; null without seats or ARR then.",
    says="the price per seat {moved} to {after}, from {before} on {since}",
    before=arr_year_ago / seats_year_ago / 100,
    after=arr_now / seats_now / 100,
    evidence_unit="money",
    before_ago=YEAR,
)
discount = indicator(
    (1 - listed_now / list_now).capped(low=-1, high=1),
    component="commercial",
    group="contract",
    unit="share",
    low=-1,
    high=1,
    doc="Discount on list price, over the terms that name one; null without a list price above 0.",
    says="the discount on list price {moved} from {before} to {after}",
)
days_to_term_end = indicator(
    Context("days_to_term_end"),
    component="commercial",
    group="contract",
    unit="days",
    low=0,
    doc="Days to the end of the term in force (H20, W6).",
    says="the term ends in {after}; on {since} it was {before}",
    clock=True,
)
term_length_days = indicator(
    Context("term_days"),
    component="commercial",
    group="contract",
    unit="days",
    low=1,
    doc="Length of the longest term in force: month-to-month or multi-year (H19).",
    says="the term runs {after}; on {since} it was {before}",
    clock=True,
)
auto_renews = indicator(
    Span(facts.terms_in_force, "min", "auto_renew"),
    component="commercial",
    group="contract",
    unit="count",
    low=0,
    high=1,
    doc="1 where every term in force renews by itself; null where unknown.",
    says="terms that renew by themselves {moved} from {before} to {after}",
)
past_due_days = indicator(
    Span(facts.unpaid, "age_max").or_else(0.0).where(Span(facts.unpaid, "count") >= 0),
    component="commercial",
    group="payment",
    unit="days",
    risk="higher",
    low=0,
    doc="Days the oldest unpaid invoice is past due; 0 when none is (H18).",
    says="the oldest unpaid invoice is {after} past due; on {since} it was {before}",
)
past_due_invoices = indicator(
    Span(facts.unpaid, "count"),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Invoices past due and unpaid at as_of.",
    says="invoices past due {moved} from {before} to {after}",
)
past_due_amount = indicator(
    Span(facts.unpaid, "sum", "cents") / 100,
    component="commercial",
    group="payment",
    unit="money",
    risk="higher",
    low=0,
    doc="Amount past due and unpaid at as_of.",
    says="the amount past due {moved} from {before} to {after}",
)
failed_payments = indicator(
    Span(facts.failures, "count"),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Failed payments not yet put right (W4).",
    says="failed payments {moved} from {before} to {after}",
)
open_disputes = indicator(
    Span(facts.disputes, "count"),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Invoices in dispute at as_of (W4).",
    says="invoices in dispute {moved} from {before} to {after}",
)
payment_delay_182d = indicator(
    late_days(182) / paid(182),
    component="commercial",
    group="payment",
    unit="days",
    risk="higher",
    low=0,
    doc="Mean days past due at payment, invoices paid in the last 182 days; null without any.",
    says="invoices were paid {after} late on average; on {since} it was {before}",
)
expansion_deals = indicator(
    Span(facts.open_deals, "count"),
    component="commercial",
    group="contract",
    unit="count",
    risk="lower",
    low=0,
    doc="Expansion deals open at as_of.",
    says="open expansion deals {moved} from {before} to {after}",
)
