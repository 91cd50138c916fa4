"""What would bring accounts back to green: from a scored day, its stored indicators and the movements of the year before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING, Any, get_args

from features.snapshots import Snapshots
from models.prepare import prepared
from models.zoo import stored_scorers
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.deliver import chosen_date, rows_of
from pipelines.files import write_parquet
from pipelines.health_inputs import health_inputs
from pipelines.rebuilt import as_taken, kept_settings
from pipelines.settings import Project
from policy.archive import archived_policy
from policy.errors import UsageError, did_you_mean
from policy.policy import Policy
from serving.workbench.back_to_green import Status, WayBack, achieved, history_dates, times, ways_back

if TYPE_CHECKING:
    import pandas as pd

WHAT = "back_to_green"
DATES = ("as_of", "by", "on", "term_ends_on")


def back_to_green(
    project: Project,
    account: str | None,
    as_of: date | None,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The object `churn back-to-green --json` prints: one account's way, or the whole list, which is also written.

    Raises UsageError for a day or an account that was not scored.
    """
    day = chosen_date(project, as_of)
    scores = {str(r["account_id"]): r for r in rows_of(project, "scores", day)}
    if account is not None and account not in scores:
        raise UsageError(
            f"`{account}` was not scored as of {day}.", where="account", cure=did_you_mean(account, scores)
        )
    with checked_sources(project) as checked:
        progress(f"what similar accounts moved before {day}")
        return (
            ways_of_the_book(checked, day)
            if account is None
            else as_json(ways_on(checked, day, scores, only=account)[0])
        )


def ways_of_the_book(checked: Checked, day: str) -> dict[str, Any]:
    """The whole list of a scored day, written and told; on sources that have been checked."""
    project = checked.project
    scores = {str(r["account_id"]): r for r in rows_of(project, "scores", day)}
    ways = ways_on(checked, day, scores)
    rows = [w for w in ways if w.health_tier in ("yellow", "red") or w.risk_tier == "high"]
    path = write_parquet(table(rows), project.out(WHAT, f"as_of={day}") / f"{WHAT}.parquet")
    when = times(date.fromisoformat(day), scored_policy(project, scores))
    return {
        "as_of": day,
        "by": when.by.isoformat(),
        "on": when.on.isoformat(),
        "listed": len(rows),
        "statuses": {s: sum(w.status == s for w in rows) for s in get_args(Status)},
        "accounts": [as_json(w) for w in rows],
        "path": str(path),
    }


def ways_on(checked: Checked, day: str, scores: dict[str, dict[str, Any]], *, only: str | None = None) -> list[WayBack]:
    """The ways of a scored day on sources that have been checked, worst health first; `only` one account's."""
    import pandas as pd

    as_of, first = date.fromisoformat(day), next(iter(scores.values()))
    policy = scored_policy(checked.project, scores)
    kept = kept_settings(checked.project, as_of, str(first["run_id"]))
    # The cohort by the rules of the run: whoever was scored is looked for by what held then.
    project = checked.project.model_copy(update={"policy": policy})
    taken = as_taken(replace(checked, project=project), kept)
    _, history = features_at(taken, Snapshots.of(history_dates(as_of, policy)), health_inputs(policy))
    now = _scored_features(project, day, history[history["as_of"] == as_of])
    lost = history["known_loss"].astype(bool)
    members = history.loc[~lost & (history["as_of"] == as_of), "account_id"]
    gone = set(now["account_id"]) - set(members)
    if only is not None:
        now = now[now["account_id"] == only]
    risks = pd.DataFrame([{k: r[k] for k in ("account_id", "risk_tier", "churn_probability")} for r in scores.values()])
    version = first["model_version"]
    ways = ways_back(
        now,
        achieved(history[~lost], policy),
        policy,
        as_of,
        currency=kept.get("currency", project.settings.project.currency),
        risks=risks,
        score=None if version is None else _champion(project, str(version), policy),
        gone=gone,
    )
    return sorted(ways, key=lambda w: (w.score is None, w.score if w.score is not None else 0.0, w.account_id))


def scored_policy(project: Project, scores: dict[str, dict[str, Any]]) -> Policy:
    """The policy that the day was scored with; the project's where that was not kept (an older score)."""
    version = str(next(iter(scores.values()))["policy_version"])
    kept = (project.policies / f"{version}.yaml").exists()
    return archived_policy(version, project.policies) if kept else project.policy


def stored_features(project: Project, day: str) -> pd.DataFrame:
    """The indicators that were scored on a day. Raises UsageError where they are no longer there."""
    import pandas as pd

    try:
        return pd.DataFrame(rows_of(project, "features", day)).drop(columns="as_of")
    except FileNotFoundError as exc:
        raise UsageError(
            f"the indicators of {day} are no longer there.", where="features", cure=f"Run `churn score --as-of {day}`."
        ) from exc


def _scored_features(project: Project, day: str, now: pd.DataFrame) -> pd.DataFrame:
    """The indicators that were scored, with what the cohort knows beside them (revenue, seats).

    What the cohort no longer holds, as it was decided or restated since, is kept: it was scored, and is asked about.
    """
    stored = stored_features(project, day).set_index("account_id")
    beside = now.set_index("account_id").drop(columns=[c for c in now if c in stored])
    return stored.astype(float).join(beside, how="left").reset_index()


def _champion(project: Project, version: str, policy: Policy) -> Callable[[pd.DataFrame], Any] | None:
    """What scored the day, as a function of feature rows; null where that model is no longer registered."""
    from pipelines.tracking import Tracking

    shipped = Tracking(project).version(version)
    if shipped is None:
        return None
    scorer = stored_scorers(shipped.parameters)[shipped.parameters["champion"]]
    return lambda rows: scorer.score(prepared(rows, policy))


def as_json(way: WayBack) -> dict[str, Any]:
    """The record as plain values; dates ISO, what is not known null."""
    dates = {name: None if (day := getattr(way, name)) is None else day.isoformat() for name in DATES}
    return asdict(way) | dates | {"below_cut": way.below_cut}


def table(ways: list[WayBack]) -> pd.DataFrame:
    """One row an account, its goals and changes as lists of records."""
    import pandas as pd

    rows = [asdict(w) | {"below_cut": w.below_cut} for w in ways]
    for row in rows:
        row["not_offered"] = [{"indicator": k, "why": v} for k, v in row["not_offered"].items()]
    columns = [*(f for f in WayBack.__dataclass_fields__), "below_cut"]
    frame = pd.DataFrame(rows, columns=columns)
    scores = ["score", "score_at_rest", "green_from", "score_after"]
    floats = [*scores, "hours", "probability", "probability_after", "probability_cut"]
    texts = ["account_id", "status", "health_tier", "aim", "risk_tier", "headline", "sentence"]
    days = dict.fromkeys(DATES, "date32[pyarrow]")
    kinds = {**dict.fromkeys(floats, "float64"), **dict.fromkeys(texts, "string"), "below_cut": "boolean", **days}
    return frame.astype(kinds)
