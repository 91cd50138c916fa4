"""What outsiders script against: JSON, files, columns, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.reference import Reference
from models.zoo import NAMES
from pipelines.settings import open_project
from pipelines.tracking import Tracking

Run = Callable[..., tuple[int, Any, str]]
Trained = tuple[Path, dict[str, Any], dict[str, Any]]
FIGURES = {
    "roc_auc", "roc_auc_ci", "roc_auc_in_window", "pr_auc", "base_rate", "log_loss", "log_loss_constant", "brier", "ece",
    "calibration_slope", "observed_expected", "lift_at_10", "recall_at_capacity", "share_null",
}  # fmt: skip
SIDE = {
    "from", "until", "n_snapshots", "n_rows", "n_accounts", "n_churned_rows", "n_churned_accounts", "base_rate"
}  # fmt: skip
SCORE_COLUMNS = [
    "account_id", "as_of", "run_id", "model_version", "policy_version", "scorer", "churn_probability",
    "lightgbm_probability", "horizon_days", "gap_days", "risk_tier", "health_score", "health_tier", "coverage",
    "usage_score", "engagement_score", "sentiment_score", "commercial_score", "arr", "evidence", "reason_1", "reason_2",
    "reason_3", "play", "published_at", "expires_on",
]  # fmt: skip


def test_train_reports_every_figure_for_every_scorer(trained: Trained) -> None:
    result = trained[1]
    assert list(result["models"]) == list(NAMES)
    assert all(set(row) == FIGURES for row in result["models"].values())
    assert set(result["train"]) == SIDE
    assert set(result["test"]) == SIDE
    assert set(result["champion"]) == {"scorer", "reason"}
    assert {"schema_version", "run_id", "model_version", "horizon_days", "gap_days", "data_until", "purged_rows",
            "decided_in_gap", "unavailable", "paired"} <= set(result)  # fmt: skip
    assert all(set(p) == {"vs", "roc_auc_diff", "ci"} for p in result["paired"].values())
    json.dumps(result, allow_nan=False)


def test_the_health_score_only_ranks(trained: Trained) -> None:
    row = trained[1]["models"]["health_score"]
    assert row["roc_auc"] is not None
    assert row["log_loss"] is None
    assert row["brier"] is None


def test_training_rows_never_reach_into_the_test_period(trained: Trained) -> None:
    result = trained[1]
    last = pd.Timestamp(result["train"]["until"]) + pd.Timedelta(days=result["gap_days"] + result["horizon_days"])
    assert last <= pd.Timestamp(result["test"]["from"]) + pd.Timedelta(days=6)
    assert result["purged_rows"] > 0


def test_predictions_hold_every_scorer_for_every_test_row(trained: Trained) -> None:
    folder, result, _ = trained
    frame = pd.read_parquet(folder / ".churn" / "evaluations" / result["run_id"] / "predictions.parquet")
    assert list(frame.columns) == ["account_id", "as_of", "scorer", "probability", "label"]
    assert (frame.groupby("scorer").size() == result["test"]["n_rows"]).all()
    assert frame.loc[frame["scorer"] == "health_score", "probability"].isna().all()
    again = frame[frame["scorer"] == "lightgbm"]
    assert again["label"].sum() == result["test"]["n_churned_rows"]
    assert again["probability"].between(0, 1).all()


def test_the_run_is_kept_with_card_plots_model_and_fingerprints(trained: Trained) -> None:
    import mlflow

    folder, result, _ = trained
    kept = {p.name for p in (folder / ".churn" / "evaluations" / result["run_id"]).iterdir()}
    assert {"model_card.md", "figures.json", "calibration.png", "lift.png", "shap_summary.png"} <= kept
    store = f"sqlite:///{folder / '.churn' / 'mlflow.db'}"
    client = mlflow.MlflowClient(store, registry_uri=store)
    run = client.get_run(result["run_id"])
    assert {"data_fingerprint", "code_fingerprint", "policy_version", "champion"} <= set(run.data.params)
    assert str(client.get_model_version_by_alias("demo", "champion").version) == result["model_version"]
    assert not list((folder / ".churn" / "mlflow-artifacts").rglob("*.pkl"))


def test_the_registered_model_loads_from_code_and_agrees_with_the_scores(trained: Trained) -> None:
    import mlflow

    folder, result, scored = trained
    store = f"sqlite:///{folder / '.churn' / 'mlflow.db'}"
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    loaded = mlflow.pyfunc.load_model(f"models:/demo/{result['model_version']}")
    features = pd.read_parquet(next((folder / ".churn" / "features" / f"as_of={scored['as_of']}").glob("*.parquet")))
    scores = pd.read_parquet(scored["path"]).set_index("account_id")
    names = [c for c in features if c not in ("account_id", "as_of")]
    predicted = pd.Series(loaded.predict(features[names]).to_numpy(), index=features["account_id"])
    assert (predicted - scores["churn_probability"].reindex(predicted.index)).abs().max() < 1e-9


def test_scores_have_the_columns_of_the_interface_in_order(trained: Trained) -> None:
    scores = pd.read_parquet(trained[2]["path"])
    assert list(scores.columns) == SCORE_COLUMNS
    assert scores["account_id"].is_unique
    assert len(scores) == trained[2]["scored"]


def test_contributions_add_up_to_the_probability_shown(trained: Trained) -> None:
    folder, _, scored = trained
    state = folder / ".churn"
    day = f"as_of={scored['as_of']}"
    drivers = pd.read_parquet(state / "drivers" / day / "drivers.parquet", partitioning=None)
    assert list(drivers.columns) == ["account_id", "as_of", "scorer", "group", "indicator", "value", "contribution"]
    book = pd.read_parquet(state / "book" / day / "book.parquet", partitioning=None).set_index("account_id")
    scores = pd.read_parquet(scored["path"]).set_index("account_id")
    total = drivers.groupby("account_id")["contribution"].sum() + book["base_points"]
    assert (total - 100 * scores["churn_probability"]).abs().max() < 1e-9


def test_every_reason_holds_two_numbers_and_a_date(trained: Trained) -> None:
    scores = pd.read_parquet(trained[2]["path"])
    reasons = pd.concat([scores[f"reason_{i}"] for i in (1, 2, 3)]).dropna()
    assert len(reasons) > 50
    told = reasons.str.contains(r"\d.*\d.*20\d\d", regex=True) & reasons.str.contains(
        r"\d{1,2} [A-Z][a-z]+ 20\d\d", regex=True
    )
    assert told.all(), reasons[~told].tolist()
    assert not reasons.str.contains("SHAP|logit|feature table|LightGBM|AUC|user-days", regex=True).any()


def test_every_scored_account_is_listed_with_how_it_is_served(trained: Trained) -> None:
    folder, _, scored = trained
    path = folder / ".churn" / "book" / f"as_of={scored['as_of']}" / "book.parquet"
    book = pd.read_parquet(path, partitioning=None).set_index("account_id")
    scores = pd.read_parquet(scored["path"]).set_index("account_id")
    assert set(book.index) == set(scores.index)
    arr = scores["arr"].reindex(book.index)
    for touch, low, high in (("tech", 0, 10_000), ("mid", 10_000, 50_000), ("high", 50_000, 10**12)):
        of_it = book["touch_model"] == touch
        assert of_it.any()
        assert (arr[of_it].between(low, high, inclusive="left")).all()
    assert book[["team_segment", "success_plan", "cadence", "service", "owner_types"]].notna().all(axis=None)
    assert book.loc[arr >= 50_000, "on_qbr_list"].all()
    assert book["on_qbr_list"].sum() >= 100
    young = book["tenure_days"] < 90
    assert book.loc[~young, "journey_status"].isna().all()
    assert set(book.loc[young, "journey_status"]) <= {"on track", "behind", "stuck"}


def test_high_risk_is_at_most_the_capacity_share(trained: Trained) -> None:
    scores = pd.read_parquet(trained[2]["path"])
    assert (scores["risk_tier"] == "high").sum() <= 0.10 * len(scores)
    assert (
        scores.loc[scores["risk_tier"] == "high", "churn_probability"].min()
        >= scores.loc[scores["risk_tier"] == "low", "churn_probability"].max()
    )


def test_check_prints_one_json_object(book: Path, churn: Run) -> None:
    code, found, _ = churn("check", "--project", book, "--json")
    assert code == 0
    assert found["verdict"] == "quarantined"
    assert set(found["tables"]["usage_events"]) == {"rows", "verdict", "quarantined", "failed"}
    assert found["tables"]["accounts"]["verdict"] == "ok"


def test_plan_apply_apply_writes_once(scored: Path, churn: Run) -> None:
    code, found, _ = churn("plan", "--project", scored, "--json")
    assert code == 0
    assert found["scores"]["new"] > 0
    code, first, _ = churn("apply", "--project", scored, "--json")
    assert code == 0
    assert set(first) == {"run", "staged", "written", "skipped", "rejected", "deferred"}
    assert first["written"] == first["staged"] > 0
    code, second, _ = churn("apply", "--project", scored, "--json")
    assert (code, second["written"], second["skipped"]) == (0, 0, second["staged"])


def test_report_and_explain_agree_with_the_scores(scored: Path, churn: Run) -> None:
    code, found, _ = churn("report", "--project", scored, "--json")
    assert code == 0
    assert Path(found["page"]).exists()
    path = next((scored / ".churn" / "scores").glob("*/*.parquet"))
    row = pd.read_parquet(path, partitioning=None).iloc[0]
    code, told, _ = churn("explain", row["account_id"], "--project", scored, "--json")
    assert code == 0
    total = told["base_points"] + sum(d["points"] for d in told["drivers"])
    assert total == pytest.approx(100 * row["churn_probability"], abs=1e-9)
    assert told["main_driver"] is None or told["main_driver"] in {d["group"] for d in told["drivers"]}
    change = told["change"]
    assert change["after_probability"] == row["churn_probability"]
    moved = 100 * (change["after_probability"] - change["before_probability"])
    assert change["data"] + change["model"] + change["calibration"] == pytest.approx(moved, abs=1e-9)
    assert sum(d["points"] for d in change["drivers"]) == pytest.approx(change["data"], abs=1e-9)
    # The week before was not scored: today's model on what was known then.
    assert (change["model"], change["calibration"]) == (0.0, 0.0)


def test_a_registered_model_loads_by_its_version_with_what_its_explanations_start_from(trained: Trained) -> None:
    folder, result, _ = trained
    tracking = Tracking(open_project(folder))
    champion = tracking.champion()
    assert champion is not None
    assert tracking.version(result["model_version"]) == champion
    reference = Reference.from_parameters(champion.parameters["explained_against"])
    assert len(reference.margins) == 16
    assert sum(reference.shares) == pytest.approx(1.0)
    assert tracking.version("99") is None


def test_failures_are_json_with_code_where_message_and_cure(tmp_path: Path, churn: Run) -> None:
    code, found, err = churn("score", "--project", tmp_path, "--json")
    assert code == 3
    assert set(found["error"]) == {"code", "where", "message", "cure"}
    assert found["error"]["code"] == 3
    assert "Cure:" in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scoer"], 2),
        (["score", "--as-off", "2026-01-05"], 2),
        (["score", "--as-of", "soon"], 2),
        (["explain"], 2),
        (["indicators", "--component", "usge"], 2),
    ],
)
def test_the_command_line_teaches(arguments: list[str], code: int, churn: Run) -> None:
    left, _, err = churn(*arguments)
    assert left == code
    assert "Error:" in err
    assert "Cure:" in err


def test_indicators_lists_the_catalogue(churn: Run) -> None:
    code, found, _ = churn("indicators", "--json")
    assert code == 0
    rows = found["indicators"]
    assert len(rows) >= 40
    assert {"usage", "engagement", "sentiment", "commercial", "people", "lifecycle"} == {r["component"] for r in rows}


def test_an_unknown_account_gets_the_nearest_spelling(scored: Path, churn: Run) -> None:
    code, found, _ = churn("explain", "acc-0001", "--project", scored, "--json")
    assert code == 2
    assert "Did you mean `acc-0" in found["error"]["cure"]


def test_init_writes_a_project_that_explains_itself(tmp_path: Path, churn: Run) -> None:
    code, found, _ = churn("init", tmp_path / "mine", "--json")
    assert code == 0
    assert len(found["files"]) == 16
    text = (tmp_path / "mine" / "sources" / "accounts.sql").read_text()
    assert "account_id," in text
    code, again, _ = churn("init", tmp_path / "mine", "--json")
    assert code == 2
    assert "already" in again["error"]["message"]


def test_features_writes_one_row_per_account(book: Path, churn: Run) -> None:
    code, found, _ = churn("features", "--project", book, "--as-of", "2026-03-02", "--json")
    assert code == 0
    frame = pd.read_parquet(found["path"], partitioning=None)
    assert frame["account_id"].is_unique
    assert len(frame) == found["rows"]
    assert len(frame.columns) == 2 + found["indicators"]
