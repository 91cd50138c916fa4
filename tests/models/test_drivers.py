"""Contributions in percentage points: exact Shapley values that add up to the probability shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models import drivers as drivers_module
from models.drivers import base_points, drivers, group_points
from models.game import MOST_GROUPS, shapley
from models.reference import Reference, fit_reference
from models.scorer import Array, FromLogOdds, Scorer, sigmoid
from models.zoo import NAMES, fit_all
from policy.policy import Policy
from tests.models.books import DIRECTIONS, GROUPS


@dataclass(frozen=True)
class Given(FromLogOdds):
    """A scorer whose log-odds are the columns of the frame themselves."""

    name: str = "given"
    base: float = -2.0

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        return self.base, features

    def log_odds(self, features: pd.DataFrame) -> Array:
        return np.asarray(self.base + features.to_numpy().sum(axis=1))

    def parameters(self) -> dict[str, Any]:
        return {}


class Halved(Given):
    """One that shows half of what its log-odds say, as a calibration may."""

    def probability(self, margin: Array) -> Array:
        return sigmoid(margin) / 2


@pytest.mark.parametrize("name", NAMES[1:])
def test_base_and_contributions_add_up_to_the_probability_shown(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    found = drivers(scorers[name], test, GROUPS)
    total = base_points(scorers[name], test) + found.groupby("row")["contribution"].sum()
    np.testing.assert_allclose(total[test.index], 100 * scorers[name].score(test), atol=1e-9)


@pytest.mark.parametrize("name", NAMES[1:])
def test_from_the_mean_probability_of_the_book_they_add_up_as_well(
    name: str, scorers: Mapping[str, Scorer], train: pd.DataFrame, test: pd.DataFrame
) -> None:
    scorer = scorers[name]
    reference = fit_reference(scorer, train, GROUPS)
    base = base_points(scorer, test, reference)
    assert base == pytest.approx(100 * scorer.score(train).mean(), abs=1e-9)
    found = drivers(scorer, test, GROUPS, reference=reference, log_odds=scorer.log_odds(test))
    total = base + found.groupby("row")["contribution"].sum()
    np.testing.assert_allclose(total[test.index], 100 * scorer.score(test), rtol=0, atol=1e-9)


def test_points_by_group_are_the_sums_of_the_points_by_indicator(
    scorers: Mapping[str, Scorer], train: pd.DataFrame, test: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = scorers["ensemble"]
    reference = fit_reference(scorer, train, GROUPS)
    monkeypatch.setattr(drivers_module, "ROWS", 50)  # several blocks, the last one not full
    found = group_points(scorer, test, GROUPS, reference=reference)
    sums = drivers(scorer, test, GROUPS, reference=reference).groupby(["row", "group"])["contribution"].sum().unstack()
    pd.testing.assert_frame_equal(found, sums.loc[test.index], check_names=False, rtol=0, atol=1e-12)
    assert group_points(scorer, test.head(0), GROUPS).shape == (0, found.shape[1])


def test_the_game_is_for_the_probability_that_is_shown() -> None:
    frame = pd.DataFrame({"a": [1.0, 3.0], "b": [0.5, -2.0]})
    found = group_points(Halved(), frame, {"a": "use", "b": "pay"})
    # Log-odds of −2 show 6.0 %, half the logistic function of −2.
    assert base_points(Halved(), frame) == pytest.approx(50 * sigmoid(np.array([-2.0]))[0])
    total = base_points(Halved(), frame) + found.sum(axis=1)
    assert total.tolist() == pytest.approx((50 * sigmoid(np.array([-0.5, -1.0]))).tolist())


def test_what_an_approximation_misses_goes_into_the_largest_group() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [-0.2]})
    missed = 0.3
    log_odds = Given().log_odds(frame) + missed
    found = drivers(Given(), frame, {"a": "use", "b": "pay"}, log_odds=log_odds).set_index("indicator")["contribution"]
    points = 100 * shapley(-2.0, np.array([[1.0 + missed, -0.2]]))[0]
    assert found[["a", "b"]].tolist() == pytest.approx(points.tolist())
    assert base_points(Given(), frame) + found.sum() == pytest.approx(100 * sigmoid(log_odds)[0], abs=1e-9)


def test_more_than_eight_groups_are_refused_by_name() -> None:
    frame = pd.DataFrame([np.ones(9)], columns=[f"i{n}" for n in range(9)])
    with pytest.raises(ValueError, match=r"9 driver groups \(g0, g1.*at most 8"):
        drivers(Given(), frame, {f"i{n}": f"g{n}" for n in range(9)})
    eight = drivers(Given(), frame, {f"i{n}": f"g{min(n, 7)}" for n in range(9)})
    assert eight["group"].nunique() == MOST_GROUPS == 8


def test_the_catalogue_has_at_most_eight_groups() -> None:
    assert len(set(GROUPS.values())) <= MOST_GROUPS


def test_within_a_group_the_points_are_split_as_the_log_odds_are() -> None:
    found = drivers(Given(), pd.DataFrame({"a": [1.0], "b": [0.5], "c": [-0.3]}), {"a": "use", "b": "use", "c": "pay"})
    points = found.set_index("indicator")["contribution"]
    assert points["a"] == pytest.approx(2 * points["b"])
    assert points["c"] < 0 < points["b"]
    assert found.loc[found["indicator"] == "a", "group"].item() == "use"


@pytest.mark.parametrize("b", [-1.0, -0.999, -1.001, -0.8, -1 + 1e-15])
def test_a_group_whose_log_odds_cancel_still_adds_up_without_blowing_up(b: float) -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [b], "c": [0.7]})
    found = drivers(Given(), frame, {"a": "use", "b": "use", "c": "pay"})
    total = base_points(Given(), frame) + found["contribution"].sum()
    assert total == pytest.approx(100 * Given().score(frame)[0], abs=1e-9)
    assert found["contribution"].abs().max() < 100


def test_where_the_log_odds_of_a_group_cancel_the_little_that_is_left_is_shared_equally() -> None:
    found = drivers(Given(), pd.DataFrame({"a": [1.0], "b": [-0.99]}), {"a": "use", "b": "use"})
    assert found["contribution"].tolist() == pytest.approx(
        [100 * (Given().score(pd.DataFrame({"a": [0.01]}))[0] - Given().score(pd.DataFrame({"a": [0.0]}))[0]) / 2] * 2
    )


def test_an_indicator_without_a_group_is_told_as_other() -> None:
    assert drivers(Given(), pd.DataFrame({"a": [1.0]}), {})["group"].tolist() == ["other"]


def test_row_order_does_not_matter(scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    def told(frame: pd.DataFrame) -> pd.Series:
        return drivers(scorers["ensemble"], frame, GROUPS).set_index(["row", "indicator"])["contribution"].sort_index()

    pd.testing.assert_series_equal(told(test), told(test.sample(frac=1, random_state=2)), rtol=0, atol=1e-12)


def test_every_row_and_indicator_appears_once(scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    found = drivers(scorers["lightgbm"], test, GROUPS)
    assert not found.duplicated(["row", "indicator"]).any()
    assert set(found["row"]) == set(test.index)


def test_an_indicator_copied_under_another_name_leaves_its_group_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [-0.4]})
    # The same model, its coefficient shared by the two copies.
    copied = pd.DataFrame({"a": [0.5], "copy": [0.5], "b": [-0.4]})
    once = group_points(Given(), frame, {"a": "use", "b": "pay"})
    twice = group_points(Given(), copied, {"a": "use", "copy": "use", "b": "pay"})
    np.testing.assert_allclose(twice, once, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["logistic", "lightgbm", "ensemble"])
def test_fitted_again_beside_a_copy_its_group_tells_nearly_the_same(
    name: str, train: pd.DataFrame, test: pd.DataFrame, scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    directions = {**DIRECTIONS, "copy": DIRECTIONS["login_change_28d"]}
    beside = train.assign(copy=train["login_change_28d"]), test.assign(copy=test["login_change_28d"])
    again = fit_all(beside[0], train["churned"].to_numpy(), directions, policy, only=(name,))[name]
    groups = {**GROUPS, "copy": GROUPS["login_change_28d"]}
    before, after = group_points(scorers[name], test, GROUPS), group_points(again, beside[1], groups)
    usage = GROUPS["login_change_28d"]
    assert np.corrcoef(before[usage], after[usage])[0, 1] > 0.95
    # In the mean over accounts by less than a fifth of what the group usually moves.
    assert (after[usage] - before[usage]).abs().mean() < 0.2 * before[usage].abs().mean()


def test_within_a_group_an_indicator_that_is_as_in_the_reference_adds_nothing() -> None:
    reference = Reference(("a", "b"), ((1.0, 0.0),), (1.0,))
    frame = pd.DataFrame({"a": [1.0], "b": [0.8]})
    found = drivers(Given(), frame, {"a": "use", "b": "use"}, reference=reference).set_index("indicator")
    whole = 100 * float(np.diff(sigmoid(np.array([-1.0, -0.2])))[0])
    assert found["contribution"][["a", "b"]].tolist() == pytest.approx([0.0, whole])
