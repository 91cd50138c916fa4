"""The verdict on one table, in words: what is wrong, where, and the cure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from data_contracts.contract import Check, Contract
from data_contracts.staging import conversion
from data_contracts.validate import FailedCheck, Findings

TableVerdict = Literal["ok", "quarantined", "stopped", "absent"]
SHOWN = 3


@dataclass(frozen=True)
class TableCheck:
    """The verdict on one table; `warnings` are things to know that break no rule."""

    name: str
    verdict: TableVerdict
    rows: int = 0
    quarantined: int = 0
    failed: tuple[FailedCheck, ...] = ()
    message: str = ""
    cure: str = ""
    where: str = ""
    warnings: tuple[str, ...] = ()


def decisive(contract: Contract, found: Findings) -> FailedCheck | None:
    """The failed check that stops the table: of those that may, the one most rows fail; None where nothing stops."""
    if found.stopping:
        return max(found.stopping, key=lambda f: f.rows)
    if found.rows and found.bad / found.rows > contract.stop_above_share:
        return max(found.failed, key=lambda f: f.rows)
    return None


def shown_columns(contract: Contract, check: Check) -> list[str]:
    """The columns whose values make a good example of a failing row: the value itself, or the row's key."""
    told_by_value = ("_type", "_valid", "_known", "_minimum", "_maximum")
    if check.column and check.name in {check.column + rule for rule in told_by_value}:
        return [check.column]
    return list(contract.key or ("account_id",))


def verdict_of(
    contract: Contract, found: Findings, *, filled: int | None = None, examples: Sequence[str] = ()
) -> TableCheck:
    """The table's verdict; `examples` show rows of the decisive check, `filled` counts the values of its column."""
    bad, rows = found.bad, found.rows
    worst = decisive(contract, found)
    if worst is None:
        return TableCheck(contract.name, "quarantined" if bad else "ok", rows, bad, found.failed)
    where = f"sources/{contract.name}.sql"
    shown = f" For example {'; '.join(examples)}." if examples else ""
    cure = (
        f"Mend these rows at their source or in {where}. "
        f"The warehouse keeps them, with the reasons, in quarantined.{contract.name}."
    )
    column = worst.check.column
    if column and worst.check.name == f"{column}_type" and worst.rows == filled:
        reads_as = worst.check.says.removeprefix(f"`{column}` ")
        message = f"not one of the {worst.rows:,} values of `{column}` in `{contract.name}` {reads_as}{shown}"
        cure = conversion(contract.column(column), where)
    elif found.stopping:
        others = len(found.stopping) - 1
        more = (
            f" {_count(others, 'further rule')} that must hold {'is' if others == 1 else 'are'} broken too."
            if others
            else ""
        )
        message = f"{worst.rows:,} of {rows:,} rows of `{contract.name}` break a rule that must hold: "
        message += f"{worst.check.says}{shown}{more}"
    else:
        message = (
            f"{bad:,} of {rows:,} rows of `{contract.name}` fail their contract ({bad / rows:.1%}; at most "
            f"{contract.stop_above_share:.0%} may). Most often ({worst.rows:,}) this does not hold: "
            f"{worst.check.says}{shown}"
        )
    return TableCheck(contract.name, "stopped", rows, bad, found.failed, message, cure, where)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
