"""A record for every page beside the accounts', with markup in whatever comes from customers."""

from __future__ import annotations

from datetime import UTC, date, datetime

from policy.policy import load_policy
from serving.workbench.pages.data_view import DataView, DeliveryLine, GroupLine, ModelLine, RunLine, TableLine
from serving.workbench.pages.policy_view import policy_view

MORNING = datetime(2025, 1, 6, 6, 30, tzinfo=UTC)


def data_view(evil: str) -> DataView:
    return DataView(
        verdict="quarantined",
        checked_at=MORNING,
        tables=(
            TableLine("accounts", "ok", 812, 0, date(2025, 1, 5), (), ()),
            TableLine(
                "usage_events", "quarantined", 722_655, 34, date(2025, 1, 5), (("`count` is at least 1.", 34),), ()
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
    )


def views(evil: str) -> dict[str, object]:
    return {"policy": policy_view(load_policy()), "data": data_view(evil)}
