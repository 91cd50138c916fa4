"""The warehouse and the sources as Ibis connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.settings import Project
from policy.errors import ContractStop, Locked, SettingsError


@contextmanager
def warehouse(project: Project) -> Iterator[tuple[Any, Any]]:
    """(warehouse, origin of the SELECTs): one connection where no other address is given. Closed on leaving.

    Raises Locked while another run holds the warehouse file.
    """
    engine = connect(project, project.settings.engine.url)
    url = project.settings.sources.url
    origin = engine if url is None or url == project.settings.engine.url else connect(project, url, reads=True)
    try:
        yield engine, origin
    finally:
        if origin is not engine:
            origin.disconnect()
        engine.disconnect()


def connect(project: Project, url: str, *, reads: bool = False) -> Any:
    """An Ibis connection for an address of churn.toml; DuckDB and SQLite files are relative to the project folder."""
    import ibis

    scheme, _, rest = url.partition("://")
    try:
        if scheme == "duckdb":
            return _duckdb(project, rest)
        if scheme == "sqlite":
            file = project.path(rest)
            if reads and not file.exists():
                raise ContractStop(f"there is no database at `{rest}`.", where="[sources] url", cure="Mend the path.")
            return ibis.sqlite.connect(file)
        return ibis.connect(url)
    except (Locked, ContractStop):
        raise
    except Exception as exc:
        raise SettingsError(
            f"`{scheme}://…` cannot be opened: {type(exc).__name__}.",
            where="churn.toml",
            cure="Check the address, that the database runs, and that its Ibis backend is installed.",
        ) from exc


def _duckdb(project: Project, rest: str) -> Any:
    import duckdb
    import ibis

    file = rest if rest in ("", ":memory:") else str(project.path(rest))
    if file not in ("", ":memory:"):
        project.path(rest).parent.mkdir(parents=True, exist_ok=True)
    try:
        con = ibis.duckdb.connect(file or ":memory:")
    except duckdb.IOException as exc:
        if "lock" in str(exc).lower():
            raise Locked(
                "another run holds the warehouse.", where=rest, cure="Wait until it has finished, then try again."
            ) from exc
        raise
    con.raw_sql("SET TimeZone = 'UTC'")
    con.raw_sql(f"SET file_search_path = '{str(project.folder).replace(chr(39), chr(39) * 2)}'")
    return con
