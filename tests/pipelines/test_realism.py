"""The simulated company is as hard as a real book: nothing alone tells who leaves, and the calendar tells a lot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.catalogue import catalogue
from models.linear_scorers import fit_calendar
from models.metrics import roc_auc
from models.prepare import prepared
from pipelines.build_features import Checked, checked_sources
from pipelines.demo import make_demo
from pipelines.panel import Sides, build_panel, label_rule
from pipelines.parts import Parts
from pipelines.proof_evidence import Evidence
from pipelines.settings import open_project
from tests.pipelines.planted import few

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    folder: Path = make_demo(tmp_path_factory.mktemp("world") / "demo", seed=7, accounts=500, until=date(2026, 6, 1))
    with checked_sources(open_project(folder)) as found:
        yield found


@pytest.fixture(scope="module")
def sides(checked: Checked) -> Sides:
    """Training and test rows with a few indicators, the calendar's among them."""
    return Evidence(checked, Parts(indicators=few)).sides


def test_no_single_indicator_tells_who_leaves_inside_the_renewal_window(checked: Checked) -> None:
    panel = build_panel(checked, label_rule(checked))
    window = panel.test[panel.test["in_window"].astype(bool)]
    assert window.loc[window["churned"] == 1, "account_id"].nunique() >= 30
    found = {}
    for name in catalogue():
        values = window[name].astype(float)
        if values.nunique() < 2:
            continue
        auc = roc_auc(window["churned"].to_numpy(), values.fillna(values.median()).to_numpy())
        assert auc is not None
        found[name] = max(auc, 1 - auc)
    worst = max(found, key=lambda n: found[n])
    assert found[worst] <= 0.70, f"{worst} alone reaches {found[worst]:.3f}"


def test_the_calendar_alone_reaches_what_real_books_show(sides: Sides) -> None:
    from policy.policy import load_policy

    policy = load_policy()
    train, test = prepared(sides.train, policy), prepared(sides.test, policy)
    scorer = fit_calendar(train, train["churned"].to_numpy())
    auc = roc_auc(test["churned"].to_numpy(), scorer.score(test))
    assert auc is not None
    assert 0.70 <= auc <= 0.80


def test_no_test_row_knows_its_own_decision(sides: Sides) -> None:
    both = pd.concat([sides.train, sides.test])
    assert not both["known_loss"].any()
    assert sides.train["as_of"].max() < sides.test["as_of"].min()
