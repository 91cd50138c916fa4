"""What age costs, to the digit: models whose loss grows by a fixed step with every origin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.backtest import CALENDAR, CONSTANT, SHIPPED, Stop
from models.cadence import cadence_sentence, cadences, decay, step_weeks
from models.recipe import USUAL
from policy.policy import Policy

LEAST = 30


def stops(
    extra: Callable[[int, int], float],
    *,
    calendar: float = 0.50,
    constant: float = 0.55,
    lost: int = 40,
    origins: int = 12,
) -> list[Stop]:
    """Every account has one row at each origin; what ships loses 0.30 + extra(age, account) on it."""
    accounts, first = 2 * lost, date(2024, 1, 1)
    churned = (np.arange(accounts) < lost).astype(float)
    made = []
    for place in range(origins):
        ages = range(min(6, origins - place))
        rows = pd.concat(
            [
                pd.DataFrame(
                    {
                        "account_id": [f"a{i:02d}" for i in range(accounts)],
                        "as_of": first + timedelta(weeks=4 * (place + age)),
                        "churned": churned,
                        "in_window": True,
                        "place": (place + age) * accounts + np.arange(accounts),
                        "age": age,
                    }
                )
                for age in ages
            ],
            ignore_index=True,
        )
        own = np.array([0.30 + extra(age, i) for age in ages for i in range(accounts)])
        said = {
            name: promised(np.broadcast_to(loss, len(rows)), rows["churned"])
            for name, loss in ((SHIPPED, own), (CALENDAR, np.array(calendar)), (CONSTANT, np.array(constant)))
        }
        day = first + timedelta(weeks=4 * place)
        made.append(Stop(day, day, accounts, lost, USUAL, "logistic", rows, said))
    return made


def promised(loss: np.ndarray, churned: pd.Series) -> np.ndarray:
    """The probability that loses so much on each row."""
    return np.where(churned == 1, np.exp(-loss), 1 - np.exp(-loss))


def test_age_costs_what_the_older_model_loses_on_the_same_rows() -> None:
    made = stops(lambda age, account: 0.01 * age)
    assert step_weeks(made) == 4
    found = decay(made)
    assert [(f["weeks_from"], f["weeks_to"]) for f in found] == [(0, 4), (4, 8), (8, 12), (12, 16), (16, 20), (20, 24)]
    assert [f["extra_log_loss"] for f in found] == pytest.approx([0, 0.01, 0.02, 0.03, 0.04, 0.05])
    assert found[3]["log_loss"] == pytest.approx(0.33)
    assert found[3]["log_loss_newest"] == pytest.approx(0.30)
    assert found[3]["ci"] == pytest.approx((0.03, 0.03), abs=1e-6)
    # Twelve origins: nine of them are followed by a row three origins later.
    assert found[3]["n_rows"] == 9 * 80
    assert found[3]["n_churned_accounts"] == 40


def test_the_newest_model_of_a_row_is_that_of_the_last_origin_before_it() -> None:
    made = stops(lambda age, account: 0.0)
    # The models of the seventh origin alone are bad: as the newest, and as they age.
    bad = made[6]
    bad.said[SHIPPED][:] = promised(np.full(len(bad.rows), 0.70), bad.rows["churned"])
    found = decay(made)
    # Of eleven origins whose model is one origin old, one is bad; on one block the newest is.
    assert found[1]["log_loss"] == pytest.approx((10 * 0.30 + 0.70) / 11)
    assert found[1]["log_loss_newest"] == pytest.approx((10 * 0.30 + 0.70) / 11)
    assert found[0]["extra_log_loss"] == 0.0


def test_few_churned_accounts_give_no_figure_of_age() -> None:
    found = decay(stops(lambda age, account: 0.01 * age, lost=9))
    assert found[1]["extra_log_loss"] is None
    assert found[1]["n_churned_accounts"] == 9


def test_a_cadence_is_the_mean_over_the_ages_it_passes_through(policy: Policy) -> None:
    made = stops(lambda age, account: 0.01005 * age)
    found = cadences(made, tolerance=policy.backtest.tolerance, least=LEAST)
    # What ships saves .20 on the calendar: a tenth of it, .02, may be lost. Five origins lose 2 × .01005.
    assert found["skill"] == pytest.approx(0.20)
    extras = {o["weeks"]: o["extra_log_loss"] for o in found["options"]}
    assert extras == pytest.approx({8: 0.005025, 12: 0.01005, 16: 0.015075, 20: 0.0201, 24: 0.025125})
    assert [o["verdict"] for o in found["options"]] == ["no_worse"] * 3 + ["worse"] * 2
    assert (found["verdict"], found["best_weeks"]) == ("settled", 16)
    # All ages are seen together by the rows of the last seven of twelve origins.
    assert found["n_rows"] == 7 * 80
    assert cadence_sentence(found, 4) == (
        "Retrain every 16 weeks: against every 4 it costs less than 10% of what the model saves on the calendar; every 20 "
        "costs +0.02010 log-loss [+0.02010, +0.02010]."
    )


def test_a_smaller_share_keeps_nearer_to_the_shortest_cadence() -> None:
    made = stops(lambda age, account: 0.01 * age)
    assert cadences(made, tolerance=0.2, least=LEAST)["best_weeks"] == 24
    assert cadences(made, tolerance=0.06, least=LEAST)["best_weeks"] == 12
    found = cadences(made, tolerance=0.01, least=LEAST)
    assert (found["verdict"], found["best_weeks"]) == ("settled", 4)
    assert cadence_sentence(found, 4).startswith("Retrain every 4 weeks; every 8 costs +0.00500")


def test_the_better_of_calendar_and_base_rate_is_what_a_model_must_save_on() -> None:
    made = stops(lambda age, account: 0.0, calendar=0.60, constant=0.40)
    assert cadences(made, tolerance=0.1, least=LEAST)["skill"] == pytest.approx(0.10)


def test_what_may_be_nothing_or_too_much_is_not_told_apart() -> None:
    # Half the accounts gain by an old model what the others lose.
    found = cadences(stops(lambda age, i: 0.29 * (age > 0) * (-1) ** i), tolerance=0.1, least=LEAST)
    assert {o["verdict"] for o in found["options"]} == {"unknown"}
    assert (found["verdict"], found["best_weeks"]) == ("cannot_tell", None)
    assert cadence_sentence(found, 4).startswith("Your data cannot tell retraining cadences apart: every 8 instead of")


def test_a_cadence_beyond_what_the_data_tell_is_named() -> None:
    def uncertain(age: int, account: int) -> float:
        return 0.0 if age < 2 else 0.29 * (-1) ** account

    found = cadences(stops(uncertain), tolerance=0.1, least=LEAST)
    assert (found["verdict"], found["best_weeks"]) == ("at_least", 8)
    assert "whether 12 would do, your data cannot tell" in cadence_sentence(found, 4)


def test_a_model_that_saves_nothing_has_no_cadence() -> None:
    found = cadences(stops(lambda age, account: 0.01 * age, calendar=0.29), tolerance=0.1, least=LEAST)
    assert found["verdict"] == "cannot_tell"
    assert found["options"][0]["share_of_skill"] is None
    assert "saves nothing on the calendar" in cadence_sentence(found, 4)


def test_ages_that_too_few_churned_accounts_have_seen_together_are_left_out() -> None:
    assert [
        o["weeks"] for o in cadences(stops(lambda a, i: 0.0, origins=4), tolerance=0.1, least=LEAST)["options"]
    ] == [8, 12, 16]
    few = cadences(stops(lambda a, i: 0.0, lost=29), tolerance=0.1, least=LEAST)
    assert few["options"] == []
    assert "too few churned accounts" in cadence_sentence(few, 4)
