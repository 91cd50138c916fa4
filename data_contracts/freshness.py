"""What each table held at the last check, and whether what it holds now can be the same source grown older.

Freshness is judged against the book's own other tables, so that historical data is never stale: a table is late when it
lies behind the newest event of the others. Against the clock it is judged only once it has been seen to move from one
check to another, for then somebody loads it. Volume is judged against the last check of the same SELECT.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.contract import Contract, Limits

log = logging.getLogger(__name__)
MANY = 100  # rows below which shares say nothing: three of five rows are no trend


@dataclass(frozen=True)
class Held:
    """What a table held at a check; moments are naive UTC in ISO format, null where there is none.

    `days` counts the days with rows between `first_event` and `newest_event`. `moved_at` is the last check that found
    the newest event later than the check before; null while none has.
    """

    rows: int
    checked_at: str
    select: str
    newest_event: str | None = None
    newest_known: str | None = None
    first_event: str | None = None
    days: int = 0
    moved_at: str | None = None


def held(table: Any, contract: Contract, *, rows: int, sql: str, now: datetime) -> Held:
    """What an accepted table holds; what lies in the future, as plans do, is no news."""
    # Of several dates the last: the first may be a plan, and one whose day has passed is no sign of life.
    date = contract.limits.latency_of or contract.event_time[-1]
    seen = table.mutate(event=table[date].cast("timestamp(6)"))
    past, known = seen["event"] <= now, seen["known_at"] <= now
    found = (
        seen.aggregate(
            newest=seen["event"].max(where=past),
            first=seen["event"].min(where=past),
            known=seen["known_at"].max(where=known),
            days=seen["event"].cast("date").nunique(where=past),
        )
        .to_pyarrow()
        .to_pylist()[0]
    )
    newest, first, learned = (
        moment and moment.isoformat() for moment in (found["newest"], found["first"], found["known"])
    )
    return Held(rows, now.isoformat(), digest(sql), newest, learned, first, int(found["days"] or 0))


def digest(sql: str) -> str:
    """A SELECT by its hash: the same text over the same variables."""
    return hashlib.sha256(sql.encode()).hexdigest()


def carried_on(before: Held | None, now: Held) -> Held:
    """What is remembered of a table: whether its newest event has ever moved between two checks."""
    if before is None or before.select != now.select:
        return now
    moved = bool(before.newest_event and now.newest_event and now.newest_event > before.newest_event)
    return replace(now, moved_at=now.checked_at if moved else before.moved_at)


def shrunk(name: str, limits: Limits, before: Held | None, now: Held) -> tuple[str, str] | None:
    """(message, cure) where a table is empty that was not, or has lost more rows than may be; it must stop."""
    if before is None or limits.must_not_fall is None or not before.rows:
        return None
    cure = (
        f"Look at what sources/{name}.sql selects and whether its load ran through. If it is meant, delete "
        ".churn/checks/last.json: the next check then starts anew."
    )
    at = f"at the check of {_day(before.checked_at)}"
    if not now.rows:
        return f"`{name}` came back empty; it had {before.rows:,} rows {at}.", cure
    if before.rows >= MANY and before.select == now.select and now.rows < before.rows * (1 - limits.must_not_fall):
        lost = 1 - now.rows / before.rows
        return (
            f"`{name}` has {now.rows:,} rows; it had {before.rows:,} {at} ({lost:.0%} are gone; at most "
            f"{limits.must_not_fall:.0%} may be).",
            cure,
        )
    return None


def volume_warning(limits: Limits, before: Held | None, now: Held) -> str | None:
    """A fall or a jump of the rows that is unusual but may be meant."""
    if before is None or before.select != now.select or before.rows < MANY:
        return None
    at = f"at the check of {_day(before.checked_at)}"
    if limits.may_fall is not None and now.rows < before.rows * (1 - limits.may_fall):
        return f"has {now.rows:,} rows, {1 - now.rows / before.rows:.0%} fewer than the {before.rows:,} {at}."
    if limits.may_grow is not None and now.rows > before.rows * limits.may_grow:
        return f"has {now.rows:,} rows, {now.rows / before.rows:.1f} times the {before.rows:,} {at}."
    return None


def stale(contracts: Mapping[str, Contract], all_held: Mapping[str, Held], *, now: datetime) -> dict[str, str]:
    """Table → what to know, for each table that lies too far behind the others or, where it is loaded, the clock."""
    newest = {
        name: datetime.fromisoformat(found.newest_event)
        for name, found in all_held.items()
        if contracts[name].limits.latency_days is not None and found.newest_event
    }
    told: dict[str, str] = {}
    for name, moment in newest.items():
        limits, found = contracts[name].limits, all_held[name]
        bound = max(limits.latency_days or 0.0, limits.quiet_gaps * _usual_gap(found, moment))
        others = {other: at for other, at in newest.items() if other != name}
        ahead = max(others, key=lambda other: others[other], default=None)
        if ahead is not None and _days(others[ahead] - moment) > bound:
            told[name] = (
                f"ends on {moment:%Y-%m-%d}, {_days(others[ahead] - moment):.0f} days before `{ahead}` "
                f"({others[ahead]:%Y-%m-%d}); at most {bound:.0f} are usual. Did its load stop?"
            )
        elif found.moved_at and _days(now - moment) > bound:
            told[name] = (
                f"has had nothing new since {moment:%Y-%m-%d}, {_days(now - moment):.0f} days ago; at most {bound:.0f} "
                f"are usual, and it last moved at the check of {_day(found.moved_at)}. Did its load stop?"
            )
    return told


def read_held(path: Path | None) -> dict[str, Held]:
    """What the tables held at the last check; empty before the first one, and where the file does not read."""
    if path is None or not path.exists():
        return {}
    try:
        return {name: Held(**found) for name, found in json.loads(path.read_text(encoding="utf-8")).items()}
    except (ValueError, TypeError, AttributeError) as exc:
        log.warning("%s does not read (%s); tables are not compared with the last check.", path.name, exc)
        return {}


def write_held(path: Path, tables: Mapping[str, Held]) -> None:
    """Write beside the target, then move into place: a check that is killed leaves the last one as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({n: asdict(h) for n, h in tables.items()}, indent=1), encoding="utf-8")
    part.replace(path)


def _usual_gap(found: Held, newest: datetime) -> float:
    """Days from one day with rows to the next, on average."""
    if found.first_event is None or found.days < 2:
        return 0.0
    return _days(newest - datetime.fromisoformat(found.first_event)) / (found.days - 1)


def _days(span: Any) -> float:
    return float(span.total_seconds()) / 86_400


def _day(moment: str) -> str:
    return moment[:10]
