"""A delivery that would do too much stops before it sends anything, unless somebody has looked and accepts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete
from policy.policy import load_policy
from serving.writeback.breakers import SourceMove
from serving.writeback.delivery import apply
from serving.writeback.memory import MemoryCrm
from serving.writeback.plan import plan
from serving.writeback.staged import Staged

# Every ledger must do: one file, or one for several machines.
EVERY_LEDGER = True
Make = Callable[..., Staged]
WEEK_1, WEEK_2 = "2025-01-06", "2025-01-13"
LIMITS = load_policy().delivery
BOOK = [f"a{i:03d}" for i in range(200)]


def refused(rows: list[Staged], crm: MemoryCrm, ledger: Path, *sources: SourceMove) -> str | None:
    """What the plan says would stop a delivery; the delivery must stop for just that, having sent nothing."""
    stops = plan(rows, crm, ledger, limits=LIMITS, sources=sources).stops
    names = sorted({trip.breaker for trip in stops})
    before, writes = str(crm.rows), len(crm.writes)
    if stops:
        with pytest.raises(DeliveryIncomplete) as caught:
            apply(rows, crm, ledger, run_id="r", limits=LIMITS, sources=sources)
        assert all(trip.message in str(caught.value) for trip in stops)
        assert all(f"--accept {name}" in str(caught.value) for name in names)
        assert (str(crm.rows), len(crm.writes)) == (before, writes)
        apply(rows, crm, ledger, run_id="r", limits=LIMITS, sources=sources, accepted=names)
        assert len(crm.writes) > writes or "rejected" in names
    else:
        apply(rows, crm, ledger, run_id="r", limits=LIMITS, sources=sources)
    return ", ".join(names) or None


@pytest.mark.parametrize(("moved", "stops"), [(30, None), (31, "tier_moves")])
@pytest.mark.parametrize("tier", ["risk_tier", "health_tier"])
def test_it_stops_where_more_than_15_percent_of_the_accounts_would_change_a_tier(
    tier: str, moved: int, stops: str | None, score: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score(x, **{tier: "green"}) for x in BOOK], crm, ledger, run_id="r1")
    week_2 = [score(x, WEEK_2, **{tier: "red" if i < moved else "green"}) for i, x in enumerate(BOOK)]
    assert refused(week_2, crm, ledger) == stops


@pytest.mark.parametrize(("each_way", "stops"), [(30, None), (31, "tier_moves")])
def test_moves_one_way_are_not_added_to_moves_the_other_way(
    each_way: int, stops: str | None, score: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    apply([score(x, risk_tier="low" if i < 100 else "high") for i, x in enumerate(BOOK)], crm, ledger, run_id="r1")
    tiers = ["high"] * each_way + ["low"] * (100 - each_way) + ["low"] * each_way + ["high"] * (100 - each_way)
    week_2 = [score(x, WEEK_2, risk_tier=tier) for x, tier in zip(BOOK, tiers, strict=True)]
    assert refused(week_2, crm, ledger) == stops


def test_the_first_load_of_tiers_moves_none(score: Make, ledger: Path) -> None:
    assert refused([score(x) for x in BOOK], MemoryCrm(), ledger) is None


@pytest.mark.parametrize(
    ("tasks", "of", "stops"), [(90, 200, None), (91, 200, "new_tasks"), (19, 40, None), (20, 40, "new_tasks")]
)
def test_it_stops_where_too_many_accounts_would_get_a_new_task(
    tasks: int, of: int, stops: str | None, score: Make, task: Make, ledger: Path
) -> None:
    rows = [score(x) for x in BOOK[:of]] + [task(x) for x in BOOK[:tasks]]
    assert refused(rows, MemoryCrm(), ledger) == stops


@pytest.mark.parametrize(("tasks", "weeks", "stops"), [(24, 4, None), (25, 4, "new_tasks"), (25, 3, None)])
def test_it_stops_at_more_than_three_times_the_usual_number_of_new_tasks(
    tasks: int, weeks: int, stops: str | None, score: Make, task: Make, ledger: Path
) -> None:
    crm = MemoryCrm()
    for week in range(weeks):
        rows = [score(x) for x in BOOK] + [task(x, key=f"{x}|{week}") for x in BOOK[:8]]
        apply(rows, crm, ledger, run_id=f"r{week}")
    new = [task(x, key=f"{x}|new") for x in BOOK[:tasks]]
    assert refused([score(x) for x in BOOK] + new, crm, ledger) == stops


@pytest.mark.parametrize(
    ("before", "now", "stops"),
    [(100, 50, None), (100, 49, "sources"), (100, 151, "sources"), (99, 0, None), (100, 0, "sources")],
)
def test_it_stops_where_a_source_moved_by_more_than_half(
    before: float, now: float, stops: str | None, score: Make, ledger: Path
) -> None:
    assert refused([score("a")], MemoryCrm(), ledger, SourceMove("usage_events", before, now)) == stops


@pytest.mark.parametrize(
    ("bad", "of", "stops"), [(19, 20, None), (20, 20, "rejected"), (20, 400, None), (21, 400, "rejected")]
)
def test_it_stops_where_more_than_5_percent_and_twenty_rows_are_quarantined(
    bad: int, of: int, stops: str | None, score: Make, ledger: Path
) -> None:
    rows = [score(f"a{i}", arr=float("nan") if i < bad else 1.0) for i in range(of)]
    assert refused(rows, MemoryCrm(), ledger) == stops


def test_accepting_one_breaker_accepts_no_other(score: Make, task: Make, ledger: Path) -> None:
    rows = [score(x) for x in BOOK] + [task(x) for x in BOOK]
    moved = [SourceMove("usage_events", 1000, 0)]
    with pytest.raises(DeliveryIncomplete, match="usage_events"):
        apply(rows, MemoryCrm(), ledger, run_id="r", limits=LIMITS, sources=moved, accepted=["new_tasks"])
