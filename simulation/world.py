"""The parameters of a simulated company."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from simulation.days import day_number
from simulation.families import FAMILIES


@dataclass(frozen=True)
class World:
    """What a company is like: its size, its habits and the true effects behind its churn.

    The first ten fields set the scenario; the rest are the default world. Shares and rates lie in [0, 1], rates are
    per year unless the name says otherwise, effects are log-odds of not renewing per standard deviation of the cause.
    """

    seed: int = 7
    draw: int = 0
    """Which accounts. Equal seeds share the market, its break, the incidents and the base rates whatever the draw."""
    family: str = "mixed"
    """How causes act on the decision, see simulation/families.py."""
    accounts: int = 500
    """Target size of the active book at `data_until`."""
    arr_total: float = 10_000_000.0
    """Annual recurring revenue of the active book at `data_until`, met to the rounding of single terms."""
    annual_churn: float = 0.15
    """Share of the accounts of a year ago that have left, averaged over the last two years; met to a few accounts."""
    nrr: float = 1.05
    """Net revenue retention of the last 365 days: new logos excluded."""
    weeks: int = 156
    """Length of the emitted history."""
    data_until: date = date(2026, 6, 1)
    """A Monday. Nothing happens or is known on or after it; only planned dates lie beyond."""
    never_activate: float = 0.40
    """Share of accounts that do not reach all five key actions within 30 days."""
    base_shift: float | None = None
    """Log-odds added to every base rate. None: what makes this very book meet `annual_churn`."""

    burn_in_weeks: int = 104
    """Weeks simulated before the emitted history, so that the book has survivors with a past."""
    mid_market_from: float = 20_000.0
    """ARR from which an account is mid-market, in currency."""
    enterprise_from: float = 100_000.0

    # By segment: smb, mid_market, enterprise.
    churn_by_segment: tuple[float, float, float] = (0.22, 0.11, 0.05)
    """Relative annual churn; scaled together so that the blend meets `annual_churn`."""
    annual_share: tuple[float, float, float] = (0.55, 0.85, 0.97)
    """Share of accounts on annual or multi-year terms; the others pay month by month."""
    multi_year_share: tuple[float, float, float] = (0.03, 0.10, 0.25)
    """Share of multi-year terms among accounts that are not monthly."""
    monthly_churn_ratio: float = 1.5
    """Annual churn of monthly accounts relative to the others of their segment."""
    notice_share: tuple[float, float, float, float] = (0.30, 0.50, 0.13, 0.07)
    """Shares of notice periods of 0, 30, 60 and 90 days; monthly accounts have none."""
    notice_spread_days: float = 15.0
    """A notice comes within so many days before its deadline (20 more where there is no deadline)."""

    usage_effect: float = 0.65
    pain_effect: float = 0.45
    payment_effect: float = 0.5
    """In most families only beyond `overdue_threshold_days`: the planted threshold."""
    sentiment_effect: float = 0.3
    champion_effect: float = 0.7
    """Per absent champion, not per standard deviation."""
    price_effect: float = 0.5
    hidden_fit_sd: float = 0.5
    """Standard deviation, in log-odds, of what no table shows."""
    overdue_threshold_days: float = 21.0

    engagement_rho: float = 0.97
    """Weekly autocorrelation, as the three below."""
    payment_rho: float = 0.96
    pain_rho: float = 0.94
    sentiment_rho: float = 0.96
    macro_sd: float = 0.03
    """Weekly step of the market's random walk, in log-odds of not renewing."""
    incidents_per_year: float = 4.0
    champion_exit_rate: float = 0.22
    silent_share: float = 0.07
    """Accounts a year whose renewal is decided by someone who leaves no trace in any table."""
    silent_effect: float = 1.0
    """Log-odds added to the decision of such an account."""
    acquired_rate: float = 0.008
    """Accounts a year that leave because they were acquired, independent of everything else."""
    crisis_rate: float = 0.16
    """Payment crises a year of an ordinary account: while one lasts, no invoice is paid. Where it outlasts the term of
    an account billed by the month, the account is closed; see simulation/terms.py."""
    returning_share: float = 0.06
    """Share of leavers who sign again two to eight months after their last day."""
    contraction_rate: float = 0.06
    nps_response: float = 0.27

    break_weeks_ago: int = 96
    """Weeks before `data_until` at which the market changed for good; 0 for never."""
    break_shift: float = 0.10
    """Log-odds added to every decision from then on."""
    break_usage: float = 0.8
    """Factor on the effect of usage from then on."""
    break_price: float = 1.4
    """Factor on the effect of price from then on."""

    automated_share: float = 0.06
    """Accounts that move much of their work from logins to scheduled calls at some time, whatever their health."""
    export_share: float = 0.5
    """How much the chance of leaving adds to the share of accounts that export their data before a notice is due."""
    treatment_sd: float = 0.15
    """Spread between accounts of what a treatment of their cause changes, in log-odds."""
    care: float = 1.0
    """How well it treats: factor on what a treatment of a cause usually changes."""
    sleeping_dogs: float = 0.06
    """Share of accounts that a contact drives away."""
    backdated_share: float = 0.04
    """Decisions that the CRM learns of up to three weeks late and then dates back."""

    late_share: float = 0.03
    """Share of rows that become known one to ten days after they happened."""
    duplicate_share: float = 0.003
    null_share: float = 0.02
    refused_rows: bool = True
    """Whether the tables carry rows that a data contract has to refuse."""

    def __post_init__(self) -> None:
        if self.data_until.weekday() != 0:
            raise ValueError(f"data_until {self.data_until} is not a Monday. Choose the Monday before or after it.")
        if self.accounts < 20 or self.weeks < 30 or self.burn_in_weeks < 26:
            raise ValueError(
                "A world needs at least 20 accounts, 30 weeks and 26 burn_in_weeks. Raise the smaller one."
            )
        if self.family not in FAMILIES:
            raise ValueError(f"family {self.family!r} is none of {', '.join(FAMILIES)}. Choose one of them.")
        if not 0.02 <= self.annual_churn <= 0.40:
            raise ValueError(
                f"annual_churn {self.annual_churn} lies outside 0.02 to 0.40. Give a share, not a percentage."
            )

    @property
    def until_day(self) -> int:
        """`data_until` as a day number."""
        return day_number(self.data_until)

    @property
    def first_day(self) -> int:
        """Day number of the first emitted Monday."""
        return self.until_day - 7 * self.weeks

    @property
    def total_weeks(self) -> int:
        """Simulated weeks, burn-in included."""
        return self.weeks + self.burn_in_weeks

    @property
    def origin_day(self) -> int:
        """Day number of the first simulated Monday; week w begins at `origin_day + 7 * w`."""
        return self.until_day - 7 * self.total_weeks

    @property
    def break_day(self) -> int:
        """First day of the changed market; beyond all days where it never changes."""
        return self.until_day - 7 * self.break_weeks_ago if self.break_weeks_ago else self.until_day + 10_000
