"""What a SELECT in the project's own database gives: its columns with their types, in types that cross by Arrow."""

from __future__ import annotations

from typing import Any


def selected(origin: Any, sql: str) -> Any:
    """The SELECT as an Ibis table; nothing is written where it runs.

    Ibis asks Postgres for the columns through a temporary view, which replicas and read-only roles refuse; an empty
    result has the same columns.
    """
    if origin.name != "postgres":
        return origin.sql(sql)
    import ibis

    # On lines of its own: a SELECT may end in a comment.
    with origin.raw_sql(f"SELECT * FROM (\n{sql}\n) AS mapped LIMIT 0") as empty:
        types = {column.name: _postgres_type(origin, column.type_display) for column in empty.description}
    return origin.sql(sql, schema=ibis.schema(types))


def _postgres_type(origin: Any, shown: str) -> Any:
    """The Ibis type of a Postgres one; `money` is text with a currency sign to its driver, whatever Ibis says."""
    return "string" if shown == "money" else origin.compiler.type_mapper.from_string(shown)


def portable(expr: Any, *, sqlite: bool) -> Any:
    """The expression with every column in a type that crosses by Arrow; what does not travels as text.

    SQLite keeps dates as text of any shape: as text they reach the contract's own reading, one bad value and all.
    A decimal of no fixed precision (Postgres: every quotient of two) has no type in Arrow that holds all its values.
    """
    columns = {}
    for name in expr.columns:
        kind = expr[name].type()
        temporal = kind.is_timestamp() or kind.is_date()
        plain = kind.is_string() or kind.is_numeric() or kind.is_boolean() or temporal
        if kind.is_decimal() and kind.precision is None:
            columns[name] = expr[name].cast("float64")
        else:
            columns[name] = expr[name] if plain and not (temporal and sqlite) else expr[name].cast("string")
    return expr.select(**columns)
