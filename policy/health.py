"""The numbers of the health score (H1–H21)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import model_validator

from policy.errors import did_you_mean
from policy.frozen import Days, Frozen, Point, Share, rule

COMPONENTS = ("usage", "engagement", "sentiment", "commercial")
TIERS = ("green", "yellow", "red")


class HealthInput(Frozen):
    """One indicator's way into a component: straight lines between `points`, or flat `steps` from each value on.

    An input that does not apply to an account is not missed: it counts neither for nor against the coverage.
    """

    indicator: str = rule("", "A column of docs/indicators.md.")
    share: float = rule("", "Its weight within the component; the shares of a component sum to 1.", gt=0, le=1)
    points: tuple[Point, ...] = rule("", "Value and points, joined by straight lines; flat at both ends.", default=())
    steps: tuple[Point, ...] = rule("", "Or value and points, flat from each value on.", default=())
    if_applicable: bool = rule("H8", "Where it is null it does not apply, and is not missed.", default=False)
    unless_zero: str | None = rule(
        "H7", "It does not apply where this column of the feature table is 0, and is not missed.", default=None
    )

    @model_validator(mode="after")
    def _ascending(self) -> HealthInput:
        if bool(self.points) == bool(self.steps):
            raise ValueError(f"{self.indicator}: give either points or steps")
        values = [x for x, _ in self.points or self.steps]
        if values != sorted(set(values)):
            raise ValueError(f"{self.indicator}: values must ascend")
        if any(not 0 <= y <= 100 for _, y in self.points or self.steps):
            raise ValueError(f"{self.indicator}: points lie between 0 and 100")
        return self


class Bands(Frozen):
    """Lower ends of green and yellow; below yellow is red (H2)."""

    green: float = rule("H2", "Scores from here on are green; half-open, on the unrounded score.")
    yellow: float = rule("H2", "Scores from here on are yellow; below is red.")

    @model_validator(mode="after")
    def _ordered(self) -> Bands:
        if not 0 < self.yellow < self.green <= 100:
            raise ValueError("bands must satisfy 0 < yellow < green <= 100")
        return self


class Cap(Frozen):
    """A component scores at most this while the indicator is above 0 (H16)."""

    component: str = rule("H16", "The component that is capped.")
    at_most: float = rule("H16", "Its score at most.", ge=0, le=100)
    while_: str = rule("H16", "While this indicator is above 0.", alias="while")

    @model_validator(mode="after")
    def _known(self) -> Cap:
        if self.component not in COMPONENTS:
            raise ValueError(f"a cap names no component `{self.component}`: {did_you_mean(self.component, COMPONENTS)}")
        return self


class SilentTickets(Frozen):
    """Points for an account without tickets: healthy usage, falling usage (H10)."""

    healthy: float = rule("H10", "Points of silence while usage holds: neutral.", ge=0, le=100)
    falling: float = rule("H10", "Points of silence while usage falls too: low.", ge=0, le=100)


class Health(Frozen):
    """The rule-based health score (H1–H21)."""

    weights: Mapping[str, float] = rule("H1", "Weight of each component; they sum to 100.")
    onboarding_weights: Mapping[str, float] = rule(
        "O6", "The weights of an account younger than `onboarding.tenure_days`; they sum to 100."
    )
    bands: Bands = rule("H2", "Lower ends of the tiers.")
    expected_mix: Mapping[str, Share] = rule("H4", "The mix of tiers to expect; reported, never forced. Sums to 1.")
    mix_tolerance: Share = rule("H4", "A tier's share further than this from the expected one is said.")
    tier_coverage: Share = rule("H21", "Below this share of the weight the tier is `unrated`, never green.")
    inputs: Mapping[str, tuple[HealthInput, ...]] = rule(
        "H5 H6 H7 H8 H9 H10 H11 H12 H13 H14 H15 H17 H18 H19 H20",
        "How each indicator becomes points, by component: `share` within the component (they sum to 1), `points` on "
        "straight lines or `steps` from each value on.",
    )
    nps_neutral_points: float = rule("H13", "Where an NPS answer fades to.", ge=0, le=100)
    nps_fade_days: int = rule("H13", "Days until an NPS answer says nothing any more.", ge=1)
    csat_neutral_points: float = rule("H13", "Where a CSAT answer fades to.", ge=0, le=100)
    csat_fade_days: int = rule("H13", "Days until a CSAT answer says nothing any more.", ge=1)
    silent_ticket_points: SilentTickets = rule("H10", "Points of an account without tickets.")
    falling_usage: float = rule("H10", "At or below this change in logins usage counts as falling.", ge=-1, le=0)
    caps: tuple[Cap, ...] = rule("H16", "A component's score is at most `at_most` while the indicator is above 0.")

    @model_validator(mode="after")
    def _whole(self) -> Health:
        for name, weights in (("weights", self.weights), ("onboarding_weights", self.onboarding_weights)):
            if set(weights) != set(COMPONENTS):
                raise ValueError(f"{name} name the components {', '.join(COMPONENTS)}, not {', '.join(weights)}")
            if not all(weight >= 0 for weight in weights.values()):
                raise ValueError(f"{name} must not be negative")
            total = sum(weights.values())
            if abs(total - 100) > 1e-9:
                raise ValueError(f"{name} must sum to 100, they sum to {total:g}")
        for component, inputs in self.inputs.items():
            share = sum(i.share for i in inputs)
            if abs(share - 1) > 1e-6:
                raise ValueError(f"the shares of {component} must sum to 1, they sum to {share:g}")
            names = [i.indicator for i in inputs]
            if len(set(names)) < len(names):
                raise ValueError(f"an input of {component} stands twice")
        if set(self.inputs) != set(COMPONENTS):
            raise ValueError(f"inputs name the components {', '.join(COMPONENTS)}, not {', '.join(self.inputs)}")
        mix = sum(self.expected_mix.values())
        if set(self.expected_mix) != set(TIERS) or abs(mix - 1) > 1e-9:
            raise ValueError(f"expected_mix names green, yellow and red and sums to 1, it sums to {mix:g}")
        return self


class Indicators(Frozen):
    """Where an indicator begins to say something; below that it is null. A window's length stands in its name."""

    least_baseline_user_days: int = rule(
        "W1", "User-days in the baseline below which a change in logins is null.", ge=1
    )
    least_mails: int = rule("H11", "Mails sent below which the open rate is null.", ge=1)
    least_messages: int = rule("H14 W5", "Messages below which a mean mood is null.", ge=1)
    # Whether a second person took part is seen without a list of all; a third would not be.
    adopted_users: int = rule("H6", "People who must have used a feature for it to be adopted: 1 or 2.", ge=1, le=2)
    adopted_days: int = rule("H6", "Days on which a feature must have been used to be adopted.", ge=1)
    most_counted: int = rule("H12", "Trainings, contributions and feedback beyond this many count no more.", ge=1)
    top_share: float = rule("W3", "The most active share of an account's people: its top users.", gt=0, le=1)
    silent_days: int = rule("W3", "Days without use after which a weekly user is silent.", ge=1)
    weekly_user_weeks: int = rule("W3", "Active in every one of this many weeks before: a weekly user.", ge=1)
    blocks: int = rule("W7", "28-day blocks looked at before the current one.", ge=1)
    used_blocks: int = rule("W7", "Blocks among them in which a core feature was used: it was in use.", ge=1)
    activation_key_actions: int = rule("O3", "Key actions that make an account active.", ge=1)
    activation_by_day: Days = rule("O3", "They must be reached by this day after the start, inclusive.")

    @model_validator(mode="after")
    def _possible(self) -> Indicators:
        if self.used_blocks > self.blocks:
            raise ValueError("used_blocks cannot exceed blocks")
        return self
