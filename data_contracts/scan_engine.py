"""Great Expectations on a `Scan`: suites, verdicts and pages stay the library's, the counting is DuckDB's.

The library hands every metric of a suite to `resolve_metrics` in one call, so that they become one pass over the table.
The batch is a frame without rows that carries its scan in `attrs`. This module is the only one that subclasses the
library; import it inside functions, the library takes seconds to load.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from great_expectations.datasource.fluent import PandasDatasource
from great_expectations.execution_engine import PandasExecutionEngine

from data_contracts.predicates import Rule, condition, rule_of
from data_contracts.scan import Scan

SCAN = "scan"
COUNT, ROWS, VALUES, CONDITION = ".unexpected_count", ".filtered_row_count", ".unexpected_values", ".condition"


class ScanExecutionEngine(PandasExecutionEngine):
    """Answers every metric of a batch from the scan that its frame carries."""

    def resolve_metrics(
        self, metrics_to_resolve: Iterable[Any], metrics: Any = None, runtime_configuration: Any = None
    ) -> dict[Any, Any]:
        """The values of these metrics by their ids; a metric that is not known here raises."""
        wanted = list(metrics_to_resolve)
        if not wanted:
            return dict(metrics or {})
        scan = self._scan(wanted)
        found: dict[Any, Any] = {}
        plain: dict[Any, str] = {}
        counted: dict[Any, Rule] = {}
        shown: dict[Any, Rule] = {}
        for metric in wanted:
            name = metric.metric_name
            if name == "table.columns":
                found[metric.id] = list(scan.types)
            elif name == "table.column_types":
                found[metric.id] = [{"name": column, "type": kind} for column, kind in scan.types.items()]
            elif name == "table.row_count":
                plain[metric.id] = condition(metric.metric_domain_kwargs.get("row_condition"), scan.types)
            elif name.endswith(ROWS):
                plain[metric.id] = rule_of_metric(metric, scan).applies
            elif name.endswith(COUNT):
                counted[metric.id] = rule_of_metric(metric, scan)
            elif name.endswith(VALUES):
                shown[metric.id] = rule_of_metric(metric, scan)
            elif name.endswith(CONDITION):
                # Compiled already here, so that what cannot be compiled raises before anything is read.
                found[metric.id] = rule_of_metric(metric, scan)
            else:
                raise NotImplementedError(f"the metric `{name}` is not compiled for a scan.")
        plain |= {metric: rule.fails for metric, rule in counted.items() if not rule.key}
        found |= dict(zip(plain, scan.count(list(plain.values())), strict=True))
        # What is to be shown is what a check asks for; empty values of other columns are counted only.
        checked = list(dict.fromkeys([*shown.values(), *(rule for rule in counted.values() if rule.key)]))
        violations = dict(zip(checked, scan.violations(checked), strict=True))
        found |= {metric: violations[rule] for metric, rule in counted.items() if rule.key}
        return found | {metric.id: samples(metric, shown[metric.id], scan) for metric in wanted if metric.id in shown}

    def _scan(self, wanted: list[Any]) -> Scan:
        batch = wanted[0].metric_domain_kwargs.get("batch_id") or self.batch_manager.active_batch_data_id
        scan: Scan = self.batch_manager.batch_data_cache[batch].dataframe.attrs[SCAN]
        return scan


class ScanDatasource(PandasDatasource):
    """A datasource of frames that carry a scan; `type` registers it as `add_pandas_scan`."""

    type: Literal["pandas_scan"] = "pandas_scan"

    @property
    def execution_engine_type(self) -> Any:
        """The engine of its batches."""
        return ScanExecutionEngine


def rule_of_metric(metric: Any, scan: Scan) -> Rule:
    """The rule of a map metric, whatever is asked of it."""
    base = metric.metric_name
    for suffix in (COUNT, ROWS, VALUES, CONDITION):
        base = base.removesuffix(suffix)
    return rule_of(base, metric.metric_domain_kwargs, metric.metric_value_kwargs, scan.types)


def rule_of_expectation(expectation: Any, scan: Scan) -> Rule:
    """The rule that an expectation of a suite asks for."""
    wanted = expectation.get_validation_dependencies().metric_configurations
    return rule_of_metric(wanted[expectation.map_metric + COUNT], scan)


def samples(metric: Any, rule: Rule, scan: Scan) -> list[Any]:
    """Sampled values in the library's shapes: a value, a pair, or a record by column."""
    rows = scan.samples(rule)
    if "column" in metric.metric_domain_kwargs:
        return [row[0] for row in rows]
    return rows if "column_A" in metric.metric_domain_kwargs else [dict(zip(rule.shows, r, strict=True)) for r in rows]
