"""Payment: what is past due, failed or disputed (H18, W4)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Measure, Span
from features.reductions import money as facts

paid = Measure(facts.payments, "paid")
late_days = Measure(facts.payments, "late_days")

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
past_due_share = indicator(
    Span(facts.unpaid, "sum", "cents") / Span(facts.terms_in_force, "sum", "arr_cents"),
    component="commercial",
    group="payment",
    unit="share",
    risk="higher",
    low=0,
    doc="Amount past due and unpaid per ARR (H18); null without ARR.",
    says="the amount past due per annual revenue {moved} from {before} to {after}",
)
late_payments_364d = indicator(
    Measure(facts.payments, "late")(364),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Invoices paid after their due date in the last 364 days.",
    says="invoices paid late in a year {moved} from {before} to {after}",
)
payment_failures_182d = indicator(
    Measure(facts.failed, "began")(182),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Payments that failed in the last 182 days, put right or not.",
    says="failed payments in half a year {moved} from {before} to {after}",
)
disputes_364d = indicator(
    Measure(facts.disputed, "began")(364),
    component="commercial",
    group="payment",
    unit="count",
    risk="higher",
    low=0,
    doc="Invoices disputed in the last 364 days, settled or not.",
    says="disputes in a year {moved} from {before} to {after}",
)
oldest_failure_days = indicator(
    Span(facts.failures, "age_max"),
    component="commercial",
    group="payment",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the oldest failed payment that is not put right; null when none stands (W4).",
    says="the oldest failed payment has stood {after}; on {since} it was {before}",
)
