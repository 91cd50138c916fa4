"""Why a replay may differ from what was published: what is known to have changed since, and where that cannot be known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from serving.workbench.replay.compare import Difference


@dataclass(frozen=True)
class Circumstances:
    """What is known about the run and the sources beside their rows.

    `same_code` is null where the run did not keep which code made it. `undated` are the source tables that deliver no
    `known_at`. `rests_on` are the source tables of each indicator. `scored_again` are earlier days whose scores were
    published after the run.
    """

    same_code: bool | None
    settings_kept: bool
    undated: frozenset[str]
    rests_on: Mapping[str, frozenset[str]]
    scored_again: tuple[date, ...]


def why(found: Collection[Difference], known: Circumstances) -> Iterator[str]:
    """Sentences on what may have made the differences, the surest first; none where nothing differs."""
    if not found:
        return
    if known.same_code is False:
        yield "The code is not the one that made the run."
    elif known.same_code is None:
        yield "The run did not keep which code made it: it may have been another."
    if not known.settings_kept:
        yield "The run did not keep its settings: those of churn.toml as they stand today were used."
    indicators = {d.field for d in found if d.table == "features"}
    tables = {t for name in indicators for t in known.rests_on.get(name, ())}
    if any(d.table == "tasks" and d.field in ("owner_id", "due_at") for d in found):
        tables.add("accounts")
    if not tables and not any(d.table == "features" for d in found):
        tables = {t for some in known.rests_on.values() for t in some}
    silent, dated = sorted(tables & known.undated), sorted(tables - known.undated)
    if silent:
        yield (
            f"A row may have been changed, added or taken away since: {_names(silent)} "
            f"deliver{'s' if len(silent) == 1 else ''} no known_at, so that it cannot be told from one of then."
        )
    if dated and indicators:
        yield f"Or rows of {_names(dated)} that were known before the day were changed without a new known_at."
    if known.scored_again and any(d.table == "tasks" for d in found):
        days = ", ".join(day.isoformat() for day in known.scored_again)
        yield f"Earlier weeks were scored again after the run ({days}): what they had asked for then is no longer kept."


def _names(tables: list[str]) -> str:
    *others, last = tables
    return f"{', '.join(others)} and {last}" if others else last
