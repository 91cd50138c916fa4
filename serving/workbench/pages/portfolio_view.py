"""The portfolio: whether the business keeps and grows its revenue, who moved it, and who carries how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from serving.workbench.pages.lines import Lines, Stack, lines, stacks
from serving.workbench.pages.stake_view import Stake

DAYS_A_MONTH = 30.44


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric. `value` is null where it is not defined, and `reason` says why; `unit` is that of the metrics' records.

    `n` is what it rests on, `before` the value a month earlier; `met` is null without a target or a value. `leads` is
    false for the reading that the policy does not judge by.
    """

    id: str
    title: str
    value: float | None
    unit: str
    n: int
    before: float | None
    target: float | None
    met: bool | None
    leads: bool
    formula: str
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the ARR waterfall in the reporting currency; `complete` is false for the one that goes on."""

    month: date
    start: float
    churn: float
    contraction: float
    expansion: float
    new: float
    won_back: float
    end: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """Retention looked back on at a month's end; null where there is no year to look back on."""

    month: date
    grr: float | None
    nrr: float | None


@dataclass(frozen=True, slots=True)
class Mover:
    """A customer that moved GRR since a month ago: by so many points, from and to an ARR; `kind` says how."""

    account_id: str
    name: str
    owner: str | None
    kind: str
    points: float
    arr_before: float
    arr_now: float
    page: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """A customer that left or shrank within the year that GRR looks back on, in points of GRR (below 0)."""

    account_id: str
    name: str
    owner: str | None
    left: bool
    arr_before: float
    arr_now: float
    points: float
    page: bool

    @property
    def lost(self) -> float:
        """The ARR that went."""
        return self.arr_before - self.arr_now


@dataclass(frozen=True, slots=True)
class Slice:
    """GRR of a part of the book: the points of the whole book's loss that fall on it add up to 1 − GRR."""

    name: str
    grr: float | None
    arr_start: float
    lost: float


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers who began in one quarter: how many, and the share still there after so many quarters (null: ahead)."""

    quarter: str
    customers: int
    kept: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Kaplan–Meier: the share still here after so many days, with its 95 % range; median null where not reached."""

    customers: int
    churned: int
    median_days: float | None
    points: tuple[tuple[int, float, float, float], ...]

    @property
    def monthly(self) -> tuple[float, ...]:
        """The share still here at the end of each month of life, from 1 at the start."""
        found, share, at = [1.0], 1.0, 0
        last = self.points[-1][0] if self.points else 0
        for month in range(1, int(last / DAYS_A_MONTH) + 1):
            while at < len(self.points) and self.points[at][0] <= month * DAYS_A_MONTH:
                share = self.points[at][1]
                at += 1
            found.append(share)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Load:
    """An owner's book: accounts, ARR, share of a full book, hours owed this week and hours there are (null: not known).

    `owner` is null for the accounts that nobody owns.
    """

    owner: str | None
    role: str
    accounts: int
    arr: float
    book_share: float | None
    verdict: str | None
    owed: float
    available: float | None
    overdue: float

    @property
    def hours_told(self) -> str:
        """What the hours say: over (more is owed this week than there is), late (only the backlog does not fit), or
        nothing."""
        if self.available is None:
            return ""
        return "over" if self.owed > self.available else "late" if self.owed + self.overdue > self.available else ""


@dataclass(frozen=True, slots=True)
class Goal:
    """The churn rate's way from one rate to another; `churn` and `line` are of the day, null where not known.

    `starts` and `ends` are null where the policy dates no goal: then there is no line either. `rates` is the rate by
    day, the oldest first.
    """

    from_rate: float
    to_rate: float
    starts: date | None
    ends: date | None
    churn: float | None
    line: float | None
    on_track: bool | None
    caveat: str
    rates: tuple[tuple[date, float | None], ...] = ()

    @property
    def first(self) -> tuple[date, float] | None:
        """The first rate that is known."""
        return next(((on, rate) for on, rate in self.rates if rate is not None), None)


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """`leading` are the figures shown on top; `groups` are all of them, by title of their group.

    `movers_rest` holds (customers, points) and `lost_rest` (customers, ARR, points) of those that are not shown, so that
    what is shown adds up.
    """

    as_of: date
    leading: tuple[Figure, ...]
    grr: Figure | None
    movers: tuple[Mover, ...]
    movers_rest: tuple[int, float]
    lost: tuple[Loss, ...]
    lost_rest: tuple[int, float, float]
    slices: tuple[tuple[str, tuple[Slice, ...]], ...]
    rates: tuple[Rate, ...]
    months: tuple[Month, ...]
    groups: tuple[tuple[str, tuple[Figure, ...]], ...]
    cohorts: tuple[Cohort, ...]
    curve: Curve | None
    loads: tuple[Load, ...] | None
    goal: Goal | None
    stake: Stake

    @property
    def loads_sum(self) -> tuple[int, float]:
        """(accounts, ARR) of all books, nobody's with them."""
        return sum(load.accounts for load in self.loads or ()), sum(load.arr for load in self.loads or ())

    @property
    def in_no_book(self) -> tuple[float, float]:
        """(accounts, ARR) of the totals above that no book holds; zeros where they agree or are not known."""
        total = next((figure for figure in self.leading if figure.title == "ARR" and figure.value is not None), None)
        if total is None or total.value is None or not self.loads:
            return 0.0, 0.0
        accounts, arr = self.loads_sum
        return float(total.n - accounts), round(total.value - arr, 2)

    @property
    def lost_sum(self) -> tuple[int, float, float]:
        """(customers, ARR, points) of everybody that left or shrank: the points are GRR − 100."""
        count, arr, points = self.lost_rest
        lost, own = sum(one.lost for one in self.lost), sum(one.points for one in self.lost)
        return len(self.lost) + count, arr + lost, points + own

    @property
    def movers_sum(self) -> float:
        """The change of GRR in points."""
        return sum(mover.points for mover in self.movers) + self.movers_rest[1]

    @property
    def rate_lines(self) -> Lines | None:
        """GRR and NRR by month as lines, with the target of GRR."""
        target = None if self.grr is None else self.grr.target
        series = [("GRR", [r.grr for r in self.rates]), ("NRR", [r.nrr for r in self.rates])]
        return lines(series, target=target)

    @property
    def month_stacks(self) -> tuple[float, tuple[Stack, ...]]:
        """What each month gained and lost, as stacked bars."""
        return stacks(
            [
                (
                    ("new", m.new),
                    ("won_back", m.won_back),
                    ("expansion", m.expansion),
                    ("contraction", -m.contraction),
                    ("churn", -m.churn),
                )
                for m in self.months
            ]
        )

    @property
    def curve_lines(self) -> Lines | None:
        """The Kaplan–Meier curve by month of life."""
        return None if self.curve is None else lines([("Still here", self.curve.monthly)])
