"""A year of acted-on alarms: the holdout is spared for good, and what was done reaches the simulation."""

from __future__ import annotations

from datetime import date
from typing import cast

import pandas as pd
import pytest

from models.acted_on import ACTED, HELD
from simulation import Company
from simulation.days import day_number
from simulation.drawn import drawn_world
from trials.acted_on import Year, acted_on
from trials.panels import fresh_of
from trials.skill import Fresh

FIRST, SECOND = date(2026, 1, 5), date(2026, 2, 2)


def test_who_is_held_out_has_alarms_and_is_never_acted_on() -> None:
    names = pd.Series([f"a{i:03d}" for i in range(200)])
    company = cast("Company", type("Told", (), {"homes": pd.Series(range(1000, 1200), index=names)}))
    year = Year()
    year.alarmed(company, names[:100], FIRST)
    year.alarmed(company, names, SECOND)
    told = year.told
    held = set(told.loc[told["alarm"] == HELD, "account_id"])
    assert len(held) in range(17, 24)
    assert held.isdisjoint(told.loc[told["alarm"] == ACTED, "account_id"])
    assert len(told) == 300
    acted = told[told["alarm"] == ACTED]
    assert year.actions.home.tolist() == [1000 + int(name[1:]) for name in acted["account_id"]]
    assert set(year.actions.day.tolist()) == {day_number(FIRST), day_number(SECOND)}


@pytest.mark.slow
def test_a_year_saves_accounts_and_leaves_the_untreated_risk_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trials.acted_on.ROUND_DAYS", 91)
    monkeypatch.setattr("trials.acted_on.CARES", (3.0,))
    world = drawn_world(911, accounts=300)
    rows = fresh_of(world, 400)
    found = acted_on(world, Fresh(rows, rows["hazard_90d"].to_numpy(dtype=float)), 300)
    strong = found["cares"]["3"]
    assert strong["churned_accounts"] < found["churned_accounts"]
    assert strong["acted_on"]["acted_rows"] > 50
    for model in (found["before"], found["untouched"], strong["naive"], strong["ours"]):
        assert 0.55 < model["auc"] < 1
        assert 0.3 < model["observed_expected"] < 3
