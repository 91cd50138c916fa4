"""The whole mature history walked through as it was lived: train, wait, be judged, train again."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from models.backtest import CALENDAR, CONSTANT, HEALTH, LEARNED, SHIPPED, Stop, by_origin, fresh, walk
from models.cadence import cadence_sentence, cadences, decay, step_weeks
from models.evaluate import Sample, evaluate, log_loss_gain, ranking_of_health
from models.ladder import Origin, regrets
from models.metrics import log_loss
from models.prepare import prepared
from models.recipe import Recipe
from models.scorer import logit, sigmoid
from models.tune_origins import tuned_inside
from models.tune_walk import TunedAgain
from models.zoo import fit_all, fit_lightgbm
from pipelines.backtest_told import backtest_markdown
from pipelines.build_features import Checked, checked_sources
from pipelines.fit import directions_in
from pipelines.panel import build_panel, described, label_rule
from pipelines.run_ledger import recorded
from pipelines.settings import Project
from pipelines.tracking import Tracking, code_fingerprint, frame_fingerprint, git_commit
from pipelines.tune import tuning_budget
from policy.errors import NotEnoughData
from policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array

SCHEMA_VERSION = 1
BAG = 3
"""Seeds of LightGBM's bag at each origin; `churn train` takes five."""
DECAYING = (SHIPPED, "health_recalibrated", CALENDAR, "logistic", "lightgbm", "ensemble")


@dataclass(frozen=True)
class BacktestRequest:
    """What stands in the ledger of runs beside those of `churn train`."""

    command: str = "backtest"


@recorded
def backtest(
    project: Project, request: BacktestRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check the sources and walk; returns the object `churn backtest --json` prints."""
    tuning_budget(project)  # what is missing is said before the sources are checked
    with checked_sources(project) as checked:
        return backtest_on(checked, request, progress=progress)


@recorded
def backtest_on(
    checked: Checked, request: BacktestRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Walk through every mature training snapshot; write backtest.json and backtest.md, and log both.

    Raises NotEnoughData where the history has no origin with enough churned accounts before it and some after.
    """
    project, rule, budget = checked.project, label_rule(checked), tuning_budget(checked.project)
    policy, window = project.policy, rule.horizon_days + rule.gap_days
    progress("building the panel")
    panel = build_panel(checked, rule, refit=True)
    assert panel.everything is not None  # noqa: S101  # asked for with `refit`
    frame = prepared(panel.everything, policy)
    growth = TunedAgain(
        lambda past, recipe: tuned_inside(
            past, directions_in(past, catalogue()), recipe, policy.ladder, budget, window_days=window, progress=progress
        )
    )
    stops = walk(frame, fitting(policy), policy.ladder, window_days=window, growth_at=growth, progress=progress)
    progress("judging")
    figures = judged(stops, frame, project.settings.capacity.share, policy)
    tracking = Tracking(project)
    folder = Path(tempfile.mkdtemp(prefix="churn-backtest-"))
    try:
        with tracking.run(f"backtest {panel.data_until}") as run_id:
            out = project.out("backtests", run_id)
            result = {
                "schema_version": SCHEMA_VERSION,
                "run_id": run_id,
                "horizon_days": rule.horizon_days,
                "gap_days": rule.gap_days,
                "data_until": panel.data_until.isoformat(),
                "policy_version": policy.version,
                "champion": {
                    "scorer": SHIPPED,
                    "reason": f"what holds its place; {stops[-1].shipped} at the last origin.",
                },
                "history": described(panel.everything),
                **figures,
                "notes": [*figures["notes"], *([growth.sentence] if growth.sentence else [])],
                "path": str(out / "backtest.json"),
            }
            text = json.dumps(result, indent=1, allow_nan=False) + "\n"
            (folder / "backtest.json").write_text(text, encoding="utf-8")
            (folder / "backtest.md").write_text(backtest_markdown(result), encoding="utf-8")
            tracking.log(
                parameters={
                    "command": request.command,
                    "horizon_days": rule.horizon_days,
                    "gap_days": rule.gap_days,
                    "origins": len(stops),
                    "policy_version": policy.version,
                    "data_fingerprint": frame_fingerprint(panel.everything[["account_id", "churned", *catalogue()]]),
                    "code_fingerprint": code_fingerprint(),
                    "git_commit": git_commit(),
                },
                figures={
                    f"{n}.{k}": v for n, row in result["models"].items() for k, v in row.items() if isinstance(v, float)
                },
                folder=folder,
            )
        for file in folder.iterdir():
            shutil.copy2(file, out / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found: dict[str, Any] = json.loads(text)
    return found


def fitting(policy: Policy) -> Callable[..., Mapping[str, Array]]:
    """How scorers are fitted at an origin: as `churn train` fits those it judges, but for the size of the bag.

    The rows are prepared.
    """

    def fit_and_score(
        past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], recipe: Recipe
    ) -> Mapping[str, Array]:
        churned, directions = past["churned"].to_numpy(), directions_in(past, catalogue())
        single = [name for name in names if name not in ("lightgbm", "ensemble")]
        fitted = fit_all(past, churned, directions, policy, recipe=recipe, only=single)
        said = {name: fitted[name].score(later) for name in single}
        trees = fit_lightgbm(past, churned, directions, recipe, seeds=range(BAG)).score(later)
        return said | {"lightgbm": trees, "ensemble": sigmoid((logit(said["logistic"]) + logit(trees)) / 2)}

    return fit_and_score


def judged(stops: Sequence[Stop], frame: pd.DataFrame, capacity_share: float, policy: Policy) -> dict[str, Any]:
    """Figures over all origins, by origin, by age, and the cadence that follows."""
    rows, said = fresh(stops)
    churned = rows["churned"].to_numpy(dtype=float)
    if not churned.any() or churned.all():
        raise NotEnoughData(
            f"the {len(rows)} rows after the first origin hold {int(churned.sum())} churned ones; nothing can be judged.",
            where="backtest",
            cure="Wait for more churn.",
        )
    flat = log_loss(churned, said.pop(CONSTANT))
    ranking, missing = ranking_of_health(frame["health_score"].iloc[rows["place"]])
    sample = Sample(rows, float(churned.mean()), capacity_share)
    models = evaluate(sample, {HEALTH: ranking, **said}, share_null={HEALTH: missing})
    names = (*LEARNED, SHIPPED)
    origins = [Origin(*stop.aged(0)) for stop in stops]
    regret = regrets([o for o in origins if len(o.rows)], names)
    for name, row in models.items():
        row["log_loss_constant"] = flat
        row["regret"] = regret.get(name)
        row["gain_over_calendar"], row["gain_over_calendar_ci"] = (
            log_loss_gain(rows, said[name], said[CALENDAR]) if name in names else (None, None)
        )
    step = step_weeks(stops)
    cadence = cadences(stops, tolerance=policy.backtest.tolerance, least=policy.ladder.refuse_below)
    return {
        "test": described(rows),
        "models": models,
        "origins": [by_origin(stop) for stop in stops],
        "n_origins": len(stops),
        "step_weeks": step,
        "decay": {name: decay(stops, name) for name in DECAYING},
        "cadence": cadence | {"sentence": cadence_sentence(cadence, step)},
        "notes": list(NOTES),
    }


NOTES = (
    "At an origin a row trains if its label window ended a week before; only rows with a complete label are judged.",
    f"All scorers are fitted at every origin, LightGBM as a bag of {BAG} instead of 5. What `shipped` means there follows from the "
    "ladder's contest on earlier origins whose labels had matured; `churn train` also holds it on folds of accounts, and "
    "may see the champion through a calibration curve. So does whether scorers start from the calendar.",
    "An account that leaves stands in several snapshots: intervals resample accounts, not rows.",
    "Labels are as known today: what was entered more than a week late was not yet known at its origin.",
)
