"""One book, prepared and fitted once."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pandas as pd
import pytest

from models.prepare import prepared
from models.scorer import Scorer
from models.zoo import fit_all
from policy.policy import Policy, load_policy
from tests.models.books import DIRECTIONS, book

# LightGBM's two threads wait by spinning: on a busy machine a fit of one second then takes thirty. It loads later.
os.environ.setdefault("GOMP_SPINCOUNT", "0")


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy()


@pytest.fixture(scope="session")
def train(policy: Policy) -> pd.DataFrame:
    return prepared(book(seed=1), policy)


@pytest.fixture(scope="session")
def test(policy: Policy) -> pd.DataFrame:
    """Rows never seen in training, some of them with values missing that training always had."""
    frame = book(accounts=60, seed=2)
    frame.loc[::5, ["login_change_28d", "past_due_days", "open_escalations"]] = float("nan")
    return prepared(frame, policy)


@pytest.fixture(scope="session")
def scorers(train: pd.DataFrame, policy: Policy) -> Mapping[str, Scorer]:
    return fit_all(train, train["churned"].to_numpy(), DIRECTIONS, policy)
