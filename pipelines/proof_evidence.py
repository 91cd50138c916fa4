"""What the checks of a proof look at, each built once and only where a check asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from features.feature_table import available
from models.split import Split
from pipelines.build_features import Checked, cohort_rule, dated, features_at, now_utc
from pipelines.fit import directions_in
from pipelines.panel import Dates, Sides, label_rule
from pipelines.parts import Parts
from pipelines.proof_sample import Sample, features_of, newest_fact, sample_of
from policy.errors import NotEnoughData
from proof import shuffled
from proof.opinion import Opinion
from proof.oracle.past import Row
from proof.oracle.table import feature_rows
from proof.oracle.truth import Key, labels
from proof.order import renamed
from proof.sameness import of_accounts

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Array

SecondOpinion = Callable[..., Mapping[str, Row]]
LABELS = {"churned", "in_window", "decided_in_gap", "mature", "known_loss"}
PLACES = {"snapshot", "as_of_day", "term_end_day", "deadline_day"}  # day numbers: the calendar itself


class Evidence:
    """The pipeline's parts at work on a project's accepted tables."""

    def __init__(self, checked: Checked, parts: Parts, opinion: SecondOpinion = feature_rows) -> None:
        self.checked = checked
        self.parts = parts
        self.opinion = opinion
        self.limits = checked.project.policy.proof
        self.rule = label_rule(checked)
        self.cohort_rule = cohort_rule(checked.project)

    @cached_property
    def dates(self) -> Dates:
        """The snapshots that `churn train` would use."""
        return self.parts.dates(self.checked, self.rule)

    @property
    def split(self) -> Split:
        """The dates that training and test are cut at."""
        return self.dates.split

    @cached_property
    def panel(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """(features, labels) of every line of the cohort at every snapshot, before anything is left out."""
        members, frame = features_at(
            self.checked,
            self.dates.snapshots,
            self.parts.indicators(),
            members_of=self.parts.cohort,
            table_of=self.parts.features,
        )
        truth = self.parts.labels(self.checked.facts, members, self.rule, data_until=self.dates.data_until)
        return frame, dated(truth.to_pandas())

    @cached_property
    def sides(self) -> Sides:
        """The rows that train and the rows that test."""
        return self.parts.assembled(*self.panel, self.dates)

    @cached_property
    def judged_panel(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The panel of as many accounts as everything fitted or resampled rests on."""
        frame, truth = self.panel
        accounts = sorted(set(frame["account_id"]), key=renamed)[: self.limits.panel_accounts]
        return of_accounts(frame, accounts), of_accounts(truth, accounts)

    def assembled(self, panel: tuple[pd.DataFrame, pd.DataFrame]) -> Sides:
        """Training and test rows of another panel. Raises NotEnoughData where nothing could be fitted on them."""
        sides = self.parts.assembled(*panel, self.dates)
        for what, rows in (("training", sides.train), ("test", sides.test)):
            if not len(rows) or rows["churned"].nunique() < 2:
                raise NotEnoughData(
                    f"the {what} rows hold {int(rows['churned'].sum())} churned ones of {len(rows)}.",
                    where="prove-no-leak",
                    cure="Prove it again once more accounts have left.",
                )
        return sides

    @cached_property
    def judged_sides(self) -> Sides:
        """Training and test rows of the judged panel."""
        return self.assembled(self.judged_panel)

    def scored(self, train: pd.DataFrame, later: pd.DataFrame) -> Mapping[str, Array]:
        """What each scorer, fitted on some rows, says of later ones."""
        directions = directions_in(train, self.parts.indicators())
        return self.parts.probabilities(train, later, directions, self.checked.project.policy)

    def probed(self, train: pd.DataFrame, later: pd.DataFrame) -> Mapping[str, Array]:
        """The same, and what the probe of shuffled labels says beside them."""
        columns = list(directions_in(train, self.parts.indicators()))
        return {**self.scored(train, later), shuffled.PROBE: shuffled.probe(train, later, columns)}

    @cached_property
    def scores(self) -> Mapping[str, Array]:
        """What each scorer says of the judged test rows."""
        return self.scored(self.judged_sides.train, self.judged_sides.test)

    @cached_property
    def as_of(self) -> tuple[date, ...]:
        """The dates at which the future is spoiled, spread over the snapshots that have a cohort."""
        days = sorted(set(self.panel[0]["as_of"]))
        wanted = self.limits.dates
        return tuple(sorted({days[(i + 1) * len(days) // (wanted + 1)] for i in range(wanted)}))

    @cached_property
    def sample(self) -> Sample:
        """Every fact of the chosen accounts: up to a quarter that left, most in the cohort, the rest from the book."""
        frame, truth = self.panel
        size = self.limits.accounts
        lost = _in_no_order(truth.loc[truth["churned"] == 1, "account_id"])[: size // 4]
        there = _in_no_order(frame.loc[frame["as_of"].isin(self.as_of), "account_id"])
        book = self.checked.facts.tables["subscriptions"].select("account_id").distinct().to_pyarrow()
        everyone = _in_no_order(book["account_id"].to_pylist())
        most = list(dict.fromkeys([*lost, *there]))[: 3 * size // 4]
        return sample_of(self.checked.facts, list(dict.fromkeys([*most, *everyone]))[:size])

    @property
    def accounts(self) -> list[str]:
        """The chosen accounts, in no order."""
        return _in_no_order(self.sample.tables["subscriptions"]["account_id"])

    @cached_property
    def rebuilt(self) -> pd.DataFrame:
        """The sample's own cohort and indicators at the chosen dates."""
        return self.build(self.sample)

    def build(self, sample: Sample) -> pd.DataFrame:
        """Cohort and indicators of a sample at the chosen dates."""
        return features_of(sample, self.parts, self.cohort_rule, self.as_of)

    def opinion_on(self, sample: Sample, accounts: Sequence[str]) -> Opinion:
        """What the second opinion says of a sample at the chosen dates."""
        world, uncovered = sample.plain(), sample.uncovered(accounts)
        rule = {"min_tenure_days": self.cohort_rule.min_tenure_days, "kinds": self.cohort_rule.loss_kinds}
        return {
            (as_of, account): row
            for as_of in self.as_of
            for account, row in self.opinion(world, as_of, uncovered, **rule).items()
        }

    def told(self) -> dict[Key, Row]:
        """The labels of the sample at every snapshot, counted again."""
        return labels(
            self.sample.plain(),
            self.dates.snapshots.dates,
            kind=self.rule.kind,
            horizon_days=self.rule.horizon_days,
            gap_days=self.rule.gap_days,
            lapse_days=self.rule.lapse_days,
            data_until=self.dates.data_until,
            min_tenure_days=self.cohort_rule.min_tenure_days,
            kinds=self.cohort_rule.loss_kinds,
        )

    @cached_property
    def newest_fact(self) -> date:
        """The newest day on which anything happened."""
        return newest_fact(self.checked.facts, until=now_utc())

    def without_data(self, frame: pd.DataFrame) -> set[str]:
        """Columns that are empty because the project does not deliver what they need: there the opinion would say 0."""
        found = set()
        for name, indicator in self.parts.indicators().items():
            for column, expr in (
                (name, indicator.expr),
                (f"{name}__before", indicator.before),
                (f"{name}__after", indicator.after),
            ):
                if expr is not None and column in frame and frame[column].isna().all():
                    leaves: list[Any] = [x for x in expr.leaves() if hasattr(x, "reduction")]
                    if any(not available(self.checked.facts, leaf.reduction) for leaf in leaves):
                        found.add(column)
        return found

    def judged_columns(self, rows: pd.DataFrame) -> list[str]:
        """Every number that a scorer could read: indicators, and whatever else stands in the table."""
        import pandas as pd

        known = LABELS | PLACES
        return [
            name
            for name in map(str, rows.columns)
            if name not in known and "__" not in name and pd.api.types.is_numeric_dtype(rows[name])
        ]

    def across(self) -> set[str]:
        """Indicators that compare an account with the rest of its segment: on a part of the book they differ."""
        return {name for name, indicator in self.parts.indicators().items() if indicator.across}


def _in_no_order(accounts: Any) -> list[str]:
    return sorted(set(map(str, accounts)), key=renamed)
