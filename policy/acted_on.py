"""When the labels of accounts that were acted on are taken back to what would have been without."""

from __future__ import annotations

from policy.frozen import Frozen, rule


class ActedOnLimits(Frozen):
    """Retraining on a book whose alarms are acted on."""

    lasts_days: int = rule("", "An outcome within so many days of an alarm counts as changed by it.", ge=1)
    least_held: int = rule(
        "", "Below so many accounts of the no-alert holdout that had an alarm, what acting did is not measured.", ge=2
    )
    prior_sd: float = rule(
        "", "How large effects of acting usually are, in log-odds; what is measured is drawn towards none by it.", gt=0
    )
