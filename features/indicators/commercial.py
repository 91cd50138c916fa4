"""Contract and price (H17, H19, H20, W6)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import money as facts

YEAR, QUARTER = 364, 91
arr_now = Span(facts.terms_in_force, "sum", "arr_cents")
arr_year_ago = Span(facts.terms_in_force, "sum", "arr_cents", ago=YEAR)
list_now = Span(facts.terms_in_force, "sum", "list_cents")
listed_now = Span(facts.terms_in_force, "sum", "listed_cents")
seats_now = Span(facts.terms_in_force, "sum", "seats")
seats_year_ago = Span(facts.terms_in_force, "sum", "seats", ago=YEAR)
arr_quarter_ago = Span(facts.terms_in_force, "sum", "arr_cents", ago=QUARTER)
seats_quarter_ago = Span(facts.terms_in_force, "sum", "seats", ago=QUARTER)
list_year_ago = Span(facts.terms_in_force, "sum", "list_cents", ago=YEAR)
listed_year_ago = Span(facts.terms_in_force, "sum", "listed_cents", ago=YEAR)
discount_now = (1 - listed_now / list_now).capped(low=-1, high=1)
discount_year_ago = (1 - listed_year_ago / list_year_ago).capped(low=-1, high=1)

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
    discount_now,
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
arr_change_91d = indicator(
    (arr_now / arr_quarter_ago - 1).where(arr_quarter_ago > 0),
    component="commercial",
    group="contract",
    unit="share",
    risk="lower",
    low=-1,
    doc="ARR against 91 days before (H19); null where there was none then.",
    says="annual revenue {moved} to {after}, from {before} on {since}",
    before=arr_quarter_ago / 100,
    after=arr_now / 100,
    evidence_unit="money",
    before_ago=QUARTER,
)
seats_change_91d = indicator(
    seats_now / seats_quarter_ago - 1,
    component="commercial",
    group="contract",
    unit="share",
    risk="lower",
    low=-1,
    doc="Paid seats against 91 days before (E2); null without seats then.",
    says="paid seats {moved} to {after}, from {before} on {since}",
    before=seats_quarter_ago,
    after=seats_now,
    evidence_unit="count",
    before_ago=QUARTER,
)
seats_change_364d = indicator(
    seats_now / seats_year_ago - 1,
    component="commercial",
    group="contract",
    unit="share",
    risk="lower",
    low=-1,
    doc="Paid seats against 364 days before (H19); null without seats then.",
    says="paid seats {moved} to {after}, from {before} on {since}",
    before=seats_year_ago,
    after=seats_now,
    evidence_unit="count",
    before_ago=YEAR,
)
discount_change_364d = indicator(
    discount_now - discount_year_ago,
    component="commercial",
    group="contract",
    unit="share",
    low=-2,
    high=2,
    doc="Discount on list price less the one 364 days before; null without a list price at either time.",
    says="the discount on list price {moved} to {after}, from {before} on {since}",
    before=discount_year_ago,
    after=discount_now,
    before_ago=YEAR,
)
days_to_notice = indicator(
    Context("days_to_notice"),
    component="commercial",
    group="contract",
    unit="days",
    doc="Days to the last day on which notice can be given, else to the term's end (H20, W6); below 0 once it has passed.",
    says="notice can be given for another {after}; on {since} it was {before}",
    high=36600,
    clock=True,
)
renewal_signed = indicator(
    Span(facts.signed_ahead, "count").capped(high=1),
    component="commercial",
    group="contract",
    unit="count",
    risk="lower",
    low=0,
    high=1,
    doc="1 where a following term is signed and has not begun.",
    says="following terms signed {moved} from {before} to {after}",
)
terms_begun = indicator(
    Span(facts.terms_begun, "count"),
    component="commercial",
    group="contract",
    unit="count",
    risk="lower",
    low=0,
    doc="Terms begun so far: how often the account has renewed or extended (H19).",
    says="terms begun {moved} from {before} to {after}",
    clock=True,
)
products = indicator(
    Span(facts.products, "count"),
    component="commercial",
    group="contract",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct products under contract; null where terms name none.",
    says="products under contract {moved} from {before} to {after}",
)
open_renewals = indicator(
    Span(facts.open_renewals, "count"),
    component="commercial",
    group="contract",
    unit="count",
    low=0,
    doc="Renewal deals open at as_of.",
    says="open renewal deals {moved} from {before} to {after}",
)
expansions_won_364d = indicator(
    Measure(facts.closed_deals, "won")(364),
    component="commercial",
    group="contract",
    unit="count",
    risk="lower",
    low=0,
    doc="Expansion deals won in the last 364 days (H19).",
    says="expansions won in a year {moved} from {before} to {after}",
)
expansions_lost_364d = indicator(
    Measure(facts.closed_deals, "lost")(364),
    component="commercial",
    group="contract",
    unit="count",
    risk="higher",
    low=0,
    doc="Expansion deals lost in the last 364 days (H19).",
    says="expansions lost in a year {moved} from {before} to {after}",
)
