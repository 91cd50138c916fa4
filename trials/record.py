"""docs/trials.jsonl: the figures of every world behind docs/results.md, one a line, so that any checkout carries on."""

from __future__ import annotations

import json
from pathlib import Path


def restore(record: Path, folder: Path) -> None:
    """Put the recorded worlds of this code (the folder's name) into the folder, where they are not there yet."""
    if not record.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for line in record.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        path = folder / told["world"]
        if told["code"] == folder.name and not path.exists():
            path.write_text(json.dumps(told["figures"]) + "\n", encoding="utf-8")


def keep(record: Path, folder: Path) -> None:
    """Record every finished world of the folder, and nothing of other code; whole or not at all."""
    lines = [
        json.dumps({"code": folder.name, "world": path.name, "figures": json.loads(path.read_text(encoding="utf-8"))})
        for path in sorted(folder.glob("*.json"))
    ]
    part = record.with_suffix(".part")
    part.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    part.replace(record)
