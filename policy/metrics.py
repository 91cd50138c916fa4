"""Targets and conventions of the metrics (M1–M17), and the scenario that is audited (M18)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy.frozen import Amount, Count, Days, Frozen, Share, ascending, rule

Positive = Annotated[float, Field(gt=0)]


class Metrics(Frozen):
    """What each metric should reach and how it is counted."""

    months: int = rule("M1 M2 M5", "Months that annual retention and expansion look back.", ge=1)
    service_months: int = rule(
        "M11 M13 M14", "Months that tickets, business reviews and first responses look back.", ge=1
    )
    grr_target: Share = rule("M1", "Gross revenue retention to reach.")
    grr: Literal["with_contraction", "churn_only"] = rule(
        "M1", "Which GRR is judged; the other is published beside it."
    )
    nrr_target: Amount = rule("M2", "Net revenue retention to reach.")
    nrr: Literal["with_contraction", "churn_only"] = rule(
        "M2", "Whether contraction lowers NRR; new and won-back logos never raise it."
    )
    churn_target: Share = rule("M3 I9", "Annual churn to stay below.")
    time_to_churn: Literal["kaplan_meier", "mean"] = rule("M4", "Which figure leads; the other stands beside it.")
    ltv: Literal["margin", "revenue"] = rule("M6", "`margin`: ARPA × gross margin ÷ churn. `revenue`: without margin.")
    gross_margin: Share = rule("M6", "Gross margin for the lifetime value.", gt=0)
    cross_sell_products: int = rule("M7", "Products from which an account counts as cross-sold.", ge=2)
    nps_target: tuple[float, float] = rule("M9", "NPS to reach: good from the first, excellent from the second.")
    promoter_from: float = rule("M9", "NPS answers from here on are promoters.", ge=0, le=10)
    detractor_to: float = rule("M9", "NPS answers up to this are detractors.", ge=0, le=10)
    csat_target: float = rule("M10", "Mean satisfaction to reach, on the scale below.", gt=0)
    csat_scale: int = rule("M10", "Best CSAT answer.", ge=2)
    ces_scale: int = rule("M10", "Best CES answer; high is easy.", ge=2)
    tickets_per_seats: int = rule("M11", "Ticket volume is given per this many seats.", ge=1)
    qbr_on_time_days: Days = rule("M13", "A QBR held up to this many days after it was due is on time, inclusive.")
    qbr_counts: Literal["eligible", "all"] = rule("M13", "Whose reviews are counted.")
    response_hours: Literal["business", "clock"] = rule("M14", "Which hours the first response is measured in.")
    response_percentile: Share = rule("M14", "The percentile given beside the median.")
    renewal_least_days: Days = rule(
        "M17", "Terms agreed for fewer days are counted apart: a monthly one ends twelve times."
    )
    least_churned_accounts: Count = rule("L5", "Churned accounts below which a skill figure is null.")

    @model_validator(mode="after")
    def _ordered(self) -> Metrics:
        ascending(self.nps_target, "nps_target")
        ascending((self.detractor_to, self.promoter_from), "detractor_to and promoter_from")
        if self.csat_target > self.csat_scale:
            raise ValueError("csat_target cannot exceed csat_scale")
        return self


class Scenario(Frozen):
    """The example of the texts: a company, its rates and what it is promised. `churn policy lint` does the sums."""

    arr: Positive = rule("M18", "ARR at the start.")
    customers: int = rule("M18", "Customers at the start.", ge=1)
    churn: float = rule("M18", "Annual churn now.", gt=0, lt=1)
    nrr: Positive = rule("M18", "NRR now.")
    target_churn: float = rule("M18", "Annual churn promised.", gt=0, lt=1)
    target_nrr: Positive = rule("M18", "NRR promised.")
    target_arr: Positive = rule("M18", "ARR promised.")
    target_ltv_gain: Amount = rule("M18", "Gain in lifetime value promised.")
    never_activate: Share = rule("O4 M18", "Share of customers that never activate now.")
    months: int = rule("M18", "Months until the outcomes.", ge=1)
