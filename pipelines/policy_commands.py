"""`churn policy …`: what can be asked about the rules without touching any data."""

from __future__ import annotations

from typing import Any

import typer

from pipelines.options import HERE, JsonOption, ProjectOption
from policy.errors import UsageError

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
    console.result(found.as_json())
    console.show(_page(found))


def _page(found: Any) -> Any:
    """One page for people."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    policy = found.policy
    parts: list[Any] = [
        Text(f"Policy {policy.version}, by {policy.author}: {policy.reason}"),
        Text(),
        Text(f"Open or contradictory in the source texts, decided here ({len(found.conflicts)})", "bold"),
    ]
    section = ""
    for c in found.conflicts:
        if SECTIONS[c.rule[0]] != section:
            section = SECTIONS[c.rule[0]]
            parts += [Text(), Text(f"  {section}", "bold")]
        head = Text.assemble((f"{c.rule:<6}", "cyan"), f"{c.about}: ", (f"{c.readings[0]}, or {c.readings[1]}?", "dim"))
        parts += [Padding(head, (0, 0, 0, 2)), Padding(Text(c.decision[0].upper() + c.decision[1:]), (0, 0, 0, 8))]
    parts += [Text(), Text(f"Anti-patterns ({len(found.anti_patterns)})", "bold")]
    parts += [Padding(Text(f"{a.name}: `{a.where}`. {a.cure}"), (0, 0, 0, 2)) for a in found.anti_patterns]
    if not found.anti_patterns:
        parts.append(Text("  none"))
    parts += [Text(), Text("The scenario's own arithmetic", "bold")]
    parts += [
        Padding(Text(f"{'agrees ' if a.agrees else 'look at'}  {a.about}: {a.says}"), (0, 0, 0, 2))
        for a in found.scenario
    ]
    return Group(*parts)
