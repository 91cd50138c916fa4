"""The thresholds of the early-warning and expansion signals (W1–W7, E1–E2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from policy.errors import did_you_mean
from policy.frozen import Frozen, Share, WholeWeeks, descending, rule

SIGNALS: Mapping[str, str] = {
    "login_drop": "W1",
    "ticket_spike": "W2",
    "key_people": "W3",
    "payment": "W4",
    "voice": "W5",
    "renewal": "W6",
    "feature_decline": "W7",
    "adoption": "E1",
    "growth": "E2",
}


class LoginDrop(Frozen):
    """W1: logins down."""

    share: Share = rule("W1", "The fall that counts, inclusive, as a share of the baseline.", gt=0)
    least_user_days: int = rule("W1", "User-days the baseline must hold, inclusive.", ge=1)
    least_tenure_days: int = rule("W1", "Tenure the account must have, inclusive: the baseline must exist.", ge=0)
    segment_drop: Share = rule("W1", "Suppressed where the segment's median fell by this much too (a holiday).", gt=0)
    segment_accounts: int = rule("W1", "Accounts with a baseline the segment must hold for its median to count.", ge=2)


class TicketSpike(Frozen):
    """W2: many tickets, or an escalation."""

    least: int = rule("W2", "Tickets there must be, inclusive.", ge=1)
    times: float = rule("W2", "Times the expectation they must reach, inclusive.", gt=0)
    significance: float = rule("W2", "The Poisson probability must be below this.", gt=0, lt=1)
    days: WholeWeeks = rule("W2", "Days they are counted over, whole weeks.")
    baseline_weeks: int = rule("W2", "Weeks before from which the expectation comes.", ge=1)


class KeyPeople(Frozen):
    """W3: a key user leaves or falls silent."""

    silent_days: WholeWeeks = rule("W3", "A weekly user silent for this many days, inclusive; whole weeks.")
    news_days: WholeWeeks = rule("W3", "Days for which a departure or a silence is news; whole weeks.")
    weekly_user_weeks: int = rule("W3", "Active in every one of this many weeks before: a weekly user.", ge=1)
    top_share: float = rule("W3", "The most active share of an account's people: its top users.", gt=0, le=1)


class Payment(Frozen):
    """W4: money is open."""

    failed_hours: int = rule("W4", "Hours a failed payment may stay unresolved; from here on it counts.", ge=0)
    past_due_days: int = rule("W4", "Days past due from which an invoice counts, inclusive.", ge=1)


class Voice(Frozen):
    """W5: they say they are unhappy."""

    nps_at_most: float = rule("W5", "An NPS answer up to this is a detractor's, inclusive.", ge=0, le=10)
    mood_below: float = rule("W5", "A mean mood strictly below this, −1 to 1.", ge=-1, le=1)
    days: WholeWeeks = rule("W5", "Days for which an answer or a message counts; whole weeks.")
    least_messages: int = rule("W5 H14", "Messages the mean must rest on, inclusive.", ge=1)


class Renewal(Frozen):
    """W6: the term ends."""

    stages: tuple[Annotated[int, Field(ge=0)], ...] = rule(
        "W6 R1", "Days to the end at which each stage begins, inclusive; on from the first until the renewal."
    )

    @model_validator(mode="after")
    def _falling(self) -> Renewal:
        if not self.stages:
            raise ValueError("stages need at least one number of days")
        descending(self.stages, "stages")
        return self


class FeatureDecline(Frozen):
    """W7: core features are used less, or one is lost."""

    share: Share = rule("W7", "The fall in people using core features that counts, inclusive.", gt=0)
    least_user_days: int = rule("W7", "User-days the baseline must hold, inclusive.", ge=1)
    blocks: int = rule("W7", "28-day blocks before the current one that are looked at.", ge=1)
    used_blocks: int = rule("W7", "Blocks among them in which a core feature was used for its loss to count.", ge=1)

    @model_validator(mode="after")
    def _possible(self) -> FeatureDecline:
        if self.used_blocks > self.blocks:
            raise ValueError("used_blocks cannot exceed blocks")
        return self


class Adoption(Frozen):
    """E1: nearly everything they pay for is used."""

    feature_share: Share = rule("E1", "Share of the entitled features in use; strictly more than this.")
    seat_share: Share = rule("E1", "Share of the paid seats active; this much or more.")
    seat_days: WholeWeeks = rule("E1", "Days the seats are looked at; whole weeks.")


class Growth(Frozen):
    """E2: they grow or promote us."""

    seats_up: float = rule("E2", "Net growth in seats, inclusive.", gt=0)
    days: int = rule("E2", "Days it is measured over; requests in whole weeks, so 90 is 91.", ge=1)
    promoter_from: float = rule("E2 V2", "An NPS answer from here on is a promoter's.", ge=0, le=10)
    departments: int = rule("E2", "Departments in which the product is used, inclusive.", ge=1)


class Signals(Frozen):
    """Every signal, how often it runs, what is done about it and when it ends."""

    clear_runs: int = rule("W1 W2 W3 W4 W5 W6 W7", "Runs in a row without cause after which a signal clears.", ge=1)
    login_drop: LoginDrop = rule("W1", "Logins down.")
    ticket_spike: TicketSpike = rule("W2", "Many tickets, or an escalation.")
    key_people: KeyPeople = rule("W3", "A key user leaves or falls silent.")
    payment: Payment = rule("W4", "Money is open.")
    voice: Voice = rule("W5", "They say they are unhappy.")
    renewal: Renewal = rule("W6", "The term ends.")
    feature_decline: FeatureDecline = rule("W7", "Core features are used less, or one is lost.")
    adoption: Adoption = rule("E1", "Nearly everything they pay for is used.")
    growth: Growth = rule("E2", "They grow or promote us.")
    weekly: tuple[str, ...] = rule("W1 W6 W7 E1 E2", "Signals of the weekly run.")
    daily: tuple[str, ...] = rule("W2 W3 W4 W5", "Signals of the daily run: their promises are in hours.")
    confirmatory: tuple[str, ...] = rule("H23", "Signals that confirm rather than lead.")
    plays: Mapping[str, str | None] = rule("I5", "What is done about each signal: a key of `plays`.")

    @model_validator(mode="after")
    def _every_signal_once(self) -> Signals:
        for name, given in (
            ("weekly and daily", (*self.weekly, *self.daily)),
            ("confirmatory", self.confirmatory),
            ("plays", tuple(self.plays)),
        ):
            for signal in given:
                if signal not in SIGNALS:
                    raise ValueError(f"{name} names no signal `{signal}`: {did_you_mean(signal, SIGNALS)}")
        runs = sorted((*self.weekly, *self.daily))
        if runs != sorted(SIGNALS):
            lost = sorted(set(SIGNALS) - set(runs)) or sorted({s for s in runs if runs.count(s) > 1})
            raise ValueError(f"each signal is either weekly or daily, once; look at {', '.join(lost)}")
        return self

    def confirms(self, signal: str) -> bool:
        """Whether it confirms what is already decided rather than leads (H23)."""
        return signal in self.confirmatory
