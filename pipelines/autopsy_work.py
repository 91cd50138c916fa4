"""What was done about the risk of accounts that were lost: outcomes of the risk's own tasks, and contacts because of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from data_contracts.facts import latest
from pipelines.autopsy_weeks import Lost
from pipelines.build_features import Checked
from pipelines.contacts import risk_contacts
from policy.policy import Policy
from serving.workbench.plays.rows import Row, plain
from serving.workbench.plays.said import last_words
from serving.workbench.replay.autopsy import Work

NOT_OF_RISK = frozenset({"expansion", "win_back"})
"""Plays of the policy that are begun for another reason than a risk."""


class Done(NamedTuple):
    """What was done in a look-back, and the days of all our contacts in it; null where contacts are not delivered."""

    work: tuple[Work, ...]
    contacts: tuple[date, ...] | None


def work_before(checked: Checked, lost: Sequence[Lost], days: int) -> Mapping[Lost, Done]:
    """By loss, what was done in the `days` before it."""
    policy = checked.project.policy
    done: dict[str, list[Work]] = {}
    because = risk_contacts(checked, policy.monitoring.risk_words)
    for account, on in zip(because["account_id"], because["on"], strict=True):
        day: date = on.date() if hasattr(on, "date") else on
        done.setdefault(str(account), []).append(Work(day, "A contact of ours because of the risk"))
    for account, on, value in outcomes(_feedback(checked), policy):
        done.setdefault(account, []).append(Work(on, f"A task with the outcome {value}"))
    ours = _contacts(checked, {account for account, _ in lost})
    found = {}
    for account, day in lost:
        begin = day - timedelta(days=days)
        contacts = None if ours is None else tuple(d for d in ours.get(account, ()) if begin <= d < day)
        found[account, day] = Done(tuple(w for w in done.get(account, ()) if begin <= w.on < day), contacts)
    return found


def outcomes(feedback: Sequence[Row], policy: Policy) -> Iterator[tuple[str, date, str]]:
    """(account, day it could be known, outcome) of the tasks against a risk that somebody has worked on.

    A task that is still under way, put off or called off (`tasks.called_off`) is no work, and neither is one of another
    play: the mails of an onboarding, a talk about growth.
    """
    plays = {play.play for name, play in policy.plays.items() if name not in NOT_OF_RISK}
    for row in feedback:
        said = last_words([row]).get(str(row["task_key"]))
        if said is None or _play(str(row["task_key"])) not in plays:
            continue
        if said.over and said.value.replace("_", " ") not in policy.tasks.called_off:
            yield str(row["account_id"]), max(row["recorded_at"], row["known_at"]).date(), str(row["value"]).strip()


def _play(task_key: str) -> str | None:
    """The play of a key `account|play:step|period`; null of a key that is none of ours."""
    parts = task_key.rsplit("|", 2)
    return parts[1].partition(":")[0] if len(parts) == 3 else None


def _feedback(checked: Checked) -> Sequence[Row]:
    if not checked.facts.has("crm_feedback", "task_key", "value"):
        return []
    return plain(latest(checked.facts, "crm_feedback").to_pandas())


def _contacts(checked: Checked, accounts: Collection[str]) -> dict[str, list[date]] | None:
    """Account → the days of all our contacts."""
    if "touchpoints" not in checked.facts.tables:
        return None
    table = latest(checked.facts, "touchpoints")
    rows = table.filter(table["direction"] == "ours").select("account_id", "occurred_at").to_pandas()
    found: dict[str, list[date]] = {}
    for account, at in rows[rows["account_id"].isin(list(accounts))].itertuples(index=False):
        found.setdefault(str(account), []).append(at.date())
    return found
