"""The Monday list as the pages show it, from the files of the work list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.deliver import rows_of
from pipelines.settings import Project
from serving.workbench.pages.monday_view import Disagreement, Item, Line, MondayView, OwnerWeek

DESK_SHOWN = 30
SHOWN = 10
"""Accounts below the line, not weighed or left alone that an owner's part of the page shows; the command lists all."""
UNOWNED_SHOWN = 25
WORKED = ("due", "chosen")


def monday(project: Project, as_of: str) -> MondayView | None:
    """The page's record; null where the day has no work list."""
    folder = project.state / "worklist" / f"as_of={as_of}"
    if not (folder / "worklist.parquet").exists():
        return None
    rows = rows_of(project, "worklist", as_of)
    steps = {play.play: play.steps[0] for play in project.policy.plays.values() if play.steps}
    default = project.policy.plays["default"].play
    tiers = {
        str(row["account_id"]): (row["health_tier"], row["risk_tier"]) for row in rows_of(project, "scores", as_of)
    }
    items = [(row["worker_id"], _item(row, steps, default, tiers)) for row in rows]
    nobodys = [item for _, item in items if item.status == "nobody"]
    desk = rows_of(project, "worklist", as_of, part="desk")
    return MondayView(
        week_of=date.fromisoformat(as_of),
        owners=tuple(
            _owner(row, [item for worker, item in items if worker == row["owner_id"]])
            for row in rows_of(project, "worklist", as_of, part="owners")
        ),
        unowned=tuple(nobodys[:UNOWNED_SHOWN]),
        unowned_accounts=len(nobodys),
        desk=tuple(_disagreement(row) for row in desk[:DESK_SHOWN]),
        desk_more=max(len(desk) - DESK_SHOWN, 0),
        desk_near=sum(row["apart"] == "near" for row in desk[DESK_SHOWN:]),
        effects=json.loads((folder / "effects.json").read_text(encoding="utf-8"))["sentence"],
    )


def _item(
    row: Mapping[str, Any], steps: Mapping[str, str], default: str, tiers: Mapping[str, tuple[str | None, str | None]]
) -> Item:
    play = row["play"] or default
    due, until = row["due_at"], row["until"]
    health, risk = tiers.get(str(row["account_id"]), (None, None))
    return Item(
        account_id=str(row["account_id"]),
        name=row["name"] or "",
        status=row["status"],
        why=row["why"] or standing(health, risk),
        play=play,
        # Of several promised plays the first that is due begins.
        first_step=steps.get(play.partition(", ")[0], ""),
        hours=row["hours"],
        arr=_number(row["arr"]),
        probability=_number(row["churn_probability"]),
        saves=_number(row["saved_arr"]),
        due_at=None if due is None else due.replace(tzinfo=UTC).astimezone(ZoneInfo(row["zone"] or "UTC")),
        late=row["overdue_since"] is not None,
        note=row["note"] or "",
        until=None if until is None else until.date(),
    )


def standing(health: str | None, risk: str | None) -> str:
    """What there is to say where no reason stands out.

    >>> standing("yellow", "low"), standing(None, None)
    ('No single reason stands out: health is yellow, churn risk low', 'Nothing is known of it yet')
    """
    known = [f"health is {health}" if health else "", f"churn risk {risk}" if risk else ""]
    told = ", ".join(filter(None, known))
    return f"No single reason stands out: {told}" if told else "Nothing is known of it yet"


def _owner(row: Mapping[str, Any], own: list[Item]) -> OwnerWeek:
    cut, day = row["cut_account_id"], row["day_hours"]
    names = {item.account_id: item.name for item in own}

    def of(*statuses: str) -> tuple[Item, ...]:
        return tuple(item for item in own if item.status in statuses)

    breached, left_out, unknown, aside = (
        of(*s) for s in (("breached",), ("below_the_line",), ("unknown",), ("snoozed", "settled"))
    )
    return OwnerWeek(
        owner=str(row["owner_id"]),
        hours=row["hours"],
        hours_used=row["hours_used"],
        saves=_number(row["saved_arr"]),
        work=of(*WORKED),
        breached=breached[:SHOWN],
        left_out=left_out[:SHOWN],
        line=None if cut is None else Line(str(cut), names[str(cut)], row["cut_missing_hours"], row["cut_saved_arr"]),
        day_hours=_number(day),
        day_saves=_number(row["day_saved_arr"]),
        day_promises=int(row["day_promises"] or 0),
        unknown=unknown[:SHOWN],
        aside=aside[:SHOWN],
        breached_accounts=len(breached),
        left_out_accounts=len(left_out),
        unknown_accounts=len(unknown),
        aside_accounts=len(aside),
    )


def _disagreement(row: Mapping[str, Any]) -> Disagreement:
    return Disagreement(
        account_id=str(row["account_id"]),
        name=row["name"] or "",
        owner=row["owner_id"],
        arr=_number(row["arr"]),
        rule=row["rule"],
        model=row["model"],
        csm=row["csm"],
        commercial=row["commercial"],
        rate=_number(row["cell_churn_rate"]),
        accounts=row["cell_accounts"],
        churned=row["cell_churned_accounts"],
    )


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)
