"""The outlook of a scored book: its file, what is told of it, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.snapshots import day_number
from models.calibration import Curve
from models.ladder import Champion, Origin
from models.outlook import COLUMNS
from models.recipe import USUAL
from models.split import Split
from pipelines import outlook
from pipelines.fit_outlook import INACTIVITY, fit_outlook, said_before
from pipelines.outcomes import Outcomes
from pipelines.outlook import ahead, outlook_table
from pipelines.panel import Panel
from pipelines.settings import open_project
from pipelines.tracking import Tracking
from policy.policy import load_policy
from tests.models.books import DIRECTIONS
from tests.models.books import book as made_up

Run = Callable[..., tuple[int, Any, str]]
Trained = tuple[Path, dict[str, Any], dict[str, Any]]
UNTIL = date(2026, 6, 1)
TOLD: dict[str, Any] = {
    **dict.fromkeys(COLUMNS),
    **{"p_30d": 0.12, "p_60d": 0.25, "p_90d": 0.38, "p_180d": 0.55, "range_low": 0.22, "range_high": 0.51},
}


def table(folder: Path, what: str) -> pd.DataFrame:
    path = folder / ".churn" / what / f"as_of={UNTIL}" / f"{what}.parquet"
    return pq.read_table(path, partitioning=None).to_pandas().set_index("account_id")


def test_every_score_has_an_outlook_that_agrees_with_it(trained: Trained) -> None:
    scores, found = table(trained[0], "scores"), table(trained[0], "outlook")
    assert list(found) == ["as_of", *COLUMNS]
    assert found.index.tolist() == scores.index.tolist()
    assert (found["p_90d"] == scores["churn_probability"]).all()
    horizons = found[["p_30d", "p_60d", "p_90d", "p_180d"]]
    assert horizons.notna().all(axis=None)
    assert (horizons.diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert (found["arr_at_risk_180d"] >= found["arr_at_risk_90d"]).all()


def test_training_tells_how_the_horizons_were_judged_and_what_could_not_be_learned(trained: Trained) -> None:
    judged = trained[1]["outlook"]
    assert {"30d", "60d", "90d", "180d", "unavailable"} <= set(judged)
    assert judged["30d"]["log_loss"] < judged["30d"]["log_loss_constant"]
    assert judged["90d"]["log_loss"] == pytest.approx(judged["90d"]["log_loss_steady"])
    assert judged["90d"]["gain_ci"] is None
    # 200 accounts: fewer than 50 with a contraction.
    assert "contraction" in judged["unavailable"]["contraction"]


def test_the_figures_are_in_the_experiment_log(trained: Trained) -> None:
    import mlflow

    tracking = Tracking(open_project(trained[0]))
    shipped = tracking.champion()
    assert shipped is not None
    assert set(shipped.parameters["outlook"]) == {"course", "range", "heads", "reasons"}
    logged = mlflow.get_run(shipped.run_id).data.metrics
    assert logged["outlook.30d.log_loss"] == pytest.approx(trained[1]["outlook"]["30d"]["log_loss"])


def test_explain_tells_the_outlook_of_the_account(scored: Path, churn: Run) -> None:
    found = table(scored, "outlook").iloc[0]
    _, told, _ = churn("explain", found.name, "--project", scored, "--json")
    assert told["outlook"]["p_180d"] == found["p_180d"]
    assert list(told["outlook"]) == list(COLUMNS)
    _, text, _ = churn("explain", found.name, "--project", scored)
    assert " within 90 days" in text
    assert " within 180" in text


def test_a_day_scored_before_there_were_outlooks_is_explained_without(scored: Path, churn: Run) -> None:
    outlook.outlook_path(open_project(scored), UNTIL.isoformat()).unlink()
    account = table(scored, "scores").index[0]
    code, told, _ = churn("explain", account, "--project", scored, "--json")
    assert (code, told["outlook"]) == (0, None)
    assert churn("report", "--project", scored)[0] == 0


def test_a_model_stored_without_an_outlook_is_read_and_its_columns_are_null() -> None:
    features = made_up(accounts=5, snapshots=1).assign(arr=100.0)
    scores = features[["account_id"]].assign(churn_probability=0.2)
    found = outlook_table(features, scores, {"champion": "logistic"}, load_policy())
    assert found["account_id"].tolist() == features["account_id"].tolist()
    assert found[list(COLUMNS)].isna().all(axis=None)


def test_a_wide_range_is_told_as_little_evidence() -> None:
    widest = load_policy().evidence.widest_range
    assert widest == 0.25
    for high, wide in ((0.46, False), (0.48, True)):
        found = ahead({**TOLD, "range_high": high}, widest)
        assert found is not None
        assert found.wide is wide
    found = ahead({**TOLD, "p_contraction_90d": 0.04, "range_widened": True}, widest)
    assert found is not None
    assert found.horizons == [(30, 0.12), (60, 0.25), (90, 0.38), (180, 0.55)]
    assert found.others == [("A smaller contract within 90 days", 0.04)]
    assert found.stretched
    assert ahead(None, widest) is None
    nothing = ahead(dict.fromkeys(COLUMNS), widest)
    assert nothing is not None
    assert (nothing.horizons, nothing.wide) == ([], False)


FIRST = date(2025, 1, 6)


def panel(*, contracted: int, decided: bool = True) -> Panel:
    """Two sides of 200 accounts; the first `contracted` of each contract 20 days after their snapshot."""
    rows = made_up(accounts=200, snapshots=1, seed=3).assign(as_of=FIRST, as_of_day=day_number(FIRST))
    begins = FIRST + timedelta(days=140)
    test = made_up(accounts=200, snapshots=1, seed=4).assign(as_of=begins, as_of_day=day_number(begins))
    test["account_id"] = "b" + test["account_id"]
    none = pd.DataFrame({"account_id": [], "day": []})
    lost = pd.concat([_days(r[r["churned"] == 1], 30) for r in (rows, test)])
    less = pd.concat([_days(r.head(contracted), 20) for r in (rows, test)])
    return Panel(
        rows,
        test.assign(in_window=True),
        begins + timedelta(days=110),
        0,
        0,
        Split(FIRST, begins, begins),
        everything=rows,
        recent=test.head(0),
        outcomes=Outcomes(lost, none, less) if decided else None,
    )


def _days(rows: pd.DataFrame, after: int) -> pd.DataFrame:
    return pd.DataFrame({"account_id": rows["account_id"], "day": rows["as_of_day"] + after})


def fitted() -> Any:
    scorer = SimpleNamespace(score=lambda rows: np.full(len(rows), 0.1))
    return SimpleNamespace(
        champion=Champion("logistic", "for the test"),
        curve=Curve(),
        policy=load_policy(),
        directions=DIRECTIONS,
        recipe=USUAL,
        judged={"logistic": scorer},
    )


@pytest.mark.parametrize(("contracted", "learned"), [(49, False), (50, True)])
def test_a_head_is_fitted_from_fifty_accounts_on_and_judged_out_of_time(contracted: int, learned: bool) -> None:
    found = fit_outlook(panel(contracted=contracted), fitted(), horizon_days=90, gap_days=14)
    assert (found.shipped.heads["contraction"] is not None) is learned
    assert ("contraction" in found.shipped.reasons) is not learned
    assert found.shipped.reasons["non_payment"].startswith("0 accounts with a non-payment")
    assert found.shipped.reasons["range"].startswith("no scorer was tried")
    if learned:
        figures = cast(Any, found.judged["contraction"])
        assert figures["accounts"] == 50
        assert figures["base_rate"] == 0.25
        assert figures["log_loss_constant"] == pytest.approx(0.5623, abs=5e-5)  # of 1 in 4, on both sides
        assert figures["roc_auc_ci"][0] < figures["roc_auc"] < figures["roc_auc_ci"][1]


def test_a_head_that_could_not_be_judged_does_not_ship() -> None:
    # Sixty have contracted by now, but only ten of them before the test period began.
    given = panel(contracted=10)
    assert given.outcomes is not None
    late = pd.concat([given.outcomes.contractions, _days(given.test.head(60), 20)])
    known = replace(
        given, everything=pd.concat([given.train, given.test]), outcomes=replace(given.outcomes, contractions=late)
    )
    found = fit_outlook(known, fitted(), horizon_days=90, gap_days=14)
    assert found.shipped.heads["contraction"] is None
    assert found.shipped.reasons["contraction"].startswith("10 accounts with a contraction")
    assert "contraction" not in found.judged


def test_silence_has_one_horizon_and_says_why() -> None:
    found = fit_outlook(panel(contracted=60, decided=False), fitted(), horizon_days=90, gap_days=14)
    assert found.shipped.course is None
    assert found.shipped.reasons["course"] == found.shipped.reasons["contraction"] == INACTIVITY
    assert found.judged == {}


def test_the_judged_course_knows_nothing_of_the_test_period() -> None:
    given = panel(contracted=0)
    assert given.outcomes is not None
    # A training account that stayed until the test period began, and is lost in it: 126 days of it were seen.
    stayed = given.train[given.train["churned"] == 0].head(40)
    lost = pd.concat([given.outcomes.losses, _days(stayed, 145)])
    later = replace(given, outcomes=replace(given.outcomes, losses=lost))
    before, after = (fit_outlook(p, fitted(), horizon_days=90, gap_days=14) for p in (given, later))
    assert before.judged == after.judged
    # What ships may know it: everything has been seen.
    assert before.shipped.course != after.shipped.course


def test_the_range_is_learned_from_what_was_shown_at_the_origins() -> None:
    rows = pd.DataFrame({"account_id": ["a", "b"], "as_of": FIRST, "churned": [0.0, 1.0]})
    origin = Origin(rows, {"logistic": np.array([0.2, 0.5]), "lightgbm": np.array([0.9, 0.9])})
    found = said_before(Champion("logistic", "", (origin,)), Curve("level", level=np.log(2.0)))
    # Twice the odds: 1 to 4 becomes 2 to 4, 1 to 1 becomes 2 to 1.
    assert found["said"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert said_before(Champion("logistic", ""), Curve()).empty
