"""What `churn review` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.text import Text

from serving.workbench.pages.words import money


def told(result: Mapping[str, Any], currency: str) -> Any:
    """How far the review is, what it found, what changed in its criteria, and where the files are."""
    head = f"{result['task_id']}, as of {result['as_of']}: {result['done']} done, {result['open']} open"
    if result["left"]:
        head += f", {result['left']} no longer within the criteria"
    kinds = ", ".join(f"{n} {kind}" for kind, n in result["kinds"].items()) or "no account"
    lines = [Text(head, "bold"), Text(f"{kinds}; {money(result['arr'], currency)} ARR")]
    lines += [Text(f"Changed: {c['what']} from {c['old']} to {c['new']}", "yellow") for c in result["changed"]]
    for change in result["playbook_changes"]:
        lines.append(Text(f"Playbook: {change['change']} ({change['accounts']})"))
    return Group(*lines, *(Text(f"{part}: {path}") for part, path in result["files"].items()))
