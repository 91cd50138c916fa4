"""The curve between what a scorer says and what is shown: honest, rising, and used only where it would have gained."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.calibration import Calibrated, Curve, chosen_curve, fit_curve
from models.ladder import Origin
from models.scorer import Array, Scorer, logit, sigmoid
from models.split import EMBARGO_DAYS
from models.zoo import from_parameters

WINDOW = 28


def drawn(rows: int, seed: int = 0) -> tuple[Array, Array]:
    """(true probabilities, labels drawn from them)."""
    rng = np.random.default_rng(seed)
    true = sigmoid(rng.normal(-2.0, 1.0, rows))
    return true, (rng.random(rows) < true).astype(float)


def said_at(origins: int, wrong: float, *, apart_days: int = WINDOW + EMBARGO_DAYS) -> list[Origin]:
    """Origins at which a scorer says the truth, its log-odds moved by `wrong`."""
    found = []
    for i in range(origins):
        true, churned = drawn(800, seed=i)
        rows = pd.DataFrame(
            {
                "account_id": [f"a{n}" for n in range(800)],
                "as_of": date(2025, 1, 6) + timedelta(days=i * apart_days),
                "churned": churned,
            }
        )
        found.append(Origin(rows, {"logistic": sigmoid(logit(true) + wrong)}))
    return found


def test_without_a_curve_the_scorer_speaks_for_itself() -> None:
    margin = np.linspace(-8, 8, 33)
    assert np.abs(Curve().log_odds(margin) - margin).max() < 1e-12


def test_a_beta_curve_is_the_published_map() -> None:
    p = np.array([0.03, 0.4, 0.9])
    odds = 0.7 * np.log(p) - 1.6 * np.log(1 - p) + 0.2
    assert Curve("beta", 0.7, 1.6, 0.2).log_odds(logit(p)) == pytest.approx(odds)


def test_platts_line_is_the_one_scikit_learn_finds() -> None:
    from sklearn.linear_model import LogisticRegression

    true, churned = drawn(3000)
    said = sigmoid(1.8 * logit(true) + 0.7)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(said).reshape(-1, 1), churned)
    curve = fit_curve("platt", said, churned)
    assert (curve.rising, curve.falling, curve.level) == pytest.approx(
        (theirs.coef_[0, 0], theirs.coef_[0, 0], theirs.intercept_[0]), abs=2e-4
    )


@pytest.mark.parametrize("kind", ["level", "platt", "beta"])
def test_after_fitting_as_many_are_expected_as_left(kind: str) -> None:
    true, churned = drawn(3000)
    said = sigmoid(1.5 * logit(true) + 0.5)
    assert sigmoid(fit_curve(kind, said, churned).log_odds(logit(said))).sum() == pytest.approx(churned.sum(), rel=1e-4)


@pytest.mark.parametrize("kind", ["level", "platt", "beta"])
def test_no_curve_turns_the_order_around(kind: str) -> None:
    true, churned = drawn(3000)
    curve = fit_curve(kind, 1 - true, churned)
    assert (np.diff(curve.log_odds(np.linspace(-9, 9, 200))) >= 0).all()


def test_a_scorer_that_said_half_as_much_for_half_a_year_is_lifted() -> None:
    curve, tried = chosen_curve(said_at(6, wrong=-0.8), "logistic", window_days=WINDOW)
    assert curve.level == pytest.approx(0.8, abs=0.15)
    assert {t.kind for t in tried if t.bounds and t.bounds[0] > 0} >= {"level", "platt"}


def test_an_honest_scorer_is_left_alone() -> None:
    curve, _ = chosen_curve(said_at(6, wrong=0.0), "logistic", window_days=WINDOW)
    assert curve == Curve()


def test_origins_whose_labels_were_not_yet_known_teach_nothing() -> None:
    near = said_at(6, wrong=-0.8, apart_days=(WINDOW + EMBARGO_DAYS - 1) // 5)
    curve, tried = chosen_curve(near, "logistic", window_days=WINDOW)
    assert curve == Curve()
    assert all(t.bounds is None for t in tried)


def test_a_calibrated_scorer_shows_the_curve_of_its_own_log_odds(
    train: pd.DataFrame, scorers: dict[str, Scorer]
) -> None:
    inner = scorers["logistic"]
    seen = Calibrated(inner, Curve("beta", 0.8, 1.3, -0.2))
    base, parts = seen.margins(train)
    margin = base + parts.to_numpy().sum(axis=1)
    assert seen.score(train) == pytest.approx(seen.probability(margin), abs=1e-12)
    assert (seen.score(train) != inner.score(train)).all()
    again = from_parameters(seen.parameters())
    assert np.array_equal(again.score(train), seen.score(train))
    assert again.name == "logistic"


def test_the_members_of_a_bag_are_seen_through_the_same_curve(train: pd.DataFrame, scorers: dict[str, Scorer]) -> None:
    seen = Calibrated(scorers["lightgbm"], Curve("level", level=0.4))
    alone = seen.members()
    assert len(alone) == 5
    assert logit(seen.score(train)) == pytest.approx(np.mean([logit(m.score(train)) for m in alone], axis=0), abs=1e-9)
    assert Calibrated(scorers["logistic"], Curve()).members() == []
