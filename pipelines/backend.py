"""The warehouse and the sources as Ibis connections."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pydantic import SecretStr

from features.compatibility import compatible
from pipelines.blocks import blocks
from pipelines.settings import Project
from policy.errors import ContractStop, Locked, SettingsError
from serving.writeback.secret import Blocks, blotted

FROM_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")
SHORTEST_SECRET = 4  # shorter texts are everywhere: masking them would only garble the message


@contextmanager
def warehouse(project: Project) -> Iterator[tuple[Any, Any]]:
    """(warehouse, origin of the SELECTs): one connection where no other address is given. Closed on leaving.

    Raises Locked while another run holds the warehouse file.
    """
    engine = connect(project, project.settings.engine.url)
    try:
        url = project.settings.sources.url
        origin = engine if url is None or url == project.settings.engine.url else connect(project, url, reads=True)
        try:
            yield engine, origin
        finally:
            if origin is not engine:
                origin.disconnect()
    finally:
        engine.disconnect()


def connect(project: Project, url: str, *, reads: bool = False) -> Any:
    """An Ibis connection for an address of churn.toml; DuckDB and SQLite files are relative to the project folder.

    `${NAME}` in the address is filled in here and nowhere else, so that no settings object ever holds a secret.
    """
    import ibis

    where = "[sources] url" if reads else "[engine] url"
    full, secrets = filled(url, os.environ, where=where, blocks=blocks(project))
    for text in secrets:
        blotted(SecretStr(text))  # also out of what a report or a message says later
    scheme, _, rest = full.partition("://")
    try:
        if scheme == "duckdb":
            return _duckdb(project, rest)
        if scheme == "sqlite":
            file = project.path(rest)
            if reads and not file.exists():
                raise ContractStop(f"there is no database at `{rest}`.", where="[sources] url", cure="Mend the path.")
            return ibis.sqlite.connect(file)
        return compatible(ibis.connect(full))
    except (Locked, ContractStop):
        raise
    except ValueError:
        # What could not be taken apart may show pieces of a password: neither its text nor its traceback is told.
        raise SettingsError(
            f"`{masked(scheme, secrets)}://…` is no address that Ibis can read.",
            where=where,
            cure="Write for example postgres://USER:${PASSWORD}@HOST:PORT/DATABASE: a password given as ${NAME} is quoted; "
            "elsewhere / is %2F, @ is %40 and # is %23.",
        ) from None
    except Exception as exc:  # noqa: BLE001 - raised again below, with its cause where that is clean
        told = " ".join(str(exc).split())[:300]
        # The cause would be printed with its traceback: it stays only where it says nothing it should not.
        cause = exc if masked(told, secrets) == told else None
        raise SettingsError(
            f"`{masked(scheme, secrets)}://…` cannot be opened: {type(exc).__name__}: {masked(told, secrets)}",
            where=where,
            cure="Check the address, that the database runs, and that its Ibis backend is installed "
            "(`pip install 'churn[postgres]'` for Postgres).",
        ) from cause


def filled(
    url: str, environment: Mapping[str, str], *, where: str, blocks: Blocks | None = None
) -> tuple[str, list[str]]:
    """The address with each `${NAME}` taken from the environment, and every text in it that nobody should read.

    `NAME_FILE` may name a file that holds the value, `NAME_BLOCK` a block that `blocks` reads. A value that stands for a part of the address is quoted, so that
    a password may hold any character; one that stands for the whole address is taken as it is.

    >>> filled("postgres://anna:${PASSWORD}@db/crm", {"PASSWORD": "p@"}, where="[sources] url")[0]
    'postgres://anna:p%40@db/crm'
    """
    secrets: list[str] = []

    def value(match: re.Match[str]) -> str:
        given = _of_environment(match.group(1), environment, where, blocks)
        whole = match.group(0) == url
        part = given if whole else quote(given, safe="")
        secrets.extend((given, part))
        return part

    full = FROM_ENVIRONMENT.sub(value, url)
    return full, secrets + _password(full)


def masked(text: str, secrets: list[str]) -> str:
    """The text without the secrets, longest first.

    >>> masked("no route to anna:hunter22@db", ["hunter22"])
    'no route to anna:…@db'
    """
    for secret in sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def _of_environment(name: str, environment: Mapping[str, str], where: str, blocks: Blocks | None) -> str:
    if name in environment:
        return environment[name]
    file, block = environment.get(f"{name}_FILE"), environment.get(f"{name}_BLOCK")
    if file is None and block and blocks:
        return blocks(block).get_secret_value()
    if file is None:
        raise SettingsError(
            f"needs the environment variable `{name}`, which is not set.",
            where=where,
            cure=f"Set {name}, or {name}_FILE to the path of a file that holds it, or {name}_BLOCK to a Secret block of "
            "Prefect.",
        )
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(
            f"cannot read the file that `{name}_FILE` names: {type(exc).__name__}.", where=where, cure="Mend the path."
        ) from exc


def _password(url: str) -> list[str]:
    """What stands between the user and the host, whole and in the pieces a parser may make of it."""
    _, _, rest = url.partition("://")
    user, at, _ = rest.rpartition("@")
    _, colon, password = user.partition(":")
    return [password, unquote(password), *re.split(r"[/?#@:]", password)] if at and colon else []


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
    if project.settings.engine.memory is not None:
        con.raw_sql(f"SET memory_limit = '{project.settings.engine.memory}'")
    con.raw_sql(f"SET file_search_path = '{str(project.folder).replace(chr(39), chr(39) * 2)}'")
    return con
