"""From a labelled panel to what was judged and what ships: pure work on frames, no registry and no files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from features.catalogue import catalogue
from features.indicator import Indicator
from models.acted_on import ActedOn, untreated, what_acting_did
from models.calibration import Calibrated, Curve, Trial, chosen_curve
from models.ladder import FIRST, Champion, choose, rungs
from models.prepare import prepared
from models.recipe import USUAL, Recipe, settled
from models.tune import NO_TUNING, Budget, Tuning
from models.tune_apart import apart
from models.tune_origins import tuned_inside
from models.zoo import NAMES, fit_all
from pipelines.panel import Panel, described
from policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array, Scorer


@dataclass(frozen=True)
class Fitted:
    """Everything a training run learned.

    `judged` are the scorers fitted on the training side alone; `shipped` the champion, with its curve, and LightGBM,
    fitted on every mature snapshot until `fitted_until`.
    """

    directions: Mapping[str, int]
    policy: Policy
    recipe: Recipe
    champion: Champion
    curve: Curve
    curves_tried: tuple[Trial, ...]
    judged: Mapping[str, Scorer]
    shipped: Mapping[str, Scorer]
    fitted_until: str
    tuning: Tuning | None = None
    acted_on: ActedOn | None = None
    """What acting on alarms did to the rows that ship, taken back from their labels; null where no row had an alarm."""

    def fit_and_score(self, past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        """What these scorers, fitted in the same way on other rows, say of later ones; curves left out."""
        return probabilities(past, later, self.directions, self.policy, names, self.recipe)


def fit_panel(
    panel: Panel,
    policy: Policy,
    *,
    window_days: int,
    previous: str = FIRST,
    budget: Budget = NO_TUNING,
    progress: Callable[[str], None] = lambda _: None,
) -> Fitted:
    """Settle the recipe, tune within the budget, let the scorers compete, calibrate and fit; the test side is never seen.

    `previous` is the scorer that holds the champion's place; one that this many churned accounts no longer carry loses
    it. Raises NotEnoughData below the ladder's first rung.
    """
    directions = directions_in(panel.train, catalogue())
    recipe = settled(panel.train, window_days=window_days)
    tuning = tuned_inside(
        panel.train, directions, recipe, policy.ladder, budget, window_days=window_days, progress=progress
    )
    recipe = replace(recipe, growth=tuning.growth if tuning else None)

    def fit(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], recipe: Recipe) -> Mapping[str, Array]:
        return probabilities(past, later, directions, policy, names, recipe)

    def fit_and_score(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        return fit(past, later, names, recipe)

    contest = apart(fit, recipe, tuning.apart) if tuning and tuning.apart else fit_and_score
    progress("choosing the scorer inside the training period")
    lost = panel.train.loc[panel.train["churned"] == 1, "account_id"].nunique()
    holder = previous if previous in (FIRST, *rungs(lost, policy.ladder)) else FIRST
    champion = choose(panel.train, contest, policy.ladder, window_days=window_days, holder=holder)
    curve, tried = chosen_curve(champion.origins, champion.scorer, window_days=window_days)
    progress("fitting every scorer")

    def these(names: Collection[str]) -> Callable[[pd.DataFrame], dict[str, Scorer]]:
        return lambda rows: scorers_on(rows, directions, policy, recipe, names)

    judged, acted_on = fitted_as_if_untreated(panel.train, these(NAMES), champion.scorer, policy)
    shipped, until = judged, described(panel.train)["until"]
    if panel.everything is not None:
        ships = these((champion.scorer, "lightgbm"))
        shipped, acted_on = fitted_as_if_untreated(panel.everything, ships, champion.scorer, policy)
        until = described(panel.everything)["until"]
    if curve.kind != "none":
        judged, shipped = ({**s, champion.scorer: Calibrated(s[champion.scorer], curve)} for s in (judged, shipped))
    return Fitted(directions, policy, recipe, champion, curve, tuple(tried), judged, shipped, until, tuning, acted_on)


def fitted_as_if_untreated(
    rows: pd.DataFrame, fit: Callable[[pd.DataFrame], dict[str, Scorer]], champion: str, policy: Policy
) -> tuple[dict[str, Scorer], ActedOn | None]:
    """(the scorers fitted on these rows, what acting on alarms did to their labels).

    Where the rows have an `alarm` and the holdout can tell, they are fitted twice: on what happened, and, by what the
    champion then says, on what would have happened had nobody acted.
    """
    scorers = fit(rows)
    if "alarm" not in rows:
        return scorers, None
    limits = policy.acted_on
    said = scorers[champion].log_odds(prepared(rows, policy))
    found = what_acting_did(rows, said, least_held=limits.least_held, prior_sd=limits.prior_sd)
    if found.effect is None:
        return scorers, found
    return fit(rows.assign(untreated=untreated(rows, said, found.effect))), found


def scorers_on(
    rows: pd.DataFrame, directions: Mapping[str, int], policy: Policy, recipe: Recipe, names: Collection[str]
) -> dict[str, Scorer]:
    """These scorers fitted on labelled rows: on `untreated`, what would have been, where the rows have it."""
    frame = prepared(rows, policy)
    label = "untreated" if "untreated" in frame else "churned"
    return fit_all(frame, frame[label].to_numpy(), directions, policy, recipe=recipe, only=names)


def directions_in(frame: pd.DataFrame, indicators: Mapping[str, Indicator]) -> dict[str, int]:
    """Every indicator with data in training, and its monotone direction."""
    sign = {"higher": 1, "lower": -1, None: 0}
    return {name: sign[i.risk] for name, i in indicators.items() if frame[name].notna().any()}


def probabilities(
    train: pd.DataFrame,
    later: pd.DataFrame,
    directions: Mapping[str, int],
    policy: Policy,
    only: Collection[str] = NAMES,
    recipe: Recipe = USUAL,
) -> dict[str, Array]:
    """What each scorer says of later rows: the rows that train are all it is fitted on, and nothing else is fitted."""
    ahead = prepared(later, policy)
    return {name: scorer.score(ahead) for name, scorer in scorers_on(train, directions, policy, recipe, only).items()}
