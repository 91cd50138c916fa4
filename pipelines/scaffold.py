"""What `churn init` writes: a commented project folder to start from."""

from __future__ import annotations

from pathlib import Path

from data_contracts.contract import Contract, source_contracts
from policy.errors import UsageError

GITIGNORE = ".churn/\n"
CHURN_TOML = """\
# A churn project: your data, your settings. Every key has a default; what stands here are the defaults.

[project]
name = "book"
currency = "USD"              # shown beside money

[engine]
url = "duckdb://.churn/warehouse.duckdb"    # where indicators are computed; paths are relative to this file

# [sources]
# url = "postgres://reader:${CRM_PASSWORD}@db.example.com/crm"   # where the SELECTs run, if not in the engine itself;
#                             # ${NAME} is read from the environment, the file of NAME_FILE or the Prefect block of NAME_BLOCK

[variables]
# data = "data"               # {data} in sources/*.sql becomes this text; `--set data=…` wins

[label]
kind = "decision"             # or "inactivity" with days = 90, for books without contracts
horizon_days = 90             # the decision to leave falls into this many days …
gap_days = 14                 # … that begin this many days after the snapshot

[cohort]
min_tenure_days = 7

[panel]
weekday = "monday"
train_every_weeks = 4
test_every_weeks = 1

[tune]
trials = 0                    # of LightGBM's trees in every training, at most 30; needs `pip install 'churn[tune]'`
# minutes = 5                 # no further trial begins after so long

[capacity]
share = 0.10                  # of the book can be worked on: the high risk tier

[holdout]
share = 0.0                   # of the accounts, drawn at random and for good, get scores and no tasks: the only way
                              # to see whether acting on the scores keeps customers; 0.05 to 0.10 where you want it
seed = 0

[destination]
kind = "sqlite"
path = ".churn/crm.sqlite"
# or kind = "postgres", "hubspot", "salesforce", "files", "webhook", or "own": docs/destinations.md says what each needs;
# secrets come from the environment

[schedule]                    # of `churn deploy`, and what `churn status` holds runs against; "" is never
weekly = "0 5 * * 1"
daily = "0 4 * * *"
monthly = "0 2 1 * *"
timezone = "UTC"

# [alerts]
# mail_host = "smtp.example.com"       # owners hear of new signals by mail or webhook: docs/churn-toml.md
# mail_from = "churn@example.com"
# failures_to = "ops@example.com"      # who is told of runs that failed

# [ledger]
# url = "postgres://churn:${LEDGER_PASSWORD}@db.example.com/churn"   # where several machines deliver
"""
POLICY_YAML = """\
# Your changes to the rules; everything else keeps its default. Give each change a version, an author and a reason:
# a version that scores were made with keeps its meaning, so that an old score can be computed again
# (`churn score --policy-version VERSION`). `churn policy lint` looks through what you wrote.
#
# version: "2026.1-acme"
# author: you
# reason: our product is not sold by seat
# health:
#   bands: {green: 80, yellow: 55}
"""


def scaffold(folder: Path) -> list[Path]:
    """Write churn.toml, policy.yaml and one commented SELECT per contract table; returns the files written.

    Existing files are never touched; a folder that already has a churn.toml is refused.
    """
    if (folder / "churn.toml").exists():
        raise UsageError("there is a churn.toml here already.", where=folder.name or ".", cure="Choose another folder.")
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    files = {
        folder / "churn.toml": CHURN_TOML,
        folder / "policy.yaml": POLICY_YAML,
        folder / ".gitignore": GITIGNORE,
    }
    for name, contract in source_contracts().items():
        # Optional tables end in .sql.example: they count once the ending is dropped.
        ending = ".sql" if contract.presence == "required" else ".sql.example"
        files[folder / "sources" / f"{name}{ending}"] = select_for(contract)
    written = []
    for path, text in files.items():
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def select_for(contract: Contract) -> str:
    """A SELECT to fill in, with every column of the contract explained."""
    lines = [
        f"-- {contract.purpose}",
        f"-- {contract.name} is {contract.presence}. Columns marked * must be there.",
        "SELECT",
    ]
    width = max(len(c.name) for c in contract.columns)
    for column in contract.columns:
        mark = "*" if column.required else " "
        lines.append(
            f"  {column.name},{' ' * (width - len(column.name))}  -- {mark} {column.type}: {column.description}"
        )
    last = lines[-1]
    lines[-1] = last.replace(f"{contract.columns[-1].name},", f"{contract.columns[-1].name} ", 1)
    lines.append(f"FROM your_{contract.name}  -- or read_csv('{{data}}/{contract.name}.csv'), read_parquet(…)")
    return "\n".join(lines) + "\n"
