"""The feature table: one row per account and snapshot, one column per indicator, as known before as_of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from data_contracts.sources import Facts
from features.distinct import Adopted, Leading, Mask, Pattern
from features.expression import Expr
from features.indicator import Indicator
from features.masks import adopted_table, leading_table, mask_table
from features.measure import Context, Kernel, Leaf, Reduction, Span
from features.snapshots import Snapshots
from features.windows import by_length, by_reduction, span_table, stacked_kernels

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
    pending: list[Leaf] = []
    for table, group in _shape_tables(facts, leaves, snapshots, cohort):
        tag = len(pending)
        keyed = table.rename({f"account_{tag}": "account_id", f"snapshot_{tag}": "snapshot"})
        wide = wide.left_join(
            keyed,
            [cohort["account_id"] == keyed[f"account_{tag}"], cohort["snapshot"] == keyed[f"snapshot_{tag}"]],
        )
        pending += group
    for leaf in leaves:
        if not available(facts, leaf.reduction):
            columns[leaf.name] = ibis.null("float64")
    for leaf in pending:
        value = wide[leaf.name].cast("float64")
        if _is_zero_when_nothing_happened(leaf):
            value = value.coalesce(0.0)
        if leaf.reduction.table in covers:
            value = wide[covers[leaf.reduction.table]].notnull().ifelse(value, None)
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
    facts: Facts, leaves: list[Leaf], snapshots: Snapshots, cohort: Any
) -> Iterator[tuple[Any, list[Leaf]]]:
    """Tables of account_id, snapshot and leaves, with the leaves of each: one for all kernels of like length, then by reduction."""
    read = {r: group for r, group in by_reduction(leaves).items() if available(facts, r)}
    rows = {reduction: reduction.rows(facts.tables) for reduction in read}
    for kernels in by_length([x for group in read.values() for x in group if isinstance(x, Kernel)]):
        parts = [(rows[reduction], group) for reduction, group in by_reduction(kernels).items()]
        yield stacked_kernels(parts, snapshots), list(kernels)
    reach = _common_reach(leaves)
    for reduction, group in read.items():
        masks = [x for x in group if isinstance(x, Mask | Pattern)]
        if masks:
            only = reduction.only(facts.tables) if reduction.only else None
            yield mask_table(rows[reduction], masks, snapshots, only, reach[reduction.rows]), list(masks)
        spans = [x for x in group if isinstance(x, Span)]
        if spans:
            yield span_table(rows[reduction], spans, snapshots, cohort), list(spans)
        for leaf in group:
            if isinstance(leaf, Adopted):
                yield adopted_table(rows[reduction], leaf, snapshots), [leaf]
            if isinstance(leaf, Leading):
                others = leaf.of.rows(facts.tables) if leaf.of is not None else None
                yield leading_table(rows[reduction], leaf, snapshots, others), [leaf]


def _is_zero_when_nothing_happened(leaf: Leaf) -> bool:
    return not isinstance(leaf, Span) or leaf.agg in {"count", "sum"}
