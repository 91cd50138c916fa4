"""What the playbooks rest on: earlier runs, what people said, and the source tables as they were known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pipelines.asked_before import DAYS_IN_WEEK
from pipelines.build_features import Checked
from pipelines.deliver import rows_of, scored_dates
from pipelines.holdout import held_since
from pipelines.known_tables import known_tables
from pipelines.report_signals import signals_path
from pipelines.settings import Project
from serving.episodes import Level, level
from serving.workbench.plays.account import Account, accounts_on
from serving.workbench.plays.rows import Row, by_account, day_of, plain
from serving.workbench.plays.said import Said, last_words
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


@dataclass(frozen=True)
class Runs:
    """What the weekly runs up to a day published, a whole number of weeks apart from it."""

    published: Mapping[date, datetime]
    levels: Mapping[str, Mapping[date, Level]]
    scores: Mapping[str, Mapping[date, float | None]]
    tiers: Mapping[str, Mapping[date, str]]
    tasks: list[dict[str, Any]]


@dataclass(frozen=True)
class PlaysFacts:
    """Everything known before the day. A source table that is not delivered is missing from `delivered`.

    `signals` is null where nobody has looked for signals on that day: nothing is known of warnings and chances.
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

    def of(self, table: str, account: str) -> list[Row]:
        """The account's rows of a source table."""
        return self.tables.get(table, {}).get(account, [])


def plays_facts(checked: Checked, as_of: str) -> PlaysFacts:
    """The facts of a scored day."""
    project, day = checked.project, date.fromisoformat(as_of)
    frames = known_tables(checked, day, TABLES)
    scores = rows_of(project, "scores", as_of)
    terms = terms_of(plain(frames.get("subscriptions")))
    about = plain(frames.get("accounts"))
    looked = signals_path(project, as_of).exists()
    return PlaysFacts(
        day,
        str(scores[0]["run_id"]) if scores else "",
        accounts_on(about, terms, scores, day, project.policy),
        {str(row["account_id"]): created for row in about if (created := day_of(row.get("created_on")))},
        terms,
        runs_until(project, day),
        last_words(plain(frames.get("crm_feedback"))),
        by_account(rows_of(project, "signals", as_of)) if looked else None,
        by_account(rows_of(project, "signals", as_of, "evidence")) if looked else {},
        frozenset(held_since(project, as_of)),
        frozenset(frames),
        {name: by_account(plain(frame)) for name, frame in frames.items() if name not in ("accounts", "subscriptions")},
    )


def runs_until(project: Project, day: date) -> Runs:
    """Scores and tasks of the weekly runs up to and with this day."""
    published: dict[date, datetime] = {}
    levels: dict[str, dict[date, Level]] = defaultdict(dict)
    scores: dict[str, dict[date, float | None]] = defaultdict(dict)
    tiers: dict[str, dict[date, str]] = defaultdict(dict)
    tasks: list[dict[str, Any]] = []
    for run in _days(project, day):
        for row in rows_of(project, "scores", run.isoformat()):
            account = str(row["account_id"])
            published[run] = row["published_at"]
            levels[account][run] = level(row["health_tier"], row["risk_tier"])
            health = row["health_score"]
            scores[account][run] = None if health is None or health != health else float(health)
            tiers[account][run] = str(row["health_tier"])
        tasks += [{**row, "on": run} for row in rows_of(project, "tasks", run.isoformat())]
    return Runs(published, levels, scores, tiers, tasks)


def _days(project: Project, day: date) -> Iterator[date]:
    for text in scored_dates(project):
        run = date.fromisoformat(text)
        if run <= day and (day - run).days % DAYS_IN_WEEK == 0:
            yield run
