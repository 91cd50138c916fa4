"""The project folder's SELECTs: which contract table each delivers, with its variables filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from data_contracts.contract import source_contracts
from policy.errors import SettingsError, did_you_mean

COVERAGE = "_coverage"


@dataclass(frozen=True)
class Mapped:
    """One SELECT of the project folder: which table it delivers and the text after variables."""

    table: str
    path: Path
    sql: str

    @property
    def where(self) -> str:
        """The file as a person names it."""
        return f"sources/{self.path.name}"


def mapped_sources(folder: Path, variables: Mapping[str, str]) -> tuple[dict[str, Mapped], dict[str, Mapped]]:
    """The project's SELECTs: (tables, coverages), with `{name}` replaced by the variable's text."""
    tables: dict[str, Mapped] = {}
    coverages: dict[str, Mapped] = {}
    known = source_contracts()
    for path in sorted(folder.glob("*.sql")):
        covers = path.stem.endswith(COVERAGE)
        name = path.stem.removesuffix(COVERAGE)
        if name not in known:
            raise SettingsError(
                "is not a contract table.", where=f"sources/{path.name}", cure=did_you_mean(name, known)
            )
        (coverages if covers else tables)[name] = Mapped(name, path, _filled(path, variables))
    for name, coverage in coverages.items():
        if name not in tables:
            raise SettingsError(
                f"says whom `{name}` covers, but sources/{name}.sql is missing.",
                where=coverage.where,
                cure=f"Write sources/{name}.sql, or delete {coverage.where}.",
            )
    return tables, coverages


def _filled(path: Path, variables: Mapping[str, str]) -> str:
    """The SELECT with its variables; each stands inside quotes, so a quote in its text is doubled."""
    where = f"sources/{path.name}"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SettingsError(
            f"is not UTF-8 text (byte {exc.start}).", where=where, cure="Save it as UTF-8 and check again."
        ) from exc

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        return variables[name].replace("'", "''") if name in variables else match.group(0)

    placeholder = re.compile(r"\{([A-Za-z_]\w*)\}")
    statement = re.sub(r"--[^\n]*", "", text)
    unknown = [name for name in placeholder.findall(statement) if name not in variables]
    if unknown:
        known = did_you_mean(unknown[0], variables) if variables else ""
        raise SettingsError(
            f"uses `{{{unknown[0]}}}`, and no such variable is set.",
            where=where,
            cure=f"{known} Add it to [variables] in churn.toml, or pass --set {unknown[0]}=….".strip(),
        )
    if not statement.strip().strip(";").strip():
        raise SettingsError("is empty.", where=where, cure="Write one SELECT, or delete the file.")
    return placeholder.sub(value, text).strip().rstrip(";")
