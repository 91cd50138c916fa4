from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.workbench.pages import AccountView, Driver, Week
from serving.workbench.pages.charts import apportioned, driver_bars, usage_trend


def number(shown: str) -> float:
    return float(shown.replace("\u00a0%", "").replace("−", "-").replace(",", ""))


def weeks(*days: int | None) -> list[Week]:
    return [Week(date(2025, 1, 6) + timedelta(weeks=n), value) for n, value in enumerate(days)]


def test_the_bars_go_up_then_down_and_end_at_the_shown_probability(northwind: AccountView) -> None:
    bars = driver_bars(northwind)
    assert [(bar.label, bar.shown, bar.kind) for bar in bars] == [
        ("Average account", "8\u00a0%", "base"),
        ("usage", "+17", "up"),
        ("people", "+9", "up"),
        ("renewal date", "+7", "up"),
        ("support", "+3", "up"),
        ("engagement", "−2", "down"),
        ("commercial", "−1", "down"),
        ("2 smaller effects together", "0", "flat"),
        ("Churn probability", "41\u00a0%", "total"),
    ]
    assert bars[1].told == "usage: from 8 to 25\u00a0%"
    assert bars[-1].end == bars[-2].end  # the last step ends where the total ends
    assert bars[1].left == bars[0].end  # and each begins where the one above ended


points = st.floats(-60, 60).map(lambda x: round(x, 3))


@given(base=st.floats(0, 0.6), effects=st.lists(points, min_size=1, max_size=14), lost=st.sampled_from([0, 0, 0.2, 7]))
def test_shown_numbers_always_add_up(northwind: AccountView, base: float, effects: list[float], lost: float) -> None:
    probability = min(max(base + (sum(effects) + lost) / 100, 0.0), 1.0)
    account = replace(northwind, probability=probability, base_probability=base)
    account = replace(account, drivers=[Driver(f"g{n}", effect, None) for n, effect in enumerate(effects)])
    bars = driver_bars(account)
    assert sum(number(bar.shown) for bar in bars[:-1]) == pytest.approx(number(bars[-1].shown), abs=1e-9)
    assert all(bar.left >= -0.01 and bar.left + bar.width <= 100.02 for bar in bars)


def test_what_the_drivers_leave_unexplained_is_said_not_hidden(northwind: AccountView) -> None:
    bars = driver_bars(replace(northwind, drivers=northwind.drivers[:1]))
    assert ("Not explained by these groups", "+16") in [(bar.label, bar.shown) for bar in bars]


@pytest.mark.parametrize("missing", [{"probability": None}, {"base_probability": float("nan")}, {"drivers": []}])
def test_without_a_base_a_probability_or_drivers_there_are_no_bars(
    northwind: AccountView, missing: dict[str, None]
) -> None:
    assert driver_bars(replace(northwind, **missing)) == []


def test_missing_units_go_to_the_largest_remainders() -> None:
    assert apportioned([1.6, 1.6, -0.2], 3) == [2, 1, 0]
    assert apportioned([2.0, 3.0], 5) == [2, 3]


def test_a_missing_week_is_a_gap_and_a_week_of_zero_is_not() -> None:
    trend = usage_trend(weeks(4, 8, None, 0, None, 2, 2))
    assert trend is not None
    assert trend.lines == ["M0.5 50 L1.5 0", "M5.5 75 L6.5 75"]
    assert [(p.value, p.y) for p in trend.alone] == [(0, 100.0)]
    assert trend.gaps == [(21.43, 28.57), (50.0, 28.57)]
    assert (trend.first.value, trend.last.value, trend.peak.value, trend.missing) == (4, 2, 8, 2)
    assert trend.peak.starts == "13 Jan 2025"


def test_no_known_week_is_no_chart_and_all_zeros_lie_on_the_floor() -> None:
    assert usage_trend([]) is None
    assert usage_trend(weeks(None, None)) is None
    flat = usage_trend(weeks(0, 0))
    assert flat is not None
    assert flat.lines == ["M0.5 100 L1.5 100"]
