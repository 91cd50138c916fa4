"""Why a lost account was lost: exactly one verdict from what the data held, what was published and what was done.

What stands before the decision counts alone. A replayed week says what would have been told: nobody can be blamed for
not working on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from serving.episodes import level
from serving.reasons import long_date

LAPSE = "lapse"
"""The kind of a loss that nobody decided: the last term ran out, and no other followed."""
CALENDAR = frozenset({"renewal"})
"""Warnings that a date alone raises: no sign from the customer, so not enough to say that the data held one."""


class Verdict(StrEnum):
    """What an autopsy comes to; the first two and the third are of accounts of whom nobody was told anything."""

    NO_SIGNAL = "no signal in the data"
    MISSED = "missed by the rule"
    WOULD = "would have been flagged"
    NOT_WORKED = "flagged and not worked"
    WORKED = "worked and lost"


@dataclass(frozen=True)
class Week:
    """A snapshot before the decision. `published_on` is null where it was replayed, or published after the decision.

    `risk_tier` is null where no model that knew nothing of the outcome could be asked. `red` are the components of the
    health score in the red part.
    """

    as_of: date
    published_on: date | None
    health_tier: str
    risk_tier: str | None
    red: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warned:
    """A warning that stood: the signal's name and title, since when, and when its owner was told; null: nobody was."""

    name: str
    title: str
    started_on: date
    told_on: date | None = None


@dataclass(frozen=True)
class Work:
    """Something that was done about the risk: an outcome of a task, or a contact of ours because of it."""

    on: date
    what: str


@dataclass(frozen=True)
class Case:
    """A lost account: when the decision was known, its kind, the ARR lost (null: not known), and its look-back.

    Of a lapse, `decided_on` is the day on which the last term ran out. `contacts` are the days of all our contacts, null
    where they are not known.
    """

    account_id: str
    name: str
    segment: str | None
    decided_on: date
    kind: str | None
    arr: float | None
    weeks: tuple[Week, ...] = ()
    warnings: tuple[Warned, ...] = ()
    work: tuple[Work, ...] = ()
    contacts: tuple[date, ...] | None = None

    @property
    def end(self) -> str:
        """What the look-back leads up to, in words."""
        return "the last term ran out" if self.kind == LAPSE else "the decision"


@dataclass(frozen=True)
class Autopsy:
    """A case with its verdict. `flagged_on` is the first day on which somebody could read of it, or in a replay would have."""

    case: Case
    verdict: Verdict
    flagged_on: date | None
    lead_days: int | None
    evidence: tuple[str, ...]


def autopsy(case: Case, tiers: Collection[str], words: Sequence[str]) -> Autopsy:
    """The verdict, and the sentences it rests on.

    `tiers` are the health tiers that flag (tasks.trigger_tiers), `words` those that make a contact one because of the
    risk (monitoring.risk_words).
    """
    verdict = verdict_of(case, tiers)
    told = told_on(case, tiers)
    replayed = [w.as_of for w in case.weeks if flags(w, tiers)]
    first = told if told is not None else min(replayed, default=None)
    lead = None if first is None else (case.decided_on - first).days
    return Autopsy(case, verdict, first, lead, tuple(_evidence(case, tiers, words)))


def verdict_of(case: Case, tiers: Collection[str]) -> Verdict:
    """Exactly one, for every case."""
    told = told_on(case, tiers)
    if told is not None:
        return Verdict.WORKED if worked(case, told) else Verdict.NOT_WORKED
    if any(flags(week, tiers) for week in case.weeks):
        return Verdict.WOULD
    return Verdict.MISSED if signs(case) else Verdict.NO_SIGNAL


def told_on(case: Case, tiers: Collection[str]) -> date | None:
    """The first day before the decision on which a flag or a warning reached somebody; null where none did."""
    published = [w.published_on for w in case.weeks if w.published_on and flags(w, tiers)]
    alerted = [w.told_on for w in case.warnings if w.told_on]
    return min((day for day in (*published, *alerted) if day < case.decided_on), default=None)


def flags(week: Week, tiers: Collection[str]) -> bool:
    """Whether the rule flags: one of the tiers, or high risk."""
    return week.health_tier in tiers or level(None, week.risk_tier).risk


def signs(case: Case) -> bool:
    """Whether the data held anything from the customer: a warning that no date alone raises, or a red component."""
    return any(w.name not in CALENDAR for w in case.warnings) or any(week.red for week in case.weeks)


def worked(case: Case, told: date) -> bool:
    """Whether anything was done about it from the day somebody was told and before the decision."""
    return any(told <= work.on < case.decided_on for work in case.work)


def _evidence(case: Case, tiers: Collection[str], words: Sequence[str]) -> Iterator[str]:
    if case.kind == LAPSE:
        yield f"No decision is on record: the last term ran out on {long_date(case.decided_on)}, and no other followed."
    yield from _weeks(case, tiers)
    counts: dict[str, int] = {}
    for week in case.weeks:
        for component in week.red:
            counts[component] = counts.get(component, 0) + 1
    for component, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{component.capitalize()} lay in the red part on {n} of {len(case.weeks)} snapshots."
    for warned in sorted(case.warnings, key=lambda w: (w.started_on, w.name)):
        told = "" if warned.told_on is None else f"; its owner was told on {long_date(warned.told_on)}"
        yield f"{warned.title} stood from {long_date(warned.started_on)}{told}."
    if not signs(case):
        yield "Nothing came from the customer that a rule looks at."
    told_at = told_on(case, tiers)
    for work in sorted(case.work, key=lambda w: (w.on, w.what)):
        if work.on < case.decided_on:
            late = (
                ", though nobody was told of the risk"
                if told_at is None
                else ", before anybody was told"
                if work.on < told_at
                else ""
            )
            yield f"{work.what} on {long_date(work.on)}{late}."
    if told_at is not None and not worked(case, told_at):
        yield _not_worked(case, told_at, words)


def _not_worked(case: Case, told: date, words: Sequence[str]) -> str:
    """What was looked for and not found."""
    reasons = f"no contact with the reason {'/'.join(words)}" if words else "no contact because of it"
    n = None if case.contacts is None else sum(told <= day < case.decided_on for day in case.contacts)
    others = "contacts are not known" if n is None else f"{n} other contact{' is' if n == 1 else 's are'}"
    return f"No outcome of a task against the risk and {reasons} is on record from {long_date(told)} on; {others}."


def _weeks(case: Case, tiers: Collection[str]) -> Iterator[str]:
    if not case.weeks:
        yield f"No snapshot of it before {case.end}: it was under no contract, too young, or not yet seen."
        return
    for published, said in ((True, "published"), (False, "replayed")):
        some = [w for w in case.weeks if (w.published_on is not None) == published]
        hit = [w for w in some if flags(w, tiers)]
        if not some:
            continue
        if not hit:
            yield f"Flagged on none of {len(some)} {said} snapshots: {_tiers(some[-1])} on the last one."
            continue
        first = min(hit, key=lambda w: w.as_of)
        days = (case.decided_on - first.as_of).days
        yield (
            f"Flagged on {len(hit)} of {len(some)} {said} snapshots, first as of {long_date(first.as_of)}, {days} "
            f"day{'' if days == 1 else 's'} before {case.end}: {_tiers(first)}."
        )


def _tiers(week: Week) -> str:
    return f"health {week.health_tier}, risk {week.risk_tier or 'not available'}"
