"""A change taken apart: data, model, calibration; each is nothing where it did not change, and they add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from models.boosted import Boosted
from models.change import Model, changes
from models.reference import fit_reference
from models.scorer import Array, Scorer, sigmoid
from policy.policy import Policy
from tests.models.books import GROUPS


@dataclass(frozen=True)
class Calibrated:
    """A scorer with its log-odds moved by a constant before they are shown."""

    inner: Scorer
    moved: float
    name: str = "calibrated"

    def log_odds(self, features: pd.DataFrame) -> Array:
        return self.inner.log_odds(features)

    def probability(self, margin: Array) -> Array:
        return sigmoid(margin + self.moved)

    def score(self, features: pd.DataFrame) -> Array:
        return self.probability(self.log_odds(features))

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        return self.inner.margins(features)

    def parameters(self) -> dict[str, object]:
        return {}


@pytest.fixture(scope="module")
def weeks(test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same accounts in two weeks; one of them is gone and one is new."""
    raw = test.loc[:, :"days_to_notice"].drop_duplicates("account_id")
    later = raw.assign(login_change_28d=raw["login_change_28d"] - 0.3, past_due_days=raw["past_due_days"] + 5)
    return raw.iloc[:-1], later.iloc[1:]


def added_up(parts: pd.DataFrame) -> None:
    moved = 100 * (parts["after_probability"] - parts["before_probability"])
    np.testing.assert_allclose(parts[["data", "model", "calibration"]].sum(axis=1), moved, rtol=0, atol=1e-12)


def test_with_one_model_all_of_the_change_is_data_and_its_groups_add_up(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], train: pd.DataFrame, policy: Policy
) -> None:
    before, after = weeks
    scorer = scorers["health_recalibrated"]
    one = Model(scorer, policy, fit_reference(scorer, train, GROUPS))
    parts, groups = changes(one, one, before, after, GROUPS)
    assert parts["account_id"].tolist() == after["account_id"].iloc[:-1].tolist()
    assert not parts[["model", "calibration"]].to_numpy().any()
    assert parts["data"].abs().max() > 1
    added_up(parts)
    sums = groups.groupby("account_id")["points"].sum()[parts["account_id"]].to_numpy()
    np.testing.assert_allclose(sums, parts["data"], rtol=0, atol=1e-9)


def test_only_the_groups_whose_numbers_moved_have_points(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    before, _ = weeks
    one = Model(scorers["lightgbm"], policy)
    later = before.assign(past_due_days=before["past_due_days"] + 30)
    _, groups = changes(one, one, before, later, GROUPS)
    moved = groups.groupby("group")["points"].apply(lambda points: points.abs().max())
    assert moved["payment"] > 0.3
    # Others share in what payment makes of them, as the curve from log-odds to probability bends, and no more.
    assert moved.drop("payment").max() < moved["payment"]
    unmoved, points = changes(one, one, before, before, GROUPS)
    assert not unmoved[["data", "model", "calibration"]].to_numpy().any()
    assert not points["points"].to_numpy().any()


def test_a_new_model_on_unchanged_data_is_all_model(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    before, _ = weeks
    parts, _ = changes(Model(scorers["logistic"], policy), Model(scorers["lightgbm"], policy), before, before, GROUPS)
    assert not parts["data"].to_numpy().any()
    assert not parts["calibration"].to_numpy().any()
    assert parts["model"].abs().min() > 0
    added_up(parts)


def test_a_new_calibration_of_the_same_model_is_all_calibration(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    before, after = weeks
    old, new = (Model(Calibrated(scorers["logistic"], moved), policy) for moved in (0.0, 0.4))
    parts, _ = changes(old, new, before, before, GROUPS)
    assert not parts[["data", "model"]].to_numpy().any()
    assert parts["calibration"].min() > 0
    both, _ = changes(old, new, before, after, GROUPS)
    assert both["data"].abs().max() > 1
    assert not both["model"].to_numpy().any()
    added_up(both)


def test_all_three_at_once_add_up(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    before, after = weeks
    boosted = scorers["lightgbm"]
    assert isinstance(boosted, Boosted)
    half = replace(boosted, texts=boosted.texts[:2])
    parts, _ = changes(
        Model(Calibrated(scorers["logistic"], -0.2), policy),
        Model(Calibrated(half, 0.3), policy),
        before,
        after,
        GROUPS,
    )
    assert (parts[["data", "model", "calibration"]].abs().max() > 1).all()
    added_up(parts)


def test_books_without_a_common_account_give_no_rows(
    weeks: tuple[pd.DataFrame, pd.DataFrame], scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    before, after = weeks
    one = Model(scorers["lightgbm"], policy)
    parts, groups = changes(one, one, before.head(1), after.tail(1), GROUPS)
    assert len(parts) == len(groups) == 0
