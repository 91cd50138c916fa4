"""What stands for every account, composed from the facts: the playbooks of serving/workbench/plays side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipelines.plays_facts import STANDS, PlaysFacts, leads
from policy.policy import Policy
from serving.team import person
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.plays.account import Account
from serving.workbench.plays.attention import attended
from serving.workbench.plays.expansion import Calm, Chance, chance, closed_on, expansion_steps, opened_on
from serving.workbench.plays.onboarding import CALLS, first_days, onboarding_steps
from serving.workbench.plays.prevention import ended_on, goes_on, prevention, rounds
from serving.workbench.plays.renewal import Renewal, renewal_steps, renewals
from serving.workbench.plays.rows import day_of
from serving.workbench.plays.step import Step, owner_type
from serving.workbench.plays.success import Started, Success, recoveries, successes
from serving.workbench.plays.success_plan import SuccessPlan, plan_of
from serving.workbench.plays.win_back import Departure, WinBackRate, departures, win_back_rate, win_back_steps
from serving.workbench.plays.wins import Win, wins


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
    steps: list[Step] = []
    due, chances, offers = [], [], {}
    # By their terms: an account that is lost or has lapsed is not there any more, and its renewal has an outcome too.
    terms = {name: held for name, held in facts.terms.items() if name in facts.accounts or name in facts.left}
    for name in sorted(terms.keys() - facts.held):
        own = renewals(terms[name], facts.of("opportunities", name), facts.as_of, policy)
        due += own
        offers[name] = max((one.discount for one in own if one.discount is not None), default=None)
        steps += renewal_steps(own, facts.account(name), over, facts.as_of, policy)
    for name, account in accounts.items():
        found, talk = _talk(facts, account, over, offers.get(name), policy)
        chances += found
        steps += talk
        if account.started_on is not None:
            seen = first_days(facts.of("milestones", name), facts.of("touchpoints", name), account.started_on)
            steps += onboarding_steps(account, seen, over, facts.as_of, policy)
    ill = _prevention(facts, accounts, {step.account_id for step in steps if step.kind == "renewal"}, policy)
    gone = departures(terms, facts.as_of, policy)
    for departure in gone:
        steps += win_back_steps(departure, facts.account(departure.account_id), over, facts.as_of, policy)
    return Plays(
        [_assigned(step, facts) for step in (*ill, *_attended(steps, facts, policy))],
        due,
        chances,
        gone,
        win_back_rate(gone, facts.as_of, policy),
        log,
        _plans(facts, accounts, policy),
        successes(_started(facts), facts.runs.scores, facts.as_of, policy),
    )


def _attended(steps: Iterable[Step], facts: PlaysFacts, policy: Policy) -> Iterable[Step]:
    for step in steps:
        words, levels = facts.words_of(step.account_id), facts.runs.levels.get(step.account_id, {})
        yield attended(step, words, levels, facts.runs.first, facts.as_of, policy.tasks)


def _assigned(step: Step, facts: PlaysFacts) -> Step:
    """The step with whom its task goes to: somebody of its role or level, else the account's owner."""
    owner = facts.account(step.account_id).owner_id
    return replace(step, owner_id=person(step.account_id, step.owner_type, owner, facts.team))


def _prevention(
    facts: PlaysFacts, accounts: Mapping[str, Account], renewing: Collection[str], policy: Policy
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
        levels, scores = runs.levels[one.account_id], runs.scores[one.account_id]
        steps += prevention(
            one, account, levels, scores, facts.words, contacts, facts.as_of, policy, one.account_id in renewing
        )
    return steps


def wins_log(facts: PlaysFacts, policy: Policy) -> list[Win]:
    """What there is to celebrate of every account (I13)."""
    green = {name: recoveries(scores, policy) for name, scores in facts.runs.scores.items()}
    return wins(_rows(facts, "milestones"), _rows(facts, "survey_responses"), green, facts.as_of, policy)


def calm(facts: PlaysFacts, account: str, policy: Policy) -> Calm:
    """What the gate of the expansion talk looks at (E3, I10)."""
    levels = facts.runs.levels.get(account, {})
    escalated = [d for r in facts.of("support_tickets", account) if (d := day_of(r.get("escalated_at")))]
    return Calm(
        tuple(str(row["name"]).replace("_", " ") for row in (facts.signals or {}).get(account, []) if leads(row)),
        goes_on(levels, policy.tasks.recovery.runs),
        max(ended_on(levels, policy.tasks.recovery.runs), default=None),
        max(escalated, default=None),
        closed_on(facts.words_of(account), policy),
        facts.runs.calm_since(account),
    )


def _talk(
    facts: PlaysFacts, account: Account, over: Collection[str], discount: float | None, policy: Policy
) -> tuple[list[Chance], list[Step]]:
    """The account's chance to grow with the steps of the talk; none where nobody has looked for signals."""
    rows = (facts.signals or {}).get(account.account_id, [])
    began = {r["episode_key"]: r for r in rows if r["kind"] == "expansion" and r["status"] in STANDS}
    told = [
        (str(e["what"]), began[e["episode_key"]]["episode_started_on"], str(e["sentence"]))
        for e in facts.evidence.get(account.account_id, [])
        if e["episode_key"] in began
    ]
    if not told:
        return [], []
    now = calm(facts, account.account_id, policy)
    found = chance(account, told, now, facts.as_of, policy)
    if found is None:
        return [], []
    tiers, since = facts.runs.tiers.get(account.account_id, {}), facts.as_of
    for day in sorted(tiers, reverse=True):
        if tiers[day] != policy.expansion.tier:
            break
        since = day
    day = opened_on(found.since, since, now, policy)
    return [found], expansion_steps(found, account, day, over, facts.as_of, policy, discount)


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
        yield Started(str(row["account_id"]), str(row["play"]), facts.runs.published[row["on"]].date(), row["on"])


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
