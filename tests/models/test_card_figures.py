"""One column of the card on rows small enough to count by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.card_figures import Judged, column, figure
from policy.policy import load_policy

MONDAY, NEXT = date(2026, 1, 5), date(2026, 1, 12)
PROBABILITY = np.array([0.8, 0.6, 0.2, 0.1] * 5 + [0.7, 0.5, 0.3, 0.2] * 5)


@pytest.fixture(scope="module")
def judged() -> Judged:
    """Twenty accounts in two weeks; each week the riskiest quarter (.25) is the red list: the .8s, then the .7s."""
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(20)] * 2,
            "as_of": [MONDAY] * 20 + [NEXT] * 20,
            # First week: three of the five at .8 churn, one at .6; second week: one at .7, two at .5.
            "churned": np.zeros(40),
            "in_window": [True] * 20 + [False] * 20,
            "arr": [100.0] * 40,
        }
    )
    rows.loc[[0, 4, 8, 1, 20, 21, 25], "churned"] = 1.0
    rows.loc[[0, 4, 8], "arr"] = [1000.0, 2000.0, np.nan]
    return Judged(rows, 0.1, 0.25, 90, load_policy().money)


def test_capacity_figures_count_the_red_list_of_each_week(judged: Judged) -> None:
    ranking = column(judged, PROBABILITY, None)["ranking"]
    # On the lists: .8 (3 of 5 churned) and .7 (1 of 5); 7 churned rows in all.
    assert ranking["precision_at_capacity"]["value"] == pytest.approx(4 / 10)
    assert ranking["recall_at_capacity"]["value"] == pytest.approx(4 / 7)
    # Churned ARR 1000 + 2000 + unknown + 4 × 100, of it 1000 + 2000 + 100 on the lists.
    assert ranking["arr_recall_at_capacity"]["value"] == pytest.approx(3100 / 3400)
    low, high = ranking["recall_at_capacity"]["ci"]
    assert low < 4 / 7 < high


def test_a_ranking_has_no_figure_of_a_probability(judged: Judged) -> None:
    found = column(judged, PROBABILITY, None)
    assert set(found) == {"discrimination", "ranking", "money"}
    assert set(found["money"]) == {"empc", "empb"}


def test_probability_figures_are_the_published_ones(judged: Judged) -> None:
    calendar = np.full(40, 7 / 40)
    found = column(judged, PROBABILITY, calendar)
    y, p = judged.churned, PROBABILITY
    loss = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    reference = -(7 / 40 * np.log(7 / 40) + 33 / 40 * np.log(33 / 40))
    assert found["overall"]["log_loss"]["value"] == pytest.approx(loss)
    assert found["overall"]["skill_above_calendar"]["value"] == pytest.approx(1 - loss / reference)
    assert found["calibration"]["observed_expected"]["value"] == pytest.approx(7 / p.sum())
    assert found["calibration"]["ece"]["verdict"] == "insufficient events"
    assert found["calibration"]["ece"]["n_churned_accounts"] == 5  # a00 twice, a01, a04, a05, a08
    assert found["calibration"]["ece"]["noise_floor"] > 0
    # The calendar against itself saves nothing in any draw: the draws are paired.
    own = column(judged, calendar, calendar)["overall"]["skill_above_calendar"]
    assert own["value"] == 0
    assert own["ci"] == (0.0, 0.0)


def test_a_renewal_window_with_fewer_than_ten_losses_has_no_auc(judged: Judged) -> None:
    found = column(judged, PROBABILITY, None)["discrimination"]
    assert found["roc_auc_in_window"] == {"value": None, "ci": None, "n_churned_accounts": 4}
    assert found["roc_auc"]["value"] is not None


def test_an_undefined_figure_is_null_and_has_no_interval() -> None:
    assert figure(None, np.ones(10)) == {"value": None, "ci": None}
    assert figure(float("nan"), np.ones(10)) == {"value": None, "ci": None}
    assert figure(1, np.full(10, np.nan), n=3) == {"value": 1.0, "ci": None, "n": 3}
