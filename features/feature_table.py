"""The feature table: one row per account and snapshot, one column per indicator, as known before as_of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from data_contracts.sources import Facts
from features.distinct import Adopted, Leading, Mask, Pattern
from features.expression import Expr
from features.indicator import Indicator
from features.masks import adopted_table, leading_table, mask_table
from features.measure import Context, Kernel, Leaf, Reduction, Span
from features.snapshots import Snapshots
from features.windows import by_reduction, kernel_table, span_table

KEY = ("account_id", "as_of", "snapshot", "as_of_day")


def feature_table(facts: Facts, cohort: Any, snapshots: Snapshots, indicators: Mapping[str, Indicator]) -> Any:
    """The cohort's columns and one float64 column per indicator; null where the indicator is not available.

    Not available means: the source table is absent, does not cover the account, or there is too little to say.
    Where an indicator declares `before` and `after`, they come along as NAME__before and NAME__after.
    """
    wide = _wide(facts, cohort, snapshots, leaves_of(indicators))
    columns: dict[str, Any] = {}
    for name, indicator in indicators.items():
        columns[name] = _across(indicator, indicator.expr.column(wide), wide)
        for role in ("before", "after"):
            expr = getattr(indicator, role)
            if expr is not None:
                columns[f"{name}__{role}"] = expr.column(wide)
    return wide.select(*[c for c in cohort.columns if c not in columns], **columns)


def expression_table(facts: Facts, cohort: Any, snapshots: Snapshots, exprs: Mapping[str, Expr]) -> Any:
    """The cohort's columns and one float64 column per expression, null where it is not available."""
    wide = _wide(facts, cohort, snapshots, _leaves(exprs.values()))
    return wide.select(*cohort.columns, **{name: expr.column(wide) for name, expr in exprs.items()})


def leaves_of(indicators: Mapping[str, Indicator]) -> list[Leaf]:
    """Every leaf over a source table that the indicators need, once."""
    return _leaves(e for i in indicators.values() for e in _exprs(i))


def _leaves(exprs: Iterable[Expr]) -> list[Leaf]:
    found = {leaf.name: leaf for expr in exprs for leaf in expr.leaves()}
    return [leaf for leaf in found.values() if not isinstance(leaf, Context)]


def _exprs(indicator: Indicator) -> list[Expr]:
    return [e for e in (indicator.expr, indicator.before, indicator.after) if e is not None]


def _across(indicator: Indicator, value: Any, wide: Any) -> Any:
    """The second, cross-sectional step: against the same segment at the same as_of."""
    import ibis

    if indicator.across is None:
        return value
    peers = ibis.window(group_by=[wide["as_of"], wide["segment"]])
    if indicator.across == "minus_median":
        return value - value.median().over(peers)
    ordered = ibis.window(group_by=[wide["as_of"], wide["segment"], value.isnull()], order_by=value)
    return value.notnull().ifelse(ibis.percent_rank().over(ordered), None)


def _wide(facts: Facts, cohort: Any, snapshots: Snapshots, leaves: list[Leaf]) -> Any:
    """The cohort with one column per leaf: one chain of joins and one select, so that the query stays flat."""
    import ibis

    wide, columns = cohort, {}
    covers = {}
    for name, accounts in facts.covered.items():
        keys = accounts.select(**{f"covered_{name}": accounts["account_id"]})
        wide = wide.left_join(keys, cohort["account_id"] == keys[f"covered_{name}"])
        covers[name] = f"covered_{name}"
    pending: list[tuple[Leaf, str]] = []
    reach = _common_reach(leaves)
    for reduction, group in by_reduction(leaves).items():
        if not available(facts, reduction):
            columns.update({leaf.name: ibis.null("int64") for leaf in group})
            continue
        for table in _shape_tables(facts, reduction, group, snapshots, cohort, reach.get(reduction.rows, 0)):
            tag = f"{len(columns)}_{len(pending)}"
            keyed = table.rename({f"account_{tag}": "account_id", f"snapshot_{tag}": "snapshot"})
            wide = wide.left_join(
                keyed,
                [cohort["account_id"] == keyed[f"account_{tag}"], cohort["snapshot"] == keyed[f"snapshot_{tag}"]],
            )
            pending += [(leaf, reduction.table) for leaf in group if leaf.name in table.columns]
    for leaf, source in pending:
        value = wide[leaf.name].cast("int64")
        if _is_zero_when_nothing_happened(leaf):
            value = value.coalesce(0)
        if source in covers:
            value = wide[covers[source]].notnull().ifelse(value, None)
        columns[leaf.name] = value
    return wide.select(*cohort.columns, **columns)


def available(facts: Facts, reduction: Reduction) -> bool:
    """Whether the project delivers what a reduction needs; without it every leaf on it is null."""
    return reduction.table == "*" or (
        facts.has(reduction.table, *reduction.needs) and all(name in facts.tables for name in reduction.also)
    )


def _common_reach(leaves: list[Leaf]) -> dict[Any, int]:
    """How far the masks over the same rows look back: masks that begin in the same week are the same, and made once."""
    reach: dict[Any, int] = {}
    for leaf in leaves:
        if isinstance(leaf, Mask | Pattern):
            reach[leaf.reduction.rows] = max(leaf.reach, reach.get(leaf.reduction.rows, 0))
    return reach


def _shape_tables(
    facts: Facts, reduction: Reduction, group: list[Leaf], snapshots: Snapshots, cohort: Any, reach: int
) -> list[Any]:
    rows = reduction.rows(facts.tables)
    only = reduction.only(facts.tables) if reduction.only else None
    kernels = [x for x in group if isinstance(x, Kernel)]
    masks = [x for x in group if isinstance(x, Mask | Pattern)]
    spans = [x for x in group if isinstance(x, Span)]
    found = []
    if kernels:
        found.append(kernel_table(rows, kernels, snapshots))
    if masks:
        found.append(mask_table(rows, masks, snapshots, only, reach))
    if spans:
        found.append(span_table(rows, spans, snapshots, cohort))
    found += [adopted_table(rows, x, snapshots) for x in group if isinstance(x, Adopted)]
    for leaf in group:
        if isinstance(leaf, Leading):
            others = leaf.of.rows(facts.tables) if leaf.of is not None else None
            found.append(leading_table(rows, leaf, snapshots, others))
    return found


def _is_zero_when_nothing_happened(leaf: Leaf) -> bool:
    return not isinstance(leaf, Span) or leaf.agg in {"count", "sum"}
