"""The snapshots before each decision: as they were published, else replayed from history and never called published.

A replayed week is rated by today's policy. Its risk tier comes from a model that knew nothing of what followed: the
training's test period, or the shipped model once the windows it was fitted on have closed. Elsewhere it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from features.catalogue import catalogue
from features.snapshots import WEEKDAYS, Snapshots
from models.health_score import health_scores
from models.metrics import high_tier
from models.prepare import prepared
from models.zoo import stored_scorers
from pipelines.build_features import Checked, features_at
from pipelines.deliver import rows_of, scored_dates
from pipelines.health_inputs import health_inputs
from pipelines.panel import first_as_of
from pipelines.past_scores import period_of_test, replay_period
from pipelines.score import first_published
from pipelines.settings import Project
from pipelines.tracking import Shipped
from policy.archive import archived_policy
from policy.health import COMPONENTS
from policy.policy import Policy
from serving.episodes import level
from serving.workbench.replay.autopsy import Week

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 26
"""Snapshots that are built together."""
Lost = tuple[str, date]
"""An account and the day on which its decision could be known."""


class Looked(NamedTuple):
    """By loss its snapshots, oldest first; account_id, as_of, flagged of everybody at these snapshots; and how many of
    the published ones were scored again since: their tiers are those of the later run."""

    weeks: dict[Lost, tuple[Week, ...]]
    seen: pd.DataFrame
    rescored: int


def weeks_before(
    checked: Checked,
    lost: Collection[Lost],
    shipped: Shipped | None,
    reach: date,
    *,
    days: int,
    progress: Callable[[str], None],
) -> Looked:
    """The snapshots in the `days` before each loss."""
    import pandas as pd

    tiers, seen = checked.project.policy.tasks.trigger_tiers, []
    again = 0
    found: dict[Lost, dict[date, Week]] = {one: {} for one in lost}
    wanted = {one: set(snapshot_days(one[1], days, checked.project.settings.panel.weekday)) for one in lost}
    for day in _published_days(checked.project, lost, days):
        rows = rows_of(checked.project, "scores", day.isoformat())
        first = first_published(checked.project, day.isoformat())
        seen.append(_flagged(pd.DataFrame(rows)[["account_id", "as_of", "health_tier", "risk_tier"]], tiers))
        for one, week in _published(checked.project, rows, first, lost, days):
            found[one][week.as_of] = week
            again += first is not None and first < rows[0]["published_at"]
    open_ = {one: dates - set(found[one]) for one, dates in wanted.items()}
    begin = first_as_of(checked)
    dates = sorted({d for some in open_.values() for d in some if d >= begin})
    ids = {account for account, _ in lost}
    for chunk in (dates[i : i + AT_ONCE] for i in range(0, len(dates), AT_ONCE)):
        progress(f"snapshots from {chunk[0]} to {chunk[-1]}")
        everyone = _replayed(checked, chunk, shipped, reach)
        seen.append(_flagged(everyone, tiers))
        rated = {(account, w.as_of): w for account, w in _weeks(everyone, ids, checked.project.policy)}
        for one, some in open_.items():
            found[one].update({d: rated[one[0], d] for d in some if (one[0], d) in rated})
    none = pd.DataFrame({"account_id": [], "as_of": [], "flagged": []}, dtype=object)
    return Looked(
        {one: tuple(weeks[d] for d in sorted(weeks)) for one, weeks in found.items()},
        pd.concat(seen, ignore_index=True) if seen else none,
        again,
    )


def snapshot_days(decided_on: date, days: int, weekday: str) -> list[date]:
    """The weekly snapshots from so many days before a day up to the day before it.

    >>> snapshot_days(date(2026, 6, 2), 14, "monday")
    [datetime.date(2026, 6, 1), datetime.date(2026, 5, 25)]
    """
    last = decided_on - timedelta(days=1)
    last -= timedelta(days=(last.weekday() - WEEKDAYS.index(weekday)) % 7)
    return [d for n in range(days // 7 + 1) if (d := last - timedelta(weeks=n)) >= decided_on - timedelta(days=days)]


def _published_days(project: Project, lost: Collection[Lost], days: int) -> list[date]:
    """The scored days, of whatever weekday, that lie in some look-back."""
    ends = {decided_on for _, decided_on in lost}
    scored = [date.fromisoformat(text) for text in scored_dates(project)]
    return [day for day in scored if any(0 < (end - day).days <= days for end in ends)]


def _published(
    project: Project, rows: Sequence[Mapping[str, Any]], first: datetime | None, lost: Collection[Lost], days: int
) -> Iterable[tuple[Lost, Week]]:
    """The scores of a day that were there before the decision."""
    by_account: dict[str, list[date]] = {}
    for account, decided_on in lost:
        by_account.setdefault(account, []).append(decided_on)
    below: dict[str, float] = {}
    for row in rows:
        for decided_on in by_account.get(row["account_id"], ()):
            day, version = row["as_of"], str(row["policy_version"])
            published = (first or row["published_at"]).date()
            if 0 < (decided_on - day).days <= days and published < decided_on:
                if version not in below:
                    below[version] = _yellow_from(project, version)
                week = Week(day, max(published, day), row["health_tier"], row["risk_tier"], _red(row, below[version]))
                yield (row["account_id"], decided_on), week


def _yellow_from(project: Project, version: str) -> float:
    kept = (project.policies / f"{version}.yaml").exists()
    policy = archived_policy(version, project.policies) if kept else project.policy
    return policy.health.bands.yellow


def _replayed(checked: Checked, dates: Sequence[date], shipped: Shipped | None, reach: date) -> pd.DataFrame:
    """Everybody's tiers and component scores at snapshots, as today's rules have them."""
    policy, share = checked.project.policy, checked.project.settings.capacity.share
    fresh = date.max if shipped is None else replay_period(shipped.parameters, reach, days=1)[0]
    chosen = catalogue(policy) if dates[-1] >= fresh else health_inputs(policy)
    _, frame = features_at(checked, Snapshots.of(dates), chosen)
    frame = frame[~frame["known_loss"].astype(bool)].reset_index(drop=True)
    rated = frame[["account_id", "as_of"]].join(health_scores(frame, policy))
    high = _high(checked, frame, shipped, fresh, reach, share)
    return rated.assign(risk_tier=high.map({True: "high", False: "not high"}).astype(object).where(high.notna(), None))


def _weeks(rated: pd.DataFrame, accounts: Collection[str], policy: Policy) -> Iterable[tuple[str, Week]]:
    for row in rated[rated["account_id"].isin(accounts)].to_dict("records"):
        red = _red(row, policy.health.bands.yellow)
        yield str(row["account_id"]), Week(row["as_of"], None, str(row["health_tier"]), row["risk_tier"], red)


def _flagged(rows: pd.DataFrame, tiers: Collection[str]) -> pd.DataFrame:
    """account_id, as_of, flagged: whether the rule flags (serving/workbench/replay/autopsy.py::flags), for many at once."""
    hit = [
        health in tiers or level(None, risk).risk
        for health, risk in zip(rows["health_tier"], rows["risk_tier"], strict=True)
    ]
    return rows[["account_id", "as_of"]].assign(flagged=hit)


def _high(
    checked: Checked, frame: pd.DataFrame, shipped: Shipped | None, fresh: date, reach: date, share: float
) -> pd.Series:
    """Whether each row was among the riskiest by a model that knew nothing of its outcome; null where there is none."""
    import pandas as pd

    found = pd.Series([None] * len(frame), index=frame.index, dtype=object)
    if shipped is None:
        return found
    test = period_of_test(checked.project, shipped, reach)
    if len(test):
        high = high_tier(test["probability"].astype(float), test["as_of"], share=share)
        known = dict(zip(zip(test["account_id"], test["as_of"], strict=True), high, strict=True))
        keys = zip(frame["account_id"], frame["as_of"], strict=True)
        found = pd.Series([known.get(key) for key in keys], index=frame.index, dtype=object)
    later = frame["as_of"] >= fresh
    if later.any():
        rows = frame[later]
        champion = stored_scorers(shipped.parameters)[shipped.parameters["champion"]]
        said = pd.Series(champion.score(prepared(rows, checked.project.policy)), index=rows.index)
        found.loc[later] = high_tier(said, rows["as_of"], share=share).astype(object)
    return found


def _red(row: Mapping[Any, Any], below: float) -> tuple[str, ...]:
    """The components that lie below the yellow band."""
    return tuple(c for c in COMPONENTS if (v := row[f"{c}_score"]) is not None and v == v and v < below)
