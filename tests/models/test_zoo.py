"""What every learned scorer must do: probabilities, additive log-odds, and bit-equal after JSON."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.calendar import CALENDAR, READS
from models.prepare import prepared
from models.recipe import Recipe
from models.scorer import Scorer, logit
from models.zoo import FORMAT, KINDS, NAMES, fit_all, from_parameters, stored_scorers
from policy.errors import SettingsError
from policy.policy import Policy
from tests.models.books import DIRECTIONS, book

LEARNED = NAMES[1:]
ROOT = Path(__file__).resolve().parents[2]


def test_every_name_but_the_health_score_is_fitted_and_every_kind_met(scorers: Mapping[str, Scorer]) -> None:
    assert set(scorers) == set(LEARNED)
    assert {s.name for s in scorers.values()} == set(LEARNED)
    assert {s.parameters()["kind"] for s in scorers.values()} | {"calibrated"} == set(KINDS)


@pytest.mark.parametrize("name", LEARNED)
def test_probabilities_lie_strictly_between_0_and_1(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    found = scorers[name].score(test)
    assert found.shape == (len(test),)
    assert ((found > 0) & (found < 1)).all()
    assert len(np.unique(found)) > 1


@pytest.mark.parametrize("name", LEARNED)
def test_margins_sum_to_the_log_odds(name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    base, contributions = scorers[name].margins(test)
    assert list(contributions.index) == list(test.index)
    total = base + contributions.to_numpy().sum(axis=1)
    np.testing.assert_allclose(total, logit(scorers[name].score(test)), atol=1e-9)


@pytest.mark.parametrize("name", LEARNED)
def test_margins_speak_of_indicators_and_never_of_calendar_columns(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    _, contributions = scorers[name].margins(test)
    assert contributions.columns.is_unique
    assert not set(contributions) & set(CALENDAR)


@pytest.mark.parametrize("name", LEARNED)
def test_parameters_through_json_build_a_bit_equal_scorer(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    again = from_parameters(json.loads(json.dumps(scorers[name].parameters(), allow_nan=False)))
    assert again.name == name
    assert again.score(test).tobytes() == scorers[name].score(test).tobytes()
    assert again.margins(test)[1].to_numpy().tobytes() == scorers[name].margins(test)[1].to_numpy().tobytes()


@pytest.mark.parametrize("name", LEARNED)
def test_a_row_scores_the_same_alone_as_among_others_in_any_order(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    whole = pd.Series(scorers[name].score(test), index=test.index)
    shuffled = test.sample(frac=1, random_state=1)
    assert scorers[name].score(shuffled).tolist() == whole[shuffled.index].tolist()
    assert scorers[name].score(test.iloc[[7]])[0] == whole.iloc[7]


@pytest.mark.parametrize("name", LEARNED)
def test_no_rows_give_no_scores(name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    assert scorers[name].score(test.head(0)).tolist() == []
    base, contributions = scorers[name].margins(test.head(0))
    assert base == scorers[name].margins(test.head(1))[0]
    assert len(contributions) == 0


@pytest.mark.parametrize("name", LEARNED)
def test_a_customer_of_whom_nothing_is_known_still_has_a_probability(
    name: str, scorers: Mapping[str, Scorer], policy: Policy
) -> None:
    unknown = pd.DataFrame([dict.fromkeys([*DIRECTIONS, "nps_age_days", *READS], float("nan"))])
    found = scorers[name].score(prepared(unknown, policy))
    assert 0 < found[0] < 1


def test_fitting_again_gives_the_same_parameters(train: pd.DataFrame, policy: Policy) -> None:
    some = train.head(240)

    def fitted() -> str:
        y = some["churned"].to_numpy()
        found = fit_all(some, y, DIRECTIONS, policy)
        return json.dumps({n: s.parameters() for n, s in found.items()})

    assert fitted() == fitted()


@pytest.mark.parametrize(
    ("only", "fitted"),
    [
        ({"health_recalibrated"}, {"health_recalibrated"}),
        ({"recency", "calendar"}, {"recency", "calendar"}),
        ({"logistic"}, {"logistic"}),
        ({"ensemble"}, {"ensemble", "logistic", "lightgbm"}),
    ],
)
def test_only_the_scorers_asked_for_are_fitted_and_an_ensemble_brings_its_halves(
    only: set[str], fitted: set[str], train: pd.DataFrame, policy: Policy
) -> None:
    some = train.head(240)
    found = fit_all(some, some["churned"].to_numpy(), DIRECTIONS, policy, only=only)
    assert set(found) == fitted


def test_without_the_calendar_nobody_but_the_calendar_itself_starts_from_it(
    train: pd.DataFrame, policy: Policy
) -> None:
    directions = {name: side for name, side in DIRECTIONS.items() if name not in READS}
    some = train.head(240)
    moved = some.assign(**{name: some[name].to_numpy()[::-1] for name in READS})
    for recipe, reads in ((Recipe(calendar=False), {"calendar"}), (Recipe(), set(NAMES) - {"health_score", "recency"})):
        found = fit_all(some, some["churned"].to_numpy(), directions, policy, recipe=recipe)
        assert {n for n, s in found.items() if not np.array_equal(s.score(some), s.score(moved))} == reads


def test_a_model_stored_in_another_form_is_refused_with_the_cure(scorers: Mapping[str, Scorer]) -> None:
    given = {"scorers": {"calendar": scorers["calendar"].parameters()}}
    for stored in (given, given | {"format": FORMAT + 1}):
        with pytest.raises(SettingsError, match="this version reads form") as caught:
            stored_scorers(stored)
        assert "churn train" in caught.value.cure
    assert set(stored_scorers(given | {"format": FORMAT})) == {"calendar"}


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        from_parameters({"kind": "oracle"})


def test_the_scorers_rank_churn_they_were_not_shown(scorers: Mapping[str, Scorer], policy: Policy) -> None:
    from models.metrics import roc_auc

    fresh = prepared(book(accounts=200, seed=9), policy)
    auc = {n: roc_auc(fresh["churned"].to_numpy(), s.score(fresh)) or 0.0 for n, s in scorers.items()}
    assert min(auc.values()) > 0.52
    assert min(auc["logistic"], auc["lightgbm"], auc["ensemble"]) > max(auc["calendar"], 0.7)


@pytest.mark.parametrize("package", ["models", "pipelines"])
def test_nothing_is_pickled(package: str) -> None:
    banned = {"pickle", "cloudpickle", "joblib", "dill", "shelve"}
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not {n.split(".")[0] for n in names} & banned, path
