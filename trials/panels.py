"""The rows of a trial: a book to learn from, and fresh accounts of the same world whose true risk is known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from features.labels import labels
from features.snapshots import Snapshots
from models.split import Split, default_split
from pipelines.build_features import Checked, dated, features_at
from pipelines.outcomes import Outcomes, next_day
from pipelines.panel import Panel, build_panel, label_rule
from pipelines.scaffold import CHURN_TOML
from pipelines.settings import Project, open_project
from policy.policy import Policy
from simulation import Company, World, simulate
from simulation.drawn import another_draw
from simulation.schema import TRUTH_COLUMNS
from trials.emission import emitted

FRESH_DRAW = 1000
"""First draw of the fresh accounts; a book is draw 0."""
AT_ONCE = 10_000
"""Fresh accounts simulated and measured at a time."""
BOOK_AT_ONCE = 5_000
"""Accounts of a book, whose history is twice as long: a larger book is several draws of its world side by side."""
RARELY = {"train_every_weeks": 26, "test_every_weeks": 8}
"""Snapshots of such a book: it has enough leavers without a snapshot a month."""
FRESH_WEEKS = 80
"""History of a fresh account: more than any indicator looks back."""
FRESH_COURSES = 32
"""Courses behind each true hazard."""
KEYS = ["account_id", "as_of"]


@dataclass(frozen=True)
class Book:
    """The labelled panel of a world's own book and the policy it is scored by.

    `panel.test` holds the true risk beside the labels (`hazard_90d`, null where the truth knows no term in force) and
    `lost_day`, the day on which it became known that the account leaves (days since the epoch, null for who stays).
    """

    panel: Panel
    policy: Policy


def book_of(world: World, split: Split | None = None) -> Book:
    """The world's own book, as `churn train` would see it."""
    count = -(-world.accounts // BOOK_AT_ONCE)
    if count == 1:
        return _book_of(world, split, {})
    draws = (another_draw(world, world.draw + n, accounts=world.accounts // count) for n in range(count))
    return _side_by_side([_book_of(draw, split, RARELY) for draw in draws])


def _book_of(world: World, split: Split | None, panel_settings: Mapping[str, int]) -> Book:
    with project(panel_settings) as where:
        label = where.settings.label
        followed = split or default_split(world.data_until, label.horizon_days + label.gap_days)
        every = where.settings.panel.test_every_weeks
        mondays = Snapshots.every(every, followed.test_from, followed.test_until, weekday="monday").dates
        company = simulate(world, truth_on=mondays)
        with emitted(company, where) as checked:
            panel = build_panel(checked, label_rule(checked), split, refit=True)
        test = panel.test.merge(_truth(company, ["hazard_90d"]), on=KEYS, how="left", validate="one_to_one")
        assert panel.outcomes is not None  # noqa: S101  # decisions are on record in every world
        return Book(replace(panel, test=test.assign(lost_day=next_day(test, panel.outcomes.losses))), where.policy)


def _side_by_side(books: Sequence[Book]) -> Book:
    """Several draws as one book; every account keeps the number of its draw before its id."""

    def all_of(parts: Iterable[pd.DataFrame | None]) -> pd.DataFrame:
        told = [
            p.assign(account_id=f"{n}-" + p["account_id"].astype(str)) for n, p in enumerate(parts) if p is not None
        ]
        return pd.concat(told, ignore_index=True)

    panels, first = [book.panel for book in books], books[0].panel
    known = [p.outcomes for p in panels if p.outcomes is not None]
    panel = replace(
        first,
        train=all_of(p.train for p in panels),
        test=all_of(p.test for p in panels),
        everything=all_of(p.everything for p in panels),
        recent=all_of(p.recent for p in panels),
        purged_rows=sum(p.purged_rows for p in panels),
        decided_in_gap=sum(p.decided_in_gap for p in panels),
        outcomes=Outcomes(
            all_of(o.losses for o in known), all_of(o.unpaid for o in known), all_of(o.contractions for o in known)
        ),
    )
    return Book(panel, books[0].policy)


def _truth(company: Company, columns: list[str]) -> pd.DataFrame:
    truth = company.truth.assign(as_of=company.truth["as_of"].dt.date)
    return truth[[*KEYS, *columns]]


def fresh_of(world: World, accounts: int) -> pd.DataFrame:
    """At least about `accounts` other accounts of this world on the Monday its data end, one row each.

    Columns: the cohort's and the indicators, `in_window`, and the truth's (`hazard_90d`, `top_cause`, …) of that day.
    Whoever is not scored there (too young, already lost) is left out.
    """
    size = min(accounts, AT_ONCE)
    parts = []
    for draw in range(-(-accounts // size)):
        drawn = another_draw(world, FRESH_DRAW + draw, accounts=size, weeks=FRESH_WEEKS)
        company = simulate(drawn, truth_on=(world.data_until,), courses=FRESH_COURSES)
        with project() as where, emitted(company, where) as checked:
            rows = _scored(checked, company, world.data_until)
        parts.append(rows.assign(account_id=f"{draw}-" + rows["account_id"].astype(str)))
    return pd.concat(parts, ignore_index=True)


def _scored(checked: Checked, company: Company, as_of: date) -> pd.DataFrame:
    """Indicators, window and truth of everyone who would be scored on `as_of`."""
    members, frame = features_at(checked, Snapshots.of((as_of,)))
    rule = label_rule(checked)
    window = dated(labels(checked.facts, members, rule, data_until=as_of).to_pandas())
    frame = frame.merge(window[[*KEYS, "in_window"]], on=KEYS, validate="one_to_one")
    truth = _truth(company, [name for name in TRUTH_COLUMNS if name not in KEYS])
    rows = frame[~frame["known_loss"].astype(bool)].merge(truth, on=KEYS, how="inner", validate="one_to_one")
    return rows.reset_index(drop=True)


@contextmanager
def project(panel: Mapping[str, int] = MappingProxyType({})) -> Iterator[Project]:
    """A project with every setting at its default but those of `panel`, and no sources of its own."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        place = Path(folder)
        (place / "churn.toml").write_text(CHURN_TOML, encoding="utf-8")
        (place / "sources").mkdir()
        found = open_project(place)
        settings = found.settings.model_copy(update={"panel": found.settings.panel.model_copy(update=dict(panel))})
        yield found.model_copy(update={"settings": settings})
