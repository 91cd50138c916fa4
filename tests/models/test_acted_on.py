"""What acting did is measured against the holdout, and taken back from the labels of the acted-on alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.acted_on import ACTED, HELD, untreated, what_acting_did
from models.scorer import logit, sigmoid
from policy.policy import load_policy

LIMITS = load_policy().acted_on


def alarmed(*, acted: tuple[int, int], held: tuple[int, int], rest: int = 0) -> pd.DataFrame:
    """One row an account; of `acted` and `held` so many left and so many stayed; nobody of the rest left."""
    alarm = [ACTED] * sum(acted) + [HELD] * sum(held) + [None] * rest
    churned = [1.0] * acted[0] + [0.0] * acted[1] + [1.0] * held[0] + [0.0] * held[1] + [0.0] * rest
    return pd.DataFrame({"account_id": [f"a{i}" for i in range(len(alarm))], "churned": churned, "alarm": alarm})


def test_the_effect_is_the_odds_of_the_acted_on_against_those_of_the_holdout() -> None:
    # 1 in 4 left although acted on, 2 in 4 of the holdout: the odds fell to a third, -1.0986 in logarithms.
    rows = alarmed(acted=(1000, 3000), held=(200, 200), rest=500)
    found = what_acting_did(rows, np.zeros(len(rows)), least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert (found.acted_rows, found.acted_accounts, found.held_rows, found.held_accounts) == (4000, 4000, 400, 400)
    assert found.effect_ci is not None
    assert found.effect_ci[0] < -1.0986 < found.effect_ci[1]
    # Its variance is about 1/200 + 1/200 + 1/1000 + 1/3000 = .0113; usual effects have one of .25: 96 % is believed.
    assert found.effect == pytest.approx(-1.0986 * 0.25 / 0.2613, abs=0.02)


def test_the_fewer_are_held_the_less_is_believed() -> None:
    # 6 of 12 held left: a variance of 1/6 + 1/6 + .0013, and more in the draws; some .25 / (.25 + .335) is believed.
    rows = alarmed(acted=(1000, 3000), held=(6, 6))
    found = what_acting_did(rows, np.zeros(len(rows)), least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert found.effect == pytest.approx(-0.40, abs=0.02)
    assert found.effect_ci is not None
    assert found.effect_ci[1] > 0


def test_what_the_scorer_said_before_is_not_the_effect() -> None:
    # The acted-on were rated lower to begin with, by just what they differ: acting did nothing.
    rows = alarmed(acted=(1000, 3000), held=(200, 200))
    said = np.where(rows["alarm"] == ACTED, logit(np.array([0.25]))[0], 0.0)
    found = what_acting_did(rows, said, least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert found.effect == pytest.approx(0.0, abs=0.01)


def test_without_enough_of_a_holdout_nothing_is_taken_back_and_the_reason_is_told() -> None:
    few = alarmed(acted=(10, 30), held=(4, 5))
    found = what_acting_did(few, np.zeros(len(few)), least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert found.effect is None
    assert "9 accounts of a no-alert holdout had an alarm; 10 are needed" in found.sentence
    enough = alarmed(acted=(10, 30), held=(5, 5))
    assert what_acting_did(enough, np.zeros(len(enough)), least_held=LIMITS.least_held, prior_sd=0.5).effect is not None
    none = alarmed(acted=(10, 30), held=(0, 0))
    found = what_acting_did(none, np.zeros(len(none)), least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert found.sentence.startswith("40 accounts (40 training rows) were acted on: no account of a no-alert holdout")
    nobody = alarmed(acted=(0, 0), held=(20, 20))
    assert (
        what_acting_did(nobody, np.zeros(40), least_held=10, prior_sd=0.5).sentence == "No training row was acted on."
    )


def test_a_holdout_in_which_nobody_left_gives_a_finite_effect() -> None:
    rows = alarmed(acted=(10, 90), held=(0, 20))
    found = what_acting_did(rows, np.zeros(len(rows)), least_held=LIMITS.least_held, prior_sd=LIMITS.prior_sd)
    assert found.effect is not None
    assert np.isfinite(found.effect)
    assert found.effect_ci is not None
    assert np.isfinite(found.effect_ci).all()


@pytest.mark.parametrize("effect", [-1.2, -0.3, 0.4])
def test_labels_had_nobody_acted_have_the_mean_they_would_have_had(effect: float) -> None:
    rng = np.random.default_rng(0)
    without = rng.normal(-1.5, 1.0, 200_000)
    alarm = np.where(without > -1.0, ACTED, None)
    treated = np.where(alarm == ACTED, without + effect, without)
    churned = (rng.random(len(treated)) < sigmoid(treated)).astype(float)
    rows = pd.DataFrame({"churned": churned, "alarm": alarm})
    labels = untreated(rows, treated, effect)
    acted = alarm == ACTED
    assert labels[acted].mean() == pytest.approx(sigmoid(without[acted]).mean(), abs=0.004)
    assert (labels[~acted] == churned[~acted]).all()
    assert ((labels >= 0) & (labels <= 1)).all()
