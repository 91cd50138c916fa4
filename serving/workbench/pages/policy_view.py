"""The rules as a page: what makes the health score, when a signal is raised, how an account is served, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from features.catalogue import catalogue
from features.signals.catalogue import signals
from policy.conflict import Conflict
from policy.health import HealthInput
from policy.lint import AntiPattern, lint
from policy.policy import Policy
from policy.reference import Key, reference
from policy.segments import cadence_text, row_of, success_plan
from policy.signals import SIGNALS
from serving.indicator_names import label

RULE_NUMBERS = re.compile(r" \((?:[A-Z]\d+(?:[–, -]+)?)+\)")


@dataclass(frozen=True, slots=True)
class InputRule:
    """One input of the health score: its weight in the whole score in percent, and what earns which points."""

    name: str
    meaning: str
    weight: float
    earns: str


@dataclass(frozen=True, slots=True)
class ComponentRule:
    """A component, its weight and its weight while onboarding (percent), and its inputs."""

    name: str
    weight: float
    onboarding_weight: float
    inputs: tuple[InputRule, ...]


@dataclass(frozen=True, slots=True)
class SignalRule:
    """A signal: its id, title and play (null: none), and its numbers as (value, meaning)."""

    id: str
    title: str
    kind: str
    checked: str
    play: str | None
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """How an ARR is served."""

    arr_from: float
    arr_to: float | None
    touch_model: str
    team_segment: str
    service: str
    owners: str
    cadence: str
    accounts_per_csm: int
    success_plan: str


@dataclass(frozen=True, slots=True)
class PlayRule:
    """A play: what it is called, what calls for it, its steps, hours of work and how its success is seen."""

    play: str
    occasion: str
    steps: tuple[str, ...]
    hours: float | None
    success_metric: str | None


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The policy that the book was scored with."""

    version: str
    author: str
    reason: str
    green_from: float
    yellow_from: float
    rated_from: float
    components: tuple[ComponentRule, ...]
    caps: tuple[str, ...]
    signals: tuple[SignalRule, ...]
    services: tuple[ServiceRule, ...]
    plays: tuple[PlayRule, ...]
    decisions: tuple[Conflict, ...]
    anti_patterns: tuple[AntiPattern, ...]


def policy_view(policy: Policy) -> PolicyView:
    """What the page says of a policy."""
    health, found = policy.health, lint(policy)
    return PolicyView(
        version=policy.version,
        author=policy.author,
        reason=policy.reason,
        green_from=health.bands.green,
        yellow_from=health.bands.yellow,
        rated_from=health.tier_coverage,
        components=tuple(
            ComponentRule(
                name,
                weight,
                health.onboarding_weights[name],
                tuple(_input(i, weight, policy) for i in health.inputs[name]),
            )
            for name, weight in health.weights.items()
        ),
        caps=tuple(
            f"{c.component} at most {c.at_most:g} while there are {label(c.while_).lower()}" for c in health.caps
        ),
        signals=tuple(_signals(policy)),
        services=tuple(_services(policy)),
        plays=tuple(
            PlayRule(p.play, occasion.replace("_", " "), p.steps, p.hours, p.success_metric)
            for occasion, p in policy.plays.items()
        ),
        decisions=found.conflicts,
        anti_patterns=found.anti_patterns,
    )


def _input(given: HealthInput, weight: float, policy: Policy) -> InputRule:
    meaning = RULE_NUMBERS.sub("", catalogue(policy)[given.indicator].doc).replace("null", "not available")
    return InputRule(label(given.indicator), meaning, given.share * weight, earned(given))


def earned(given: HealthInput) -> str:
    """What earns which points, in words.

    >>> earned(HealthInput(indicator="a", share=1, points=((0, 0), (0.5, 60))))
    '0 → 0, 0.5 → 60 points, between them in proportion'
    >>> earned(HealthInput(indicator="a", share=1, steps=((0, 100), (15, 30))))
    'from 0 on 100, from 15 on 30 points'
    """
    if given.steps:
        return ", ".join(f"from {x:g} on {y:g}" for x, y in given.steps) + " points"
    return ", ".join(f"{x:g} → {y:g}" for x, y in given.points) + " points, between them in proportion"


def _signals(policy: Policy) -> Iterator[SignalRule]:
    names = {number: name for name, number in SIGNALS.items()}
    keys: dict[str, list[Key]] = {}
    for key in reference(policy):
        if key.path.count(".") == 2 and key.default is not None:
            keys.setdefault(key.path.rsplit(".", 1)[0], []).append(key)
    for number, signal in signals(policy).items():
        own = keys.get(f"signals.{names[number]}", [])
        yield SignalRule(
            number,
            signal.title,
            signal.kind,
            "weekly" if signal.weekly else "daily",
            policy.plays[signal.play].play if signal.play else None,
            tuple((str(k.default).strip("[]"), k.meaning.rstrip(".")) for k in own),
        )


def _services(policy: Policy) -> Iterator[ServiceRule]:
    starts = policy.segments.boundaries()
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        row = row_of(start, policy.segments)
        yield ServiceRule(
            arr_from=start,
            arr_to=end,
            touch_model=row.touch_model,
            team_segment=row.team_segment,
            service=row.service,
            owners=", ".join(row.owner_types),
            cadence=cadence_text(row, policy.segments),
            accounts_per_csm=row.accounts_per_csm,
            success_plan=success_plan(start, policy.segments),
        )
