"""One indicator, declared once: what it is, its unit, range and direction, when it is null, and its sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from features.expression import Expr, Numbers

Component = Literal["usage", "engagement", "sentiment", "commercial", "people", "lifecycle"]
Risk = Literal["higher", "lower"]
Unit = Literal["share", "count", "days", "hours", "money", "score", "rate", "years"]


@dataclass(frozen=True)
class Indicator:
    """A column of the feature table.

    `risk` says which direction is risky and becomes the monotone constraint (None: unconstrained). `low` and `high`
    bound every possible value and become the contract. `doc` may name a number of the policy: {least_mails}. `says` is the CSM's sentence; {before} and {after} are filled
    with the account's own numbers: `before` and `after` where declared, else the value 28 days ago and now; `before`
    ends `before_ago` days before as_of, which gives {since}. `clock` marks what moves with the calendar alone: true,
    but never the first reason given.
    """

    name: str
    expr: Expr
    component: Component
    group: str
    unit: Unit
    doc: str
    says: str
    risk: Risk | None = None
    low: float | None = None
    high: float | None = None
    before: Expr | None = None
    after: Expr | None = None
    before_ago: int = 28
    across: Literal["percentile", "minus_median"] | None = None
    evidence_unit: Unit | None = None
    clock: bool = False

    @property
    def meaning(self) -> str:
        """The name without its window: variants of one measure share a meaning."""
        head, _, tail = self.name.rpartition("_")
        return head if tail[:-1].isdigit() and tail.endswith("d") else self.name


class Declaration:
    """An indicator before its module gives it a name: the name of the variable it is bound to."""

    def __init__(self, expr: Expr, fields: dict[str, Any]) -> None:
        self.expr = expr
        self.fields = fields

    def named(self, name: str, numbers: Numbers) -> Indicator:
        """The indicator under the name of its variable, with the policy's numbers in its terms and its meaning."""
        bound: dict[str, Any] = {k: v.bound(numbers) if isinstance(v, Expr) else v for k, v in self.fields.items()}
        bound["doc"] = bound["doc"].format_map({k: f"{v:g}" for k, v in numbers.items()})
        return Indicator(name=name, expr=self.expr.bound(numbers), **bound)


def indicator(
    expr: Expr,
    *,
    component: Component,
    group: str,
    unit: Unit,
    doc: str,
    says: str,
    risk: Risk | None = None,
    low: float | None = None,
    high: float | None = None,
    before: Expr | None = None,
    after: Expr | None = None,
    before_ago: int = 28,
    across: Literal["percentile", "minus_median"] | None = None,
    evidence_unit: Unit | None = None,
    clock: bool = False,
) -> Declaration:
    """Declare an indicator; see `Indicator` for what each field means. Bind it to a variable: that is its name."""
    fields = {k: v for k, v in locals().items() if k != "expr"}
    return Declaration(expr, fields)
