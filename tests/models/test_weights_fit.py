"""Weights from departures: the score they make, the fit by draws, and the pull towards the policy's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Resampler
from models.health_score import health_scores
from models.prepare import prepared
from models.scorer import Array, sigmoid
from models.weights_fit import (
    DEVIATION,
    FIRM,
    POINTS,
    Components,
    as_weights,
    components_of,
    protection,
    score_under,
    shares,
    slope,
)
from models.weights_told import sentence, whole
from policy.policy import Policy
from tests.models.books import book

POLICY = np.array([0.40, 0.25, 0.20, 0.15])


def scores(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    columns = ["usage_score", "engagement_score", "sentiment_score", "commercial_score"]
    return pd.DataFrame(rows, columns=columns, dtype=float)


def drawn(accounts: int, truth: Array, *, rows: int = 4, seed: int = 0) -> Components:
    """Complete rows whose log-odds fall by `truth` for every 20 points of each component."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 100, (accounts * rows, 4))
    churned = (rng.random(len(points)) < sigmoid(-2 - (points - 50) / POINTS @ truth)).astype(float)
    start = np.full(len(points), -2.0)
    return Components(points, points @ POLICY, start, churned, np.repeat(np.arange(accounts), rows))


def test_a_missing_component_leaves_its_weight_to_the_others(policy: Policy) -> None:
    frame = scores((80, 60, 50, 100), (80, 60, np.nan, 100), (np.nan, np.nan, np.nan, np.nan))
    # 32 + 15 + 10 + 15; then (32 + 15 + 15) / 0.80.
    assert score_under(frame, shares(policy.health.weights))[:2].tolist() == pytest.approx([72.0, 77.5])
    assert np.isnan(score_under(frame, POLICY)[2])
    # All to sentiment: where it is unknown nothing is known.
    assert np.isnan(score_under(frame, np.array([0, 0, 1.0, 0]))[1])


def test_under_the_policys_weights_it_is_the_health_score(policy: Policy) -> None:
    frame = book(accounts=40)
    found = health_scores(frame, policy)
    assert score_under(found, POLICY) == pytest.approx(found["health_score"].to_numpy())


def test_the_columns_move_as_the_renormalised_score_does(policy: Policy) -> None:
    frame = scores((80, 60, 50, 100), (80, 60, np.nan, 100))
    given = components_of(frame, policy.health.weights, np.zeros(2), np.zeros(2), pd.Series(["a", "b"]))
    assert (given.columns @ POLICY).tolist() == pytest.approx([72.0, 77.5])
    moved = POLICY + np.array([0.001, -0.001, 0, 0])
    assert given.columns @ moved == pytest.approx(score_under(frame, moved), abs=1e-5)
    # 77.5 + (80 − 77.5) / 0.80, and the unknown one says what the others say.
    assert given.columns[1].tolist() == pytest.approx([80.625, 55.625, 77.5, 105.625])


def test_a_row_of_which_nothing_is_known_counts_as_the_mean(policy: Policy) -> None:
    frame = scores((80, 60, 50, 100), (40, 60, 50, 100), (np.nan,) * 4)
    given = components_of(frame, policy.health.weights, np.zeros(3), np.zeros(3), pd.Series(list("abc")))
    assert given.score.tolist() == pytest.approx([72.0, 56.0, 64.0])
    assert given.columns[2].tolist() == pytest.approx([64.0] * 4)


def test_a_draw_is_the_fit_on_copies_of_its_accounts_rows() -> None:
    given = drawn(60, np.array([0.4, 0.2, 0.2, 0.1]))
    resampler = Resampler.of(pd.Series(given.account), draws=3)
    levels, found = protection(given, POLICY, resampler.multiplicity)
    for draw in range(3):
        copies = np.repeat(np.arange(len(given.score)), resampler.multiplicity[:, draw].astype(int)[given.account])
        # The penalty and the centre stay those of the book.
        overlap = given.churned.sum() / len(np.unique(given.account[given.churned == 1]))
        along = POLICY / np.linalg.norm(POLICY)
        penalty = (np.eye(4) - np.outer(along, along)) * overlap / DEVIATION**2 + FIRM * np.eye(4)
        design = np.column_stack([np.ones(len(copies)), -(given.columns[copies] - given.score.mean()) / POINTS])
        slow = minimised(design, given.offset[copies], given.churned[copies], penalty)
        assert np.concatenate([levels[[draw]], found[:, draw]]) == pytest.approx(slow, abs=2e-4)


def minimised(design: Array, offset: Array, churned: Array, penalty: Array) -> Array:
    """The same by a general optimiser."""
    from scipy.optimize import minimize

    def loss(w: Array) -> float:
        margin = offset + design @ w
        return float((np.logaddexp(0, margin) - churned * margin).sum() + 0.5 * w[1:] @ penalty @ w[1:])

    bounds = [(None, None), *[(0, None)] * 4]
    return np.asarray(minimize(loss, np.zeros(5), bounds=bounds, options={"ftol": 1e-14, "gtol": 1e-9}).x)


def test_no_component_protects_by_being_bad() -> None:
    _, found = protection(drawn(800, np.array([0.5, -0.5, 0.2, 0.2])), POLICY)
    assert found[1, 0] == 0.0
    assert (found[[0, 2, 3], 0] > 0.05).all()


def test_few_departures_keep_near_the_policy_and_many_find_the_truth() -> None:
    truth = np.array([0.1, 0.1, 0.7, 0.1])
    few, many = (100 * as_weights(protection(drawn(n, truth, seed=1), POLICY)[1], POLICY)[2, 0] for n in (15, 6000))
    assert 20 < few < 50
    assert many == pytest.approx(70, abs=4)


def test_a_row_more_an_account_makes_no_departure_more() -> None:
    given = drawn(40, np.array([0.1, 0.1, 0.7, 0.1]), rows=1, seed=2)
    thrice = Components(*(np.repeat(part, 3, axis=0) for part in vars(given).values()))
    _, once = protection(given, POLICY)
    _, again = protection(thrice, POLICY)
    assert as_weights(again, POLICY) == pytest.approx(as_weights(once, POLICY), abs=0.002)


def test_where_nothing_protects_the_policys_weights_stay() -> None:
    assert as_weights(np.zeros((4, 1)), POLICY)[:, 0].tolist() == POLICY.tolist()


def test_the_slope_is_that_of_the_policys_score() -> None:
    level, firm = slope(drawn(4000, 1.2 * POLICY, seed=3))
    assert firm == pytest.approx(1.2, abs=0.08)
    assert level == pytest.approx(0.0, abs=0.1)


def test_whole_weights_still_sum_to_100() -> None:
    found = whole({"usage": 33.34, "engagement": 33.33, "sentiment": 33.33, "commercial": 0.0})
    assert found == {"usage": 34, "engagement": 33, "sentiment": 33, "commercial": 0}


def test_the_sentence_says_what_would_move_and_on_what_it_rests() -> None:
    ours, theirs = {"usage": 40.0, "sentiment": 20.0}, {"usage": 20.0, "sentiment": 40.0}
    wide, narrow = {"ci": (0.0, 60.0), "ci_all_four": (0.0, 70.0)}, {"ci": (31.0, 50.0), "ci_all_four": (30.0, 55.0)}
    gain = {"n_origins": 6, "log_loss": 0.002, "log_loss_ci": (0.001, 0.003), "roc_auc_in_window_ci": None}
    told = sentence("change", ours, theirs, {"usage": wide, "sentiment": narrow}, gain, 90)
    assert "saved 0.0020 of log-loss on later rows [0.0010, 0.0030]. sentiment 20 → 40 (30–55)." in told
    assert "usage" not in told
    none = sentence("no_change", ours, theirs, {"usage": wide, "sentiment": wide}, gain, 90)
    assert none == (
        "Your data cannot tell these weights apart from others: 90 churned accounts allow usage 0–70, sentiment 0–70, "
        "and every weight of the policy lies within."
    )


def test_prepared_rows_of_a_book_can_be_weighed(policy: Policy) -> None:
    frame = prepared(book(accounts=50), policy)
    start = np.full(len(frame), -2.0)
    given = components_of(frame, policy.health.weights, start, frame["churned"].to_numpy(), frame["account_id"])
    weights = as_weights(protection(given, POLICY)[1], POLICY)[:, 0]
    assert weights.sum() == pytest.approx(1.0)
