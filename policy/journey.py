"""Onboarding (O1–O7): what is due when, when an account counts as active, and how far along it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy.frozen import Count, Days, Frozen, Share, ascending, rule

JourneyStatus = Literal["on track", "behind", "stuck"]
Day = Annotated[int, Field(ge=0)]


class OnboardingTask(Frozen):
    """One thing to do in the first days (O1)."""

    task: str = rule("O1", "What is to be done.")
    due_day: Days = rule("O1", "Days after the start by which it is due.")
    owner_type: str = rule("O1 S5", "Who does it.")


class Activation(Frozen):
    """O4: the activation rate to reach. The texts give two figures."""

    from_rate: Share = rule("O4", "Where the scenario starts.")
    plan_rate: Share = rule("O4", "What the plan promises.")
    outcome_rate: Share = rule("O4", "What the outcomes promise.")
    judged_by: Literal["plan", "outcome"] = rule("O4 M16", "Which of the two the activation rate is judged by.")

    @property
    def target(self) -> float:
        """The rate that counts as reached."""
        return self.plan_rate if self.judged_by == "plan" else self.outcome_rate


class Journey(Frozen):
    """O6: when an onboarding account is behind or stuck."""

    behind_missed: Count = rule("O6", "Steps past due from which it is behind, inclusive.", ge=1)
    stuck_missed: Count = rule("O6", "Steps past due from which it is stuck, inclusive.", ge=1)
    stuck_overdue_days: Days = rule("O6", "Or days the oldest of them is past due, inclusive.")

    @model_validator(mode="after")
    def _ordered(self) -> Journey:
        if self.stuck_missed < self.behind_missed:
            raise ValueError("stuck_missed cannot lie below behind_missed")
        return self


class Onboarding(Frozen):
    """The first days of an account."""

    tenure_days: Days = rule("O6", "Younger accounts are onboarding: own weights, a journey status.")
    grace_days: Days = rule("O1", "Days after these in which what was left undone still stands.")
    tasks: tuple[OnboardingTask, ...] = rule("O1", "What is due by which day after the start.")
    mail_days: tuple[Day, ...] = rule("O2", "Days after the start on which an e-mail goes out.")
    check_in_days: tuple[Day, ...] = rule("O2", "Days after the start on which a CSM checks in.")
    mail_only: tuple[str, ...] = rule("O2", "Touch models that get the e-mails alone.")
    activation: Activation = rule("O4", "The activation rate to reach.")
    value_from: Literal["contract_start", "signup"] = rule("O5", "Where time to value begins; the other is kept too.")
    journey: Journey = rule("O6", "When an account is behind or stuck.")
    completeness: tuple[str, ...] = rule("O7", "Parts of a complete onboarding, equally weighted.")

    @model_validator(mode="after")
    def _ordered(self) -> Onboarding:
        ascending(self.mail_days, "mail_days")
        ascending(self.check_in_days, "check_in_days")
        if not self.completeness or len(set(self.completeness)) < len(self.completeness):
            raise ValueError("completeness names each part once, and at least one")
        return self


def is_active(days_to_key_actions: Collection[int], *, key_actions: int, by_day: int) -> bool:
    """Whether enough key actions were reached by the day, inclusive (O3). Days count from the start.

    >>> is_active([1, 3, 8, 20, 30], key_actions=5, by_day=30), is_active([1, 3, 8, 20, 31], key_actions=5, by_day=30)
    (True, False)
    """
    return sum(day <= by_day for day in days_to_key_actions) >= key_actions


def journey_status(
    tenure_days: int, missed: float | None, oldest_missed_days: float | None, onboarding: Onboarding
) -> JourneyStatus | None:
    """On track, behind or stuck while onboarding (O6); null afterwards, or where no steps are known.

    `missed` counts steps past due, `oldest_missed_days` is how long the oldest of them is, null when none is.
    """
    if tenure_days >= onboarding.tenure_days or missed is None or missed != missed:
        return None
    rule = onboarding.journey
    overdue = 0.0 if oldest_missed_days is None or oldest_missed_days != oldest_missed_days else oldest_missed_days
    if missed >= rule.stuck_missed or (missed >= 1 and overdue >= rule.stuck_overdue_days):
        return "stuck"
    return "behind" if missed >= rule.behind_missed else "on track"


def completeness(present: Collection[str], onboarding: Onboarding) -> float:
    """Share of the onboarding's parts that are there: goals, criteria, checklist, owner, handoff (O7)."""
    return sum(part in present for part in onboarding.completeness) / len(onboarding.completeness)


def mails_due(touch_model: str, onboarding: Onboarding) -> Mapping[str, tuple[int, ...]]:
    """Days after the start with an e-mail and with a CSM's check-in; the latter not for tech touch (O2)."""
    calls = () if touch_model in onboarding.mail_only else onboarding.check_in_days
    return {"mail": onboarding.mail_days, "check_in": calls}
