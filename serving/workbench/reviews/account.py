"""One account as a review sees it, and what the review says of it: at risk, to watch, a chance to grow, or calm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serving.episodes import level

Kind = Literal["at risk", "to watch", "expansion opportunity", "calm"]


@dataclass(frozen=True)
class Sign:
    """A signal that stands: what it is, since when (ISO), and its sentence with the account's own numbers.

    `play` is what answers it, null where nothing does; a `confirmatory` one says what is known anyway.
    """

    signal: str
    kind: Literal["warning", "expansion"]
    since: str
    sentence: str
    name: str = ""
    play: str | None = None
    confirmatory: bool = False


@dataclass(frozen=True)
class Account:
    """A scored account. Null is not known, never 0; `probability` is of a decision within `horizon_days`."""

    account_id: str
    name: str
    segment: str | None
    team_segment: str | None
    touch_model: str | None
    owner: str | None
    arr: float | None
    health_tier: str
    health_score: float | None
    health_before: float | None
    probability: float | None
    probability_before: float | None
    risk_tier: str | None
    horizon_days: int
    low_evidence: bool
    reasons: tuple[str, ...]
    change: str
    """What moved the probability since a week ago, in a sentence; empty where that is not known."""
    signals: tuple[Sign, ...] | None
    """Null where nobody has looked for signals on that day."""
    play: str | None
    steps: tuple[str, ...] = ()
    success_metric: str = ""
    tasks: int = 0
    """Tasks that the run wrote for it."""
    shut: tuple[str, ...] = ()
    """What keeps the gate of the expansion talk shut (E3, I10); empty where it is open."""

    @property
    def warnings(self) -> tuple[Sign, ...]:
        """The warnings that stand."""
        return tuple(s for s in self.signals or () if s.kind == "warning")

    @property
    def watched(self) -> tuple[Sign, ...]:
        """The warnings that say something new: a renewal that comes near is none."""
        return tuple(s for s in self.warnings if not s.confirmatory)

    @property
    def chances(self) -> tuple[Sign, ...]:
        """The expansion signals that stand."""
        return tuple(s for s in self.signals or () if s.kind == "expansion")


def kind_of(account: Account) -> Kind:
    """At risk by tier; else to watch where a warning stands that is not confirmatory; else a chance to grow where one stands
    and the gate of the expansion talk is open.
    """
    if level(account.health_tier, account.risk_tier).at_risk:
        return "at risk"
    if account.watched:
        return "to watch"
    return "expansion opportunity" if account.chances and not account.shut else "calm"


def riskiest_first(account: Account) -> tuple[bool, float, bool, float, float, str]:
    """A key to sort by: probability, then health, then ARR; what is not known comes last, ties go by id."""
    probability, health = account.probability, account.health_score
    return (
        probability is None,
        -(probability or 0.0),
        health is None,
        health or 0.0,
        -(account.arr or 0.0),
        account.account_id,
    )


def recommendation(account: Account) -> str:
    """What to do next, in a sentence or two."""
    nobody = "" if account.owner else " Nobody owns the account: name an owner first."
    kind = kind_of(account)
    if kind == "calm":
        waits = f" Talk of expansion waits: {'; '.join(account.shut)}." if account.chances else ""
        return f"Nothing to do beyond the usual cadence.{waits}"
    if kind == "to watch":
        return f"No tier is alarming. Look at the warning before it becomes one.{nobody}"
    if kind == "expansion opportunity":
        return f"Nothing stands against a talk of expansion: begin with the next goal.{nobody}"
    first = f" First step: {account.steps[0]}." if account.steps else ""
    goal = f" It worked if: {account.success_metric}." if account.success_metric else ""
    return f"Play: {account.play}.{first}{goal}{nobody}"
