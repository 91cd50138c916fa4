"""The policy as frozen typed objects, loaded once, with errors that say which number is wrong and what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError, field_validator, model_validator

from policy.acted_on import ActedOnLimits
from policy.back_to_green import BackToGreen
from policy.backtest import Backtest
from policy.delivery import Delivery
from policy.errors import SettingsError, did_you_mean
from policy.frozen import Frozen, Point, rule
from policy.growth import (
    Advocacy,
    Alerts,
    Capacity,
    Expansion,
    FeatureRequests,
    Qbr,
    Renewals,
    Reviews,
    SuccessPlans,
    Surveys,
)
from policy.health import COMPONENTS, Bands, Cap, Health, HealthInput, Indicators, SilentTickets
from policy.journey import Onboarding
from policy.metrics import Metrics, Scenario
from policy.money import Money
from policy.monitoring import Monitoring
from policy.proof import Proof
from policy.saving import Desk, SaveEffects
from policy.segments import Segments
from policy.signals import Signals
from policy.work import Evidence, Label, Ladder, Play, Risk, Tasks

__all__ = [
    "COMPONENTS",
    "DEFAULT",
    "Bands",
    "Cap",
    "Evidence",
    "Health",
    "HealthInput",
    "Indicators",
    "Label",
    "Ladder",
    "Play",
    "Point",
    "Policy",
    "Risk",
    "SilentTickets",
    "Tasks",
    "load_policy",
    "policy_from",
    "read_yaml",
]
DEFAULT = Path(__file__).parent / "policy.yaml"
# libyaml reads the policy in a tenth of the time; PyYAML is built without it on some machines.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Places where a project may add names of its own.
FREE = {
    ("plays",),
    ("segments", "cadences"),
    ("segments", "hours_per_week"),
    ("tasks", "actions"),
    ("save_effects", "priors"),
    ("tasks", "reason_codes"),
    ("qbr", "minutes"),
    ("qbr", "short_minutes"),
    ("back_to_green", "inputs"),
}
# And, below such a place, keys that are null where the default leaves them out.
OPEN_BELOW = (("plays",), ("back_to_green", "inputs"))


class Policy(Frozen):
    """Every number of the rules, with who set it and why."""

    version: str = rule("H22", "Name of this state of the rules; every score carries it.")
    author: str = rule("H22", "Who set it.", min_length=1)
    reason: str = rule("H22", "Why.", min_length=1)
    health: Health = rule("H1", "The rule-based health score.")
    indicators: Indicators = rule("", "Where an indicator begins to say something.")
    signals: Signals = rule("W1 W2 W3 W4 W5 W6 W7 E1 E2", "Early-warning and expansion signals.")
    segments: Segments = rule("S1 S2 S3 S4 S5 S6 S7", "Segments and touch models.")
    onboarding: Onboarding = rule("O1 O2 O4 O5 O6 O7", "The first days of an account.")
    label: Label = rule("L3 L4", "Which decisions lose an account. Its window stands in churn.toml.")
    risk: Risk = rule("H24", "Risk tiers. The high share stands in churn.toml.")
    ladder: Ladder = rule("", "How many churned accounts each kind of model needs.")
    evidence: Evidence = rule("", "What is given as a reason.")
    plays: Mapping[str, Play] = rule(
        "I5", "Driver group or occasion → what to do; `default` where there is no play of its own."
    )
    tasks: Tasks = rule("I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 I11 I12", "The intervention playbook.")
    capacity: Capacity = rule("S4", "How long work takes.")
    save_effects: SaveEffects = rule("S4", "What acting on an account is assumed to save.")
    desk: Desk = rule("H15 H23", "Where the views of an account disagree.")
    money: Money = rule("", "What an offer to stay costs and brings: the money figures of the evaluation card.")
    metrics: Metrics = rule("M1", "Targets and conventions of the metrics.")
    expansion: Expansion = rule("E3 E4", "When expansion is talked about, and what may be offered.")
    qbr: Qbr = rule("Q1 Q2 Q3 Q4", "The business review.")
    reviews: Reviews = rule("F1", "The files of a review.")
    surveys: Surveys = rule("V3", "The survey programme.")
    advocacy: Advocacy = rule("V2", "Who may be asked to speak for us.")
    alerts: Alerts = rule("A1", "Who is told, how and when.")
    renewals: Renewals = rule("R1", "The renewal play.")
    feature_requests: FeatureRequests = rule("V1", "Where the customer's wishes go.")
    success_plans: SuccessPlans = rule("P1", "The success plan.")
    scenario: Scenario = rule("M18", "The example that `churn policy lint` audits.")
    proof: Proof = rule("", "What `churn prove-no-leak` looks at, and from where on a figure is too good to be true.")
    acted_on: ActedOnLimits = rule("", "How retraining takes back what acting on its own alarms did to the labels.")
    delivery: Delivery = rule("", "When a write-back stops by itself, and how far back it can be taken.")
    monitoring: Monitoring = rule("", "From where on `churn monitor` says that the model may no longer be right.")
    backtest: Backtest = rule("", "What a longer cadence of retraining may cost, by `churn backtest`.")
    back_to_green: BackToGreen = rule("I8", "What would bring an account back to green, and what is within reach.")

    @field_validator("version", mode="before")
    @classmethod
    def _names_a_file(cls, version: Any) -> Any:
        if not isinstance(version, str):
            raise ValueError(f'write the version in quotes: version: "{version}"')
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}", version):
            raise ValueError("a version is letters, digits and . _ + - only, for example 2026.3-acme")
        return version

    @model_validator(mode="after")
    def _agree(self) -> Policy:
        """Numbers that two sections share say the same, and names point at something that is there."""
        people, decline = self.signals.key_people, self.signals.feature_decline
        for name, theirs in (
            ("silent_days", people.silent_days),
            ("weekly_user_weeks", people.weekly_user_weeks),
            ("top_share", people.top_share),
            ("blocks", decline.blocks),
            ("used_blocks", decline.used_blocks),
        ):
            ours = getattr(self.indicators, name)
            if ours != theirs:
                place = "key_people" if hasattr(people, name) else "feature_decline"
                raise ValueError(
                    f"indicators.{name} is {ours:g} and signals.{place}.{name} is {theirs:g}: they are one number, "
                    "write the same in both"
                )
        for least, place in (
            (self.signals.login_drop.least_user_days, "login_drop"),
            (decline.least_user_days, "feature_decline"),
        ):
            if least < self.indicators.least_baseline_user_days:
                raise ValueError(
                    f"signals.{place}.least_user_days cannot lie below indicators.least_baseline_user_days, "
                    "where the change is null"
                )
        if self.signals.voice.least_messages < self.indicators.least_messages:
            raise ValueError("signals.voice.least_messages cannot lie below indicators.least_messages")
        if "default" not in self.plays:
            raise ValueError("plays lack `default`")
        for signal, play in self.signals.plays.items():
            if play is not None and play not in self.plays:
                raise ValueError(f"signals.plays.{signal} names no play `{play}`: {did_you_mean(play, self.plays)}")
        by_play = (p.owner_type for p in self.plays.values() if p.owner_type is not None)
        for owner in (self.renewals.owner_type, *(t.owner_type for t in self.onboarding.tasks), *by_play):
            if owner not in self.segments.owner_types:
                raise ValueError(f"no owner type `{owner}`: {did_you_mean(owner, self.segments.owner_types)}")
        return self

    def tier(self, score: float | None, coverage: float) -> Literal["green", "yellow", "red", "unrated"]:
        """The health tier of an unrounded score (H2, H21)."""
        if score is None or score != score or coverage < self.health.tier_coverage:
            return "unrated"
        bands = self.health.bands
        return "green" if score >= bands.green else "yellow" if score >= bands.yellow else "red"


def load_policy(override: Path | None = None) -> Policy:
    """The default policy with a project's overrides laid over it.

    Raises SettingsError naming the key, what is wrong and the nearest spelling. An override must name its version,
    its author and its reason.
    """
    if override is None or not override.exists():
        return policy_from({}, where=DEFAULT.name)
    own = read_yaml(override)
    for key in ("version", "author", "reason") if own else ():
        if key not in own:
            raise SettingsError(
                f"changes the policy without {'an' if key == 'author' else 'a'} {key}.",
                where=override.name,
                cure="Add version, author and reason.",
            )
    return policy_from(own, where=override.name)


def policy_from(own: Mapping[str, Any], *, where: str) -> Policy:
    """The default policy with `own` laid over it: what it does not name keeps its default.

    A policy that was stored whole is read the same way, so that one from before a key existed can still be read.
    """
    try:
        return Policy.model_validate(_laid_over(read_yaml(DEFAULT), own, where, ()))
    except ValidationError as exc:
        first = exc.errors()[0]
        path = ".".join(str(p) for p in first["loc"]) or "policy"
        text = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"`{path}`: {text}.", where=where, cure=_cure(path)) from exc


def _cure(path: str) -> str:
    return f"Mend `{path}`; the default policy shows a valid value."


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as a mapping; empty where it holds nothing. Raises SettingsError where it is none."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506  # both are safe
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise SettingsError(f"is not readable YAML: {exc}", where=path.name, cure="Mend the line it names.") from exc
    if not isinstance(found or {}, dict):
        raise SettingsError("is not a mapping of keys to values.", where=path.name, cure="See the default policy.")
    return found or {}


def _laid_over(base: dict[str, Any], own: Mapping[str, Any], where: str, path: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        if key not in base and path not in FREE and not any(path[: len(p)] == p for p in OPEN_BELOW):
            name = ".".join((*path, str(key)))
            raise SettingsError(f"unknown key `{name}`.", where=where, cure=did_you_mean(str(key), base))
        old = base.get(key)
        merged[key] = (
            _laid_over(old, value, where, (*path, key)) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
