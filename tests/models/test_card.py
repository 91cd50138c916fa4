"""The whole card on a made-up book: complete, plain, and the shipped column is the champion's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.account_disjoint import crossed
from models.card import COLUMNS, Refits, evaluation_card
from models.card_figures import Judged
from models.lead_time import Losses
from models.scorer import Array, sigmoid
from policy.policy import load_policy

BLOCKS: Mapping[str, set[str]] = {
    "discrimination": {"roc_auc", "roc_auc_in_window", "pr_auc", "base_rate"},
    "overall": {"log_loss", "log_loss_constant", "brier", "skill_above_calendar"},
    "calibration": {"observed_expected", "slope", "ece"},
    "ranking": {"lift_at_10", "precision_at_capacity", "recall_at_capacity", "arr_recall_at_capacity"},
    "money": {"empc", "empb", "net_benefit"},
    "lead_time": {
        "n_churned_accounts", "n_alerted", "median_days_to_decision", "median_days_to_notice", "ahead_30", "ahead_60"
    },
    "stability": {"seed_only", "week_to_week", "after_retrain"},
}  # fmt: skip


def rows() -> tuple[pd.DataFrame, Array]:
    rng = np.random.default_rng(3)
    hidden = np.repeat(rng.normal(size=150), 6)
    churned = (rng.random(900) < sigmoid(hidden - 2)).astype(float)
    frame = pd.DataFrame(
        {
            "account_id": np.repeat([f"a{i:03d}" for i in range(150)], 6),
            "as_of": np.tile(pd.date_range("2026-01-05", periods=6, freq="7D"), 150),
            "churned": churned,
            "in_window": rng.random(900) < 0.5,
            "arr": rng.lognormal(9, 1, 900),
            "segment": np.repeat(rng.choice(["smb", "enterprise"], 150), 6),
            "tenure_days": np.repeat(rng.integers(10, 1500, 150).astype(float), 6),
            "term_length_days": 365.0,
        }
    )
    return frame, hidden


@pytest.fixture(scope="module")
def card() -> dict[str, Any]:
    frame, hidden = rows()
    rng = np.random.default_rng(4)
    scores = {"health_score": hidden, "calendar": np.full(900, 0.15)}
    for name in ("health_recalibrated", "recency", "logistic", "lightgbm", "ensemble"):
        scores[name] = sigmoid(hidden - 2 + rng.normal(scale=0.5, size=900))
    again = {name: sigmoid(hidden - 2 + rng.normal(scale=0.5, size=900)) for name in ("lightgbm", "ensemble")}
    lost = frame[frame["churned"] == 1].groupby("account_id", as_index=False)["as_of"].max()
    losses = Losses(
        pd.DataFrame(
            {
                "account_id": lost["account_id"],
                "decided_on": lost["as_of"] + pd.Timedelta(days=35),
                "notice_on": lost["as_of"] + pd.Timedelta(days=50),
            }
        ),
        tuple(sorted(frame["as_of"].unique())),
    )
    halves = crossed(
        frame, frame, lambda _, later, names: {n: scores[n][later.index] for n in names}, ("calendar", "ensemble")
    )
    refits = Refits({"lightgbm": again["lightgbm"], "ensemble": again["ensemble"]}, again, halves)
    judged = Judged(frame, 0.15, 0.1, 90, load_policy().money)
    return evaluation_card(judged, scores, "ensemble", refits, losses, load_policy())


def test_every_figure_of_the_card_is_there_for_every_scorer(card: dict[str, Any]) -> None:
    assert tuple(card["columns"]) == COLUMNS
    for name, found in card["columns"].items():
        wanted = {b: set(f) for b, f in BLOCKS.items() if name != "health_score" or b not in ("overall", "calibration")}
        if name == "health_score":
            wanted["money"] -= {"net_benefit"}
        assert {block: set(figures) for block, figures in found.items()} == wanted, name


def test_every_defined_figure_has_an_interval_around_it(card: dict[str, Any]) -> None:
    shipped = card["columns"]["shipped"]
    without = {"log_loss_constant", "ece", "n_churned_accounts", "n_alerted"}
    for block, figures in shipped.items():
        for name, found in figures.items():
            if name in without:
                continue
            assert found["value"] is not None, f"{block}.{name}"
            low, high = found["ci"]
            assert low <= found["value"] <= high, f"{block}.{name}"


def test_the_card_is_plain_json_without_nan(card: dict[str, Any]) -> None:
    json.dumps(card, allow_nan=False)


def test_the_shipped_column_is_the_champions(card: dict[str, Any]) -> None:
    assert card["champion"] == "ensemble"
    assert card["columns"]["shipped"] != card["columns"]["lightgbm"]
    own = card["account_disjoint"]["ensemble"]["time_split"]["roc_auc"]
    assert own["value"] == card["columns"]["shipped"]["discrimination"]["roc_auc"]["value"]


def test_only_what_has_a_seed_can_move_with_it(card: dict[str, Any]) -> None:
    stability = {name: found["stability"] for name, found in card["columns"].items()}
    assert stability["calendar"]["seed_only"] == {"value": 1.0, "ci": None}
    assert stability["health_score"]["after_retrain"] == {"value": 1.0, "ci": None}
    assert stability["lightgbm"]["seed_only"]["value"] < 1
    assert stability["logistic"]["after_retrain"]["value"] is None


def test_without_a_day_of_decision_there_is_no_lead_time() -> None:
    frame, hidden = rows()
    scores = {
        name: np.full(900, 0.15) if name == "calendar" else sigmoid(hidden - 2)
        for name in ("health_score", "health_recalibrated", "calendar", "logistic", "lightgbm")
    }
    judged = Judged(frame, 0.15, 0.1, 90, load_policy().money)
    found = evaluation_card(judged, scores, "lightgbm", Refits({}, {}, None), None, load_policy())
    assert all(column["lead_time"] is None for column in found["columns"].values())
    assert found["account_disjoint"] is None


def test_a_book_of_one_week_without_revenue_terms_or_differences_still_has_its_card() -> None:
    frame = pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(12)],
            "as_of": pd.Timestamp("2026-01-05"),
            "churned": [1.0] + [0.0] * 11,
            "in_window": False,
            "arr": np.nan,
            "segment": None,
            "tenure_days": np.nan,
            "term_length_days": np.nan,
        }
    )
    names = ("health_score", "health_recalibrated", "calendar", "logistic", "lightgbm")
    losses = Losses(pd.DataFrame({"account_id": [], "decided_on": [], "notice_on": []}), (pd.Timestamp("2026-01-05"),))
    same = dict.fromkeys(names, np.full(12, 0.1))
    judged = Judged(frame, 0.1, 0.1, 90, load_policy().money)
    found = evaluation_card(judged, same, "lightgbm", Refits({}, {}, None), losses, load_policy())
    json.dumps(found, allow_nan=False)
    shipped = found["columns"]["shipped"]
    assert shipped["discrimination"]["roc_auc"]["value"] == 0.5
    assert shipped["calibration"]["slope"]["value"] is None
    assert shipped["money"]["empb"]["value"] is None
    assert shipped["ranking"]["precision_at_capacity"]["value"] is None  # a tie at the cut: no one is on the list
    assert shipped["stability"]["week_to_week"]["value"] is None
    assert found["segments"]["segment"]["unknown"]["n_accounts"] == 12
