"""What the playbooks rest on: earlier runs, what people said, and the source tables as they were known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from features.catalogue import catalogue
from pipelines.asked_before import DAYS_IN_WEEK
from pipelines.build_features import Checked
from pipelines.deliver import rows_of, scored_dates
from pipelines.holdout import held_since
from pipelines.known_tables import covered, known_tables, planned_ahead
from pipelines.report_signals import signals_path
from pipelines.settings import Project
from serving.episodes import Level, level
from serving.workbench.plays.account import Account, accounts_on
from serving.workbench.plays.message import Noticed, noticed
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
    reasons: Mapping[str, list[tuple[str, str]]]
    held: frozenset[str]
    delivered: frozenset[str]
    tables: Mapping[str, Mapping[str, list[Row]]] = field(default_factory=dict)
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

    def noticed(self, account: str) -> list[Noticed]:
        """What the customer may be told of it, signals first."""
        rows = (self.signals or {}).get(account, [])
        standing = {r["episode_key"] for r in rows if r["status"] in STANDS and r["kind"] == "warning"}
        signals = [
            (str(e["signal"]), str(e["sentence"]))
            for e in self.evidence.get(account, [])
            if e["episode_key"] in standing
        ]
        return noticed(signals, self.reasons.get(account, []))


def plays_facts(checked: Checked, as_of: str) -> PlaysFacts:
    """The facts of a scored day."""
    project, day = checked.project, date.fromisoformat(as_of)
    frames = known_tables(checked, day, TABLES)
    scores = rows_of(project, "scores", as_of)
    terms = terms_of(plain(frames.get("subscriptions")))
    about = plain(frames.get("accounts"))
    looked = signals_path(project, as_of).exists()
    ahead = planned_ahead(checked, day)
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
        _reasons(project, as_of, scores),
        frozenset(held_since(project, as_of)),
        frozenset(frames),
        {name: by_account(plain(frame)) for name, frame in frames.items() if name not in ("accounts", "subscriptions")},
        covered(checked),
        None if ahead is None else by_account(plain(ahead)),
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


def _reasons(project: Project, as_of: str, scores: list[dict[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Account → (driver group, sentence) of its reasons, in their order."""
    groups = {name: i.group for name, i in catalogue(project.policy).items()}
    told = {
        (row["account_id"], row["sentence"]): groups.get(row["indicator"], "")
        for row in rows_of(project, "evidence", as_of)
    }
    return {
        str(row["account_id"]): [
            (told.get((row["account_id"], reason), ""), reason)
            for reason in (row[f"reason_{i}"] for i in (1, 2, 3))
            if reason
        ]
        for row in scores
    }
