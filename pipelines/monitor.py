"""Is the shipped model still right? Drift of what goes in, and what became of what came out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.labels import data_until
from features.snapshots import Snapshots
from models.alerts import drift_alerts, enough, outcome_alerts
from models.drift import Drift, Reference, drifts
from models.track_record import blocks, figures, rate_difference
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.contacts import risk_contacts, touched, written_tasks
from pipelines.holdout import assignments
from pipelines.past_scores import period_of_test, replayed, scored_before, with_outcomes
from pipelines.score import newest_as_of, refuse_beyond_data
from pipelines.settings import Project
from pipelines.tracking import Shipped, Tracking
from policy.errors import NotEnoughData
from serving.holdout import held_on

if TYPE_CHECKING:
    import pandas as pd

NO_REFERENCE = "the shipped model was stored without a reference: retrain to get a reference."
NO_REPLAY = (
    "no snapshot after the rows that the shipped model was fitted on, and after their label windows, is mature yet."
)
NO_TEST = "the training's predictions are not in .churn/evaluations, or their label windows close later."


def monitor(
    project: Project, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check the sources and look at the model; returns the object `churn monitor --json` prints."""
    with checked_sources(project) as checked:
        return monitor_on(checked, as_of, progress=progress)


def monitor_on(
    checked: Checked, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Look at the model as of a day (default: the newest snapshot), and write .churn/monitor/as_of=D/monitor.json.

    Raises NotEnoughData where no model has been trained.
    """
    project, rules = checked.project, checked.project.policy.monitoring
    tracking = Tracking(project)
    shipped = tracking.champion()
    if shipped is None:
        raise NotEnoughData("no model has been trained yet.", where="monitor", cure="Run `churn train` first.")
    day = as_of or newest_as_of(checked)
    if as_of is not None:
        refuse_beyond_data(checked, as_of)
    progress(f"drift as of {day}")
    moved = drift_at(checked, shipped, day)
    progress("outcomes of past probabilities")
    reach = min(day, data_until(checked.facts))
    records, late = _records(checked, tracking, shipped, reach)
    source = next((name for name in ("scores", "replay", "test") if len(records.get(name, ()))), None)
    rows = records[source] if source else records["scores"]
    found = list(blocks(rows, days=rules.block_days))
    judged = shipped.parameters.get("reference", {}).get("judged", {})
    alerts = list(drift_alerts(moved or [], rules))
    if source in ("scores", "replay"):
        alerts += outcome_alerts(found[-1], figures(rows), judged, rules)
    told = {(a.what, a.where) for a in alerts}
    result = {
        "as_of": day.isoformat(),
        "run_id": shipped.run_id,
        "model_version": shipped.version,
        "scorer": shipped.parameters["champion"],
        "fitted_until": shipped.parameters["fitted_until"],
        "policy_version": project.policy.version,
        "verdict": "alert" if alerts else "ok",
        "alerts": [asdict(a) for a in alerts],
        "reference": _reference(shipped),
        "indicators": [
            asdict(d) | {"alert": bool({("drift", d.indicator), ("missing", d.indicator)} & told)} for d in moved or []
        ],
        "observed_expected_source": source,
        "observed_expected": [block | {"enough": enough(block, rules)} for block in found],
        "matured": _matured("scores", records["scores"], _why_no_scores(project, late)) | {"late_rows": late},
        "replay": None if source == "scores" else _matured("replay", records["replay"], NO_REPLAY),
        "test": None if source in ("scores", "replay") else _matured("test", records["test"], NO_TEST),
        "training": judged or None,
        "holdout": _groups(checked, rows, source, reach),
    }
    path = project.out("monitor", f"as_of={day.isoformat()}") / "monitor.json"
    return _written(result | {"path": str(path)}, path)


def drift_at(checked: Checked, shipped: Shipped, day: date) -> list[Drift] | None:
    """Every indicator of that day's cohort against the model's reference; None where the model has none."""
    given = shipped.parameters.get("reference")
    if given is None:
        return None
    _, frame = features_at(checked, Snapshots.of([day]))
    now = frame[~frame["known_loss"].astype(bool)]
    if now.empty:
        raise NotEnoughData(f"nobody is to be scored as of {day}.", where="monitor", cure="Choose another --as-of.")
    error_rate = checked.project.policy.monitoring.error_rate
    return drifts(Reference.from_parameters(given), now, error_rate=error_rate)


def _records(
    checked: Checked, tracking: Tracking, shipped: Shipped, reach: date
) -> tuple[dict[str, pd.DataFrame], int]:
    """(rows with their outcomes by source, scores left out as late). What is less than real is only asked where needed."""
    days = checked.project.policy.monitoring.history_days
    given, late = scored_before(checked.project, reach)
    bases = {v: _base_rate(tracking.version(str(v))) for v in given["model_version"].dropna().unique()}
    known = with_outcomes(checked, _newest(given, days), reach)
    found = {"scores": known.assign(base_rate=known["model_version"].map(bases).astype(float))}
    if found["scores"].empty:
        replay = with_outcomes(checked, replayed(checked, shipped, reach, days=days), reach)
        found["replay"] = replay.assign(base_rate=_base_rate(shipped))
        if replay.empty:
            judged = shipped.parameters.get("reference", {}).get("judged", {})
            test = with_outcomes(checked, _newest(period_of_test(checked.project, shipped, reach), days), reach)
            found["test"] = test.assign(base_rate=judged.get("base_rate", float("nan")))
    return found, late


def _newest(rows: pd.DataFrame, days: int) -> pd.DataFrame:
    """The rows of the last so many days, counted back from the newest snapshot."""
    import pandas as pd

    day = pd.to_datetime(rows["as_of"])
    return rows[day > day.max() - pd.Timedelta(days=days)]


def _base_rate(shipped: Shipped | None) -> float:
    """The base rate of the rows a model was fitted on; NaN where it was not stored."""
    given = shipped.parameters.get("reference", {}) if shipped else {}
    return float(given.get("base_rate", float("nan")))


def _matured(source: str, rows: pd.DataFrame, why_none: str) -> dict[str, Any]:
    return {"source": source, "reason": why_none if rows.empty else None} | figures(rows)


def _why_no_scores(project: Project, late: int) -> str:
    if late:
        return (
            f"{late} rows were scored only after their label window had begun, which is no forecast; "
            "no other scored snapshot is mature yet."
        )
    if not list((project.state / "scores").glob("as_of=*/*.parquet")):
        return "nothing has been scored yet."
    return "no scored snapshot is mature yet: its label window must have closed."


def _reference(shipped: Shipped) -> dict[str, Any]:
    """What the drift is measured against; with the reason where there is nothing."""
    given = shipped.parameters.get("reference")
    names = ("from", "until", "n_rows", "n_accounts")
    if given is None:
        return {"reason": NO_REFERENCE} | dict.fromkeys((*names, "effective_accounts"))
    return {"reason": None} | {name: given[name] for name in names} | {"effective_accounts": given["accounts"]}


def _groups(checked: Checked, rows: pd.DataFrame, source: str | None, reach: date) -> dict[str, Any]:
    """The same figures for those nobody acted on, those somebody did, and those held out; and what the holdout shows."""
    import pandas as pd

    project = checked.project
    held = held_on(assignments(project), reach)
    drawn, recorded = (held[held["origin"] == origin] for origin in ("drawn", "recorded"))
    found: dict[str, Any] = {
        "share": project.settings.holdout.share,
        "n_held": len(held),
        "source": source,
        "untouched": None,
        "touched": None,
        "held_out": None,
        "difference": None,
    }
    if rows.empty:
        return found
    # Who was put into the holdout by a person was not drawn by lot, and is compared with nobody.
    rows = rows[~rows["account_id"].isin(set(recorded["account_id"]))].reset_index(drop=True)
    contacts = pd.concat([risk_contacts(checked, project.policy.monitoring.risk_words), written_tasks(project)])
    acted = touched(rows, contacts)
    since = rows["account_id"].map(drawn.set_index("account_id")["assigned_on"])
    out = since.notna() & (pd.to_datetime(since) <= pd.to_datetime(rows["as_of"]))
    found |= {"untouched": figures(rows[~acted & ~out]), "touched": figures(rows[acted & ~out])}
    if out.any():
        found |= {"held_out": figures(rows[out]), "difference": rate_difference(rows, out)}
    return found


def _written(result: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Write the object, whole or not at all, and give it back as it is read again."""
    text = json.dumps(result, indent=2, allow_nan=False) + "\n"
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
    found: dict[str, Any] = json.loads(text)
    return found
