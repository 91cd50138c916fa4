"""One small and one default company for all tests of the simulation."""

from __future__ import annotations

import pandas as pd
import pytest

from simulation import Company, World, simulate


@pytest.fixture(scope="session")
def small_world() -> World:
    return World(seed=11, accounts=150, arr_total=3_000_000.0, weeks=104, burn_in_weeks=52)


@pytest.fixture(scope="session")
def small_company(small_world: World) -> Company:
    return simulate(small_world)


@pytest.fixture(scope="session")
def default_world() -> World:
    return World()


@pytest.fixture(scope="session")
def default_company(default_world: World) -> Company:
    return simulate(default_world)


def as_it_stands(company: Company) -> pd.DataFrame:
    """The subscriptions in their last version: a decision entered late is a second one."""
    terms = company.tables["subscriptions"].sort_values("known_at", kind="stable")
    return terms.drop_duplicates("subscription_id", keep="last")
