"""A scorer that only remembers accounts is found out on accounts it never saw."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
import pytest

from models.account_disjoint import OTHERS, SAME, crossed, disjoint_figures
from models.card_figures import Judged
from models.scorer import Array
from models.split import fold_of
from policy.policy import load_policy


def frame(accounts: int = 200) -> pd.DataFrame:
    """Every fourth account churns, in training and in the test alike: all there is to learn is who it is."""
    return pd.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(accounts)],
            "churned": [float(i % 4 == 0) for i in range(accounts)],
            "as_of": pd.Timestamp("2026-01-05"),
            "in_window": True,
            "arr": 1.0,
        }
    )


def remembering(train: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
    seen = dict(zip(train["account_id"], train["churned"], strict=True))
    said = np.array([0.1 + 0.5 * seen[a] if a in seen else 0.25 for a in later["account_id"]])
    return {name: np.full(len(later), 0.25) if name == "calendar" else said for name in names}


def test_memory_is_worth_everything_on_accounts_seen_and_nothing_on_others() -> None:
    rows = frame()
    halves = crossed(rows, rows, remembering, ("calendar", "lightgbm"))
    assert halves is not None
    judged = Judged(rows, 0.25, 0.1, 90, load_policy().money)
    scores = {"calendar": np.full(200, 0.25), "lightgbm": halves[SAME]["lightgbm"]}
    found = disjoint_figures(judged, scores, halves)["lightgbm"]
    assert found["same_accounts"]["roc_auc"]["value"] == 1.0
    assert found["other_accounts"]["roc_auc"]["value"] == 0.5
    assert found["gain_from_seen"]["value"] == pytest.approx(0.5)
    assert found["gain_from_seen"]["ci"] == pytest.approx((0.5, 0.5))
    assert found["other_accounts"]["skill_above_calendar"]["value"] == pytest.approx(0.0)


def test_no_row_is_judged_by_a_fit_that_saw_its_account_and_every_row_is_judged() -> None:
    rows, fits = frame(), []

    def watching(train: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        fits.append(set(train["account_id"]))
        return {name: np.full(len(later), float(len(fits))) for name in names}

    halves = crossed(rows, rows, watching, ("lightgbm",))
    assert halves is not None
    assert len(fits) == 2
    assert not fits[0] & fits[1]
    for account, other, same in zip(
        rows["account_id"], halves[OTHERS]["lightgbm"], halves[SAME]["lightgbm"], strict=True
    ):
        assert account not in fits[int(other) - 1]
        assert account in fits[int(same) - 1]


def test_accounts_split_into_halves_of_about_the_same_size() -> None:
    assert 450 < sum(fold_of(f"acc-{i:05d}", 2) for i in range(1000)) < 550


def test_a_half_with_too_few_losses_gives_no_variant() -> None:
    rows = frame(60)  # 15 churned accounts in all: one half has fewer than 10
    assert crossed(rows, rows, remembering, ("lightgbm",)) is None
