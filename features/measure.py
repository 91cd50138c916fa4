"""What can be said about an account at a snapshot: leaves over one source table, and arithmetic on them.

Every leaf is one of three shapes (see `windows`): a kernel (sums over whole weeks), a mask (distinct entities) or a
span (states and last values). An indicator is arithmetic on leaves; the arithmetic is null where a leaf is null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

DAYS_IN_WEEK = 7


class Expr:
    """Arithmetic on leaves. Comparison gives 0/1, null where a side is null."""

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf below."""
        raise TypeError(type(self).__name__)

    def column(self, wide: Any) -> Any:
        """The Ibis column over the wide table of leaves."""
        raise TypeError(type(self).__name__)

    def __add__(self, other: Expr | float) -> Expr:
        return Arithmetic("+", self, lift(other))

    def __sub__(self, other: Expr | float) -> Expr:
        return Arithmetic("-", self, lift(other))

    def __rsub__(self, other: float) -> Expr:
        return Arithmetic("-", lift(other), self)

    def __mul__(self, other: Expr | float) -> Expr:
        return Arithmetic("*", self, lift(other))

    def __truediv__(self, other: Expr | float) -> Expr:
        """Division; null where the divisor is 0."""
        return Arithmetic("/", self, lift(other))

    def __ge__(self, other: Expr | float) -> Expr:
        return Arithmetic(">=", self, lift(other))

    def __lt__(self, other: Expr | float) -> Expr:
        return Arithmetic("<", self, lift(other))

    def __gt__(self, other: Expr | float) -> Expr:
        return Arithmetic(">", self, lift(other))

    def where(self, condition: Expr) -> Expr:
        """This value where the condition holds, else null: too little to say anything."""
        return Guarded(self, condition)

    def or_else(self, other: Expr | float) -> Expr:
        """This value, or the other where it is null."""
        return Arithmetic("else", self, lift(other))

    def capped(self, *, low: float | None = None, high: float | None = None) -> Expr:
        """This value held within bounds."""
        return Capped(self, low, high)


def lift(value: Expr | float) -> Expr:
    """A number as an expression."""
    return value if isinstance(value, Expr) else Constant(float(value))


@dataclass(frozen=True, eq=False)
class Constant(Expr):
    """A number."""

    value: float

    def leaves(self) -> Iterator[Leaf]:
        """A number has none."""
        return iter(())

    def column(self, wide: Any) -> Any:
        """The number as a literal."""
        import ibis

        return ibis.literal(self.value, "float64")


@dataclass(frozen=True, eq=False)
class Arithmetic(Expr):
    """Two expressions and what stands between them."""

    operator: str
    left: Expr
    right: Expr

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of both sides."""
        yield from self.left.leaves()
        yield from self.right.leaves()

    def column(self, wide: Any) -> Any:
        """The operation in float64; a division by 0 is null."""
        a, b = self.left.column(wide), self.right.column(wide)
        match self.operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                return a / b.nullif(0.0)
            case ">=":
                return (a >= b).cast("float64")
            case ">":
                return (a > b).cast("float64")
            case "<":
                return (a < b).cast("float64")
            case _:
                return a.coalesce(b)


@dataclass(frozen=True, eq=False)
class Guarded(Expr):
    """A value that is null where its condition does not hold."""

    value: Expr
    condition: Expr

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of the value and of the condition."""
        yield from self.value.leaves()
        yield from self.condition.leaves()

    def column(self, wide: Any) -> Any:
        """Null unless the condition is 1."""
        return (self.condition.column(wide) == 1.0).ifelse(self.value.column(wide), None)


@dataclass(frozen=True, eq=False)
class Capped(Expr):
    """A value held within bounds."""

    value: Expr
    low: float | None
    high: float | None

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of the value."""
        return self.value.leaves()

    def column(self, wide: Any) -> Any:
        """The clipped column; null stays null."""
        return self.value.column(wide).clip(lower=self.low, upper=self.high)


@dataclass(frozen=True)
class Reduction:
    """A source table's facts, reduced once: which table, and how.

    `rows` takes the accepted table and returns account_id, day, known_day and the value columns (integers), plus
    `entity` for masks and `end_day` for spans. One reduction serves every leaf that names it. `needs` are columns that
    must be mapped and `also` further tables: without them the leaf is not available, which is not the same as 0.
    """

    name: str
    table: str
    rows: Callable[[Any], Any]
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class Leaf(Expr):
    """One column of the wide table."""

    reduction: Reduction

    @property
    def name(self) -> str:
        """Column name in the wide table; equal leaves share it."""
        raise TypeError(type(self).__name__)

    def leaves(self) -> Iterator[Leaf]:
        """Itself."""
        yield self

    def column(self, wide: Any) -> Any:
        """The column in float64."""
        return wide[self.name].cast("float64")


@dataclass(frozen=True)
class Context(Leaf):
    """A column of the cohort itself (arr, seats, tenure_days, …)."""

    field: str

    @property
    def name(self) -> str:
        """The cohort's column."""
        return self.field


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

    def mean_of_blocks(self, blocks: int) -> Expr:
        """The window's sum as a mean over that many equal blocks."""
        return self / blocks


@dataclass(frozen=True)
class Mask(Leaf):
    """How many distinct entities were active in `weeks` whole weeks, `ago` weeks back."""

    reduction: Reduction
    weeks: int
    ago: int = 0

    @property
    def name(self) -> str:
        """Reduction and window."""
        return f"{self.reduction.name}__distinct_{self.weeks}w_{self.ago}ago"


SpanAgg = Literal["count", "sum", "max", "min", "age_max", "age_min"]


@dataclass(frozen=True)
class Span(Leaf):
    """An aggregate over the states that hold at as_of: started before it, known before it, not ended before it.

    `age_*` are days since the state began. `within` keeps only states at most that many days old, `ago` asks for the
    states that held that many days before as_of (as known at as_of). Sums and counts
    are 0 where the table can speak about the account but no state holds; max, min and ages are null there.
    """

    reduction: Reduction
    agg: SpanAgg
    value: str = ""
    within: int | None = None
    ago: int = 0

    @property
    def name(self) -> str:
        """Reduction, aggregate and value."""
        return (
            f"{self.reduction.name}__{self.agg}{'_' + self.value if self.value else ''}"
            + (f"_{self.within}d" if self.within else "")
            + (f"_{self.ago}ago" if self.ago else "")
        )


@dataclass(frozen=True)
class Measure:
    """A weekly value of one reduction: calling it with a window gives its sum."""

    reduction: Reduction
    value: str

    def __call__(self, days: int, *, ago: int = 0) -> Kernel:
        """The sum over `days` (whole weeks) that end `ago` days before as_of."""
        return Kernel(self.reduction, self.value, (0,) * weeks(ago) + (1,) * weeks(days))

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
