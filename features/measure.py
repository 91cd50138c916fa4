"""What can be said about an account at a snapshot: leaves over one source table, each one of three shapes.

A kernel (sums over whole weeks), a mask (distinct entities) or a span (states and last values); see `windows`. An
indicator is arithmetic (`expression`) on leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from features.expression import Expr, Numbers

DAYS_IN_WEEK = 7


@dataclass(frozen=True)
class Reduction:
    """A source table's facts, reduced once: which table, and how.

    `rows` takes the accepted table and returns account_id, day, known_day and the value columns (integers), plus
    `entity` for masks and `end_day` for spans. One reduction serves every leaf that names it. `needs` are columns that
    must be mapped and `also` further tables: without them the leaf is not available, which is not the same as 0.
    `only` returns account_id, entity and known_day (and gone_day) of the entities that count at all, for masks: since
    when they count, whatever was done with them before. `shares` names what it reads in common with others (`reductions.events`): worth storing once per build.
    """

    name: str
    table: str
    rows: Callable[[Any], Any]
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    only: Callable[[Any], Any] | None = None


class Leaf(Expr):
    """One column of the wide table."""

    reduction: Reduction

    @property
    def name(self) -> str:
        """Column name in the wide table; equal leaves share it."""
        raise TypeError(type(self).__name__)

    @property
    def reach(self) -> int:
        """Weeks before as_of that it looks at; 0 where it asks for states and not for weeks."""
        return 0

    def leaves(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def column(self, wide: Any) -> Any:
        """The column, which is float64."""
        return wide[self.name]


@dataclass(frozen=True)
class Context(Leaf):
    """A column of the cohort itself (arr, seats, tenure_days, …)."""

    field: str

    @property
    def name(self) -> str:
        """The cohort's column."""
        return self.field

    def column(self, wide: Any) -> Any:
        """The column in float64."""
        return wide[self.field].cast("float64")


@dataclass(frozen=True)
class Kernel(Leaf):
    """Σ weight × the week's value; `weights[i]` belongs to age i, age 0 being the 7 days before as_of. Integers only."""

    reduction: Reduction
    value: str
    weights: tuple[int, ...]

    @property
    def name(self) -> str:
        """Reduction, value and weights."""
        return f"{self.reduction.name}__{self.value}__{weights_name(self.weights)}"

    @property
    def reach(self) -> int:
        """As many as there are weights."""
        return len(self.weights)

    def mean_of_blocks(self, blocks: int) -> Expr:
        """The window's sum as a mean over that many equal blocks."""
        return self / blocks


SpanAgg = Literal["count", "sum", "max", "min", "age_max", "age_min"]


@dataclass(frozen=True)
class Span(Leaf):
    """An aggregate over the states that hold at as_of: started before it, known before it, not ended before it.

    `age_*` are days since the state began. `within` keeps only states at most that many days old, `by_day` those that
    began by that day of the account's first term; `ago` asks for the states that held that many days before as_of (as
    known at as_of). Sums and counts are 0 where the table can speak about the account but no state holds; max, min and
    ages are null there.
    """

    reduction: Reduction
    agg: SpanAgg
    value: str = ""
    within: int | None = None
    ago: int = 0
    by_day: int | str | None = None

    @property
    def name(self) -> str:
        """Reduction, aggregate and value."""
        return (
            f"{self.reduction.name}__{self.agg}{'_' + self.value if self.value else ''}"
            + (f"_{self.within}d" if self.within else "")
            + (f"_by_day_{self.by_day}" if self.by_day else "")
            + (f"_{self.ago}ago" if self.ago else "")
        )

    def bound(self, numbers: Numbers) -> Expr:
        """The same with `by_day` as a number."""
        return replace(self, by_day=whole(self.by_day, numbers)) if isinstance(self.by_day, str) else self


@dataclass(frozen=True)
class Measure:
    """A weekly value of one reduction: calling it with a window gives its sum."""

    reduction: Reduction
    value: str

    def __call__(self, days: int, *, ago: int = 0) -> Kernel:
        """The sum over `days` (whole weeks) that end `ago` days before as_of."""
        return Kernel(self.reduction, self.value, (0,) * weeks(ago) + (1,) * weeks(days))

    def by_week(self, days: int, *, ago: int = 0) -> list[Expr]:
        """One sum per whole week of a window that ends `ago` days before as_of, newest first."""
        return [self(DAYS_IN_WEEK, ago=ago + DAYS_IN_WEEK * i) for i in range(weeks(days))]

    def trend(self, days: int) -> Expr:
        """Change per week, by least squares over whole weeks, oldest to newest."""
        n = weeks(days)
        centre = n - 1
        # Doubled so that the weights stay integers for even n.
        slope = tuple(centre - 2 * age for age in range(n))
        return Kernel(self.reduction, self.value, slope) / (sum(w * w for w in slope) / 2)


def weeks(days: int) -> int:
    """Whole weeks in `days`; windows are whole 7-day blocks."""
    if days % DAYS_IN_WEEK:
        raise ValueError(f"{days} days are not whole weeks: use {days // 7 * 7} or {days // 7 * 7 + 7}.")
    return days // DAYS_IN_WEEK


def whole(value: int | str, numbers: Numbers) -> int:
    """A whole number, given or by the name of a setting."""
    return value if isinstance(value, int) else int(numbers[value])


def weights_name(weights: tuple[int, ...]) -> str:
    """A short, stable name for a weight vector: plain windows by their bounds, others by their ends.

    >>> weights_name((1, 1, 1, 1)), weights_name((0, 0, 1, 1)), weights_name((1, 0, -1))
    ('w0_4', 'w2_4', 'k3_1_m1')
    """
    if set(weights) <= {0, 1} and weights:
        first = weights.index(1)
        if all(weights[first:]):
            return f"w{first}_{len(weights)}"
    return f"k{len(weights)}_{weights[0]}_{weights[-1]}".replace("-", "m")
