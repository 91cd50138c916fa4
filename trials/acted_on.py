"""A year of alarms that are acted on, then retraining: does the model still know the risk of who is left alone?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from features.snapshots import Snapshots
from models.acted_on import ACTED, HELD
from models.metrics import high_tier
from models.prepare import prepared
from models.recipe import Recipe, settled
from models.scorer import Array, Scorer
from models.split import Split
from pipelines.alarms import with_alarms
from pipelines.build_features import features_at
from pipelines.fit import directions_in, fitted_as_if_untreated, scorers_on
from pipelines.panel import Panel, build_panel, label_rule
from policy.policy import Policy
from serving.holdout import Draw, assigned, held_on, nobody
from simulation import Company, World, simulate
from simulation.actions import NOBODY, Actions
from simulation.days import day_number
from simulation.drawn import another_draw
from trials.alerts import BUDGET
from trials.emission import emitted
from trials.figures import expected_auc, expected_log_loss
from trials.panels import project
from trials.skill import Fresh

YEAR_DAYS, ROUND_DAYS = 364, 28
WINDOW_DAYS = 104
HOLDOUT = Draw(share=0.10, seed=0)
SCORER = "lightgbm"
CARES = (1.0, 3.0)
"""Acting as the world has it, and three times as strong."""


@dataclass
class Year:
    """What was done so far: alarms (account_id, on, alarm), and the actions as the simulation knows them."""

    holdout: pd.DataFrame = field(default_factory=nobody)
    alarms: list[tuple[str, date, str]] = field(default_factory=list)
    homes: list[int] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    @property
    def actions(self) -> Actions:
        """All of them."""
        return Actions(np.array(self.homes, dtype=np.int64), np.array(self.days, dtype=np.int64))

    @property
    def told(self) -> pd.DataFrame:
        """The alarms as `pipelines.alarms` tells them."""
        return pd.DataFrame(self.alarms, columns=["account_id", "on", "alarm"])

    def alarmed(self, company: Company, accounts: pd.Series, on: date) -> None:
        """Draw who is new into the holdout or out of it, and act on everyone alarmed who is not held."""
        self.holdout = assigned(self.holdout, {str(a): "all" for a in accounts}, HOLDOUT, on)
        held = set(held_on(self.holdout, on)["account_id"])
        for account in accounts.astype(str):
            self.alarms.append((account, on, HELD if account in held else ACTED))
            if account not in held:
                self.homes.append(int(company.homes[account]))
                self.days.append(day_number(on))


@dataclass(frozen=True)
class _Start:
    """The book when the alarms begin, nobody acted on so far, and what stays the same whatever is done."""

    book: World
    begins: date
    policy: Policy
    directions: Mapping[str, int]
    recipe: Recipe
    panel: Panel

    def fit(self, rows: pd.DataFrame) -> dict[str, Scorer]:
        return scorers_on(rows, self.directions, self.policy, self.recipe, (SCORER,))


def acted_on(world: World, fresh: Fresh, accounts: int) -> dict[str, Any]:
    """Figures against the true, untreated risk of fresh accounts, of models trained after the year.

    Every four weeks the riskiest tenth is alarmed, and acted on unless the holdout spares it. `before` is the model that
    gives the alarms, `untouched` is trained in the same world had nobody acted. By `cares`, how strong acting is beside
    what the world has it to be: `naive` is trained on what happened, `ours` with what acting did taken back, `weighted`
    without the acted-on, in whose place those held stand.
    """
    start = _start(another_draw(world, 0, accounts=accounts))
    rows, true = prepared(fresh.rows, start.policy), fresh.true
    first = start.fit(start.panel.train)[SCORER]

    def against(scorers: Mapping[str, Scorer]) -> dict[str, float]:
        return _against(true, scorers[SCORER].score(rows))

    found: dict[str, Any] = {
        "before": _against(true, first.score(rows)),
        "untouched": against(start.fit(_mature(start.panel))),
        "churned_accounts": _lost(start.panel),
        "cares": {},
    }
    for care in CARES:
        book = replace(start.book, care=care)
        year = a_year(book, first, start)
        acted = _panel(book, year.actions, start.begins)
        marked = with_alarms(acted, year.told, lasts_days=start.policy.acted_on.lasts_days, window_days=WINDOW_DAYS)
        ours, told = fitted_as_if_untreated(_mature(marked), start.fit, SCORER, start.policy)
        found["cares"][f"{care:g}"] = {
            "alarms": len(year.alarms),
            "churned_accounts": _lost(acted),
            "acted_on": None if told is None else told.as_json(),
            "naive": against(start.fit(_mature(acted))),
            "weighted": against(start.fit(weighted(_mature(marked)))),
            "ours": against(ours),
        }
    return found


def weighted(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows without the acted-on; each that was held out, as often as the lot makes it stand for.

    >>> rows = pd.DataFrame({"alarm": ["acted", "held", None]})
    >>> weighted(rows)["alarm"].value_counts(dropna=False).to_dict()
    {'held': 10, nan: 1}
    """
    alarm = rows["alarm"].to_numpy()
    times = np.where(alarm == HELD, round(1 / HOLDOUT.share), np.where(alarm == ACTED, 0, 1))
    return rows.loc[rows.index.repeat(times)].reset_index(drop=True)


def a_year(book: World, scorer: Scorer, start: _Start) -> Year:
    """Twelve months of alarms, each round in the company as the rounds before have made it."""
    year = Year()
    for days in range(0, YEAR_DAYS, ROUND_DAYS):
        day = start.begins + timedelta(days=days)
        company = simulate(book, truth_on=(book.data_until,), courses=1, actions=year.actions)
        with project() as where, emitted(company, where) as checked:
            _, frame = features_at(checked, Snapshots.of((day,)))
        rows = frame[~frame["known_loss"].astype(bool)].reset_index(drop=True)
        said = pd.Series(scorer.score(prepared(rows, start.policy)))
        year.alarmed(company, rows.loc[high_tier(said, rows["as_of"], share=BUDGET), "account_id"], day)
    return year


def _start(book: World) -> _Start:
    begins = book.data_until - timedelta(days=YEAR_DAYS)
    panel = _panel(book, NOBODY, begins)
    with project() as where:
        policy = where.policy
    recipe = settled(panel.train, window_days=WINDOW_DAYS)
    return _Start(book, begins, policy, directions_in(panel.train, catalogue()), recipe, panel)


def _panel(book: World, actions: Actions, begins: date) -> Panel:
    """Training rows known when the alarms begin, and everything mature at the end."""
    company = simulate(book, truth_on=(book.data_until,), courses=1, actions=actions)
    split = Split(begins - timedelta(days=WINDOW_DAYS), begins, begins + timedelta(days=1))
    with project() as where, emitted(company, where) as checked:
        return build_panel(checked, label_rule(checked), split, refit=True)


def _mature(panel: Panel) -> pd.DataFrame:
    assert panel.everything is not None  # noqa: S101  # panels are built with them
    return panel.everything


def _lost(panel: Panel) -> int:
    rows = _mature(panel)
    return int(rows.loc[rows["churned"] == 1, "account_id"].nunique())


def _against(true: Array, said: Array) -> dict[str, float]:
    return {
        "auc": expected_auc(true, said),
        "observed_expected": float(true.mean() / said.mean()),
        "log_loss": expected_log_loss(true, said),
    }
