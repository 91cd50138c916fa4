"""What is done and when: the label, the risk tiers, the model ladder, reasons, plays and tasks (I1–I12, L3–L4, H24)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from policy.frozen import Amount, Count, Days, Frozen, Share, ascending, rule

Hour = Annotated[int, Field(ge=0, le=24)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Label(Frozen):
    """Which decisions lose an account, and how long a lapse may be (L3, L4)."""

    loss_kinds: tuple[str, ...] = rule("L4", "Kinds of decision that lose the account.")
    lapse_days: Days = rule("L3", "A term that is renewed within this many days never lapsed.")
    contraction_share: Share = rule("L4", "A fall in ARR from here on is a contraction, inclusive.", gt=0)


class Risk(Frozen):
    """Risk tiers cut by capacity (H24), and who is too young for firm words (O6)."""

    medium_times_high: float = rule("H24", "Medium is the next this many times the high share.", gt=0)
    low_evidence_tenure_days: int = rule("O6", "Younger accounts are labelled `low` evidence.", ge=0)


class Ladder(Frozen):
    """How many churned accounts each kind of model needs."""

    refuse_below: int = rule("", "Churned accounts below which no model is trained.", ge=0)
    logistic_from: int = rule("", "Churned accounts from which logistic regression may compete.", ge=0)
    ensemble_from: int = rule("", "Churned accounts from which the ensemble may compete.", ge=0)
    lightgbm_from: int = rule("", "Churned accounts from which LightGBM alone may compete.", ge=0)
    win_interval: float = rule(
        "", "Share of the paired bootstrap draws, around their middle, that must lie above 0 for a win.", gt=0, lt=1
    )

    @model_validator(mode="after")
    def _rising(self) -> Ladder:
        rungs = (self.refuse_below, self.logistic_from, self.ensemble_from, self.lightgbm_from)
        if list(rungs) != sorted(rungs):
            raise ValueError("refuse_below, logistic_from, ensemble_from and lightgbm_from must not fall")
        return self


class Evidence(Frozen):
    """What is given as a reason."""

    reasons: int = rule("", "Reasons given at most.", ge=0, le=3)
    least_points: Amount = rule("", "Smaller contributions (percentage points) are not given as reasons.")
    least_gap: Amount = rule(
        "", "A group that leads the next by less (percentage points) is not named as the main driver."
    )
    least_change: Share = rule(
        "", "A smaller movement, as a share of the larger number, is no reason and not told as a change."
    )
    widest_range: Share = rule(
        "", "A probability whose range is wider than this share of 1 is told as little evidence."
    )
    compared_with_days: Days = rule("", "Days back that a value is compared with.")


class Play(Frozen):
    """What to do, step by step, how long it takes and how its success is seen."""

    play: str = rule("I5", "Its name.")
    steps: tuple[str, ...] = rule("I5", "What to do, in order.")
    step_days: tuple[Days, ...] | None = rule("I5", "Days after its start by which each step is due.", default=None)
    owner_type: str | None = rule("I5 S5", "Who does it.", default=None)
    hours: Amount | None = rule("S4 I5", "Hours of work it takes.", default=None)
    success_metric: str | None = rule("I5 I8", "What shows that it worked.", default=None)

    @model_validator(mode="after")
    def _dated(self) -> Play:
        if self.step_days is not None:
            if len(self.step_days) != len(self.steps):
                raise ValueError(f"{len(self.steps)} steps need as many step_days, not {len(self.step_days)}")
            ascending(self.step_days, "step_days")
        return self


class BusinessHours(Frozen):
    """When somebody is there, in the owner's time zone (I1)."""

    from_hour: Hour = rule("I1", "The working day begins.")
    to_hour: Hour = rule("I1", "The working day ends.")
    weekdays: tuple[Weekday, ...] = rule("I1", "Working days.")

    @model_validator(mode="after")
    def _ordered(self) -> BusinessHours:
        ascending((self.from_hour, self.to_hour), "from_hour and to_hour")
        return self


class Recovery(Frozen):
    """I8: when an account is healthy again."""

    runs: Count = rule("I8", "Consecutive scores in the green band; the first of them is the day.", ge=1)
    within_days: Days = rule("I8", "Days after publication within which it should happen.")


class Reentry(Frozen):
    """How often an account goes through the same play before somebody else looks at it."""

    quiet_days: Days = rule("I7", "A play that begins again within so many days of its end has not held: a relapse.")
    most: Count = rule("I7", "Rounds of one play that are reasonable; one more is looked at by a manager.", ge=1)
    within_days: Days = rule("I7", "Days in which rounds are counted.")


class ChurnGoal(Frozen):
    """I9: the annual churn rate to reach."""

    from_rate: Share = rule("I9", "Where it starts.")
    to_rate: Share = rule("I9", "Where it should go.")
    starts_on: date | None = rule(
        "I9", "The day its line begins; it takes as long as the scenario. Null: no goal is dated.", default=None
    )


class Tasks(Frozen):
    """The intervention playbook (I1–I12), and how long a score stays fresh."""

    assess_hours: Count = rule("I1", "Hours after publication by which the account is assessed.")
    reach_out_hours: Count = rule("I2", "Hours after publication by which the customer is contacted.")
    diagnose_hours: Count = rule("I4", "Hours after publication by which the cause is known.")
    plan_hours: Count = rule("I5", "Hours after publication by which a plan is agreed.")
    count: Literal["business_hours", "clock_hours"] = rule("I1", "Which hours are counted.")
    business_hours: BusinessHours = rule("I1", "When somebody is there.")
    expires_days: Days = rule("", "A weekly score that is not replaced goes stale after this many days.")
    root_causes: tuple[str, ...] = rule("I3", "The closed list of causes; one is needed to close a play.")
    salvageable: tuple[str, ...] = rule("I4", "Answers to: can it be saved?")
    actions: Mapping[str, str] = rule("I5", "Root cause → action.")
    check_in_days: int = rule("I6", "Days between check-ins until the account is healthy.", ge=1)
    trigger_tiers: tuple[Literal["yellow", "red"], ...] = rule("I7", "A fall into one of these tiers opens tasks.")
    recovery: Recovery = rule("I8", "When an account is healthy again.")
    churn_goal: ChurnGoal = rule("I9", "The annual churn rate to reach.")
    expansion_pause_days: Days = rule("I10", "Days after a risk episode without talk of expansion.")
    escalation: tuple[str, ...] = rule("I11", "Who a breach is passed on to, level by level.")
    executive_touch_models: tuple[str, ...] = rule("I11", "Touch models for which the last level exists.")
    executive_after_hours: Count = rule("I11", "Hours after a breach at which it goes on to the last level.")
    snooze_most_days: Days = rule("I7", "Days for which a play may be put off at most.")
    reentry: Reentry = rule("I7", "How often the same play is begun again.")
    win_back_days: Days = rule("I12", "Days after churn within which a return is a win-back, inclusive.")
    called_off: tuple[str, ...] = rule("I7", "Outcomes of a task that say that nothing was done; _ reads as a space.")
    reason_codes: Mapping[str, str] = rule("I12 I3", "Words of a recorded reason → root cause.")
    wins_days: Days = rule("I13", "Days back that the wins log of a review reaches.")

    @model_validator(mode="after")
    def _ordered(self) -> Tasks:
        if self.reach_out_hours < self.assess_hours:
            raise ValueError("reach_out_hours cannot lie below assess_hours: first assess, then write")
        if not self.reach_out_hours <= self.diagnose_hours <= self.plan_hours:
            raise ValueError("reach_out_hours, diagnose_hours and plan_hours must not fall")
        for name, causes in (("actions", set(self.actions)), ("reason_codes", set(self.reason_codes.values()))):
            if strange := causes - set(self.root_causes):
                raise ValueError(f"{name} name {', '.join(sorted(strange))}, which root_causes lacks")
        if not self.escalation:
            raise ValueError("escalation names at least one level")
        return self
