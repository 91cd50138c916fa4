"""What the pages show: plain frozen records, filled by the pipeline and read by the templates alone.

`None` means not available. It is written as those words and never as 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from serving.workbench.pages.standing_view import ContactLine, Standing

HealthTier = Literal["green", "yellow", "red", "unrated"]
RiskTier = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Driver:
    """What one group of facts adds to the churn probability, in percentage points; negative lowers it."""

    group: str
    points: float
    sentence: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of evidence, numbers already formatted; `before` is the value as of `since`."""

    label: str
    before: str
    after: str
    since: date
    worse: bool | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that shows a signal: its sentence, and its numbers already formatted; `before` is null where none is."""

    sentence: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A warning, or a chance to grow, that stands since `since`; `first_step` is where its play begins.

    `clearing` was not seen on the newest run, but not for long enough to be over; `suppressed` is shared by the whole
    segment and has no play.
    """

    title: str
    kind: Literal["warning", "expansion"]
    status: Literal["open", "clearing", "suppressed"]
    since: date
    is_new: bool
    evidence: list[Evidence]
    play: str | None
    first_step: str | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the next half year may bring: `horizons` holds (days, probability of having decided to leave by then).

    `low` and `high` are the range of the probability shown, `wide` whether it is too wide to lean on,
    `stretched` whether earlier outcomes alone would not have held that probability. `others` holds
    (what else may happen within 90 days, its probability). Null is not available.
    """

    horizons: list[tuple[int, float]]
    low: float | None
    high: float | None
    wide: bool
    stretched: bool
    median_days: float | None
    arr_at_risk_180d: float | None
    others: list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. A `due_at` without a time zone is UTC."""

    subject: str
    due_at: datetime
    owner: str | None
    step: str
    body: str


@dataclass(frozen=True, slots=True)
class Week:
    """One week of usage; null means that nothing is known of it, 0 that nobody was active."""

    starts: date
    active_user_days: int | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """All that one account's page says. The `_before` values are those of four weeks earlier.

    `base_probability` and the points of `drivers` add up to `probability`; `reasons` holds at most three sentences.
    `coverage` (0-1) is the share of the health score's weight that had data; `weeks` runs from oldest to newest.
    `service` says how the account is served, `journey` how far its onboarding is (null afterwards); `weights` are
    those of its health score where they differ from the book's. `signals` are null where they were not looked for.
    An account with `held_since` is in the holdout: it has no tasks, no play and no warnings.
    `base_probability` is that of the average account. `standing_out` says which driver stands out, or that none does;
    `change` what moved the probability since a week ago (empty where that is not known). `ahead` is null where the day
    was scored before there were outlooks. `way_back_short` says whether it can be well again, empty where
    nobody looked, and `way_back` how. `standing` is null where nobody looked for plays, `contacts` where nobody knows which are owed;
    `tasks` are those that no play tells of; `this_week` is what the work list makes of it.
    """

    account_id: str
    name: str
    segment: str
    industry: str
    region: str
    owner: str | None
    arr: float
    seats: int | None
    term_ends_on: date | None
    tenure_days: int
    health_score: float | None
    health_before: float | None
    health_tier: HealthTier
    coverage: float
    components: dict[str, float | None]
    probability: float | None
    probability_before: float | None
    base_probability: float | None
    risk_tier: RiskTier | None
    low_evidence: bool
    reasons: list[str]
    drivers: list[Driver]
    facts: list[Fact]
    weeks: list[Week]
    tasks: list[Task]
    play: str | None
    play_steps: list[str]
    service: str = ""
    journey: str | None = None
    weights: dict[str, int] | None = None
    signals: list[Signal] | None = None
    held_since: date | None = None
    standing_out: str = ""
    change: str = ""
    ahead: Ahead | None = None
    way_back: str = ""
    way_back_short: str = ""
    standing: Standing | None = None
    contacts: tuple[ContactLine, ...] | None = None
    this_week: str = ""

    @property
    def warnings(self) -> list[Signal]:
        """The warnings that stand; those of the whole segment do not count."""
        return [s for s in self.signals or [] if s.kind == "warning" and s.status != "suppressed"]

    @property
    def suppressed(self) -> list[Signal]:
        """What the whole segment shows."""
        return [s for s in self.signals or [] if s.status == "suppressed"]

    @property
    def chances(self) -> list[Signal]:
        """The chances to grow that stand."""
        return [s for s in self.signals or [] if s.kind == "expansion" and s.status != "suppressed"]


@dataclass(frozen=True, slots=True)
class Book:
    """Every account of one publication, and what all pages share.

    `scorer` says in plain words what the probability rests on; `model_note` says in one how good it is.
    `unavailable` names the source tables that are not connected; `known_losses` holds (name, note) of accounts
    that have already decided to leave and are therefore not ranked.
    """

    title: str
    as_of: date
    published_at: datetime
    expires_on: date
    horizon_days: int
    currency: str
    scorer: str
    weights: dict[str, int]
    accounts: list[AccountView]
    unavailable: list[str]
    known_losses: list[tuple[str, str]]
    model_note: str

    @property
    def week_ends(self) -> date:
        """The first day after the week that begins on the day of this book."""
        return self.as_of + timedelta(weeks=1)

    @property
    def signals_known(self) -> bool:
        """Whether signals were looked for as of the day of this book; else the pages say so."""
        return any(account.signals is not None for account in self.accounts)
