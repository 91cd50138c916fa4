"""What winning a customer back costs and brings: the money figures of the evaluation card."""

from __future__ import annotations

from pydantic import model_validator

from policy.frozen import Amount, Frozen, rule


class Taken(Frozen):
    """How large a share of those who would leave takes the offer: a Beta distribution, its mean alpha / (alpha + beta)."""

    alpha: float = rule("", "First parameter.", gt=0)
    beta: float = rule("", "Second parameter.", gt=0)


class Money(Frozen):
    """Costs and gains per customer of an offer to stay, all in one currency (Verbraken 2013)."""

    customer_value: float = rule("", "What a kept customer is worth (CLV).", gt=0)
    incentive: Amount = rule("", "What the offer costs where it is taken.")
    contact: Amount = rule("", "What one contact costs.")
    taken: Taken = rule("", "Share of the leavers who take the offer.")

    @model_validator(mode="after")
    def _worth_it(self) -> Money:
        if self.incentive + self.contact >= self.customer_value:
            raise ValueError("incentive and contact together cannot cost what the customer is worth")
        return self
