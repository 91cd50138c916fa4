"""What Ibis 12 does not compile for a database, although the database can do it: one small compiler each."""

from __future__ import annotations

from functools import cache
from typing import Any


def compatible(connection: Any) -> Any:
    """The same connection, able to compile every indicator; databases that need nothing are left alone.

    The compiler is exchanged on this one connection: Ibis itself stays as it is for everybody else.
    """
    if connection.name in COMPILERS:
        connection.compiler = COMPILERS[connection.name]()
    return connection


@cache
def _postgres() -> Any:
    from ibis.backends.sql.compilers.postgres import PostgresCompiler
    from ibis.expr import datatypes as dt

    class Compiler(PostgresCompiler):
        """Postgres turns a boolean into a 32-bit number and into no other."""

        __slots__ = ()

        def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
            if op.arg.dtype.is_boolean() and to.is_numeric():
                return self.cast(self.cast(arg, dt.int32), to)
            return super().visit_Cast(op, arg=arg, to=to)

    return Compiler()


@cache
def _pyspark() -> Any:
    from ibis.backends.sql.compilers.pyspark import PySparkCompiler
    from ibis.expr import operations as ops

    class Compiler(PySparkCompiler):
        """Spark has bit_or since 3.0."""

        __slots__ = ()
        SIMPLE_OPS = {ops.BitOr: "bit_or"}  # noqa: RUF012 - read by Ibis when the class is made

    return Compiler()


COMPILERS = {"postgres": _postgres, "pyspark": _pyspark}
