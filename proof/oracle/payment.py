"""Payment indicators, recomputed from their docstrings."""

from __future__ import annotations

from typing import Any

from proof.oracle.commercial import total
from proof.oracle.past import Row, View, day, mean, ratio

INVOICES = "invoices"


def past_due(view: View) -> list[Row]:
    return [r for r in view.of(INVOICES) if r["due_on"] < view.as_of and r["paid_at"] is None]


def unsettled(view: View, began: str, settled: str) -> list[Row]:
    """States that began and have neither been settled nor been paid since."""
    rows = [r for r in view.of(INVOICES, began) if r[settled] is None]
    return [r for r in rows if r["paid_at"] is None or r["paid_at"] < r[began]]


def days_late(row: Row) -> int:
    return max((day(row["paid_at"]) - row["due_on"]).days, 0)


def oldest_failure(view: View) -> int | None:
    return max((view.age(r["failed_at"]) for r in unsettled(view, "failed_at", "failure_resolved_at")), default=None)


INDICATORS = {
    "past_due_days": ((INVOICES,), lambda v: max((v.age(r["due_on"]) for r in past_due(v)), default=0)),
    "past_due_invoices": ((INVOICES,), lambda v: len(past_due(v))),
    "past_due_amount": ((INVOICES,), lambda v: sum(r["amount"] for r in past_due(v))),
    "failed_payments": ((INVOICES,), lambda v: len(unsettled(v, "failed_at", "failure_resolved_at"))),
    "open_disputes": ((INVOICES,), lambda v: len(unsettled(v, "disputed_at", "dispute_resolved_at"))),
    "payment_delay_182d": ((INVOICES,), lambda v: mean(map(days_late, v.of(INVOICES, "paid_at", 182)))),
    "past_due_share": ((INVOICES,), lambda v: ratio(sum(r["amount"] for r in past_due(v)), total(v, "arr"))),
    "late_payments_364d": (
        (INVOICES,), lambda v: v.count(INVOICES, "paid_at", 364, when=lambda r: days_late(r) > 0)),
    "payment_failures_182d": ((INVOICES,), lambda v: v.count(INVOICES, "failed_at", 182)),
    "disputes_364d": ((INVOICES,), lambda v: v.count(INVOICES, "disputed_at", 364)),
    "oldest_failure_days": ((INVOICES,), oldest_failure),
}  # fmt: skip
EVIDENCE: dict[str, tuple[Any, Any]] = {}
