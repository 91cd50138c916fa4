"""A record for every page beside the accounts', with markup in whatever comes from customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from policy.policy import load_policy
from serving.workbench.pages.data_view import Arrived, DataView, DeliveryLine, GroupLine, ModelLine, RunLine, TableLine
from serving.workbench.pages.monday_view import Disagreement, Item, Line, MondayView, OwnerWeek, Status
from serving.workbench.pages.policy_view import policy_view
from tests.serving.pages.more_views import expansion_view, journey_view, portfolio_view, qbr_view

MORNING = datetime(2025, 1, 6, 6, 30, tzinfo=UTC)


def data_view(evil: str) -> DataView:
    return DataView(
        verdict="quarantined",
        checked_at=MORNING,
        tables=(
            TableLine("accounts", "ok", 812, 0, date(2025, 1, 5), (), ()),
            TableLine(
                "usage_events", "quarantined", 722_655, 34, date(2025, 1, 5), (("`count` is at least 1.", 34),), (), 7
            ),
            TableLine("invoices", "stopped", 0, 0, None, (), (f"`invoices` came back empty: {evil}",)),
            TableLine("touchpoints", "absent", 0, 0, None, (), ()),
        ),
        groups=(GroupLine("usage", 55, 0.93, ("api use 28d",)), GroupLine("sentiment", 23, 0.0, ())),
        accounts=12,
        unrated=2,
        model=ModelLine(
            "7", "lightgbm", date(2024, 3, 4), (date(2024, 5, 6), date(2024, 9, 30)), 70, 0.843, (0.81, 0.88), 0.724
        ),
        alerts=("Logins per seat moved: PSI 0.31.",),
        runs=(RunLine("Weekly batch", MORNING, "failed", evil), RunLine("Daily run", MORNING, "done", "")),
        deliveries=(DeliveryLine("r1", "apply", MORNING, None, 570, 0, 3, 12),),
        waiting=15,
        arrived=(Arrived("score", 812, 809), Arrived("task", 40, 40)),
        refused=(("no_such_account", 3),),
        examples=(("score", evil, evil),),
    )


def item(account: str, status: Status, **changes: Any) -> Item:
    given = Item(
        account_id=account,
        name="Northwind Logistics",
        status=status,
        why="Logins are down 39 % on the previous 12 weeks",
        play="adoption rescue",
        first_step="Call the champion about what changed in daily work",
        hours=3,
        arr=128_400.0,
        probability=0.4137,
        saves=12_380.0,
        due_at=None,
    )
    return replace(given, **changes)


def monday_view(evil: str) -> MondayView:
    due = datetime(2025, 1, 8, 16, 0, tzinfo=UTC)
    dana = OwnerWeek(
        owner="Dana Ortiz",
        hours=12.5,
        hours_used=12,
        saves=31_200.0,
        work=(
            item("acc_00012", "due", due_at=due),
            item("a/b\\c:../..", "chosen", name=evil, why=evil, play=evil, first_step=evil),
            item("?", "chosen", name="", arr=None, probability=None, saves=None, why=""),
        ),
        breached=(item("acc_long", "breached", name="Very long", due_at=due),),
        left_out=(item("acc_00004", "below_the_line", saves=800.0),),
        line=Line("acc_00004", evil, 2.5, 800.0),
        day_hours=8,
        day_saves=1_900.0,
        day_promises=1,
        unknown=(item("acc_00005", "unknown", name=evil, probability=None, saves=None, note="no probability yet"),),
        aside=(item("acc_00006", "snoozed", note=evil, until=date(2025, 1, 20)),),
        breached_accounts=11,
        left_out_accounts=271,
        unknown_accounts=1,
        aside_accounts=1,
    )
    idle = OwnerWeek(evil, 0, 0, 0.0, (), (), (), None, 8, 0.0)
    desk = (
        Disagreement("acc_00012", evil, "Dana Ortiz", 128_400.0, "green", "high", evil, evil, 0.081, 214, 17),
        Disagreement("acc_00003", "Crème Brûlée & Söhne", None, None, None, "low", None, None, None, None, None),
    )
    return MondayView(
        week_of=date(2025, 1, 6),
        owners=(dana, idle),
        unowned=(item("acc_nothing", "nobody", name=evil, saves=None),),
        desk=desk,
        desk_more=41,
        desk_near=30,
        unowned_accounts=26,
        effects="Save effects are assumed: no holdout drawn by lot has been compared",
    )


def views(evil: str) -> dict[str, object]:
    return {
        "monday": monday_view(evil),
        "portfolio": portfolio_view(evil),
        "journey": journey_view(evil),
        "expansion": expansion_view(evil),
        "qbr": qbr_view(evil),
        "policy": policy_view(load_policy()),
        "data": data_view(evil),
    }
