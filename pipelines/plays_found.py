"""What stands for every account, composed from the facts: the playbooks of serving/workbench/plays side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.plays_facts import STANDS, PlaysFacts
from policy.policy import Policy
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.plays.account import Account
from serving.workbench.plays.expansion import Calm, Chance, chance, expansion_steps, opened_on
from serving.workbench.plays.message import draft
from serving.workbench.plays.onboarding import CALLS, first_days, onboarding_steps
from serving.workbench.plays.prevention import ended_on, goes_on, prevention, rounds
from serving.workbench.plays.renewal import Renewal, renewal, renewal_steps
from serving.workbench.plays.rows import day_of
from serving.workbench.plays.step import Step, owner_type
from serving.workbench.plays.success import Started, Success, recoveries, successes
from serving.workbench.plays.success_plan import SuccessPlan, plan_of
from serving.workbench.plays.win_back import Departure, WinBackRate, departures, win_back_rate, win_back_steps
from serving.workbench.plays.wins import Win, newest_reached, wins

TALK = "expansion talk"


@dataclass(frozen=True)
class Plays:
    """All that stands on a day."""

    steps: list[Step]
    renewals: list[Renewal]
    chances: list[Chance]
    departures: list[Departure]
    win_back: WinBackRate
    wins: list[Win]
    plans: list[SuccessPlan]
    successes: list[Success]


def found_plays(facts: PlaysFacts, policy: Policy) -> Plays:
    """What stands, from the facts alone. Accounts of the holdout have no play."""
    accounts = {name: a for name, a in facts.accounts.items() if name not in facts.held}
    over = {key for key, said in facts.words.items() if said.over}
    log = wins_log(facts, policy)
    steps = _prevention(facts, accounts, newest_reached(log), policy)
    renewals, chances = [], []
    for name, account in accounts.items():
        one = renewal(facts.terms.get(name, []), facts.of("opportunities", name), facts.as_of, policy)
        if one is not None:
            renewals.append(one)
            steps += renewal_steps(one, account, over, facts.as_of, policy)
        chances += (found := _chance(facts, account, policy))
        for each in found:
            steps += _talk(facts, account, each, over, policy)
        if account.started_on is not None:
            seen = first_days(facts.of("milestones", name), facts.of("touchpoints", name), account.started_on)
            steps += onboarding_steps(account, seen, over, facts.as_of, policy)
    gone = departures(facts.terms, facts.as_of, policy)
    for departure in gone:
        who = facts.accounts.get(departure.account_id, Account(departure.account_id))
        steps += win_back_steps(departure, who, over, facts.as_of, policy)
    return Plays(
        steps,
        renewals,
        chances,
        gone,
        win_back_rate(gone),
        log,
        _plans(facts, accounts, policy),
        successes(_started(facts), facts.runs.scores, facts.as_of, policy),
    )


def _prevention(
    facts: PlaysFacts, accounts: Mapping[str, Account], reached: Mapping[str, str], policy: Policy
) -> list[Step]:
    steps: list[Step] = []
    runs = facts.runs
    for one in rounds(runs.tasks, runs.published, runs.levels, runs=policy.tasks.recovery.runs):
        account = accounts.get(one.account_id)
        if account is None:
            continue
        contacts = [
            day
            for row in facts.of("touchpoints", one.account_id)
            if row["kind"] in CALLS and row.get("attended") is not False and (day := day_of(row["occurred_at"]))
        ]
        text = draft(facts.noticed(one.account_id), reached.get(one.account_id), facts.as_of)
        levels, scores = runs.levels[one.account_id], runs.scores[one.account_id]
        steps += prevention(one, account, levels, scores, facts.words, contacts, text, facts.as_of, policy)
    return steps


def wins_log(facts: PlaysFacts, policy: Policy) -> list[Win]:
    """What there is to celebrate of every account (I13)."""
    green = {name: recoveries(scores, policy) for name, scores in facts.runs.scores.items()}
    return wins(_rows(facts, "milestones"), _rows(facts, "survey_responses"), green, facts.as_of, policy)


def calm(facts: PlaysFacts, account: str, policy: Policy) -> Calm:
    """What the gate of the expansion talk looks at (E3, I10)."""
    levels = facts.runs.levels.get(account, {})
    warnings = [
        str(row["name"]).replace("_", " ")
        for row in (facts.signals or {}).get(account, [])
        if row["status"] in STANDS and row["kind"] == "warning" and not row["confirmatory"]
    ]
    escalated = [d for r in facts.of("support_tickets", account) if (d := day_of(r.get("escalated_at")))]
    closed = [s.on.date() for k, s in facts.words.items() if s.over and k.startswith(f"{account}|{TALK}:")]
    return Calm(
        tuple(warnings),
        goes_on(levels, policy.tasks.recovery.runs),
        max(ended_on(levels, policy.tasks.recovery.runs), default=None),
        max(escalated, default=None),
        max(closed, default=None),
    )


def _chance(facts: PlaysFacts, account: Account, policy: Policy) -> list[Chance]:
    """The account's chance to grow; none where nobody has looked for signals."""
    rows = (facts.signals or {}).get(account.account_id, [])
    began = {r["episode_key"]: r for r in rows if r["kind"] == "expansion" and r["status"] in STANDS}
    told = [
        (str(e["what"]), began[e["episode_key"]]["episode_started_on"], str(e["sentence"]))
        for e in facts.evidence.get(account.account_id, [])
        if e["episode_key"] in began
    ]
    found = chance(account, told, calm(facts, account.account_id, policy), facts.as_of, policy)
    return [] if found is None else [found]


def _talk(facts: PlaysFacts, account: Account, found: Chance, over: set[str], policy: Policy) -> list[Step]:
    tiers, since = facts.runs.tiers.get(account.account_id, {}), facts.as_of
    for day in sorted(tiers, reverse=True):
        if tiers[day] != policy.expansion.tier:
            break
        since = day
    day = opened_on(found.since, since, calm(facts, account.account_id, policy), policy)
    return expansion_steps(found, account, day, over, facts.as_of, policy)


def _plans(facts: PlaysFacts, accounts: Mapping[str, Account], policy: Policy) -> list[SuccessPlan]:
    """One per account; none where no milestones are delivered: then nothing is known of any part."""
    if "milestones" not in facts.delivered:
        return []
    owed = contacts_owed(
        facts.accounts,
        facts.tables.get("touchpoints", {}),
        {},
        facts.as_of,
        policy,
        terms=facts.terms,
        covers=facts.covers,
    )
    reviews = {contact.account_id: contact for contact in owed if contact.kind == "review"}
    return [
        plan_of(
            account,
            facts.known("milestones", name),
            facts.plan(name),
            [
                day
                for row in facts.of("touchpoints", name)
                if row["kind"] == policy.success_plans.reviewed_at
                and row.get("attended") is not False
                and (day := day_of(row["occurred_at"]))
            ],
            reviews.get(name),
            policy,
        )
        for name, account in accounts.items()
    ]


def _started(facts: PlaysFacts) -> Iterable[Started]:
    for row in facts.runs.tasks:
        yield Started(str(row["account_id"]), str(row["play"]), facts.runs.published[row["on"]].date())


def _rows(facts: PlaysFacts, table: str) -> Iterable[Mapping[str, Any]]:
    return (row for rows in facts.tables.get(table, {}).values() for row in rows)


def alerts(facts: PlaysFacts, policy: Policy, account: str | None = None) -> list[dict[str, Any]]:
    """The warnings that stand, each with the play that answers it: what to do first, by whom, and what success is."""
    by_name = {play.play: play for play in policy.plays.values()}
    found = []
    for name, rows in (facts.signals or {}).items():
        if account not in (None, name) or name in facts.held:
            continue
        for row in rows:
            play = by_name.get(row["play"])
            if row["kind"] != "warning" or row["status"] not in STANDS or play is None:
                continue
            found.append(
                {
                    "account_id": name,
                    "signal": row["signal"],
                    "since": row["episode_started_on"].isoformat(),
                    "sentence": row["sentence"],
                    "play": play.play,
                    "first_step": play.steps[0] if play.steps else None,
                    "owner_type": owner_type(play, policy),
                    "success_metric": play.success_metric,
                }
            )
    return found
