"""Rows against their contract: which checks fail, and for which rows."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_contracts.contract import Check, Contract
from data_contracts.docs import Page, merged, rendered, write_site
from data_contracts.expectations import suite
from data_contracts.frames import checkable

if TYPE_CHECKING:
    import pandas as pd

    from data_contracts.verdict import TableCheck

ROW = "row_number"
SAMPLED = 5
Rows = Callable[[list[int]], "pd.DataFrame"]


@dataclass(frozen=True)
class FailedCheck:
    """One check that some rows failed; `rows` counts them."""

    check: Check
    rows: int


@dataclass(frozen=True)
class Findings:
    """What validation found: failed checks, and for each failing row (by its row number) the names of the checks."""

    rows: int
    failed: tuple[FailedCheck, ...] = ()
    reasons: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def stopping(self) -> list[FailedCheck]:
        """The failed checks that the contract says must stop the run."""
        return [f for f in self.failed if f.check.on_failure == "stop"]

    def rows_failing(self, check: str) -> list[int]:
        """The row numbers that fail one check."""
        return [row for row, names in self.reasons.items() if check in names]


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
        results = self._run(frame, contract, now)
        return self._concluded(contract, len(frame), [(frame[ROW], results)], whole)

    def findings_in_slices(
        self,
        slices: Iterable[pd.DataFrame],
        copies: pd.DataFrame,
        contract: Contract,
        *,
        now: datetime,
        whole_rows: Rows,
    ) -> Findings:
        """The same over a table too big for one frame: `copies` are all rows whose key occurs more than once."""
        alone = replace(contract, checks=tuple(c for c in contract.checks if not c.is_uniqueness))
        together = replace(contract, checks=tuple(c for c in contract.checks if c.is_uniqueness))
        rows, parts = 0, [(copies[ROW], self._run(copies, together, now))]
        for frame in slices:
            rows += len(frame)
            parts.append((frame[ROW], self._run(frame, alone, now)))
        return self._concluded(contract, rows, parts, whole_rows)

    def _concluded(
        self, contract: Contract, rows: int, parts: Sequence[tuple[Any, list[Any]]], whole_rows: Rows
    ) -> Findings:
        """Findings from the results of one or more frames, each with its row numbers."""
        failing: dict[str, list[int]] = {check.name: [] for check in contract.checks}
        for numbers, results in parts:
            for result in results:
                name = _check_name(result)
                _raise_if_broken(result, f"{contract.name}.{name}")
                if not result.success:
                    failing[name] += numbers.to_numpy()[result.result["unexpected_index_list"]].tolist()
        if self._docs is not None:
            self._pages[contract.name] = rendered(merged([results for _, results in parts], rows), contract, rows=rows)
        return _findings(contract, rows, failing, whole_rows)

    def _run(self, frame: pd.DataFrame, contract: Contract, now: datetime) -> list[Any]:
        now = now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now
        frame = checkable(frame.drop(columns=ROW).reset_index(drop=True), contract)
        # The newest frame of a name is the one that counts: a name may come again.
        source = self._context.data_sources.add_or_update_pandas(contract.name)
        whole = source.add_dataframe_asset(contract.name).add_batch_definition_whole_dataframe(contract.name)
        batch = whole.get_batch(batch_parameters={"dataframe": frame})
        # Failing rows are named by their place in the frame: by the values of a column it takes 100 µs a row.
        outcome = batch.validate(
            suite(contract, now=now, columns=set(frame.columns)),
            result_format={
                "result_format": "COMPLETE",
                "return_unexpected_index_query": False,
                "partial_unexpected_count": SAMPLED,
            },
        )
        return list(outcome.results)

    def write_docs(self, checks: Mapping[str, TableCheck] | None = None) -> Path | None:
        """Write a page per validated table and an index over all of them; nothing in them calls out."""
        return write_site(self._docs, self._pages, checks or {}) if self._docs is not None else None


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
        key=lambda s: s.astype(str) if s.name in values else s,
        na_position="last",
        kind="stable",
    )
    later = ordered.duplicated(sorted(check.subject), keep="first")
    return [int(number) for number in ordered.loc[later, ROW]]


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
