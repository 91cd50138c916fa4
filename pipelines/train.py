"""Train every scorer, judge them out of time, register what ships."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.indicator import Indicator
from features.mood import VERSION
from models.evaluate import RANK_ONLY, Sample, evaluate, paired, ranking_of_health
from models.ladder import FIRST, choose, rungs
from models.prepare import prepared
from models.reference import fit_reference
from models.split import Split
from models.zoo import FORMAT, NAMES, fit_all
from pipelines.build_features import Checked, checked_sources
from pipelines.files import write_parquet
from pipelines.panel import Panel, build_panel, described, label_rule
from pipelines.settings import Project
from pipelines.tracking import Tracking, code_fingerprint, frame_fingerprint, git_commit
from policy.errors import NotEnoughData
from policy.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array, Scorer

log = logging.getLogger(__name__)
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class TrainRequest:
    """What the command line may choose; None means the project's default."""

    train_until: date | None = None
    test_from: date | None = None
    test_until: date | None = None
    horizon_days: int | None = None
    gap_days: int | None = None

    @property
    def split(self) -> Split | None:
        """The split asked for. Raises NotEnoughData where only some of its three dates are given."""
        dates = (self.train_until, self.test_from, self.test_until)
        if not any(dates):
            return None
        if self.train_until is None or self.test_from is None or self.test_until is None:
            from policy.errors import UsageError

            raise UsageError(
                "a split needs all three dates.",
                where="train",
                cure="Give --train-until, --test-from and --test-until together, or none of them.",
            )
        return Split(self.train_until, self.test_from, self.test_until)


def train(
    project: Project, request: TrainRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check, build the panel, fit, judge, register. Returns the object `churn train --json` prints."""
    with checked_sources(project) as checked:
        return train_on(checked, request, progress=progress)


def train_on(
    checked: Checked, request: TrainRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Train on sources that have been checked."""
    project = checked.project
    rule = label_rule(checked, request.horizon_days, request.gap_days)
    window = rule.horizon_days + rule.gap_days
    progress("building the panel")
    panel = build_panel(checked, rule, request.split, refit=request.split is None)
    _refuse_too_small(panel, project)
    tracking = Tracking(project)
    directions = directions_in(panel.train, catalogue())
    previous = tracking.champion()
    frame, test = prepared(panel.train, project.policy), prepared(panel.test, project.policy)

    def fit_and_score(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        return probabilities(past, later, directions, project.policy, names)

    progress("choosing the scorer inside the training period")
    holder = _holder(previous.parameters["champion"] if previous else FIRST, panel, project)
    champion = choose(panel.train, fit_and_score, project.policy.ladder, window_days=window, holder=holder)
    progress("fitting every scorer")
    facts = described(panel.train), described(panel.test)
    scorers = fit_all(frame, frame["churned"].to_numpy(), directions, project.policy)
    progress("judging them out of time")
    figures, pairs, predictions = judge(panel, test, scorers, project.settings.capacity.share)
    folder = Path(tempfile.mkdtemp(prefix="churn-run-"))
    try:
        with tracking.run(f"train {panel.split.test_until}") as run_id:
            result: dict[str, Any] = {
                "schema_version": SCHEMA_VERSION,
                "run_id": run_id,
                "model_version": None,
                "champion": {"scorer": champion.scorer, "reason": champion.reason},
                "horizon_days": rule.horizon_days,
                "gap_days": rule.gap_days,
                "data_until": panel.data_until.isoformat(),
                "purged_rows": panel.purged_rows,
                "decided_in_gap": panel.decided_in_gap,
                "train": facts[0],
                "test": facts[1],
                "unavailable": checked.facts.absent,
                "models": figures,
                "paired": pairs,
            }
            progress("fitting what ships")
            shipped, fitted_on, fitted_until = scorers, frame, facts[0]["until"]
            if panel.everything is not None:
                fitted_on = whole = prepared(panel.everything, project.policy)
                seen = described(panel.everything)
                fitted_until = seen["until"]
                shipped = fit_all(
                    whole,
                    whole["churned"].to_numpy(),
                    directions,
                    project.policy,
                    only=(champion.scorer, "lightgbm"),
                )
            progress("writing the run's record")
            from pipelines.report_card import write_card

            write_card(folder, result, panel.test, predictions, scorers, test)
            tracking.log(
                parameters={
                    "horizon_days": rule.horizon_days,
                    "gap_days": rule.gap_days,
                    "label": rule.kind,
                    "policy_version": project.policy.version,
                    "moods_of_text": VERSION,
                    "indicators": len(directions),
                    "data_fingerprint": frame_fingerprint(panel.train[["account_id", "churned", *directions]]),
                    "code_fingerprint": code_fingerprint(),
                    "git_commit": git_commit(),
                    "fitted_until": fitted_until,
                    "champion": champion.scorer,
                },
                figures={f"{n}.{k}": v for n, row in figures.items() for k, v in row.items() if isinstance(v, float)},
                folder=folder,
            )
            result["model_version"] = _ship(
                tracking, project, champion.scorer, champion.reason, shipped, fitted_on, rule, fitted_until, panel
            )
        write_parquet(predictions, project.out("evaluations", run_id) / "predictions.parquet")
        out = project.out("evaluations", run_id)
        for file in folder.iterdir():
            if file.is_file():
                shutil.copy2(file, out / file.name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result


def judge(
    panel: Panel, test: pd.DataFrame, scorers: Mapping[str, Scorer], capacity_share: float
) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    """(figures by scorer, paired differences, predictions in long form) on the test rows."""
    import pandas as pd

    ranking, missing = ranking_of_health(test["health_score"])
    scores: dict[str, Array] = {RANK_ONLY: ranking}
    scores |= {name: scorer.score(test) for name, scorer in scorers.items()}
    rate = float(panel.train["churned"].mean())
    sample = Sample(panel.test, rate, capacity_share)
    figures = evaluate(sample, scores, share_null={RANK_ONLY: missing})
    base = panel.test[["account_id", "as_of"]].assign(label=panel.test["churned"].astype(int))
    predictions = pd.concat(
        [base.assign(scorer=name, probability=None if name == RANK_ONLY else scores[name]) for name in NAMES],
        ignore_index=True,
    ).astype({"probability": "float64"})[["account_id", "as_of", "scorer", "probability", "label"]]
    return {n: figures[n] for n in NAMES}, paired(sample, scores), predictions


def _refuse_too_small(panel: Panel, project: Project) -> None:
    lost = panel.train.loc[panel.train["churned"] == 1, "account_id"].nunique() if len(panel.train) else 0
    rungs(lost, project.policy.ladder)
    if not len(panel.test) or not panel.test["churned"].any() or panel.test["churned"].all():
        raise NotEnoughData(
            f"the test period {panel.split.test_from} to {panel.split.test_until} holds {len(panel.test)} usable rows "
            f"and {int(panel.test['churned'].sum())} churned ones; skill cannot be judged on it.",
            where="train",
            cure="Choose a longer or later test period, or wait for more churn.",
        )


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
) -> dict[str, Array]:
    """What each scorer says of later rows: the rows that train are all it is fitted on, and nothing else is fitted."""
    past, ahead = prepared(train, policy), prepared(later, policy)
    fitted = fit_all(past, past["churned"].to_numpy(), directions, policy, only=only)
    return {name: scorer.score(ahead) for name, scorer in fitted.items()}


def _holder(previous: str, panel: Panel, project: Project) -> str:
    lost = panel.train.loc[panel.train["churned"] == 1, "account_id"].nunique()
    return previous if previous in (FIRST, *rungs(lost, project.policy.ladder)) else FIRST


def _ship(
    tracking: Tracking,
    project: Project,
    champion: str,
    reason: str,
    shipped: Mapping[str, Scorer],
    fitted_on: pd.DataFrame,
    rule: Any,
    fitted_until: str,
    panel: Panel,
) -> str:
    keep = {champion, "lightgbm"}
    groups = {name: i.group for name, i in catalogue().items()}
    model = {
        "format": FORMAT,
        "champion": champion,
        "scorers": {name: shipped[name].parameters() for name in sorted(keep)},
        "reference": fit_reference(shipped[champion], fitted_on, groups).parameters(),
        "policy": project.policy.model_dump(mode="json", by_alias=True),
        "horizon_days": rule.horizon_days,
        "gap_days": rule.gap_days,
        "fitted_until": fitted_until,
    }
    example = panel.test[[*catalogue()]].head(5).astype("float64").reset_index(drop=True)
    predicted = shipped[champion].score(prepared(example, project.policy))
    folder = Path(tempfile.mkdtemp(prefix="churn-model-"))
    try:
        version = tracking.register(model, example, predicted, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tracking.promote(version, reason)
    return version
