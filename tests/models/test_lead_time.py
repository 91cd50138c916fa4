"""How early a loss is seen, on timelines of a few weeks worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from models.lead_time import Losses, first_alerts, lead_time

MONDAYS = [date(2026, 1, 5) + timedelta(weeks=i) for i in range(12)]


def timeline(listed: dict[str, str]) -> tuple[pd.DataFrame, pd.Series]:
    """account → a sign a week: `x` on the red list, `-` off it, a blank where the account has no row."""
    rows = [
        (account, day, sign == "x")
        for account, signs in listed.items()
        for day, sign in zip(MONDAYS, signs.ljust(12, "-"), strict=True)
        if sign != " "
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "as_of", "listed"])
    return frame, frame["listed"]


def test_an_alert_is_the_second_snapshot_in_a_row_and_the_first_such_counts() -> None:
    rows, listed = timeline({"a": "x-xx-xx", "b": "x-x-x-", "c": "x xx-", "d": "xx"})
    alerts = {str(a): day.date() for a, day in first_alerts(listed, rows).items()}
    assert alerts == {"a": MONDAYS[3], "c": MONDAYS[3], "d": MONDAYS[1]}


def losses(decided: list[date], notice: list[date | None]) -> Losses:
    names = [f"a{i:02d}" for i in range(len(decided))]
    rows = pd.DataFrame({"account_id": names, "decided_on": decided, "notice_on": notice})
    return Losses(rows, tuple(map(pd.Timestamp, MONDAYS)))


def test_lead_runs_from_the_alert_to_the_decision_and_to_the_notice() -> None:
    # Ten are alerted on 12 January (second Monday); two never are; one only after its decision.
    signs = {f"a{i:02d}": "xx" for i in range(10)} | {"a10": "x-x", "a11": "", "a12": "--------xx"}
    rows, listed = timeline(signs)
    decided = [MONDAYS[1] + timedelta(days=20 + i) for i in range(10)] + [MONDAYS[6]] * 3
    found = lead_time(listed, rows, losses(decided, [d + timedelta(days=5) for d in decided[:10]] + [None] * 3))
    assert (found["n_churned_accounts"], found["n_alerted"]) == (13, 10)
    assert found["median_days_to_decision"]["value"] == 24.5
    assert found["median_days_to_notice"]["value"] == 29.5
    low, high = found["median_days_to_decision"]["ci"]
    assert 20 <= low <= 24.5 <= high <= 29


def test_the_share_alerted_ahead_counts_who_could_be_seen_so_early_and_the_never_alerted_against_it() -> None:
    # Decided 40 days after the second Monday: 30 days before is day 10, watched; 60 days before no snapshot was.
    signs = {f"a{i:02d}": "xx" if i < 9 else "---xx" if i < 11 else "" for i in range(12)}
    rows, listed = timeline(signs)
    decided = [MONDAYS[1] + timedelta(days=40)] * 12
    found = lead_time(listed, rows, losses(decided, [None] * 12))
    # Nine were alerted on the second Monday, 40 days ahead; two on the fifth, 19 days ahead; one never.
    assert found["ahead_30"]["value"] == pytest.approx(9 / 12)
    assert found["ahead_30"]["n"] == 12
    assert found["ahead_60"] == {"value": None, "ci": None, "n": 0}


def test_a_decision_beyond_the_last_snapshots_is_not_held_against_anyone() -> None:
    rows, listed = timeline({f"a{i:02d}": "" for i in range(10)})
    late = MONDAYS[-1] + timedelta(days=7 + 30)
    assert lead_time(listed, rows, losses([late] * 10, [None] * 10))["ahead_30"]["n"] == 0
    just = lead_time(listed, rows, losses([late - timedelta(days=1)] * 10, [None] * 10))
    assert just["ahead_30"]["value"] == 0.0


def test_fewer_than_ten_losses_have_no_figure() -> None:
    rows, listed = timeline({f"a{i:02d}": "xx" for i in range(9)})
    found = lead_time(listed, rows, losses([MONDAYS[8]] * 9, [None] * 9))
    assert found["n_alerted"] == 9
    assert found["median_days_to_decision"]["value"] is None
    assert found["ahead_30"]["value"] is None
