"""From where on `churn monitor` says that the model may no longer be right."""

from __future__ import annotations

from pydantic import model_validator

from policy.frozen import Frozen, Share, WholeWeeks, rule


class Bounds(Frozen):
    """Observed ÷ expected churn outside these, with an interval that leaves 1 out, raises an alert."""

    low: float = rule("", "Fewer decisions than promised: an alert below this.", gt=0, lt=1)
    high: float = rule("", "More decisions than promised: an alert above this.", gt=1)


class Monitoring(Frozen):
    """`churn monitor`: what is compared, and when it raises an alert."""

    psi: float = rule("", "A population stability index above this is drift; .25 is the usual reading of it.", gt=0)
    missing_change: Share = rule("", "A share of missing values that moved by more than this is an alert.")
    usual_share: Share = rule(
        "",
        "An indicator is only told where it lies farther from the training rows than this share of the training "
        "snapshots did. Set at training.",
    )
    error_rate: float = rule(
        "", "Chance that, without any drift, some indicator exceeds its noise in one run.", gt=0, lt=1
    )
    observed_expected: Bounds = rule("", "Observed ÷ expected churn.")
    block_days: WholeWeeks = rule("", "Snapshots of so many days are judged together, the newest first.")
    history_days: WholeWeeks = rule("", "Older mature snapshots are not looked at.")
    least_churned_accounts: int = rule("", "Below so many churned accounts nothing is concluded.", ge=1)
    auc_fall: Share = rule("", "A ROC-AUC whose whole interval lies this far below the training's is an alert.")
    risk_words: tuple[str, ...] = rule("", "Words in the reason of a contact that say it was made because of risk.")

    @model_validator(mode="after")
    def _whole_blocks(self) -> Monitoring:
        if self.history_days < self.block_days:
            raise ValueError("history_days cannot lie below block_days")
        return self
