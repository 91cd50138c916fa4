"""The labelled panel: feature frames of many snapshots with their labels, for training and evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from data_contracts.contract import source_contracts
from features.labels import LabelRule, data_until, labels
from features.reductions.journey import ACTIVITY
from features.snapshots import EPOCH, Snapshots, day_of
from models.split import Split, default_split, purged
from pipelines.build_features import Checked, dated, features_at
from pipelines.outcomes import Outcomes, outcomes
from policy.errors import NotEnoughData, UsageError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Panel:
    """Training and test rows with their labels, and what was left out."""

    train: pd.DataFrame
    test: pd.DataFrame
    data_until: date
    purged_rows: int
    decided_in_gap: int
    split: Split
    everything: pd.DataFrame | None = None
    """Every mature training snapshot up to the data's end, test period included: what the shipped model is fitted on."""
    recent: pd.DataFrame | None = None
    """The snapshots after those of `everything`, without a label: their windows have begun and not closed."""
    outcomes: Outcomes | None = None
    """Null where the label knows no shorter windows."""


def label_rule(checked: Checked, horizon_days: int | None = None, gap_days: int | None = None) -> LabelRule:
    """The label as churn.toml defines it; the command line may override horizon and gap."""
    label, policy = checked.project.settings.label, checked.project.policy.label
    horizon = horizon_days or (label.days if label.kind == "inactivity" and label.days else label.horizon_days)
    return LabelRule(
        kind=label.kind,
        horizon_days=horizon,
        gap_days=label.gap_days if gap_days is None else gap_days,
        lapse_days=policy.lapse_days,
        loss_kinds=policy.loss_kinds,
    )


@dataclass(frozen=True)
class Dates:
    """The snapshots of one panel; with `purge_from` None nothing is purged."""

    train: tuple[date, ...]
    test: tuple[date, ...]
    purge_from: date | None
    window_days: int
    data_until: date
    split: Split
    everything: tuple[date, ...] = ()
    """The training snapshots carried on to the last mature one; empty where no refit is wanted."""
    recent: tuple[date, ...] = ()
    """And carried on from there while at least the gap has passed since."""

    @property
    def snapshots(self) -> Snapshots:
        """All of them, for one build of the indicators."""
        return Snapshots.of(sorted({*self.train, *self.test, *self.everything, *self.recent}))


@dataclass(frozen=True)
class Sides:
    """The usable rows of both sides, and how many were left out."""

    train: pd.DataFrame
    test: pd.DataFrame
    purged_rows: int
    decided_in_gap: int


def build_panel(checked: Checked, rule: LabelRule, split: Split | None = None, *, refit: bool = False) -> Panel:
    """Build the panel for a split (default: test on the last 26 mature weeks).

    Training snapshots fall every `train_every_weeks`, test snapshots every `test_every_weeks`. Training rows whose label
    window ends after the test begins are dropped and counted; so are rows decided in the gap. With `refit`, the panel
    also holds `everything` and what is `recent`.
    """
    dates = panel_dates(checked, rule, split, refit=refit)
    members, frame = features_at(checked, dates.snapshots)
    truth = dated(labels(checked.facts, members, rule, data_until=dates.data_until).to_pandas())
    sides = assembled(frame, truth, dates)
    panel = Panel(
        sides.train,
        sides.test,
        dates.data_until,
        sides.purged_rows,
        sides.decided_in_gap,
        dates.split,
        outcomes=outcomes(checked.facts, rule, contraction_share=checked.project.policy.label.contraction_share),
    )
    if not dates.everything:
        return panel
    recent = frame["as_of"].isin(dates.recent) & ~frame["known_loss"].astype(bool)
    return replace(
        panel,
        everything=assembled(frame, truth, replace(dates, train=dates.everything, test=(), purge_from=None)).train,
        recent=frame[recent].reset_index(drop=True),
    )


def panel_dates(checked: Checked, rule: LabelRule, split: Split | None = None, *, refit: bool = False) -> Dates:
    """Which snapshots train and which test. Raises NotEnoughData where a side has none."""
    settings = checked.project.settings.panel
    until = data_until(checked.facts)
    window = rule.horizon_days + rule.gap_days
    split = split or default_split(until, window)
    first = first_as_of(checked)
    train = _snapshots(settings.train_every_weeks, first, split.train_until, settings.weekday, "training").dates
    newest = until - timedelta(days=window)
    everything: tuple[date, ...] = ()
    recent: tuple[date, ...] = ()
    if refit:
        everything = _snapshots(settings.train_every_weeks, first, newest, settings.weekday, "training").dates
        recent = tuple(_later(everything[-1], settings.train_every_weeks, until - timedelta(days=rule.gap_days)))
    from_day = max(first, split.test_from)
    test = _snapshots(settings.test_every_weeks, from_day, split.test_until, settings.weekday, "test").dates
    return Dates(train, test, split.test_from, window, until, split, everything, recent)


def _later(last: date, stride_weeks: int, before: date) -> Iterator[date]:
    """The snapshots that follow `last`, strictly before a day."""
    day = last + timedelta(weeks=stride_weeks)
    while day < before:
        yield day
        day += timedelta(weeks=stride_weeks)


def assembled(frame: pd.DataFrame, truth: pd.DataFrame, dates: Dates) -> Sides:
    """Features and labels as training and test rows: known losses, immature labels and gap decisions left out."""
    labelled = frame.merge(truth, on=["account_id", "as_of"], how="left", validate="one_to_one")
    labelled = labelled[~labelled["known_loss"].astype(bool)]
    training, testing = labelled[labelled["as_of"].isin(dates.train)], labelled[labelled["as_of"].isin(dates.test)]
    purged_rows = 0
    if dates.purge_from is not None:
        reaching = purged(training["as_of"], window_days=dates.window_days, test_from=dates.purge_from)
        training, purged_rows = training[~reaching], int(reaching.sum())
    gap = int(training["decided_in_gap"].sum() + testing["decided_in_gap"].sum())
    return Sides(_usable(training), _usable(testing), purged_rows, gap)


def _usable(rows: pd.DataFrame) -> pd.DataFrame:
    found = rows[rows["mature"].astype(bool) & ~rows["decided_in_gap"].astype(bool)].copy()
    found["churned"] = found["churned"].astype(float)
    return found.reset_index(drop=True)


def _snapshots(stride: int, first: date, last: date, weekday: str, what: str) -> Snapshots:
    if last < first:
        raise NotEnoughData(
            f"the {what} period would end on {last}, before the first possible snapshot on {first}.",
            where="panel",
            cure="Give later dates, a shorter horizon, or more history.",
        )
    try:
        return Snapshots.every(stride, first, last, weekday=weekday)
    except UsageError as exc:
        raise NotEnoughData(
            f"no {weekday} falls into the {what} period {first} to {last}.", where="panel", cure="Give a longer period."
        ) from exc


def first_as_of(checked: Checked) -> date:
    """The first day on which anyone is old enough to be scored and daily activity has been recorded.

    Contracts and milestones often reach back to years of which only today's survivors are known; the recording of use,
    tickets and contacts says when the book can really be seen.
    """
    tables = checked.facts.tables
    contracts = source_contracts()
    daily = [n for n in ACTIVITY if n in tables and contracts[n].presence == "activity"] or [
        n for n in ACTIVITY if n in tables
    ]
    starts = int(day_of(tables["subscriptions"]["starts_on"]).min().execute())
    seen: list[int] = []
    for name in daily:
        value: Any = day_of(tables[name][ACTIVITY[name]]).min().execute()
        if value is not None and value == value:
            seen.append(int(value))
    first = max(starts + checked.project.settings.cohort.min_tenure_days, min(seen, default=starts))
    return EPOCH + timedelta(days=first)


def described(rows: pd.DataFrame) -> dict[str, Any]:
    """What the training report says of a set of rows."""
    lost = rows[rows["churned"] == 1]
    return {
        "from": rows["as_of"].min().isoformat() if len(rows) else None,
        "until": rows["as_of"].max().isoformat() if len(rows) else None,
        "n_snapshots": int(rows["as_of"].nunique()),
        "n_rows": len(rows),
        "n_accounts": int(rows["account_id"].nunique()),
        "n_churned_rows": len(lost),
        "n_churned_accounts": int(lost["account_id"].nunique()),
        "base_rate": float(rows["churned"].mean()) if len(rows) else None,
    }
