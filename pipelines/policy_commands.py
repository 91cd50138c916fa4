"""`churn policy …`: what can be asked about the rules without touching any data."""

from __future__ import annotations

from typing import Any

import typer

from pipelines.options import HERE, JsonOption, ProjectOption
from policy.errors import SettingsError, UsageError

app = typer.Typer(name="policy", help="The rules: look through them.", no_args_is_help=True, rich_markup_mode=None)

SECTIONS = {
    "H": "Health score",
    "W": "Signals",
    "E": "Signals",
    "I": "Playbook",
    "S": "Segments",
    "O": "Onboarding",
    "M": "Metrics",
}


@app.command()
def lint(project: ProjectOption = HERE, json: JsonOption = False) -> None:
    """Conflicts the policy decides, with both readings; anti-patterns; the sums behind the promised rates."""
    from pipelines.console import Console
    from policy.lint import lint as look
    from policy.policy import load_policy

    console = Console(json)
    if not project.is_dir():
        raise UsageError("there is no such folder.", where=str(project), cure="Give --project FOLDER.")
    # Only the policy is read: it can be looked at before there is a churn.toml.
    found = look(load_policy(project / "policy.yaml"))
    console.show(_page(found))
    if found.errors:
        first = found.errors[0]
        console.failure(SettingsError.exit_code, first.where, f"{first.name}.", first.cure, **found.as_json())
        raise typer.Exit(SettingsError.exit_code)
    console.result(found.as_json())


def _page(found: Any) -> Any:
    """One page for people."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    policy = found.policy
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, style="cyan")
    table.add_column()
    section = ""
    for c in found.conflicts:
        if SECTIONS[c.rule[0]] != section:
            section = SECTIONS[c.rule[0]]
            table.add_row("", "")
            table.add_row("", Text(section, "bold"))
        question = f"{c.readings[0]}, or {c.readings[1]}?"
        key = f"[{c.key}{'*' if c.planned else ''}]"
        told = Text.assemble(
            f"{c.about[0].upper()}{c.about[1:]}: ", (question, "dim"), f"\n→ {c.decision} ", (key, "dim")
        )
        table.add_row(c.rule, told)
    sums = Table.grid(padding=(0, 1))
    sums.add_column(no_wrap=True)
    sums.add_column()
    for a in found.scenario:
        sums.add_row("" if a.agrees else "!", f"{a.about[0].upper()}{a.about[1:]}: {a.says}")
    patterns = [f"{a.severity}: {a.name}: `{a.where}`. {a.cure}" for a in found.anti_patterns]
    return Group(
        Text(f"Policy {policy.version}, by {policy.author}: {policy.reason}"),
        Text(f"\nOpen or contradictory in the source texts, and decided here ({len(found.conflicts)})", "bold"),
        table,
        Text(
            "\n* decided, and not acted on yet: docs/policy.md says what will."
            * any(c.planned for c in found.conflicts)
        ),
        Text(f"\nAnti-patterns ({len(patterns)})", "bold"),
        *(Text(line) for line in patterns or ["none"]),
        Text("\nThe scenario's own arithmetic (! where it does not bear out a promise)", "bold"),
        sums,
    )
