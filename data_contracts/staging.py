"""A SELECT's columns in the contract's types, with markers that say which values could not be read.

Everything here builds Ibis expressions over the warehouse; nothing runs until the caller stores the table.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from data_contracts.contract import TYPES, Column, Contract, reference_marker, type_marker
from policy.errors import ContractStop

TEXT = "__text"
UNREAD = "unread"
SEPARATORS = ",;|\t"  # no name of a column holds one, but a header that was not split does


def delivered_columns(raw: Any, contract: Contract) -> Any:
    """The table with lower-case names (Snowflake shouts), only the contract's columns, in contract order.

    Raises ContractStop naming every required column that is missing, with the nearest spelling.
    """
    lower = {name.lower(): name for name in raw.columns}
    have = lower if len(lower) == len(raw.columns) else {name: name for name in raw.columns}
    missing = [c.name for c in contract.columns if c.required and c.name not in have]
    if missing:
        hints = [hint for hint in (_hint(name, have) for name in missing) if hint]
        file = f"sources/{contract.name}.sql"
        cure = f"Map it in {file}: SELECT … AS {missing[0]}. It gives {_quoted(have)}."
        if len(have) == 1 and any(mark in next(iter(have)) for mark in SEPARATORS):
            cure = (
                f"{file} gives one column, {_quoted(have)}: the file was not split. It may be cut off, its last row "
                "unfinished; else say read_csv(…, header = true, delim = ',')."
            )
        raise ContractStop(
            f"`{contract.name}` has no column {_quoted(missing)}. {' '.join(hints)}".rstrip(), where=file, cure=cure
        )
    return raw.select(**{c.name: raw[have[c.name]] for c in contract.columns if c.name in have})


def mapping_warnings(columns: Collection[str], contract: Contract) -> list[str]:
    """What the SELECT gives that nobody will read: columns the contract does not know, values without their date."""
    have = {name.lower() for name in columns}
    absent = [name for name in contract.column_names if name not in have]
    found = []
    for extra in sorted(have - set(contract.column_names)):
        hint = _hint(extra, absent, cutoff=0.8)
        found.append(f"selects `{extra}`, which the contract does not know; it is ignored. {hint}".rstrip())
    for column, guard in contract.mutable.items():
        if column in have and guard not in have:
            found.append(f"selects `{column}` but not `{guard}`, from which it is known: it will read as null.")
    return found


def typed(raw: Any, contract: Contract, *, where: str) -> Any:
    """Every contract column in its type (null where not delivered), and per doubtful column a marker and its text.

    `COLUMN__reads` is false where a value was there but does not read as the type; `COLUMN__text` then keeps it.
    """
    import ibis

    columns, markers = {}, {}
    for column in contract.columns:
        if column.name not in raw.columns:
            columns[column.name] = ibis.null(TYPES[column.type])
            continue
        given = raw[column.name]
        value, reads = value_and_marker(given, column, where)
        columns[column.name] = value
        if reads is not None:
            markers[type_marker(column.name)] = reads
            markers[column.name + TEXT] = reads.ifelse(None, given.cast("string"))
    return raw.select(**columns, **markers)


def with_reference(table: Any, column: str, keys: Any) -> Any:
    """The table with a marker that is false where `column` has a value that is not among `keys` (one column)."""
    known = keys.select(referred=keys[keys.columns[0]]).distinct()
    joined = table.left_join(known, table[column] == known["referred"])
    marker = joined[column].isnull() | joined["referred"].notnull()
    return joined.mutate(**{reference_marker(column): marker}).drop("referred")


def unread_text(table: Any) -> Any:
    """One text per row with the values that could not be read, as `column: value`; null where all could."""
    import ibis

    parts = [
        (ibis.literal(f"{name.removesuffix(TEXT)}: ") + table[name] + "; ").fill_null("")
        for name in table.columns
        if name.endswith(TEXT)
    ]
    if not parts:
        return ibis.null("string")
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + part
    return joined.nullif("")


def with_known_at(table: Any, contract: Contract) -> Any:
    """The table with `known_at` where the source has none: the moment of the event itself."""
    import ibis

    events = [table[c].cast("timestamp(6)") for c in contract.event_time]
    # `least` of a null differs by engine, so each moment stands in for the other first.
    event = ibis.least(*(ibis.coalesce(e, *events) for e in events)) if len(events) > 1 else events[0]
    if contract.event_time_else:
        event = ibis.coalesce(event, table[contract.event_time_else].cast("timestamp(6)") - ibis.interval(days=1))
    return table.mutate(known_at=ibis.coalesce(table["known_at"], event))


def value_and_marker(given: Any, column: Column, where: str) -> tuple[Any, Any | None]:
    """The value in the contract's type, and whether it could be read; None where the source's type guarantees it."""
    kind, target = given.type(), TYPES[column.type]
    if kind.is_null():
        return given.cast(target), None
    if kind.is_string():
        # Exports write an empty cell as "" or " ": both are no value.
        filled = (given.strip() == "").ifelse(None, given)
        return (filled, None) if column.type == "string" else _from_text(given, filled.strip(), column)
    if column.type == "string":
        return _as_text(given), None
    if column.type in ("date", "timestamp"):
        if not (kind.is_timestamp() or kind.is_date()):
            raise _wrong_type(column, kind, where)
        # The warehouse's session runs in UTC, so a zoned moment becomes its UTC wall time.
        return given.cast(TYPES["timestamp"]).cast(target), None
    if column.type == "boolean":
        if kind.is_boolean():
            return given, None
        if not kind.is_integer():
            raise _wrong_type(column, kind, where)
        return (given == 1).ifelse(True, (given == 0).ifelse(False, None)), given.isnull() | given.isin([0, 1])
    if kind.is_integer():
        value = given.try_cast(target)
        return value, None if kind.is_signed_integer() else given.isnull() | value.notnull()
    if not (kind.is_floating() or kind.is_decimal()):
        raise _wrong_type(column, kind, where)
    return _from_number(given.cast("float64"), column)


def _from_text(given: Any, filled: Any, column: Column) -> tuple[Any, Any]:
    if column.type in ("integer", "number"):
        value, reads = _from_number(filled.try_cast("float64"), column)
        if column.type == "integer":
            # Beyond 2^53 a float64 would lose digits that the text has.
            value = reads.ifelse(filled.try_cast("int64"), None)
        not_a_number = filled.lower() == "nan"
        return value, filled.isnull() | not_a_number | (value.notnull() & reads)
    if column.type == "boolean":
        value = filled.try_cast("boolean")
    else:
        # Read with its offset, then put into UTC: a bare cast to TIMESTAMP would drop "+02:00" in silence.
        value = filled.try_cast("timestamp('UTC')").cast(TYPES["timestamp"]).cast(TYPES[column.type])
    return value, filled.isnull() | value.notnull()


def _from_number(number: Any, column: Column) -> tuple[Any, Any]:
    """A float64 as number or integer. NaN is how frames write null; infinite and broken numbers do not read."""
    number = number.isnan().ifelse(None, number)
    reads = ~number.isinf()
    if column.type == "integer":
        reads = reads & (number % 1 == 0) & (number.abs() < 2.0**63)
    reads = number.isnull() | reads
    value = reads.ifelse(number, None)
    return value.try_cast(TYPES[column.type]), reads


def _as_text(given: Any) -> Any:
    """Ids that arrive as 17.0 (a frame's integers beside nulls) are 17, so that they meet their counterparts."""
    kind = given.type()
    if not (kind.is_floating() or kind.is_decimal()):
        return given.cast("string")
    number = given.cast("float64")
    number = number.isnan().ifelse(None, number)
    whole = (number % 1 == 0) & (number.abs() < 2.0**53)
    return whole.ifelse(number.try_cast("int64").cast("string"), number.cast("string"))


def _wrong_type(column: Column, kind: Any, where: str) -> ContractStop:
    return ContractStop(
        f"`{column.name}` should be {column.type}, and the SELECT gives {kind}.",
        where=where,
        cure=conversion(column, where),
    )


def conversion(column: Column, where: str) -> str:
    """How a SELECT turns text or a number into the column's type."""
    how = {
        "integer": "CAST(your_column AS BIGINT)",
        "number": "CAST(replace(your_column, ',', '.') AS DOUBLE)",
        "boolean": "your_column IN ('Y', 'yes')",
        "date": "strptime(your_column, '%d/%m/%Y')",
        "timestamp": "strptime(your_column, '%d/%m/%Y %H:%M')  -- from epoch seconds: to_timestamp(your_column)",
    }
    sql, _, note = how.get(column.type, "your_column").partition("  -- ")
    note = f" ({note})" if note else ""
    return f"Convert it in {where}, for example {sql} AS {column.name}{note}."


def _hint(name: str, known: Collection[str], *, cutoff: float = 0.6) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return f"Did you mean `{near[0]}`?" if near else ""


def _quoted(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
