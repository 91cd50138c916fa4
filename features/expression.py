"""Arithmetic over what can be said of an account: the part of an indicator that stands above its leaves.

Comparison gives 0 or 1; everything is null where a side is null. A `Setting` is a number of the policy: it stands in
an indicator by its name and becomes a number when the catalogue is made for one policy.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from features.measure import Leaf

Numbers = Mapping[str, float]
COMPARED = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}


class Expr:
    """Something that has a value per account and snapshot."""

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf below."""
        raise TypeError(type(self).__name__)

    def column(self, wide: Any) -> Any:
        """The Ibis column over the wide table of leaves."""
        raise TypeError(type(self).__name__)

    def holds(self, wide: Any) -> Any:
        """Whether the value is 1, as a boolean column: null where the value is."""
        return self.column(wide) == 1.0

    def bound(self, numbers: Numbers) -> Expr:
        """The same with every setting replaced by its number."""
        return self

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

    def __le__(self, other: Expr | float) -> Expr:
        return Arithmetic("<=", self, lift(other))

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

    def capped(self, *, low: float | None = None, high: Expr | float | None = None) -> Expr:
        """This value held within bounds."""
        return Capped(self, low, None if high is None else lift(high))


def lift(value: Expr | float) -> Expr:
    """A number as an expression."""
    return value if isinstance(value, Expr) else Constant(float(value))


def spread(values: list[Expr]) -> Expr:
    """The standard deviation of several values of one account: how far they lie around their mean."""
    return Spread(tuple(values))


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
class Setting(Expr):
    """A number of the policy's `indicators`, by its name."""

    name: str

    def leaves(self) -> Iterator[Leaf]:
        """A number has none."""
        return iter(())

    def bound(self, numbers: Numbers) -> Expr:
        """The number."""
        return Constant(float(numbers[self.name]))


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

    def bound(self, numbers: Numbers) -> Expr:
        """Both sides bound."""
        return Arithmetic(self.operator, self.left.bound(numbers), self.right.bound(numbers))

    def column(self, wide: Any) -> Any:
        """The operation in float64; a division by 0 is null."""
        if self.operator in COMPARED:
            return self.holds(wide).cast("float64")
        a, b = self.left.column(wide), self.right.column(wide)
        match self.operator:
            case "+":
                return a + b
            case "-":
                return a - b
            case "*":
                return a * b
            case "/":
                never_zero = isinstance(self.right, Constant) and self.right.value != 0.0
                return a / (b if never_zero else b.nullif(0.0))
            case _:
                return a.coalesce(b)

    def holds(self, wide: Any) -> Any:
        """A comparison is its own answer."""
        if self.operator not in COMPARED:
            return super().holds(wide)
        return COMPARED[self.operator](self.left.column(wide), self.right.column(wide))


@dataclass(frozen=True, eq=False)
class Guarded(Expr):
    """A value that is null where its condition does not hold."""

    value: Expr
    condition: Expr

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of the value and of the condition."""
        yield from self.value.leaves()
        yield from self.condition.leaves()

    def bound(self, numbers: Numbers) -> Expr:
        """Value and condition bound."""
        return Guarded(self.value.bound(numbers), self.condition.bound(numbers))

    def column(self, wide: Any) -> Any:
        """Null unless the condition is 1."""
        return self.condition.holds(wide).ifelse(self.value.column(wide), None)


@dataclass(frozen=True, eq=False)
class Capped(Expr):
    """A value held within bounds."""

    value: Expr
    low: float | None
    high: Expr | None

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of the value."""
        return self.value.leaves()

    def bound(self, numbers: Numbers) -> Expr:
        """Value and bound bound."""
        return Capped(self.value.bound(numbers), self.low, None if self.high is None else self.high.bound(numbers))

    def column(self, wide: Any) -> Any:
        """The clipped column; null stays null."""
        value = self.value.column(wide)
        if self.low is not None:
            value = (value < self.low).ifelse(self.low, value)
        if self.high is not None:
            high = self.high.column(wide)
            value = (value > high).ifelse(high, value)
        return value


@dataclass(frozen=True, eq=False)
class Spread(Expr):
    """The population standard deviation of the parts; null where one of them is."""

    parts: tuple[Expr, ...]

    def leaves(self) -> Iterator[Leaf]:
        """Leaves of every part."""
        for part in self.parts:
            yield from part.leaves()

    def bound(self, numbers: Numbers) -> Expr:
        """Every part bound."""
        return Spread(tuple(part.bound(numbers) for part in self.parts))

    def column(self, wide: Any) -> Any:
        """√(n Σv² − (Σv)²) / n, from whole numbers, so that equal values spread by exactly 0."""
        values = [part.column(wide) for part in self.parts]
        total, squares = values[0], values[0] * values[0]
        for value in values[1:]:
            total, squares = total + value, squares + value * value
        n = float(len(values))
        about = squares * n - total * total
        return (about < 0.0).ifelse(0.0, about).sqrt() / n
