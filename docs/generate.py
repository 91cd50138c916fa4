"""The pages that are made from the code: `python docs/generate.py` rewrites them, a test fails when one is stale.

docs/commands.md, docs/indicators.md, docs/contracts.md, docs/churn-toml.md, docs/policy.md, docs/domain-coverage.md, docs/metrics.md, and the tables between the
`<!-- generated: NAME -->` marks of README.md.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "docs"))  # the pages beside this one

from domain_coverage import coverage_page  # noqa: E402
from metrics_page import metrics_page  # noqa: E402
from settings_page import churn_toml_page  # noqa: E402

NOTE = "<!-- Made by `python docs/generate.py`. Change the code, then run it again. -->"
FAILURE = {"stop": "stops the table", "quarantine": "sets the row apart"}
PRESENCE = {
    "required": "required",
    "activity": "one activity table (usage, tickets or touchpoints) is required",
    "optional": "optional",
}
DIRECTION = {"higher": "higher is riskier", "lower": "lower is riskier", None: "free"}


def commands() -> dict[str, Any]:
    """Command objects by name (`policy lint` for one of a group), in the order of `churn --help`."""
    from typer.main import get_command

    from pipelines.cli import app

    found: dict[str, Any] = {}
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {one}": c for one, c in inner.items()}
    return found


def help_text(name: str) -> str:
    """What `churn NAME --help` prints in a window of 100 columns."""
    from typer.main import get_command

    from pipelines.cli import app

    command = get_command(app)
    width = {"terminal_width": 100, "max_content_width": 100}
    above = command.context_class(command, info_name="churn", **width)
    for part in name.split(" "):
        command = command.commands[part]  # type: ignore[attr-defined]
        above = command.context_class(command, info_name=part, parent=above, **width)
    text: str = command.get_help(above)
    return text.rstrip()


def commands_page() -> str:
    """docs/commands.md."""
    lines = [
        "# Commands",
        "",
        NOTE,
        "",
        "With `--json`, stdout holds exactly one JSON object and everything else goes to stderr; figures that are not "
        "defined are `null`. On failure the object is "
        '`{"error": {"code", "where", "message", "cure"}}`.',
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in exit_codes().items()),
    ]
    for name in commands():
        lines += ["", f"## churn {name}", "", "```text", help_text(name), "```"]
    return "\n".join(lines) + "\n"


def exit_codes() -> dict[int, str]:
    """Exit code → what it means, from the errors themselves."""
    from policy.errors import ChurnError

    found = {0: "Done.", 1: "A bug of ours: please report it."}
    for error in ChurnError.__subclasses__():
        found[error.exit_code] = first_line(error.__doc__)
    return dict(sorted(found.items()))


RULE_NUMBERS = re.compile(r" \((?:[A-Z]\d+(?:[–, -]+)?)+\)")


def first_line(text: str | None) -> str:
    """The sentence a docstring begins with, as one line of a Markdown table."""
    return " ".join((text or "").strip().split("\n\n")[0].split()).replace("|", "\\|")


def indicators_page() -> str:
    """docs/indicators.md."""
    from features.catalogue import catalogue

    found = catalogue()
    lines = [
        "# Indicators",
        "",
        NOTE,
        "",
        f"{len(found)} columns of the feature table, each one declaration in `features/indicators/`. A window of *n* "
        "days ends on the day before `as_of`; nothing dated or learned on or after `as_of` counts. An empty value means "
        "*not available* (the table is absent, does not cover the account, or there is too little to say), never 0.",
        "",
        "*Group* is the driver group of the explanation. *Direction* becomes LightGBM's monotone constraint. "
        "*Range* is the contract: a value outside it stops the run. In the sentence, {before} and {after} are the "
        "account's own numbers.",
    ]
    for component in dict.fromkeys(i.component for i in found.values()):
        lines += ["", f"## {component}", "", "| name | group | unit | range | direction | meaning | sentence |"]
        lines.append("|---|---|---|---|---|---|---|")
        for i in found.values():
            if i.component == component:
                cells = [f"`{i.name}`", i.group, i.unit, span(i.low, i.high), DIRECTION[i.risk]]
                cells += [RULE_NUMBERS.sub("", i.doc), i.says]
                lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def span(low: float | None, high: float | None) -> str:
    """A range for people.

    >>> span(0, None), span(-1, 1), span(None, None)
    ('≥ 0', '−1 to 1', 'any')
    """
    words = [None if v is None else f"{v:g}".replace("-", "−") for v in (low, high)]
    if words[0] is None:
        return "any" if words[1] is None else f"≤ {words[1]}"
    return f"≥ {words[0]}" if words[1] is None else f"{words[0]} to {words[1]}"


def contracts_page() -> str:
    """docs/contracts.md."""
    from data_contracts.contract import source_contracts

    lines = [
        "# Source tables and their contracts",
        "",
        NOTE,
        "",
        "One file per table in `data_contracts/source/` (Open Data Contract Standard v3.1) is the source of this page, "
        "of the commented SELECT that `churn init` writes and of the Great Expectations suite behind `churn check`. "
        "Columns marked * must be there; all dates are UTC. Every table may add `known_at`, the moment the row became "
        "known to you.",
        "",
        "A failing check either **sets the row apart** (it is kept with its reasons in the warehouse, schema "
        "`quarantined`, and the rest goes on) or **stops the table**, and with it everything that would rest on it "
        "(exit code 4). More rows set apart than a table allows stop it too.",
        "",
        "*Known from*: the value reads as empty while that date has not passed at the snapshot, so that a field filled "
        "in later cannot tell the future.",
        "",
        "**Restated facts**: a key may come again with a later `known_at` and replaces the earlier row from then on; a "
        "snapshot before it still sees the earlier one. A copy known at the same moment, or without it, is a duplicate.",
        "",
        "**Compared with the last check** (`.churn/checks/last.json`): a table that comes back empty, or with less than "
        "half its rows, stops; a smaller fall, a jump, and a table that lies too far behind the others are told.",
    ]
    for contract in source_contracts().values():
        share = f"{contract.stop_above_share:.0%}".replace("%", " %")
        allowed = "No row may fail." if contract.stop_above_share == 0 else f"At most {share} of the rows may fail."
        late = contract.limits
        allowed += f" `{late.latency_of}` may lie {late.latency_days:g} days behind." if late.latency_days else ""
        lines += ["", f"## {contract.name}", "", f"{contract.purpose} *{PRESENCE[contract.presence].capitalize()}.*"]
        lines += [
            f"One row per `{'`, `'.join(contract.key)}`. {allowed}",
            "",
            "| column | type | known from | what |",
        ]
        lines.append("|---|---|---|---|")
        for c in contract.columns:
            star, known = "*" if c.required else "", f"`{c.known_from}`" if c.known_from else ""
            lines.append(f"| `{c.name}`{star} | {c.type} | {known} | {first_line(c.description)} |")
        lines += ["", "| check | rule | a failure |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {first_line(c.says)} | {FAILURE[c.on_failure]} |" for c in contract.checks]
    return "\n".join(lines) + "\n"


def readme(text: str) -> str:
    """README.md with its marked tables made anew."""
    tables = {
        "commands": [
            "| command | what it does |",
            "|---|---|",
            *(f"| `churn {name}` | {first_line(command.help)} |" for name, command in commands().items()),
        ],
        "exit codes": [
            "| code | meaning |",
            "|---|---|",
            *(f"| {code} | {meaning} |" for code, meaning in exit_codes().items()),
        ],
    }
    for name, rows in tables.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"README.md has lost its mark `{begin}` or `{end}`. Put both back.")
        text = "\n".join([f"{before}{begin}", *rows, f"{end}{after}"])
    return text


def pages() -> dict[Path, str]:
    """Every generated file with the text it should hold."""
    from policy import reference

    return {
        ROOT / "docs" / "commands.md": commands_page(),
        ROOT / "docs" / "indicators.md": indicators_page(),
        ROOT / "docs" / "contracts.md": contracts_page(),
        ROOT / "docs" / "churn-toml.md": churn_toml_page(),
        ROOT / "docs" / "domain-coverage.md": coverage_page(),
        ROOT / "docs" / "metrics.md": metrics_page(NOTE),
        ROOT / "docs" / "policy.md": reference.page(NOTE),
        ROOT / "README.md": readme((ROOT / "README.md").read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
