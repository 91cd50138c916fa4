"""The rows of a trial: a book to learn from, and fresh accounts of the same world whose true risk is known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd

from features.labels import labels
from features.snapshots import Snapshots
from models.split import Split
from pipelines.build_features import Checked, dated, features_at
from pipelines.panel import Panel, build_panel, label_rule
from pipelines.scaffold import CHURN_TOML
from pipelines.settings import Project, open_project
from simulation import Company, World, simulate
from simulation.drawn import another_draw
from simulation.schema import TRUTH_COLUMNS
from trials.emission import emitted

FRESH_DRAW = 1000
"""First draw of the fresh accounts; a book is draw 0."""
AT_ONCE = 5000
"""Accounts simulated and measured at a time."""
FRESH_WEEKS = 80
"""History of a fresh account: more than any indicator looks back."""
FRESH_COURSES = 32
"""Courses behind each true hazard."""


def book_of(world: World, split: Split | None = None) -> Panel:
    """The labelled panel of the world's own book, as `churn train` would see it."""
    with project() as where, emitted(simulate(world, truth_on=()), where) as checked:
        return build_panel(checked, label_rule(checked), split, refit=split is None)


def fresh_of(world: World, accounts: int) -> pd.DataFrame:
    """At least about `accounts` other accounts of this world on the Monday its data end, one row each.

    Columns: the cohort's and the indicators, `in_window`, and the truth's (`hazard_90d`, `top_cause`, …) of that day.
    Whoever is not scored there (too young, already lost) is left out.
    """
    size = min(accounts, AT_ONCE)
    parts = []
    for draw in range(-(-accounts // size)):
        drawn = another_draw(world, FRESH_DRAW + draw, accounts=size, weeks=FRESH_WEEKS)
        company = simulate(drawn, truth_on=(world.data_until,), courses=FRESH_COURSES)
        with project() as where, emitted(company, where) as checked:
            rows = _scored(checked, company, world.data_until)
        parts.append(rows.assign(account_id=f"{draw}-" + rows["account_id"].astype(str)))
    return pd.concat(parts, ignore_index=True)


def _scored(checked: Checked, company: Company, as_of: date) -> pd.DataFrame:
    """Indicators, window and truth of everyone who would be scored on `as_of`."""
    members, frame = features_at(checked, Snapshots.of((as_of,)))
    rule = label_rule(checked)
    window = dated(labels(checked.facts, members, rule, data_until=as_of).to_pandas())
    frame = frame.merge(window[["account_id", "as_of", "in_window"]], on=["account_id", "as_of"], validate="one_to_one")
    truth = company.truth.assign(as_of=company.truth["as_of"].dt.date)
    rows = frame[~frame["known_loss"].astype(bool)].merge(
        truth[list(TRUTH_COLUMNS)], on=["account_id", "as_of"], how="inner", validate="one_to_one"
    )
    return rows.reset_index(drop=True)


@contextmanager
def project() -> Iterator[Project]:
    """A project with every setting at its default, and no sources of its own."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        place = Path(folder)
        (place / "churn.toml").write_text(CHURN_TOML, encoding="utf-8")
        (place / "sources").mkdir()
        yield open_project(place)
