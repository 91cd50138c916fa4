"""Whether a source moved: how many rows of the last four weeks it has, against the twelve weeks before.

A table that half stopped loading passes its contract, and turns accounts red; the write-back's breaker looks here.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

from data_contracts.contract import source_contracts
from pipelines.build_features import Checked
from pipelines.settings import Project
from serving.writeback.breakers import SourceMove

STEADY = ("usage_events", "support_tickets", "ticket_messages", "touchpoints")
"""Tables that get rows every week. Others come in waves: invoices at the turn of a year, surveys in campaigns."""
BLOCK_DAYS, BLOCKS_BEFORE = 28, 3


def source_moves(checked: Checked, as_of: date) -> list[SourceMove]:
    """The rows of each steady source in the 28 days before `as_of`, and the mean of the three such blocks before."""
    found = []
    day = datetime.combine(as_of, datetime.min.time())
    begins, began = day - timedelta(BLOCK_DAYS), day - timedelta(BLOCK_DAYS * (1 + BLOCKS_BEFORE))
    for name in STEADY:
        table = checked.facts.tables.get(name)
        if table is None:
            continue
        moment = table[source_contracts()[name].event_time[0]].cast("timestamp(6)")
        counted = table.aggregate(
            now=((moment >= begins) & (moment < day)).sum(), before=((moment >= began) & (moment < begins)).sum()
        )
        (line,) = counted.to_pyarrow().to_pylist()
        found.append(SourceMove(name, (line["before"] or 0) / BLOCKS_BEFORE, float(line["now"] or 0)))
    return found


def write_moves(project: Project, as_of: date, moves: list[SourceMove]) -> None:
    """Keep them beside the scores of that day."""
    path = _path(project, as_of.isoformat())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([move._asdict() for move in moves]) + "\n", encoding="utf-8")


def moves_of(project: Project, as_of: str) -> list[SourceMove]:
    """Those of a scored day; none where the scores are of an older program."""
    path = _path(project, as_of)
    if not path.exists():
        return []
    return [SourceMove(**line) for line in json.loads(path.read_text(encoding="utf-8"))]


def _path(project: Project, as_of: str) -> Path:
    return project.state / "sources" / f"as_of={as_of}" / "moves.json"
