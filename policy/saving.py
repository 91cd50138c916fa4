"""What acting on an account is assumed to save, and where views of an account disagree: the work list and its desk."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import field_validator, model_validator

from policy.frozen import Frozen, rule


class SaveEffects(Frozen):
    """What the play of a driver group changes, in log-odds of leaving; below 0 is fewer departures.

    Assumed, until a no-alert holdout has measured it.
    """

    priors: Mapping[str, float] = rule(
        "S4 I5", "Driver group → what its play is assumed to change; `default` where no group stands out."
    )
    prior_trust: float = rule(
        "S4",
        "How far differences between the assumed effects are believed: 1 as they stand, 0 all as their median.",
        ge=0,
        le=1,
    )
    prior_sd: float = rule(
        "S4",
        "How far an effect usually lies from what was assumed; what is measured is drawn towards that by it.",
        gt=0,
    )
    least_churned_held: int = rule(
        "S4", "Churned accounts of the no-alert holdout below which what acting does is not measured.", ge=1
    )

    @field_validator("priors")
    @classmethod
    def _has_default(cls, priors: Mapping[str, float]) -> Mapping[str, float]:
        if "default" not in priors:
            raise ValueError("priors lack `default`: what the play of an account without a main driver changes")
        return priors


class Desk(Frozen):
    """Where rule, model, CSM and the commercial facts disagree about an account."""

    low_rating: int = rule("H15", "A sponsor rating up to this is a CSM's view of risk, inclusive.", ge=1, le=5)
    good_rating: int = rule("H15", "A sponsor rating from this on is a CSM's view of calm, inclusive.", ge=1, le=5)
    least_accounts: int = rule(
        "H23", "Accounts of the past in a cell of rule and model below which its churn rate is not told.", ge=1
    )

    @model_validator(mode="after")
    def _ordered(self) -> Desk:
        if self.good_rating <= self.low_rating:
            raise ValueError("good_rating must lie above low_rating")
        return self
