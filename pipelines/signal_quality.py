"""What the signals have been worth: lift, lead and coverage on the mature history (H23)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from features.cohort import cohort
from features.labels import data_until, labels, losses
from features.signals.catalogue import signals as signals_of
from features.signals.signal import Signal
from features.signals.state import signal_history
from features.snapshots import EPOCH, Snapshots
from pipelines.build_features import Checked, checked_sources, cohort_rule, dated
from pipelines.panel import first_as_of, label_rule
from pipelines.settings import Project
from policy.errors import NotEnoughData

if TYPE_CHECKING:
    import pandas as pd

LEAST_CHURNED = 10  # as for every other figure about churn


def signal_quality(
    project: Project, until: date | None = None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Judge every signal and write .churn/signals/quality.json; returns what it holds."""
    with checked_sources(project) as checked:
        return quality_on(checked, until, progress=progress)


def quality_on(
    checked: Checked, until: date | None = None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Lift, median lead and coverage of every signal on the snapshots whose labels are mature.

    lift: the churn rate of the rows on which it stands ÷ the base rate. coverage: the share of the churned accounts on
    one of whose churned rows it stands. median_lead_days: from the first day of the episode that stands on an account's
    first churned row to the decision. Null below ten churned accounts.
    """
    project, rule = checked.project, label_rule(checked)
    reach = min(filter(None, (until, data_until(checked.facts))))
    first, last = first_as_of(checked), reach - timedelta(days=rule.horizon_days + rule.gap_days)
    if last < first:
        raise NotEnoughData(
            f"no label is mature by {reach}.", where="signals", cure="Give a later date, or bring more history."
        )
    panel = project.settings.panel
    snapshots = Snapshots.every(panel.test_every_weeks, first, last, weekday=panel.weekday)
    declared = signals_of(project.policy)
    progress(f"signals from {first} to {last}")
    history = signal_history(
        checked.facts,
        cohort_rule(project),
        declared,
        first,
        last,
        clear_runs=project.policy.signals.clear_runs,
        weekday=panel.weekday,
    )
    progress(f"labels of {len(snapshots.dates)} snapshots")
    members = cohort(checked.facts, snapshots, cohort_rule(project))
    members = members.filter(~members["known_loss"]).cache()
    rows = dated(labels(checked.facts, members, rule, data_until=reach).to_pandas())
    rows = rows[rows["churned"].notna()]
    lost = losses(checked.facts, rule).to_pandas() if rule.kind == "decision" else None
    found = {
        "from": snapshots.dates[0].isoformat(),
        "until": snapshots.dates[-1].isoformat(),
        "policy_version": project.policy.version,
        "horizon_days": rule.horizon_days,
        "gap_days": rule.gap_days,
        "n_rows": len(rows),
        "n_churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
        "base_rate": float(rows["churned"].mean()) if len(rows) else None,
        "least": LEAST_CHURNED,
        "signals": judged(rows, history, declared, lost),
    }
    path = project.out("signals") / "quality.json"
    found["path"] = str(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)
    return found


def judged(
    rows: pd.DataFrame, history: pd.DataFrame, signals: Mapping[str, Signal], lost: pd.DataFrame | None
) -> dict[str, dict[str, Any]]:
    """The figures by signal. `rows`: account_id, as_of, churned; `lost`: account_id, lost_day, where losses have a day."""
    churned = rows[rows["churned"] == 1]
    base, accounts = rows["churned"].mean(), churned["account_id"].nunique()
    found = {}
    for name, signal in signals.items():
        stands = standing(rows, history[history["signal"] == name])
        hit = stands[stands["churned"] == 1]
        told = accounts >= LEAST_CHURNED and len(stands) > 0
        leads = lead_days(hit, lost)
        found[name] = {
            "title": signal.title,
            "kind": signal.kind,
            "confirmatory": signal.confirmatory,
            "n_rows": len(stands),
            "n_accounts": int(stands["account_id"].nunique()),
            "n_churned_accounts": int(hit["account_id"].nunique()),
            "lift": float(stands["churned"].mean() / base) if told else None,
            "coverage": float(hit["account_id"].nunique() / accounts) if accounts >= LEAST_CHURNED else None,
            "median_lead_days": float(leads.median()) if len(leads) >= LEAST_CHURNED else None,
        }
    return found


def standing(rows: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """The rows on whose as_of an episode stands, each once, with the day it began."""
    import pandas as pd

    pairs = rows.merge(history[["account_id", "started_on", "cleared_on"]], on="account_id")
    open_then = [
        began <= day and (cleared is None or cleared != cleared or day < cleared)
        for began, cleared, day in zip(pairs["started_on"], pairs["cleared_on"], pairs["as_of"], strict=True)
    ]
    return pairs[pd.Series(open_then, pairs.index, dtype=bool)].drop_duplicates(["account_id", "as_of"])


def lead_days(hit: pd.DataFrame, lost: pd.DataFrame | None) -> pd.Series:
    """Days from the first day of the episode on an account's first churned row to the decision that row predicts."""
    import pandas as pd

    if lost is None or hit.empty:
        return pd.Series(dtype="float64")
    first = hit.sort_values("as_of").drop_duplicates("account_id")
    pairs = first.merge(lost[["account_id", "lost_day"]], on="account_id")
    began = pd.Series([(d - EPOCH).days for d in pairs["started_on"]], pairs.index, dtype="int64")
    now = pd.Series([(d - EPOCH).days for d in pairs["as_of"]], pairs.index, dtype="int64")
    ahead = pairs[pairs["lost_day"] >= now].assign(lead=pairs["lost_day"] - began)
    return ahead.sort_values("lost_day").drop_duplicates("account_id")["lead"].astype("float64")
