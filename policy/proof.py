"""How much the proof that nothing leaks looks at, and from where on a figure is too good to be true."""

from __future__ import annotations

from policy.frozen import Frozen, rule


class TooGood(Frozen):
    """An AUC above `limit` whose interval lies above `observable`, what can honestly be reached, raises an alarm."""

    limit: float = rule("", "An AUC must exceed this for an alarm.", gt=0.5, le=1)
    observable: float = rule("", "And its interval must lie above this: what can honestly be observed.", ge=0.5, lt=1)


class Proof(Frozen):
    """`churn prove-no-leak`: how much is looked at, and when it raises an alarm."""

    dates: int = rule("", "as_of dates at which the future is spoiled.", ge=1)
    seeds: int = rule("", "Ways of spoiling it at each.", ge=1)
    accounts: int = rule("", "Accounts whose every fact is spoiled, renamed and counted again.", ge=1)
    opinion_accounts: int = rule("", "Of these, the ones that the second opinion computes again.", ge=1)
    panel_accounts: int = rule("", "Accounts of the panel that everything fitted or resampled rests on.", ge=1)
    tolerance: float = rule("", "How far engine and second opinion may differ, relative above 1.", gt=0, lt=1)
    shuffles: int = rule("", "Ways of dealing the labels out anew.", ge=1)
    error_rate: float = rule("", "Chance of an alarm without a leak, per check that judges a sample.", gt=0, lt=1)
    single_indicator: TooGood = rule("", "One indicator alone, inside the renewal window.")
    pooled: TooGood = rule("", "A scorer over all rows, on mainly annual terms.")
    annual_term_days: int = rule("", "Terms of this length and more are annual.", ge=1)
    longest_horizon_days: int = rule("", "Beyond this horizon the pooled limit is not applied.", ge=1)
