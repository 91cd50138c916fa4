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

    @property
    def reach(self) -> int:
        """As many as there are weights."""
        return len(self.weights)

    def mean_of_blocks(self, blocks: int) -> Expr:
        """The window's sum as a mean over that many equal blocks."""
        return self / blocks


@dataclass(frozen=True)
class Active:
    """A condition on one entity: how many of some blocks of whole weeks saw it active.

    There are `blocks` blocks of `weeks` weeks each, the newest ending `ago` weeks before as_of. At least `least` and, if
    given, at most `most` of them hold activity. A text names a setting of the policy; one in days is read as weeks.

    >>> Active(weeks=4, ago=4, blocks=4, least=3).name
    'ge3of4x4w_4ago'
    """

    weeks: int | str = 1
    ago: int | str = 0
    blocks: int | str = 1
    least: int | str = 0
    most: int | None = None

    @property
    def name(self) -> str:
        """Bounds, blocks and place."""
        bounds = f"ge{self.least}" if self.most is None else f"{self.least}to{self.most}"
        return f"{bounds}of{self.blocks}x{self.weeks}w_{self.ago}ago"

    @property
    def reach(self) -> int:
        """Weeks before as_of that it looks at."""
        return int(self.ago) + int(self.blocks) * int(self.weeks)

    def bound(self, numbers: Numbers) -> Active:
        """The same with its settings as numbers."""
        found = {name: _whole(getattr(self, name), numbers) for name in ("weeks", "ago", "blocks", "least")}
        return replace(self, **found)


def _whole(value: int | str, numbers: Numbers) -> int:
    if isinstance(value, int):
        return value
    return weeks(int(numbers[value])) if value.endswith("_days") else int(numbers[value])


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

    @property
    def conditions(self) -> tuple[Active, ...]:
        """Active in the one window."""
        return (Active(self.weeks, self.ago, least=1),)

    @property
    def reach(self) -> int:
        """To the window's oldest week."""
        return self.weeks + self.ago


@dataclass(frozen=True)
class Pattern(Leaf):
    """How many distinct entities meet every condition: the newcomers, the regulars, those who fell silent."""

    reduction: Reduction
    conditions: tuple[Active, ...]

    @property
    def name(self) -> str:
        """Reduction and conditions."""
        return f"{self.reduction.name}__{'_and_'.join(c.name for c in self.conditions)}"

    @property
    def reach(self) -> int:
        """That of the condition that looks back furthest."""
        return max(condition.reach for condition in self.conditions)

    def bound(self, numbers: Numbers) -> Expr:
        """Every condition with numbers."""
        return replace(self, conditions=tuple(c.bound(numbers) for c in self.conditions))


@dataclass(frozen=True)
class Adopted(Leaf):
    """How many distinct entities were used by enough people on enough days of `weeks` whole weeks, `ago` weeks back.

    The reduction's rows also name a `member` (the person). `people` can be 1 or 2: whether a second person took part is
    seen from the first and the last of them, without a list of all.
    """

    reduction: Reduction
    weeks: int
    people: int | str = "adopted_users"
    days: int | str = "adopted_days"
    ago: int = 0

    @property
    def name(self) -> str:
        """Reduction, thresholds and window."""
        return f"{self.reduction.name}__adopted_{self.people}p_{self.days}d_{self.weeks}w_{self.ago}ago"

    @property
    def reach(self) -> int:
        """To the window's oldest week."""
        return self.weeks + self.ago

    def bound(self, numbers: Numbers) -> Expr:
        """Both thresholds as numbers."""
        return replace(self, people=_count(self.people, numbers), days=_count(self.days, numbers))


def _count(value: int | str, numbers: Numbers) -> int:
    return value if isinstance(value, int) else int(numbers[value])


@dataclass(frozen=True)
class Leading(Leaf):
    """Of the most regular people, how many also meet a further condition: key users who fell silent.

    The most regular are the top `share` (at least one; ties with the last of them included) by the number of active weeks
    in `over`, among those active there at all. `of` names the facts that the condition looks at where they are others
    about the same people; it must be available wherever `reduction` is.
    """

    reduction: Reduction
    over: Active
    condition: Active
    share: float | str = "top_share"
    of: Reduction | None = None

    @property
    def name(self) -> str:
        """Reduction, share and conditions."""
        share = str(self.share).replace(".", "p")
        of = f"{self.of.name}_" if self.of is not None else ""
        return f"{self.reduction.name}__top_{share}_{self.over.name}_and_{of}{self.condition.name}"

    @property
    def reach(self) -> int:
        """That of the condition that looks back further."""
        return max(self.over.reach, self.condition.reach)

    def bound(self, numbers: Numbers) -> Expr:
        """Share and conditions with numbers."""
        share = self.share if isinstance(self.share, float) else float(numbers[self.share])
        return replace(self, over=self.over.bound(numbers), condition=self.condition.bound(numbers), share=share)


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
        return replace(self, by_day=_count(self.by_day, numbers)) if isinstance(self.by_day, str) else self


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
