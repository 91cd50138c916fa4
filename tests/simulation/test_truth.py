"""The truth is right: it is judged by what becomes of thousands of accounts, family by family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simulation import Company, World
from simulation.book import Book, draw_book
from simulation.days import Floats
from simulation.families import FAMILIES
from simulation.outlook import GAP_DAYS, HORIZONS, outlook
from simulation.revenue import draw_revenue
from simulation.treatment import treatment_effects

LARGE = World(seed=3, accounts=2500, arr_total=5e7, weeks=104, burn_in_weeks=52, base_shift=-0.35)


def observed(world: World, book: Book, signed_on: Floats, *, draws: int) -> pd.DataFrame:
    """Hazards and what happened, on some Mondays; rows decided in the gap are left out, as in the panel."""
    rng = np.random.default_rng(0)
    leaving = book.terms.rows(book.terms.kind >= 0)
    parts = []
    for day in range(world.first_day + 70, world.until_day - GAP_DAYS - HORIZONS[-1], 84):
        seen = outlook(world, book, signed_on, day, rng, draws)
        first = np.full(book.size, np.inf)
        ahead = leaving.rows(leaving.decided >= day)
        np.minimum.at(first, ahead.account, ahead.decided)
        wait = first[seen.now.terms.account] - day
        rows = {f"hazard_{h}": seen.leaves[:, place] for place, h in enumerate(HORIZONS)}
        rows |= {f"left_{h}": (wait >= GAP_DAYS) & (wait < GAP_DAYS + h) for h in HORIZONS}
        rows["monthly"] = seen.now.prospects.term_months == 1
        rows["signed"] = seen.now.signed
        parts.append(pd.DataFrame(rows)[~(wait < GAP_DAYS)])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module", params=["mixed", "interaction", "null"])
def rows(request: pytest.FixtureRequest) -> pd.DataFrame:
    world = replace(LARGE, family=request.param)
    book = draw_book(world)
    return observed(world, book, draw_revenue(world, book).next_signed, draws=30)


def z(rows: pd.DataFrame, horizon: int) -> float:
    """How many standard deviations lie between expected and observed; rows of one account are nearly independent."""
    p, left = rows[f"hazard_{horizon}"], rows[f"left_{horizon}"]
    return float((left.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))


def test_hazards_come_true_at_every_level(rows: pd.DataFrame) -> None:
    for horizon in HORIZONS:
        assert abs(z(rows, horizon)) < 3.5, horizon
    for _, level in rows.groupby(pd.qcut(rows["hazard_90"], 6, duplicates="drop")):
        assert abs(z(level, 90)) < 3.5, level["hazard_90"].describe()


def test_hazards_come_true_by_contract_and_after_the_signature(rows: pd.DataFrame) -> None:
    for group in ("monthly", "signed"):
        for _, part in rows.groupby(group):
            assert abs(z(part, 180)) < 3.5, group


def test_longer_horizons_hold_the_shorter_ones(rows: pd.DataFrame) -> None:
    hazards = rows[[f"hazard_{h}" for h in HORIZONS]].to_numpy()
    assert (np.diff(hazards, axis=1) >= -1e-12).all()
    assert ((hazards >= 0) & (hazards <= 1)).all()


def test_the_table_ranks_leavers_higher_and_ends_with_the_decision(
    default_company: Company, default_world: World
) -> None:
    truth = default_company.truth
    terms = default_company.tables["subscriptions"]
    churn = terms[terms["decision_kind"].isin(["voluntary", "non_payment", "acquired"])]
    known = churn[["decision_at", "known_at"]].max(axis=1)
    first = known.groupby(churn["account_id"]).max()
    once = truth[~truth["account_id"].isin(churn.loc[churn["account_id"].duplicated(), "account_id"])]
    ahead = (once["account_id"].map(first) - once["as_of"]).dt.total_seconds() / 86_400
    mature = once["as_of"] + pd.Timedelta(days=104) <= pd.Timestamp(default_world.data_until)
    leaves = ahead.between(14, 104, inclusive="left")[mature]
    assert once["hazard_90d"][mature][leaves].mean() > 3 * once["hazard_90d"][mature][~leaves].mean()


def test_some_accounts_are_better_left_alone_and_silence_cannot_be_treated() -> None:
    everyone = np.arange(20_000)
    for cause, low, high in ((0, -0.8, -0.3), (1, -0.2, 0.0), (-1, 0.0, 0.0)):
        effects = treatment_effects(World(), 20_000, everyone, np.full(20_000, cause))
        worse = effects > 0
        assert 0.04 < worse.mean() < 0.08
        assert ((effects[worse] >= 0.2) & (effects[worse] <= 0.5)).all()
        assert ((effects[~worse] >= low) & (effects[~worse] <= high)).all()


def test_every_family_is_a_different_company() -> None:
    small = World(accounts=60, arr_total=1e6, weeks=40, burn_in_weeks=30, base_shift=0.0)
    chances = {name: draw_book(replace(small, family=name)).terms.chance for name in FAMILIES}
    sums = {name: float(np.nansum(values)) for name, values in chances.items()}
    assert len({round(value, 6) for value in sums.values()}) == len(FAMILIES)
