"""What the playbooks rest on: earlier runs, what people said, and the source tables as they were known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from pipelines.asked_before import DAYS_IN_WEEK
from pipelines.build_features import Checked
from pipelines.deliver import rows_of, scored_dates
from pipelines.holdout import held_since
from pipelines.known_tables import covered, known_tables, planned_ahead
from pipelines.report_signals import signals_path
from pipelines.settings import Project
from serving.episodes import Level, level
from serving.team import Team
from serving.workbench.plays.account import Account, accounts_left, accounts_on
from serving.workbench.plays.rows import Row, by_account, day_of, plain
from serving.workbench.plays.said import Said, last_words
from serving.workbench.plays.step import account_in
from serving.workbench.plays.terms import Term, terms_of

TABLES = (
    "accounts",
    "subscriptions",
    "milestones",
    "touchpoints",
    "survey_responses",
    "support_tickets",
    "opportunities",
    "users",
    "crm_feedback",
)
STANDS = ("open", "clearing")


SCORE = ["account_id", "published_at", "health_score", "health_tier", "risk_tier"]
TASK = ["task_key", "account_id", "play", "step", "body", "due_at"]
SIGNAL = ["account_id", "kind", "status", "confirmatory"]
"""What is read of every earlier run; the other columns are many."""


@dataclass(frozen=True)
class Runs:
    """What the weekly runs up to a day published, a whole number of weeks apart from it.

    `looked` are those of them on whose day somebody looked for signals, `warned` the ones that found a warning standing
    that leads.
    """

    published: Mapping[date, datetime]
    levels: Mapping[str, Mapping[date, Level]]
    scores: Mapping[str, Mapping[date, float | None]]
    tiers: Mapping[str, Mapping[date, str]]
    tasks: list[dict[str, Any]]
    looked: tuple[date, ...] = ()
    warned: Mapping[str, frozenset[date]] = field(default_factory=dict)

    @property
    def first(self) -> date | None:
        """The first run that ever looked; null where none has."""
        return min(self.published, default=None)

    def calm_since(self, account: str) -> date | None:
        """The run on which no warning stood any more; null where none ever did, or one still does."""
        warned = self.warned.get(account)
        return None if not warned else next((day for day in self.looked if day > max(warned)), None)


@dataclass(frozen=True)
class PlaysFacts:
    """Everything known before the day. A source table that is not delivered is missing from `delivered`.

    `signals` is null where nobody has looked for signals on that day: nothing is known of warnings and chances. `left`
    are the accounts without a term in force.
    """

    as_of: date
    run_id: str
    accounts: Mapping[str, Account]
    created: Mapping[str, date]
    terms: Mapping[str, list[Term]]
    runs: Runs
    words: Mapping[str, Said]
    signals: Mapping[str, list[Row]] | None
    evidence: Mapping[str, list[Row]]
    held: frozenset[str]
    delivered: frozenset[str]
    tables: Mapping[str, Mapping[str, list[Row]]] = field(default_factory=dict)
    left: Mapping[str, Account] = field(default_factory=dict)
    team: Team = field(default_factory=dict)
    covered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    planned: Mapping[str, list[Row]] | None = None
    """Milestones planned for later; null where the source does not tell since when it knows of them."""

    def covers(self, table: str, account: str) -> bool:
        """Whether a source table can speak about the account: it is delivered, and names it where it names accounts."""
        return table in self.delivered and account in self.covered.get(table, (account,))

    def known(self, table: str, account: str) -> list[Row] | None:
        """The account's rows of a source table; null where the table cannot speak about it."""
        return self.of(table, account) if self.covers(table, account) else None

    def plan(self, account: str) -> list[Row] | None:
        """The account's milestones planned for later; null where they cannot be known."""
        return None if self.planned is None else self.planned.get(account, [])

    def of(self, table: str, account: str) -> list[Row]:
        """The account's rows of a source table."""
        return self.tables.get(table, {}).get(account, [])

    def account(self, name: str) -> Account:
        """What is known of an account, there or gone."""
        return self.accounts.get(name) or self.left.get(name) or Account(name)

    def words_of(self, account: str) -> Mapping[str, Said]:
        """What was said of the account's tasks, by their keys."""
        return self._words.get(account, {})

    @cached_property
    def _words(self) -> Mapping[str, dict[str, Said]]:
        found: dict[str, dict[str, Said]] = defaultdict(dict)
        for key, said in self.words.items():
            found[account_in(key)][key] = said
        return found


def plays_facts(checked: Checked, as_of: str) -> PlaysFacts:
    """The facts of a scored day."""
    project, day = checked.project, date.fromisoformat(as_of)
    frames = known_tables(checked, day, TABLES)
    scores = rows_of(project, "scores", as_of)
    terms = terms_of(plain(frames.get("subscriptions")))
    about = plain(frames.get("accounts"))
    accounts = accounts_on(about, terms, scores, day, project.policy)
    looked = signals_path(project, as_of).exists()
    ahead = planned_ahead(checked, day)
    return PlaysFacts(
        day,
        str(scores[0]["run_id"]) if scores else "",
        accounts,
        {str(row["account_id"]): created for row in about if (created := day_of(row.get("created_on")))},
        terms,
        runs_until(project, day),
        last_words(plain(frames.get("crm_feedback"))),
        by_account(rows_of(project, "signals", as_of)) if looked else None,
        by_account(rows_of(project, "signals", as_of, "evidence")) if looked else {},
        frozenset(held_since(project, as_of)),
        frozenset(frames),
        {name: by_account(plain(frame)) for name, frame in frames.items() if name not in ("accounts", "subscriptions")},
        accounts_left(about, accounts, project.policy),
        project.settings.team,
        covered(checked),
        None if ahead is None else by_account(plain(ahead)),
    )


def runs_until(project: Project, day: date) -> Runs:
    """Scores, tasks and standing warnings of the weekly runs up to and with this day."""
    published: dict[date, datetime] = {}
    levels: dict[str, dict[date, Level]] = defaultdict(dict)
    scores: dict[str, dict[date, float | None]] = defaultdict(dict)
    tiers: dict[str, dict[date, str]] = defaultdict(dict)
    tasks: list[dict[str, Any]] = []
    looked: list[date] = []
    warned: dict[str, set[date]] = defaultdict(set)
    for run in _days(project, day):
        on = run.isoformat()
        for row in rows_of(project, "scores", on, columns=SCORE):
            account = str(row["account_id"])
            published[run] = row["published_at"]
            levels[account][run] = level(row["health_tier"], row["risk_tier"])
            health = row["health_score"]
            scores[account][run] = None if health is None or health != health else float(health)
            tiers[account][run] = str(row["health_tier"])
        tasks += [{**row, "on": run} for row in rows_of(project, "tasks", on, columns=TASK)]
        if signals_path(project, on).exists():
            looked.append(run)
            for row in rows_of(project, "signals", on, columns=SIGNAL):
                if leads(row):
                    warned[str(row["account_id"])].add(run)
    still = {account: frozenset(days) for account, days in warned.items()}
    return Runs(published, levels, scores, tiers, tasks, tuple(looked), still)


def leads(signal: Row) -> bool:
    """Whether it is a warning that stands and does not only confirm what is known anyway."""
    return signal["status"] in STANDS and signal["kind"] == "warning" and not signal["confirmatory"]


def _days(project: Project, day: date) -> Iterator[date]:
    for text in scored_dates(project):
        run = date.fromisoformat(text)
        if run <= day and (day - run).days % DAYS_IN_WEEK == 0:
            yield run
