"""Train every scorer, judge them out of time, register what ships."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.labels import LabelRule
from features.mood import VERSION
from models.evaluate import RANK_ONLY, Sample, evaluate, paired, ranking_of_health
from models.ladder import FIRST, rungs
from models.outlook import Outlook
from models.prepare import prepared
from models.reference import fit_reference
from models.split import Split
from models.zoo import FORMAT, NAMES
from pipelines.alarms import alarms, with_alarms
from pipelines.build_features import Checked, checked_sources
from pipelines.files import write_parquet
from pipelines.fit import Fitted, fit_panel
from pipelines.fit_outlook import fit_outlook
from pipelines.model_reference import model_reference
from pipelines.panel import Panel, build_panel, described, label_rule
from pipelines.run_ledger import recorded
from pipelines.settings import Project
from pipelines.tracking import Tracking, code_fingerprint, frame_fingerprint, git_commit
from pipelines.tune import tuning_budget, tuning_record
from policy.errors import NotEnoughData

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


@recorded
def train(
    project: Project, request: TrainRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check, build the panel, fit, judge, register. Returns the object `churn train --json` prints."""
    tuning_budget(project)  # what is missing is said before the sources are checked
    with checked_sources(project) as checked:
        return train_on(checked, request, progress=progress)


@recorded
def train_on(
    checked: Checked, request: TrainRequest, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Train on sources that have been checked."""
    project, budget = checked.project, tuning_budget(checked.project)
    rule = label_rule(checked, request.horizon_days, request.gap_days)
    window = rule.horizon_days + rule.gap_days
    progress("building the panel")
    panel = build_panel(checked, rule, request.split, refit=request.split is None)
    _refuse_too_small(panel, project)
    lasts = project.policy.acted_on.lasts_days
    panel = with_alarms(panel, alarms(project), lasts_days=lasts, window_days=window)
    tracking = Tracking(project)
    previous = tracking.champion()
    fitted = fit_panel(
        panel,
        project.policy,
        window_days=window,
        previous=previous.parameters["champion"] if previous else FIRST,
        budget=budget,
        progress=progress,
    )
    progress("the outlook: horizons, ranges, ways of leaving")
    outlook = fit_outlook(panel, fitted, horizon_days=rule.horizon_days, gap_days=rule.gap_days)
    champion, directions = fitted.champion, fitted.directions
    facts = described(panel.train), described(panel.test)
    progress("judging them out of time")
    test = prepared(panel.test, project.policy)
    figures, pairs, predictions = judge(panel, test, fitted.judged, project.settings.capacity.share)
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
                "tuning": fitted.tuning.as_json() if fitted.tuning else None,
                "acted_on": fitted.acted_on.as_json() if fitted.acted_on else None,
                "models": figures,
                "paired": pairs,
                "outlook": {**outlook.judged, "unavailable": dict(outlook.shipped.reasons)},
            }
            judged = figures | {f"outlook.{name}": row or {} for name, row in outlook.judged.items()}
            progress("writing the run's record")
            from pipelines.report_card import write_card, write_figures

            write_card(folder, result, panel.test, predictions, fitted.judged, test)
            progress("writing the evaluation card")
            from pipelines.card import Run, write_evaluation_card

            write_evaluation_card(folder, run_id, Run(checked, rule, panel, test, fitted))
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
                    "fitted_until": fitted.fitted_until,
                    "starts_from_calendar": fitted.recipe.calendar,
                    "calibration": fitted.curve.kind,
                    "champion": champion.scorer,
                    **tuning_record(fitted.tuning, folder),
                },
                figures={f"{n}.{k}": v for n, row in judged.items() for k, v in row.items() if isinstance(v, float)},
                folder=folder,
            )
            told = model_reference(panel, directions, figures[champion.scorer], project.policy)
            result["model_version"] = _ship(tracking, project, fitted, outlook.shipped, told, rule, panel)
            write_figures(folder, result)
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


def _ship(
    tracking: Tracking,
    project: Project,
    fitted: Fitted,
    outlook: Outlook,
    reference: Mapping[str, Any],
    rule: LabelRule,
    panel: Panel,
) -> str:
    champion = fitted.champion
    whole = prepared(panel.train if panel.everything is None else panel.everything, project.policy)
    groups = {name: i.group for name, i in catalogue().items()}
    model = {
        "format": FORMAT,
        "champion": champion.scorer,
        "scorers": {name: fitted.shipped[name].parameters() for name in sorted({champion.scorer, "lightgbm"})},
        "explained_against": fit_reference(fitted.shipped[champion.scorer], whole, groups).parameters(),
        "policy": project.policy.model_dump(mode="json", by_alias=True),
        "horizon_days": rule.horizon_days,
        "gap_days": rule.gap_days,
        "fitted_until": fitted.fitted_until,
        "reference": reference,
        "outlook": outlook.parameters(),
    }
    example = panel.test[[*catalogue()]].head(5).astype("float64").reset_index(drop=True)
    predicted = fitted.shipped[champion.scorer].score(prepared(example, project.policy))
    folder = Path(tempfile.mkdtemp(prefix="churn-model-"))
    try:
        version = tracking.register(model, example, predicted, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tracking.promote(version, champion.reason)
    return version
