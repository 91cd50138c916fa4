"""The simulated company as a project folder: tables as Parquet, one SELECT each, the truth kept apart."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.scaffold import CHURN_TOML, GITIGNORE
from pipelines.section import STATE
from policy.errors import UsageError

if TYPE_CHECKING:
    from simulation import World

MARK = "This folder was made by `churn demo`; it may be made anew at any time.\n"


def last_monday(today: date) -> date:
    """The newest Monday that is not in the future: the demo is always up to date.

    >>> last_monday(date(2026, 11, 22))
    datetime.date(2026, 11, 16)
    """
    return today - timedelta(days=today.weekday())


def make_demo(folder: Path, *, seed: int, accounts: int, until: date) -> Path:
    """Simulate the company into `folder`; an unchanged world stays as it is, another one replaces it with its state.

    `until` is the Monday its data end; nothing happens on or after it.

    Raises UsageError where the folder holds something else.
    """
    from simulation import World

    note = folder / "DEMO.md"
    if folder.exists() and any(p.name != STATE for p in folder.iterdir()) and not note.exists():
        raise UsageError(
            "the folder holds something that is no demo.", where=str(folder.name), cure="Give another folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    note.write_text(MARK, encoding="utf-8")
    return project_of(folder, World(seed=seed, accounts=accounts, data_until=until))


def project_of(folder: Path, world: World) -> Path:
    """A project over the company of `world`, made anew where the folder holds another one."""
    from simulation import simulate, write_company

    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{world!r}\n"
    kept = folder / "world.txt"
    if not kept.exists() or kept.read_text(encoding="utf-8") != stamp:
        state = folder / STATE
        # Prefect's own home stays: the flow that makes the demo may be running from it.
        spent = [p for p in state.iterdir() if p.name != "prefect"] if state.exists() else []
        for old in (*(folder / name for name in ("tables", "truth", "sources")), *spent):
            shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
        company = simulate(world)
        write_company(company, folder / "tables", folder / "truth")
        (folder / "sources").mkdir()
        for name in company.tables:
            text = f"SELECT * FROM read_parquet('{{data}}/{name}.parquet')\n"
            (folder / "sources" / f"{name}.sql").write_text(text, encoding="utf-8")
        kept.write_text(stamp, encoding="utf-8")
    toml = CHURN_TOML.replace('name = "book"', 'name = "demo"').replace('# data = "data"', 'data = "tables"')
    (folder / "churn.toml").write_text(toml, encoding="utf-8")
    (folder / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
    return folder
