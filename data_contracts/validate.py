"""Rows against their contract: which checks fail, and for which rows."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_contracts.contract import KNOWN_AT, Check, Contract
from data_contracts.docs import Page, rendered, write_site
from data_contracts.expectations import suite
from data_contracts.frames import checkable
from data_contracts.predicates import Rule, quoted
from data_contracts.scan import MOST_RULES, SAMPLED, Scan
from policy.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

    from data_contracts.verdict import TableCheck

ROW = "row_number"
KNOWN_RULES = "Write it as docs/contracts.md writes such rules (patterns without `\\d`, `{n}` and lookahead)"
Rows = Callable[[list[int]], "pd.DataFrame"]


@dataclass(frozen=True)
class FailedCheck:
    """One check that some rows failed; `rows` counts them."""

    check: Check
    rows: int


@dataclass(frozen=True)
class Findings:
    """What validation found: failed checks, and for each failing row (by its row number) the names of the checks.

    Of a scanned table the failing rows stay in the warehouse, `kept_rows` of them in the table `kept`.
    """

    rows: int
    failed: tuple[FailedCheck, ...] = ()
    reasons: dict[int, tuple[str, ...]] = field(default_factory=dict)
    kept: str | None = None
    kept_rows: int = 0

    @property
    def bad(self) -> int:
        """How many rows fail."""
        return len(self.reasons) or self.kept_rows

    @property
    def stopping(self) -> list[FailedCheck]:
        """The failed checks that the contract says must stop the run."""
        return [f for f in self.failed if f.check.on_failure == "stop"]


class Validator:
    """One Great Expectations context for a run: validates frames and writes the Data Docs of all of them."""

    def __init__(self, *, docs: Path | None = None) -> None:
        _quiet()
        import great_expectations as gx
        from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

        # Without a site of its own the context makes no temporary folder; the pages are written by `docs`.
        settings = DataContextConfig(
            analytics_enabled=False, store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
        )
        self._context = gx.get_context(mode="ephemeral", project_config=settings)
        self._context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        self._docs = docs
        self._pages: dict[str, Page] = {}

    def findings(
        self,
        frame: pd.DataFrame,
        contract: Contract,
        *,
        now: datetime,
        whole_rows: Rows | None = None,
    ) -> Findings:
        """Run the contract's checks over a frame with the contract's columns and a `row_number`.

        Of several copies of one row the first known stays and the others fail. Where the frame holds only some of a
        table's columns, `whole_rows` gives the rows of those numbers with all of them, so that "first" is well defined.
        """
        whole = whole_rows or (lambda numbers: frame[frame[ROW].isin(numbers)])
        ready = checkable(frame.drop(columns=ROW).reset_index(drop=True), contract)
        # The newest frame of a name is the one that counts: a name may come again.
        source = self._context.data_sources.add_or_update_pandas(contract.name)
        checks = suite(contract, now=naive_utc(now), columns=set(ready.columns))
        results = _results(source, ready, checks, contract, result_format="COMPLETE")
        failing: dict[str, list[int]] = {check.name: [] for check in contract.checks}
        for result in results:
            if not result.success:
                places = result.result["unexpected_index_list"]
                failing[_check_name(result)] = frame[ROW].to_numpy()[places].tolist()
        self._keep_page(results, contract, len(frame))
        return _findings(contract, len(frame), failing, whole)

    def findings_of(self, scan: Scan, contract: Contract, *, now: datetime, into: str) -> Findings:
        """The same over a scanned table; row number and reasons of every failing row are stored as the table `into`."""
        import pandas as pd

        from data_contracts.scan_engine import SCAN, ScanDatasource, rule_of_expectation

        frame = pd.DataFrame({name: [] for name in scan.types})
        frame.attrs[SCAN] = scan
        source = self._context.data_sources.add_or_update_pandas_scan(f"{contract.name} ({ScanDatasource.__name__})")
        checks = suite(contract, now=naive_utc(now), columns=set(scan.types))
        # Compiled first: what has no SQL is refused before anything is read.
        rules: dict[str, Rule] = {}
        for expectation in checks.expectations:
            name = str(expectation.meta["check"])
            try:
                rules[name] = rule_of_expectation(expectation, scan)
            except NotImplementedError as exc:
                said = f"the rule `{name}` cannot be counted in a table of this size: {exc}"
                raise _no_scan(contract, said, KNOWN_RULES) from exc
        if len(rules) > MOST_RULES:
            said = f"{len(rules)} rules are more than the {MOST_RULES} a table of this size may have."
            raise _no_scan(contract, said, "Join some of them")
        results = _results(source, frame, checks, contract, result_format="BASIC")
        rows = scan.count(["TRUE"])[0]
        self._keep_page(results, contract, rows)
        bad, failing = scan.keep_reasons(rules, first_known_sql(contract), into)
        failed = tuple(FailedCheck(check, failing[check.name]) for check in contract.checks if failing.get(check.name))
        return Findings(rows, failed, kept=into, kept_rows=bad)

    def _keep_page(self, results: list[Any], contract: Contract, rows: int) -> None:
        if self._docs is not None:
            self._pages[contract.name] = rendered(results, contract, rows=rows)

    def write_docs(self, checks: Mapping[str, TableCheck] | None = None) -> Path | None:
        """Write a page per validated table and an index over all of them; nothing in them calls out."""
        return write_site(self._docs, self._pages, checks or {}) if self._docs is not None else None


def _no_scan(contract: Contract, message: str, cure: str) -> SettingsError:
    """Why a table that is scanned in the database cannot be checked, as an error of its contract."""
    return SettingsError(
        message,
        where=f"{contract.name}.yaml",
        cure=f"{cure}, or let the SELECT in sources/{contract.name}.sql make a column that says it, and check that column.",
    )


def _results(source: Any, frame: pd.DataFrame, checks: Any, contract: Contract, *, result_format: str) -> list[Any]:
    """What Great Expectations finds in one batch; failing rows are named by their place in it, which is cheapest."""
    whole = source.add_dataframe_asset(contract.name).add_batch_definition_whole_dataframe(contract.name)
    outcome = whole.get_batch(batch_parameters={"dataframe": frame}).validate(
        checks,
        result_format={
            "result_format": result_format,
            "return_unexpected_index_query": False,
            "partial_unexpected_count": SAMPLED,
        },
    )
    for result in outcome.results:
        _raise_if_broken(result, f"{contract.name}.{_check_name(result)}")
    return list(outcome.results)


def naive_utc(now: datetime) -> datetime:
    """A moment as the pipeline writes it: UTC without a zone."""
    return now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now


def _quiet() -> None:
    """Great Expectations reports its own set-up at INFO; a level that the user has set is kept."""
    logger = logging.getLogger("great_expectations")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)


def _findings(contract: Contract, rows: int, failing: dict[str, list[int]], whole_rows: Rows) -> Findings:
    checks = {check.name: check for check in contract.checks}
    invalid = {number for name, numbers in failing.items() if not checks[name].is_uniqueness for number in numbers}
    for name, numbers in failing.items():
        if numbers and checks[name].is_uniqueness:
            failing[name] = _later_copies(whole_rows(numbers), contract, checks[name], invalid)
    reasons: dict[int, list[str]] = defaultdict(list)
    for name, numbers in failing.items():
        for number in numbers:
            reasons[number].append(name)
    failed = tuple(FailedCheck(checks[name], len(numbers)) for name, numbers in failing.items() if numbers)
    return Findings(rows, failed, {number: tuple(names) for number, names in sorted(reasons.items())})


def _later_copies(copies: pd.DataFrame, contract: Contract, check: Check, invalid: set[int]) -> list[int]:
    """All copies but the one that stays: the first known among those that break no other rule.

    Copies known at the same moment are ordered by their values, so that the order of the rows cannot matter.
    """
    values = sorted(str(c) for c in copies.columns if c != ROW)
    order = copies.assign(broken=copies[ROW].isin(invalid), first_known=_known_at(copies, contract))
    ordered = order.sort_values(
        ["broken", "first_known", *values],
        na_position="last",
        kind="stable",
    )
    later = ordered.duplicated(sorted(check.subject), keep="first")
    return [int(number) for number in ordered.loc[later, ROW]]


def first_known_sql(contract: Contract) -> str:
    """The same in SQL."""
    events = ", ".join(quoted(name) for name in contract.event_time)
    event = f"least({events})" if len(contract.event_time) > 1 else events
    return f"coalesce({quoted(KNOWN_AT)}, CAST({event} AS TIMESTAMP))"


def _known_at(copies: pd.DataFrame, contract: Contract) -> pd.Series[Any]:
    """When each copy became known: as delivered, else when its event took place; NaT where neither is in the frame."""
    import pandas as pd

    dates = [pd.to_datetime(copies[c]) for c in contract.event_time if c in copies.columns]
    event = pd.concat(dates, axis=1).min(axis=1) if dates else pd.Series(pd.NaT, index=copies.index)
    return pd.to_datetime(copies["known_at"]).fillna(event) if "known_at" in copies.columns else event


def _check_name(result: Any) -> str:
    return str(result.expectation_config.meta["check"])


def _raise_if_broken(result: Any, name: str) -> None:
    """An expectation that itself broke is a bug of ours, never a verdict on the data."""
    told = result.exception_info or {}
    for info in [told] if "raised_exception" in told else told.values():
        if info.get("raised_exception"):
            raise RuntimeError(f"{name}: {info['exception_message']}")
