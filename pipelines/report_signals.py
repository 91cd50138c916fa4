"""The signals of the pages, from the files that `churn signals` wrote for the same day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.signals.catalogue import signals
from pipelines.deliver import rows_of
from pipelines.settings import Project
from serving.reasons import formatted
from serving.workbench.pages.view import Evidence, Signal
from serving.workbench.pages.words import NOT_AVAILABLE, capital

SHOWN = ("open", "clearing", "suppressed")


def signals_path(project: Project, as_of: str) -> Path:
    """Where the signals of a day are, if anybody has looked for them."""
    return project.state / "signals" / f"as_of={as_of}" / "signals.parquet"


def signals_shown(project: Project, as_of: str) -> Mapping[str, list[Signal]] | None:
    """Account → its signals, W1 to E2, those of the whole segment last; null where nobody has looked for any."""
    if not signals_path(project, as_of).exists():
        return None
    declared = signals(project.policy)
    first = {p.play: p.steps[0] for p in project.policy.plays.values() if p.steps}
    told: dict[str, list[Evidence]] = defaultdict(list)
    for row in rows_of(project, "signals", as_of, "evidence"):
        told[row["episode_key"]].append(_evidence(row, project.settings.project.currency))
    places = {name: place for place, name in enumerate(declared)}
    rows = [r for r in rows_of(project, "signals", as_of) if r["status"] in SHOWN]
    rows.sort(key=lambda r: (r["status"] == "suppressed", places[r["signal"]]))
    found: dict[str, list[Signal]] = defaultdict(list)
    for row in rows:
        found[row["account_id"]].append(
            Signal(
                title=declared[row["signal"]].title,
                kind=row["kind"],
                status=row["status"],
                since=row["episode_started_on"],
                is_new=row["is_new"],
                evidence=told[row["episode_key"]],
                play=row["play"],
                first_step=first.get(row["play"]),
            )
        )
    return found


def _evidence(row: Mapping[str, Any], currency: str) -> Evidence:
    before, after = (_number(row[name], row["unit"], currency) for name in ("before", "after"))
    # Signals of an earlier version told the first cause alone in a sentence.
    sentence = row.get("sentence") or f"{capital(row['what'])}: {after or NOT_AVAILABLE}."
    return Evidence(sentence, before, after or NOT_AVAILABLE)


def _number(value: float | None, unit: Any, currency: str) -> str | None:
    return None if value is None or value != value else formatted(value, unit, currency)
