"""The snapshots before each decision: as they were published, else replayed from history and never called published.

A replayed week is rated by today's policy. Its risk tier comes from a model that knew nothing of what followed: the
training's test period, or the shipped model once the windows it was fitted on have closed. Elsewhere it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

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
from pipelines.tracking import Shipped
from policy.archive import archived_policy
from policy.health import COMPONENTS
from serving.workbench.replay.autopsy import Week

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 26
"""Snapshots that are built together."""
Lost = tuple[str, date]
"""An account and the day on which its decision could be known."""


def weeks_before(
    checked: Checked,
    lost: Collection[Lost],
    shipped: Shipped | None,
    reach: date,
    *,
    days: int,
    progress: Callable[[str], None],
) -> dict[Lost, tuple[Week, ...]]:
    """By loss, its snapshots in the `days` before the decision, oldest first."""
    found: dict[Lost, dict[date, Week]] = {one: {} for one in lost}
    wanted = {one: set(snapshot_days(one[1], days, checked.project.settings.panel.weekday)) for one in lost}
    for one, week in _published(checked, lost, days):
        found[one][week.as_of] = week
    open_ = {one: dates - set(found[one]) for one, dates in wanted.items()}
    first = first_as_of(checked)
    dates = sorted({d for some in open_.values() for d in some if d >= first})
    ids = {account for account, _ in lost}
    for chunk in (dates[i : i + AT_ONCE] for i in range(0, len(dates), AT_ONCE)):
        progress(f"snapshots from {chunk[0]} to {chunk[-1]}")
        rated = {(w_account, w.as_of): w for w_account, w in _replayed(checked, chunk, ids, shipped, reach)}
        for one, some in open_.items():
            found[one].update({d: rated[one[0], d] for d in some if (one[0], d) in rated})
    return {one: tuple(weeks[d] for d in sorted(weeks)) for one, weeks in found.items()}


def snapshot_days(decided_on: date, days: int, weekday: str) -> list[date]:
    """The weekly snapshots from so many days before a day up to the day before it.

    >>> snapshot_days(date(2026, 6, 2), 14, "monday")
    [datetime.date(2026, 6, 1), datetime.date(2026, 5, 25)]
    """
    last = decided_on - timedelta(days=1)
    last -= timedelta(days=(last.weekday() - WEEKDAYS.index(weekday)) % 7)
    return [d for n in range(days // 7 + 1) if (d := last - timedelta(weeks=n)) >= decided_on - timedelta(days=days)]


def _published(checked: Checked, lost: Collection[Lost], days: int) -> Iterable[tuple[Lost, Week]]:
    """The scores that were there before the decision, on whatever weekday."""
    project = checked.project
    by_account: dict[str, list[date]] = {}
    for account, decided_on in lost:
        by_account.setdefault(account, []).append(decided_on)

    @cache
    def below(version: str) -> float:
        kept = (project.policies / f"{version}.yaml").exists()
        policy = archived_policy(version, project.policies) if kept else project.policy
        return policy.health.bands.yellow

    for text in scored_dates(project):
        day = date.fromisoformat(text)
        if not any(0 < (d - day).days <= days for some in by_account.values() for d in some):
            continue
        for row in rows_of(project, "scores", text):
            for decided_on in by_account.get(row["account_id"], ()):
                published = row["published_at"].date()
                if 0 < (decided_on - day).days <= days and published < decided_on:
                    red = _red(row, below(str(row["policy_version"])))
                    week = Week(day, max(published, day), row["health_tier"], row["risk_tier"], red)
                    yield (row["account_id"], decided_on), week


def _replayed(
    checked: Checked, dates: Sequence[date], accounts: Collection[str], shipped: Shipped | None, reach: date
) -> Iterable[tuple[str, Week]]:
    policy, share = checked.project.policy, checked.project.settings.capacity.share
    fresh = date.max if shipped is None else replay_period(shipped.parameters, reach, days=1)[0]
    chosen = catalogue(policy) if dates[-1] >= fresh else health_inputs(policy)
    _, frame = features_at(checked, Snapshots.of(dates), chosen)
    frame = frame[~frame["known_loss"].astype(bool)].reset_index(drop=True)
    rated = frame[["account_id", "as_of"]].join(health_scores(frame, policy))
    rated["high"] = _high(checked, frame, shipped, fresh, reach, share)
    for row in rated[rated["account_id"].isin(accounts)].to_dict("records"):
        tier = None if row["high"] is None else "high" if row["high"] else "not high"
        red = _red(row, policy.health.bands.yellow)
        yield str(row["account_id"]), Week(row["as_of"], None, str(row["health_tier"]), tier, red)


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
