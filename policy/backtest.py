"""How much a model may lose as it ages before `churn backtest` says: train anew."""

from __future__ import annotations

from policy.frozen import Frozen, Share, rule


class Backtest(Frozen):
    """`churn backtest`: what a longer cadence of retraining may cost."""

    tolerance: Share = rule(
        "",
        "A cadence is long enough to keep where it costs less than this share of the log-loss that the model saves on "
        "the calendar, for sure.",
    )
