"""The tables of a sweep: worlds are summed before dividing, goals are marked, silent worlds stand apart."""

from __future__ import annotations

from typing import Any

import pytest

from trials.report import explained_rows, goal_rows, section
from trials.report_tables import outlook_table, pooled_share, shipped_table, weights_table
from trials.report_year import year_rows, year_table


def skill(loss: float, auc: float = 0.7) -> dict[str, float]:
    return {
        "log_loss": loss,
        "log_loss_in_window": loss,
        "log_loss_at_level": loss,
        "auc_in_window": auc,
        "ece": 0.002,
        "slope": 1.0,
    }


def world(shipped: float = 0.12, *, caught: float = 90.0, against: int = 0) -> dict[str, Any]:
    """A world of base .2 and ceiling .1: `shipped` .12 is .8 of the gap."""
    reported = {"auc": 0.80, "interval": [0.75, 0.85], "true_auc": 0.81}
    held = {"groups_held": 0.8, "accounts_held": 0.6, "width": 0.03, "stretched": 0.2}
    return {
        "accounts": 500, "family": "mixed", "champion": "lightgbm", "churned_accounts": 230, "fresh": 20_000,
        "skills": {
            "base": skill(0.2), "ceiling": skill(0.1, 0.8), "oracle": skill(0.05, 0.9), "calendar": skill(0.18, 0.5),
            "health_recalibrated": skill(0.16, 0.6), "lightgbm": skill(shipped), "shipped": skill(shipped),
        },
        "reported": {"lightgbm": reported, "calendar": reported | {"true_auc": 0.9}},
        "causes": {"top": 0.3, "sign": 0.9, "always_usage": 0.2, "abstained": 0.1, "causes": 5.0, "accounts": 900.0},
        "stability": dict.fromkeys(("seed_jaccard", "retrain_jaccard", "oracle_jaccard", "driver_agreement", "weekly", "oracle_weekly"), 0.93),
        "alerts": {"caught": caught, "oracle": 100.0, "catchable": 120.0},
        "explained": {"remainder": 3e-16},
        "violations": {"rows": 10_000, "moved": 900, "against": against},
        "outlook": {
            "horizons": {"30d": {"outlook": 0.06, "steady": 0.07, "base_rate": 0.08, "oracle": 0.04}},
            "range": {**held, "top": held},
        },
        "weights": {
            "verdict": "change", "auc_policy": 0.7, "auc_suggested": 0.72, "auc_policy_in_window": 0.6,
            "auc_suggested_in_window": 0.59,
        },
    }  # fmt: skip


def silent(champion: str = "health_recalibrated", interval: tuple[float, float] = (0.4, 0.6)) -> dict[str, Any]:
    return {
        "accounts": 500, "family": "null", "champion": champion, "churned_accounts": 200,
        "in_window": {"lightgbm": {"interval": list(interval)}}, "weights": {"verdict": "no_change"},
    }  # fmt: skip


def found(rows: list[str], figure: str) -> list[str]:
    """The cells of the one row whose figure begins so."""
    (row,) = [r for r in rows if r.startswith(f"| {figure}")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_worlds_are_summed_before_the_share_is_taken() -> None:
    small = world()
    small["skills"] = {name: {k: v / 10 for k, v in f.items()} for name, f in world(0.2)["skills"].items()}
    # .08 of .1 in the large one, nothing of .01 in the small one.
    assert pooled_share([world(), small]) == pytest.approx(0.08 / 0.11)


@pytest.mark.parametrize(("shipped", "reached"), [(0.12, "**no**"), (0.111, "yes")])
def test_a_goal_is_marked_as_reached_only_where_it_is(shipped: float, reached: str) -> None:
    cells = found(goal_rows([world(shipped)], []), "share of the gap")
    assert cells[1:4] == ["500", "1", "≥ 0.88"]
    assert cells[-1] == reached


def test_each_row_says_what_it_was_measured_to_be() -> None:
    rows = goal_rows([world(caught=79.0, against=1), world(caught=79.0)], [silent(), silent("lightgbm", (0.52, 0.7))])
    assert found(rows, "coverage of 4 intervals")[-2:] == ["50.0%", "**no**"]
    assert found(rows, "moves against")[-2:] == ["1 of 20,000", "**no**"]
    assert found(rows, "churn ARR alerted")[-2].startswith("0.790 (66%")
    assert found(rows, "churn ARR alerted")[-1] == "**no**"
    assert found(rows, "in-window AUC over health")[-2] == "0.500"
    assert found(rows, "no signal: LightGBM's")[-2:] == ["50%", "**no**"]
    assert found(rows, "no signal: the incumbent")[-2:] == ["50%", "**no**"]
    assert found(rows, "no signal: the health score's weights")[-2:] == ["100%", "yes"]
    # Drivers are judged at 5,000 accounts and only reported below.
    assert found(rows, "top driver is the true cause")[-1] == "–"


def test_worlds_without_a_signal_are_no_part_of_the_figures_of_those_with_one() -> None:
    text = section([world(), silent()], "abc")
    assert "1 worlds with a book of 500" in text
    assert "1 worlds without a signal" in text
    assert shipped_table([world(), silent()])[2:] == [
        "| 500 | yes | 1 | 230 | lightgbm 1 |",
        "| 500 | no | 1 | 200 | health_recalibrated 1 |",
    ]


def test_a_world_without_a_range_is_left_out_of_the_ranges() -> None:
    bare = world()
    bare["outlook"] = bare["outlook"] | {"range": {"reason": "too few"}}
    lines = outlook_table([world(), bare])
    assert lines[2] == "| 500 | 2 | 30d | 0.0600 | 0.0700 | 0.0800 | 0.0400 |"
    assert lines[-1] == "| 500 | 1 | the riskiest tenth | 80% | 60% | 3.0 points | 20% |"


def year(naive: float = 1.2, ours: float = 1.02, auc: float = 0.80) -> dict[str, Any]:
    effect = {"effect": -0.4}
    models = {
        name: {"auc": a, "observed_expected": o}
        for name, a, o in (("naive", 0.79, naive), ("weighted", 0.77, 1.1), ("ours", auc, ours))
    }
    care = {"alarms": 900, "churned_accounts": 210, "acted_on": effect, **models}
    return {
        "accounts": 2_000, "family": "mixed", "fresh": 20_000,
        "year": {
            "untouched": {"auc": 0.805, "observed_expected": 1.0}, "churned_accounts": 230,
            "cares": {"1": care, "3": care | {"churned_accounts": 170}},
        },
    }  # fmt: skip


def test_a_year_of_acted_on_alarms_is_judged_on_what_is_trained_with_it_taken_back() -> None:
    assert found(year_rows([year()]), "12 months")[-2:] == ["+0.0050; 1.020", "yes"]
    assert found(year_rows([year(ours=1.2)]), "12 months")[-1] == "**no**"
    assert found(year_rows([year(auc=0.79)]), "12 months")[-1] == "**no**"
    rows = year_table([year(), year(naive=1.4)])
    assert [cell.strip() for cell in rows[-7].strip("|").split("|")] == [
        "1", "2", "20", "-0.40", "naive", "0.7900", "1.300 [1.200, 1.400]", "30.0%",
    ]  # fmt: skip


def test_a_year_is_no_world_of_the_other_tables() -> None:
    text = section([world(), year()], "abc")
    assert "1 worlds with a book of 500;" in text
    assert "worlds with a book of 2,000" not in text
    assert "| 12 months of acted-on alarms" in text


def test_other_weights_are_counted_where_they_were_asked_for_and_where_they_ranked_better() -> None:
    kept = world()
    kept["weights"] = kept["weights"] | {"verdict": "no_change"}
    assert weights_table([world(), kept])[-1] == "| 500 | 2 | 1 | 1; 0 | -0.0100 |"
    assert weights_table([kept])[-1] == "| 500 | 1 | 0 | – | – |"


def test_explanations_add_up_in_every_world_and_cost_what_they_cost() -> None:
    cost = {"family": "explained", "accounts": 1_000_000, "trees": 500, "ratio": 0.097, "ensemble_ratio": 0.22}
    off = world()
    off["explained"] = {"remainder": 2e-9}
    assert found(explained_rows([world()], [cost]), "explanation")[-2:] == ["3.0e-16", "yes"]
    assert found(explained_rows([world(), off], []), "explanation")[-1] == "**no**"
    assert found(explained_rows([], [cost]), "explaining 1,000,000")[-2:] == ["0.097 (ensemble 0.220)", "yes"]
    assert found(explained_rows([], [cost | {"ratio": 0.21}]), "explaining")[-1] == "**no**"
    assert "500 trees" in section([world(), cost], "abc")
