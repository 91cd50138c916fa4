"""Expansion, reviews with the customer, surveys, advocacy, alerts and product feedback (E3–E4, Q1–Q4, F1–F3, §12)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy.frozen import Amount, Count, Days, Frozen, Share, WholeWeeks, ascending, rule
from policy.work import Hour


class Expansion(Frozen):
    """When expansion is talked about, and what may be offered (E3, E4)."""

    tier: Literal["green", "yellow", "red"] = rule("E3", "The health tier an account must have.")
    quiet_days: Days = rule("E3", "Days that must have passed since an escalation; strictly more.")
    tactics: tuple[str, ...] = rule("E4", "What may be offered.")
    discount: tuple[Share, Share] = rule("E4", "Least and most discount for a multi-year term, inclusive.")

    @model_validator(mode="after")
    def _ordered(self) -> Expansion:
        ascending(self.discount, "discount")
        return self

    def allows_discount(self, share: float) -> bool:
        """Whether a multi-year discount stays within the policy; others go to approval (E4)."""
        return self.discount[0] <= share <= self.discount[1]


class Qbr(Frozen):
    """The business review (Q1–Q4)."""

    minutes: Mapping[str, Annotated[int, Field(ge=1)]] = rule("Q2", "Minutes of each part, in order.")
    total_minutes: int = rule("Q2", "What they add up to.", ge=1)
    short_minutes: Mapping[str, Annotated[int, Field(ge=1)]] = rule("Q2", "Minutes of each part in the short version.")
    short_total_minutes: int = rule("Q2", "What those add up to.", ge=1)
    benchmark_least: int = rule("Q3", "Other accounts of the same segment a benchmark needs.", ge=5)
    period_days: WholeWeeks = rule("Q1", "Days that a review looks back on.")
    lines: Annotated[int, Field(ge=1)] = rule("Q2", "Lines of a list at most; what is more is counted.")
    short_lines: Annotated[int, Field(ge=1)] = rule("Q2", "The same in the short version.")

    @model_validator(mode="after")
    def _adds_up(self) -> Qbr:
        for name, parts, total in (
            ("minutes", self.minutes, self.total_minutes),
            ("short_minutes", self.short_minutes, self.short_total_minutes),
        ):
            if sum(parts.values()) != total:
                raise ValueError(f"{name} add up to {sum(parts.values())}, not {total}")
        if list(self.minutes) != list(self.short_minutes):
            raise ValueError("both versions have the same parts in the same order")
        return self


class Reviews(Frozen):
    """The three files of a review (F1–F3)."""

    id_pattern: str = rule("F1", "What a task id may look like.")
    longest_id: int = rule("F1", "Characters of a task id at most.", ge=1)

    @model_validator(mode="after")
    def _compiles(self) -> Reviews:
        try:
            re.compile(self.id_pattern)
        except re.error as exc:
            raise ValueError(f"id_pattern is no regular expression: {exc}") from exc
        return self


class Surveys(Frozen):
    """The survey programme (V3)."""

    csat_after_ticket: bool = rule("V3", "Whether satisfaction is asked for after a ticket is closed.")
    csat_within_days: Days = rule("V3", "Days after the ticket within which it is asked.")
    quiet_days: Days = rule("V3", "Days between two surveys to the same person.")


class Advocacy(Frozen):
    """Who may be asked to speak for us (V2)."""

    green_quarters: Count = rule("V2", "Quarters in green an advocate has behind it.", ge=1)
    promoter_from: float = rule("V2", "NPS answers from here on.", ge=0, le=10)
    asks: tuple[str, ...] = rule("V2", "What an advocate may be asked for.")


class Alerts(Frozen):
    """Who is told, how and when (A1)."""

    channels: tuple[Literal["mail", "webhook"], ...] = rule("A1", "How a signal reaches its owner.")
    quiet_from_hour: Hour = rule("A1", "Nothing is sent from this hour on, in the owner's time zone.")
    quiet_to_hour: Hour = rule("A1", "Until this hour.")
    digest_from: int = rule("A1", "From this many alerts a day on they come as one digest.", ge=1)


class Renewals(Frozen):
    """The renewal play; its stages are `signals.renewal.stages` (R1)."""

    owner_type: str = rule("R1 S5", "Who leads a renewal.")
    approval_above_discount: Share = rule("R1", "A discount above this share goes to approval.")
    least_term_days: Days = rule("R1", "A shorter term renews all the time and has no renewal play.")


class FeatureRequests(Frozen):
    """Where the customer's wishes go (V1)."""

    routed_to: str | None = rule("V1 Q4", "The team that gets and answers them; null: nobody.")
    ranked_by: tuple[Literal["accounts", "arr_at_risk"], ...] = rule("V1", "What ranks them.")
    answer_days: Days = rule("V1", "Days within which a request is answered.")


class SuccessPlans(Frozen):
    """The success plan (P1); which kind an account gets is `segments.success_plan`."""

    parts: tuple[str, ...] = rule("P1", "What a plan holds.")
    reviewed_at: Literal["qbr"] = rule("P1", "When it is looked at.")


class Capacity(Frozen):
    """How long work takes, for ranking it on hours (S4)."""

    check_in_hours: Amount = rule("S4 I6", "Hours of a check-in.")
    qbr_hours: Amount = rule("S4", "Hours of a business review, its preparation included.")
    onboarding_hours: Amount = rule("S4", "Hours of one onboarding task.")
    backlog_weeks: int = rule(
        "S4", "Weeks in which what is overdue is worked off: each takes an even part of it.", ge=1
    )
