"""A trial's rows: a book to learn from and fresh accounts of the same world."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from simulation import World
from simulation.drawn import drawn_world
from trials import panels
from trials.panels import book_of, fresh_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world() -> World:
    return drawn_world(21, accounts=150, until=date(2026, 6, 1))


@pytest.fixture(scope="module")
def fresh(world: World) -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "AT_ONCE", 200)
        return fresh_of(world, 400)


def test_fresh_accounts_are_others_on_the_last_day_and_each_has_its_true_risk(fresh: pd.DataFrame) -> None:
    assert fresh["account_id"].is_unique
    assert 330 <= len(fresh) <= 420
    assert set(fresh["as_of"]) == {date(2026, 6, 1)}
    assert fresh["account_id"].str.partition("-")[0].nunique() == 2
    hazards = fresh[["hazard_30d", "hazard_60d", "hazard_90d", "hazard_180d"]]
    assert hazards.notna().all(axis=None)
    assert (hazards.diff(axis=1).iloc[:, 1:] >= -1e-12).all(axis=None)
    assert (
        fresh.loc[fresh["in_window"].astype(bool), "hazard_90d"].mean()
        > 3 * fresh.loc[~fresh["in_window"].astype(bool) & (fresh["term_length_days"] > 45), "hazard_90d"].mean()
    )
    assert not fresh["known_loss"].astype(bool).any()


def test_the_fresh_are_as_old_as_the_book_and_leave_as_often(world: World, fresh: pd.DataFrame) -> None:
    panel = book_of(world).panel
    newest = panel.test[panel.test["as_of"] == panel.test["as_of"].max()]
    assert fresh["tenure_days"].median() == pytest.approx(newest["tenure_days"].median(), rel=0.25)
    assert fresh["hazard_90d"].mean() == pytest.approx(panel.test["churned"].mean(), abs=0.025)


def test_a_large_book_is_several_draws_of_its_world_side_by_side(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "BOOK_AT_ONCE", 80)
    panel = book_of(world).panel
    assert panel.everything is not None
    assert panel.outcomes is not None
    accounts = panel.everything["account_id"]
    assert accounts.str.partition("-")[0].unique().tolist() == ["0", "1"]
    assert not panel.everything.duplicated(["account_id", "as_of"]).any()
    assert 110 <= accounts.nunique() <= 260
    # Whoever left after the first training snapshot is found under the same name.
    lost = set(panel.everything.loc[panel.everything["churned"] == 1, "account_id"])
    assert lost
    assert lost <= set(panel.outcomes.losses["account_id"])
    weeks = sorted(set(panel.everything["as_of"]))
    assert (weeks[1] - weeks[0]).days == 7 * panels.RARELY["train_every_weeks"] == 182
