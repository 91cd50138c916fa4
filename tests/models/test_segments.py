"""Groups of the book: where each begins, and how far a small one's figure is drawn towards the whole."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.card_figures import Judged
from models.segments import groups, segment_figures, shrunken
from policy.policy import load_policy


def test_bands_begin_where_they_say() -> None:
    rows = pd.DataFrame(
        {
            "segment": ["smb", None, "x", "x", "x", "x", "x"],
            "tenure_days": [89.0, 90, 364, 365, 729, 730, np.nan],
            "term_length_days": [30.0, 45, 46, 365, 400, 401, np.nan],
        }
    )
    found = groups(rows)
    assert found["segment"].tolist()[:2] == ["smb", "unknown"]
    assert found["tenure"].tolist() == [
        "under 90 days", "90 days to 1 year", "90 days to 1 year", "1 to 2 years", "1 to 2 years", "2 years and more",
        "unknown",
    ]  # fmt: skip
    assert found["contract"].tolist() == [
        "monthly", "monthly", "annual", "annual", "annual", "multi-year", "unknown"
    ]  # fmt: skip


def test_a_group_keeps_the_share_of_its_distance_that_chance_does_not_explain() -> None:
    # Squared distances .04 and .04, sampling variances .01 and .03: τ² = .02, so 2/3 and 2/5 of the distance stay.
    found = shrunken({"a": (0.9, 0.1), "b": (0.5, 0.03**0.5)}, 0.7, pooled_error=0.02)
    assert found["a"]["shrunken"] == pytest.approx(0.7 + 0.2 * 2 / 3)
    assert found["b"]["shrunken"] == pytest.approx(0.7 - 0.2 * 2 / 5)
    half = 1.96 * ((2 / 3) * 0.01 + (1 / 3 * 0.02) ** 2) ** 0.5
    assert found["a"]["ci"] == pytest.approx((0.7 + 0.4 / 3 - half, 0.7 + 0.4 / 3 + half))
    assert found["a"]["value"] == 0.9


def test_groups_that_differ_by_chance_alone_are_all_the_whole_book() -> None:
    found = shrunken({"a": (0.72, 0.1), "b": (0.69, 0.1)}, 0.7, pooled_error=0.05)
    for group in found.values():
        assert group["shrunken"] == pytest.approx(0.7)
        assert group["ci"] == pytest.approx((0.7 - 1.96 * 0.05, 0.7 + 1.96 * 0.05))


def test_what_is_not_known_is_not_shrunken() -> None:
    found = shrunken({"a": (None, None), "b": (0.9, None)}, 0.7)
    assert found["a"] == {"value": None, "shrunken": None, "ci": None}
    assert found["b"] == {"value": 0.9, "shrunken": None, "ci": None}
    assert shrunken({"a": (0.9, 0.1)}, None)["a"]["shrunken"] is None


def test_a_group_below_ten_churned_accounts_is_counted_and_has_no_figure() -> None:
    # Per segment 30 accounts of one row; 10 of `many` and 9 of `few` leave, and they are the riskiest.
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(60)],
            "as_of": [date(2026, 1, 5) + timedelta(weeks=i % 2) for i in range(60)],
            "churned": [1.0] * 10 + [0.0] * 20 + [1.0] * 9 + [0.0] * 21,
            "in_window": True,
            "arr": 1.0,
            "segment": ["many"] * 30 + ["few"] * 30,
            "tenure_days": 800.0,
            "term_length_days": 365.0,
        }
    )
    judged = Judged(rows, 0.3, 0.1, 90, load_policy().money)
    probability = np.where(rows["churned"] == 1, 0.6, 0.2)
    found = segment_figures(
        judged, {"shipped": probability}, rank_only="health_score", calendar=np.full(60, 0.3), draws=50
    )
    many, few = found["segment"]["many"], found["segment"]["few"]
    assert (many["n_churned_accounts"], few["n_churned_accounts"]) == (10, 9)
    assert many["figures"]["shipped"]["roc_auc"]["value"] == 1.0
    assert many["figures"]["shipped"]["observed_expected"]["value"] == pytest.approx(10 / (10 * 0.6 + 20 * 0.2))
    assert few["figures"]["shipped"]["roc_auc"] is None
    assert few["n_accounts"] == 30
    assert list(found["tenure"]) == ["2 years and more"]
