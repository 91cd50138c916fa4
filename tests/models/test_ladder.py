"""Which scorer ships: the rungs by number of churned accounts, climbed on a paired win alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.ladder import FOLDS, Origin, choose, regrets, rungs
from models.scorer import Array
from models.split import EMBARGO_DAYS
from policy.errors import NotEnoughData
from policy.policy import Ladder, Policy

WINDOW = 104


def labelled(lost: int, *, weeks: int = 80, kept: int = 40) -> pd.DataFrame:
    """`lost` accounts that churn in every row and `kept` that never do, four-weekly."""
    dates = [date(2024, 1, 1) + timedelta(weeks=4 * i) for i in range(weeks // 4)]
    rows = [(f"a{i:03d}", d, float(i < lost)) for d in dates for i in range(lost + kept)]
    return pd.DataFrame(rows, columns=["account_id", "as_of", "churned"])


def logistic_alone(policy: Policy) -> Ladder:
    """A ladder on which 60 churned accounts carry one challenger."""
    return policy.ladder.model_copy(update={"ensemble_from": 150, "lightgbm_from": 150})


class Fits:
    """Made-up predictions by name, from the truth of the test rows; remembers what it was shown."""

    def __init__(self, **confidence: float) -> None:
        self.confidence = confidence
        self.seen: list[tuple[date, date]] = []

    def __call__(self, past: pd.DataFrame, test: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        assert set(names) <= set(self.confidence)
        self.seen.append((past["as_of"].max(), test["as_of"].min()))
        y = test["churned"].to_numpy()
        return {name: np.where(y == 1, c, 1 - c) for name, c in self.confidence.items()}


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        (30, []),
        (49, []),
        (50, ["logistic"]),
        (54, ["logistic"]),
        (55, ["logistic", "ensemble"]),
        (59, ["logistic", "ensemble"]),
        (60, ["logistic", "ensemble", "lightgbm"]),
        (501, ["logistic", "ensemble", "lightgbm"]),
    ],
)
def test_the_number_of_churned_accounts_decides_who_may_compete(
    policy: Policy, accounts: int, expected: list[str]
) -> None:
    assert rungs(accounts, policy.ladder) == expected


@pytest.mark.parametrize("accounts", [0, 29])
def test_below_30_churned_accounts_the_ladder_refuses_and_says_what_to_use(policy: Policy, accounts: int) -> None:
    with pytest.raises(NotEnoughData, match=f"{accounts} churned accounts .* needs 30") as caught:
        rungs(accounts, policy.ladder)
    assert "health score" in caught.value.cure
    with pytest.raises(NotEnoughData):
        choose(labelled(accounts), Fits(), policy.ladder, window_days=WINDOW)


def test_rows_do_not_count_only_churned_accounts_do(policy: Policy) -> None:
    # 29 accounts, 15 snapshots: 435 churned rows.
    with pytest.raises(NotEnoughData, match="29 churned accounts"):
        choose(labelled(29), Fits(), policy.ladder, window_days=WINDOW)


def test_with_no_challenger_the_first_holder_stays_and_nothing_is_fitted(policy: Policy) -> None:
    fits = Fits()
    found = choose(labelled(40), fits, policy.ladder, window_days=WINDOW)
    assert found.scorer == "health_recalibrated"
    assert "logistic from 50" in found.reason
    assert fits.seen == []


def test_identical_predictions_never_promote(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.7, logistic=0.7)
    found = choose(labelled(60), fits, logistic_alone(policy), window_days=WINDOW)
    assert found.scorer == "health_recalibrated"
    assert "not promoted" in found.reason


def test_a_clear_paired_win_promotes(policy: Policy) -> None:
    found = choose(
        labelled(60), Fits(health_recalibrated=0.6, logistic=0.8), logistic_alone(policy), window_days=WINDOW
    )
    assert found.scorer == "logistic"
    # As sure as the policy asks: nine of ten draws above 0.
    assert "with 80% intervals: logistic against health_recalibrated: log-loss gain +0.28768" in found.reason


def test_among_those_that_beat_the_holder_one_that_beats_the_others_ships(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.6, logistic=0.8, ensemble=0.7, lightgbm=0.65)
    found = choose(labelled(160), fits, policy.ladder, window_days=WINDOW)
    assert found.scorer == "logistic"
    assert (
        "ensemble against health_recalibrated: log-loss gain +0.15415 [+0.15415, +0.15415], out of time +0.15415 "
        "[+0.15415, +0.15415], regret 0.13353, not" in found.reason
    )


def test_where_the_data_cannot_tell_the_winners_apart_the_highest_rung_ships(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.6, logistic=0.8, ensemble=0.8, lightgbm=0.8)
    assert choose(labelled(160), fits, policy.ladder, window_days=WINDOW).scorer == "lightgbm"


def test_what_wins_among_accounts_but_loses_out_of_time_is_not_promoted(policy: Policy) -> None:
    def fits(past: pd.DataFrame, test: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        y = test["churned"].to_numpy()
        sure = 0.55 if past["as_of"].max() < test["as_of"].min() else 0.9
        return {"health_recalibrated": np.where(y == 1, 0.6, 0.4), "logistic": np.where(y == 1, sure, 1 - sure)}

    found = choose(labelled(60), fits, logistic_alone(policy), window_days=WINDOW)
    assert found.scorer == "health_recalibrated"
    assert "log-loss gain +" in found.reason


@pytest.mark.parametrize(("win_interval", "ships"), [(0.8, "logistic"), (0.99, "health_recalibrated")])
def test_the_policy_says_how_sure_a_win_must_be(policy: Policy, win_interval: float, ships: str) -> None:
    def mostly(_: pd.DataFrame, test: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        y, n = test["churned"].to_numpy(), test["account_id"].str[1:].astype(int)
        # Better for 32 of 100 accounts, worse by about a third of that for the others.
        right = np.where(n % 100 < 32, 0.7, 0.45)
        return {"health_recalibrated": np.full(len(test), 0.5), "logistic": np.where(y == 1, right, 1 - right)}

    ladder = logistic_alone(policy).model_copy(update={"win_interval": win_interval})
    assert choose(labelled(60), mostly, ladder, window_days=WINDOW).scorer == ships


def test_a_loss_is_not_promoted_and_a_later_rung_still_competes(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.7, logistic=0.6, ensemble=0.8, lightgbm=0.7)
    assert choose(labelled(160), fits, policy.ladder, window_days=WINDOW).scorer == "ensemble"


def test_regret_is_measured_origin_by_origin_and_not_over_all_rows() -> None:
    rows = pd.DataFrame({"churned": [1.0, 1.0]})

    def origin(**said: float) -> Origin:
        return Origin(rows, {name: np.full(2, p) for name, p in said.items()})

    found = regrets([origin(a=0.5, b=0.25), origin(a=0.5, b=1.0)], ("a", "b"))
    assert found == pytest.approx({"a": np.log(2) / 2, "b": np.log(2) / 2})


def test_a_previous_champion_defends_its_place(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.7, logistic=0.7, ensemble=0.7, lightgbm=0.7)
    found = choose(labelled(160), fits, policy.ladder, window_days=WINDOW, holder="ensemble")
    assert found.scorer == "ensemble"
    assert "ensemble against ensemble" not in found.reason


def test_the_first_rung_wins_its_place_back_from_a_worse_champion(policy: Policy) -> None:
    fits = Fits(health_recalibrated=0.9, logistic=0.7, ensemble=0.7, lightgbm=0.7)
    found = choose(labelled(160), fits, policy.ladder, window_days=WINDOW, holder="ensemble")
    assert found.scorer == "health_recalibrated"


def test_a_gain_that_rests_on_few_accounts_is_no_win(policy: Policy) -> None:
    def lucky(_: pd.DataFrame, test: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        assert set(names) == {"health_recalibrated", "logistic"}
        holder = np.full(len(test), 0.5)
        # Right about one account in all its rows, a little wrong about everybody else.
        sure = (test["account_id"] == "a000").to_numpy()
        y = test["churned"].to_numpy()
        return {"health_recalibrated": holder, "logistic": np.where(sure, 0.999, np.where(y == 1, 0.499, 0.501))}

    found = choose(labelled(60), lucky, logistic_alone(policy), window_days=WINDOW)
    assert "gain +" in found.reason
    assert found.scorer == "health_recalibrated"


def test_origins_fit_on_matured_rows_alone_and_folds_on_other_accounts(policy: Policy) -> None:
    seen: list[tuple[pd.DataFrame, pd.DataFrame]] = []

    def watching(past: pd.DataFrame, test: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        seen.append((past, test))
        return {name: np.full(len(test), 0.5) for name in names}

    frame = labelled(60)
    choose(frame, watching, logistic_alone(policy), window_days=WINDOW)
    origins, folds = seen[:6], seen[6:]
    assert all(p["as_of"].max() + timedelta(days=WINDOW + EMBARGO_DAYS) <= t["as_of"].min() for p, t in origins)
    assert len(folds) == FOLDS
    assert all(not set(p["account_id"]) & set(t["account_id"]) for p, t in folds)
    assert sorted(a for _, t in folds for a in t["account_id"]) == sorted(frame["account_id"])


def test_a_training_period_too_short_to_compare_keeps_the_holder(policy: Policy) -> None:
    found = choose(labelled(60, weeks=8), Fits(), logistic_alone(policy), window_days=WINDOW)
    assert found.scorer == "health_recalibrated"
    assert "too short" in found.reason
