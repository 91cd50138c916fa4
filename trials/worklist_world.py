"""One world's book on the Monday its data end, and how much of the oracle's ARR each kind of work list saves in truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from features.labels import labels
from features.snapshots import Snapshots
from models.main_driver import main_drivers
from models.prepare import prepared
from models.recipe import settled
from models.reference import fit_reference
from models.scorer import Array
from pipelines.build_features import dated, features_at
from pipelines.fit import directions_in, scorers_on
from pipelines.panel import first_as_of, label_rule
from policy.policy import Policy, load_policy
from policy.saving import SaveEffects
from serving.workbench.capacity import play_hours
from serving.workbench.worklist.effects import Effects, effects_of, saved_probability
from serving.workbench.worklist.knapsack import most_valuable
from simulation import simulate
from simulation.drawn import drawn_world
from trials.emission import emitted
from trials.panels import project

SCORER = "ensemble"
SHARE = 0.05
"""Of the hours that working on everybody would take."""
WINDOW_DAYS = 104
EVERY_WEEKS = 13
"""Between training snapshots: a third as many as by default, so that a world takes a minute."""
COURSES = 32
RANDOM_LISTS = 20
PERTURBED = 20
SIZE = (0.5, 1.5)
USUAL = {"usage": -0.6, "payment": -0.1, "support": -0.55, "sentiment": -0.45, "champion": -0.6, "price": -0.1}
"""What a treatment of each true cause usually changes in the simulated company, for the ceilings; no list of ours reads it."""


def book_with_truth(seed: int, accounts: int) -> tuple[str, pd.DataFrame]:
    """(family, rows) of everyone scored when the data end: what a model of that book says of them, and the truth.

    Rows: account_id, arr, said, main_driver, hours; hazard_90d, treatment_effect, top_cause, and `saved`, the ARR that
    acting saves in truth.
    """
    world = drawn_world(seed, accounts=accounts)
    company = simulate(world, truth_on=(world.data_until,), courses=COURSES)
    with project() as where, emitted(company, where) as checked:
        policy, rule = where.policy, label_rule(checked)
        last = world.data_until - timedelta(days=WINDOW_DAYS)
        mature = Snapshots.every(EVERY_WEEKS, first_as_of(checked), last, weekday="monday").dates
        members, every = features_at(checked, Snapshots.of((*mature, world.data_until)))
        outcome = dated(labels(checked.facts, members, rule, data_until=world.data_until).to_pandas())
    learned = every.merge(outcome, on=["account_id", "as_of"], validate="one_to_one")
    usable = learned["mature"].astype(bool) & ~(
        learned["decided_in_gap"].astype(bool) | learned["known_loss"].astype(bool)
    )
    learned = learned[usable].astype({"churned": float}).reset_index(drop=True)
    frame = every[every["as_of"] == world.data_until]
    frame = frame[~frame["known_loss"].astype(bool)].reset_index(drop=True)
    rows = prepared(frame, policy)
    recipe = settled(learned, window_days=WINDOW_DAYS)
    scorer = scorers_on(learned, directions_in(learned, catalogue()), policy, recipe, (SCORER,))[SCORER]
    groups = {name: i.group for name, i in catalogue().items()}
    drivers = main_drivers(
        scorer,
        rows,
        groups,
        {name for name, i in catalogue().items() if i.clock},
        reference=fit_reference(scorer, prepared(learned, policy), groups),
        least_points=policy.evidence.least_points,
        least_gap=policy.evidence.least_gap,
    )
    found = frame[["account_id", "as_of", "arr"]].assign(said=scorer.score(rows), main_driver=drivers.to_numpy())
    truth = company.truth.assign(as_of=company.truth["as_of"].dt.date)
    found = found.merge(truth, on=["account_id", "as_of"], how="inner", validate="one_to_one")
    return world.family, with_saved(found, policy)


def with_saved(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The rows with `hours` of the play of their main driver, and `saved`: ARR × what acting takes off the true risk."""
    plays = {group: play.play for group, play in policy.plays.items()}
    hours = [play_hours(plays.get(group) if isinstance(group, str) else None, policy) for group in rows["main_driver"]]
    true, effect = (rows[name].to_numpy(dtype=float) for name in ("hazard_90d", "treatment_effect"))
    return rows.assign(hours=hours, saved=rows["arr"].to_numpy(dtype=float) * saved_probability(true, effect))


def figures(rows: pd.DataFrame, seed: int, *, effects: SaveEffects | None = None) -> dict[str, Any]:
    """Shares of the oracle's ARR, as JSON: the lists, the ceilings, and ours under perturbed assumptions.

    Every list works within 5 % of the hours that working on everybody would take; `alike` are the lists again where
    every account takes as long, so that it is 5 % of the accounts.
    """
    assumed = effects or load_policy().save_effects
    by_hours, alike = Budget(rows, rows["hours"]), Budget(rows, pd.Series(1.0, index=rows.index))
    return {
        "accounts": len(rows),
        "oracle_arr": by_hours.oracle,
        "lists": lists(by_hours, effects_of(assumed), seed),
        "alike": lists(alike, effects_of(assumed), seed),
        "ceilings": ceilings(by_hours, effects_of(assumed)),
        "perturbed": perturbed(by_hours, assumed, seed),
    }


class Budget:
    """Rows, the minutes each takes, and the minutes there are."""

    def __init__(self, rows: pd.DataFrame, hours: pd.Series) -> None:
        self.rows = rows
        self.minutes = [round(h * 60) for h in hours]
        self.capacity = int(SHARE * sum(self.minutes))
        self.saved = rows["saved"].to_numpy(dtype=float)
        self.arr = rows["arr"].to_numpy(dtype=float)
        self.said = rows["said"].to_numpy(dtype=float)
        self.true = rows["hazard_90d"].to_numpy(dtype=float)
        self.oracle = self._arr(self._best(self.saved))

    def best(self, value: Array) -> float:
        """Share of the oracle that the list with the most `value` within the hours saves in truth."""
        return self._arr(self._best(value)) / self.oracle

    def sorted(self, value: Array) -> float:
        """The same of a list taken from the top, each account that still fits, as without a solver."""
        left, taken = self.capacity, []
        for place in np.argsort(-value, kind="stable"):
            if self.minutes[place] <= left:
                left -= self.minutes[place]
                taken.append(int(place))
        return self._arr(taken) / self.oracle

    def _best(self, value: Array) -> list[int]:
        return sorted(most_valuable([round(v * 100) for v in value], self.minutes, self.capacity))

    def _arr(self, places: list[int]) -> float:
        return float(self.saved[places].sum())


def lists(of: Budget, effects: Effects, seed: int) -> dict[str, float]:
    """What each list saves: ours and those it has to be measured by."""
    rng = np.random.default_rng(seed % 2**32)
    return {
        "ours": of.best(ours(of, effects)),
        "risk_arr": of.best(of.said * of.arr),
        "risk_arr_sorted": of.sorted(of.said * of.arr),
        "risk": of.sorted(of.said),
        "random": float(np.mean([of.sorted(rng.random(len(of.said))) for _ in range(RANDOM_LISTS)])),
    }


def ours(of: Budget, effects: Effects) -> Array:
    """Expected ARR saved, as the work list reckons it."""
    effect = np.array([effects.of(group) for group in of.rows["main_driver"]], dtype=float)
    return saved_probability(of.said, effect) * of.arr


def ceilings(of: Budget, effects: Effects) -> dict[str, float]:
    """What a list would save that knew more than anybody can: the true risk, the true cause, the true effect."""
    effect = np.array([effects.of(group) for group in of.rows["main_driver"]], dtype=float)
    usual = np.array([USUAL.get(cause, 0.0) for cause in of.rows["top_cause"]], dtype=float)
    true_effect = of.rows["treatment_effect"].to_numpy(dtype=float)
    return {
        "true_risk_arr": of.best(of.true * of.arr),
        "true_risk_our_effects": of.best(saved_probability(of.true, effect) * of.arr),
        "our_risk_usual_of_true_cause": of.best(saved_probability(of.said, usual) * of.arr),
        "true_risk_usual_of_true_cause": of.best(saved_probability(of.true, usual) * of.arr),
        "our_risk_true_effects": of.best(saved_probability(of.said, true_effect) * of.arr),
    }


def perturbed(of: Budget, assumed: SaveEffects, seed: int) -> dict[str, list[float]]:
    """Ours under other assumptions, one figure a draw: each effect × U(0.5, 1.5); then one of them of the other sign.

    `literal`: as the last, had the list believed the wrong sign.
    """
    rng = np.random.default_rng([seed % 2**32, 1])
    found: dict[str, list[float]] = {"size": [], "sign": [], "literal": []}
    for _ in range(PERTURBED):
        drawn = {group: effect * rng.uniform(*SIZE) for group, effect in assumed.priors.items()}
        wrong = str(rng.choice(sorted(drawn)))
        turned: Mapping[str, float] = {**drawn, wrong: -drawn[wrong]}
        found["size"].append(of.best(ours(of, effects_of(assumed.model_copy(update={"priors": drawn})))))
        flipped = effects_of(assumed.model_copy(update={"priors": turned}))
        found["sign"].append(of.best(ours(of, flipped)))
        found["literal"].append(of.best(ours(of, literally(turned, assumed.prior_trust))))
    return found


def literally(priors: Mapping[str, float], trust: float) -> Effects:
    """The assumptions drawn towards their median and otherwise as they stand, harmful ones too."""
    middle = float(np.median(list(priors.values())))
    return Effects({group: trust * e + (1 - trust) * middle for group, e in priors.items()}, "assumed", "")
