"""Every source table of a project against its contract, in the order their references need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.contract import Contract, source_contracts
from data_contracts.facts import Facts
from data_contracts.freshness import Held, carried_on, held, read_held, shrunk, stale, volume_warning, write_held
from data_contracts.restated import SUPERSEDED_AT
from data_contracts.sources import ACCEPTED, Mapped, SourceReader, TableCheck
from policy.errors import ContractStop


@dataclass(frozen=True)
class CheckReport:
    """The verdict on a project's data: `ok`, `quarantined` (some rows set apart) or `stopped`."""

    tables: Mapping[str, TableCheck]
    docs: Path | None = None

    @property
    def verdict(self) -> str:
        """The worst verdict of any table."""
        verdicts = {t.verdict for t in self.tables.values()}
        return "stopped" if "stopped" in verdicts else "quarantined" if "quarantined" in verdicts else "ok"

    def raise_if_stopped(self) -> None:
        """Raise ContractStop with the first stopping table's message and cure, naming the other tables that stop."""
        stopped = [table for table in self.tables.values() if table.verdict == "stopped"]
        if not stopped:
            return
        first, others = stopped[0], [f"{table.name} ({table.message.rstrip('.')})" for table in stopped[1:]]
        cure = f"{first.cure} Stopped as well: {'; '.join(others)}." if others else first.cure
        raise ContractStop(first.message, where=first.where or f"sources/{first.name}.sql", cure=cure)

    def as_json(self) -> dict[str, Any]:
        """The object `churn check --json` prints."""
        return {
            "verdict": self.verdict,
            "tables": {
                name: {
                    "rows": t.rows,
                    "verdict": t.verdict,
                    "quarantined": t.quarantined,
                    "failed": [{"check": f.check.name, "column": f.check.column, "rows": f.rows} for f in t.failed],
                }
                for name, t in self.tables.items()
            },
            "warnings": [{"table": t.name, "message": said} for t in self.tables.values() for said in t.warnings],
        }


def check_sources(
    warehouse: Any,
    origin: Any,
    tables: Mapping[str, Mapped],
    coverages: Mapping[str, Mapped],
    *,
    now: datetime,
    docs: Path | None = None,
    last: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Facts, CheckReport]:
    """Read and validate every mapped table; absent optional tables are reported as such.

    A report with a stopped table still holds the verdicts of all others; `raise_if_stopped` ends the run. What an
    earlier run left in the warehouse is dropped first. `last` is the file that remembers what each table held: tables
    are compared with it, and it is written anew; a table that stops is remembered as it was.
    """
    reader = SourceReader(warehouse, origin, now=now, docs=docs)
    contracts = source_contracts()
    verdicts: dict[str, TableCheck] = {}
    facts: dict[str, Any] = {}
    covered: dict[str, Any] = {}
    before, holds = read_held(last), dict[str, Held]()
    for name in contracts:
        reader.forget(name)
    for name, contract in _in_order(contracts):
        if name not in tables:
            verdicts[name] = _absent(contract, before.get(name))
            continue
        progress(name)
        check = reader.read(tables[name], contract)
        if check.verdict != "stopped" and check.rows and name in coverages:
            try:
                covered[name] = reader.cover(coverages[name])
            except ContractStop as stop:
                check = replace(
                    check, verdict="stopped", message=stop.message, cure=stop.cure, where=coverages[name].where
                )
        if check.verdict != "stopped":
            table = warehouse.table(name, database=ACCEPTED)
            found = held(table, contract, rows=check.rows, sql=tables[name].sql, now=reader.now)
            check = _against_last(check, contract, before.get(name), found)
            if check.verdict == "stopped":
                reader.forget(name)
            else:
                # A table without versions has no such column: whoever reads it need not ask which one holds.
                facts[name] = table if name in reader.restated else table.drop(SUPERSEDED_AT)
                holds[name] = carried_on(before.get(name), found)
        verdicts[name] = check
    _some_activity(verdicts, contracts)
    _tell(verdicts, stale(contracts, holds, now=reader.now))
    if last is not None:
        stopped = {
            name: before[name] for name, check in verdicts.items() if check.verdict == "stopped" and name in before
        }
        write_held(last, holds | stopped)
    verdicts = {name: verdicts[name] for name in contracts}
    mapped = {name: reader.delivered[name] for name in facts}
    return Facts(facts, covered, mapped, frozenset(reader.restated & set(facts))), CheckReport(
        verdicts, reader.validator.write_docs(verdicts)
    )


def _against_last(check: TableCheck, contract: Contract, before: Held | None, found: Held) -> TableCheck:
    """The verdict once the table's volume is compared with the last check."""
    lost = shrunk(contract.name, contract.limits, before, found)
    if lost:
        return replace(check, verdict="stopped", message=lost[0], cure=lost[1])
    said = volume_warning(contract.limits, before, found)
    return replace(check, warnings=(*check.warnings, said)) if said else check


def _tell(verdicts: dict[str, TableCheck], told: Mapping[str, str]) -> None:
    for name, said in told.items():
        verdicts[name] = replace(verdicts[name], warnings=(*verdicts[name].warnings, said))


def _in_order(contracts: Mapping[str, Contract]) -> list[tuple[str, Contract]]:
    """Tables after those they refer to."""
    done: list[str] = []
    waiting = dict(contracts)
    while waiting:
        ready = [name for name, contract in waiting.items() if contract.refers_to <= set(done)]
        if not ready:
            raise ContractStop(f"refer to each other in a circle: {', '.join(waiting)}.", where="data_contracts/source")
        for name in ready:
            done.append(name)
            del waiting[name]
    return [(name, contracts[name]) for name in done]


def _absent(contract: Contract, before: Held | None) -> TableCheck:
    if contract.presence == "required":
        return TableCheck(
            contract.name,
            "stopped",
            message=f"`{contract.name}` is required and sources/{contract.name}.sql is missing.",
            cure="Write it: one SELECT over your own tables. `churn init` shows a commented example.",
        )
    said = f"is not mapped any more; it had {before.rows:,} rows at the last check." if before else None
    return TableCheck(contract.name, "absent", warnings=(said,) if said else ())


def _some_activity(verdicts: dict[str, TableCheck], contracts: Mapping[str, Contract]) -> None:
    """Stop where no activity table has a row: without activity there is nothing to learn from."""
    activity = [name for name, contract in contracts.items() if contract.presence == "activity"]
    if any(verdicts[name].rows or verdicts[name].verdict == "stopped" for name in activity):
        return
    mapped = [name for name in activity if verdicts[name].verdict != "absent"]
    if mapped:
        message = f"no activity table has a row: {', '.join(f'`{name}`' for name in mapped)} came back empty."
        cure = f"Look at what sources/{mapped[0]}.sql selects."
    else:
        message, cure = "no activity table is mapped.", f"Map at least one of {', '.join(activity)}."
    name = mapped[0] if mapped else "usage_events"
    verdicts[name] = replace(verdicts[name], verdict="stopped", message=message, cure=cure, where=f"sources/{name}.sql")
