"""The policy as frozen typed objects, loaded once, with errors that say which number is wrong and what to write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from policy.errors import SettingsError, did_you_mean

DEFAULT = Path(__file__).parent / "policy.yaml"
COMPONENTS = ("usage", "engagement", "sentiment", "commercial")
Point = tuple[float, float]


class Frozen(BaseModel):
    """Immutable, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HealthInput(Frozen):
    """One indicator's way into a component: straight lines between `points`, or flat `steps` from each value on."""

    indicator: str
    share: float = Field(gt=0, le=1)
    points: tuple[Point, ...] = ()
    steps: tuple[Point, ...] = ()

    @model_validator(mode="after")
    def _ascending(self) -> HealthInput:
        if bool(self.points) == bool(self.steps):
            raise ValueError(f"{self.indicator}: give either points or steps")
        values = [x for x, _ in self.points or self.steps]
        if values != sorted(set(values)):
            raise ValueError(f"{self.indicator}: values must ascend")
        if any(not 0 <= y <= 100 for _, y in self.points or self.steps):
            raise ValueError(f"{self.indicator}: points lie between 0 and 100")
        return self


class Bands(Frozen):
    """Lower ends of green and yellow; below yellow is red (H2)."""

    green: float
    yellow: float

    @model_validator(mode="after")
    def _ordered(self) -> Bands:
        if not 0 < self.yellow < self.green <= 100:
            raise ValueError("bands must satisfy 0 < yellow < green <= 100")
        return self


class Cap(Frozen):
    """A component scores at most this while the indicator is above 0 (H16)."""

    component: str
    at_most: float = Field(ge=0, le=100)
    while_: str = Field(alias="while")

    @model_validator(mode="after")
    def _known(self) -> Cap:
        if self.component not in COMPONENTS:
            raise ValueError(f"a cap names no component `{self.component}`: {did_you_mean(self.component, COMPONENTS)}")
        return self


class SilentTickets(Frozen):
    """Points for an account without tickets: healthy usage, falling usage (H10)."""

    healthy: float
    falling: float


class Health(Frozen):
    """The rule-based health score (H1–H21)."""

    weights: Mapping[str, float]
    bands: Bands
    expected_mix: Mapping[str, float]
    mix_tolerance: float
    tier_coverage: float
    inputs: Mapping[str, tuple[HealthInput, ...]]
    nps_neutral_points: float
    nps_fade_days: int
    silent_ticket_points: SilentTickets
    falling_usage: float
    caps: tuple[Cap, ...]

    @model_validator(mode="after")
    def _whole(self) -> Health:
        if set(self.weights) != set(COMPONENTS):
            raise ValueError(f"weights name the components {', '.join(COMPONENTS)}, not {', '.join(self.weights)}")
        total = sum(self.weights.values())
        if not all(weight >= 0 for weight in self.weights.values()):
            raise ValueError("weights must not be negative")
        if abs(total - 100) > 1e-9:
            raise ValueError(f"weights must sum to 100, they sum to {total:g}")
        for component, inputs in self.inputs.items():
            share = sum(i.share for i in inputs)
            if abs(share - 1) > 1e-6:
                raise ValueError(f"the shares of {component} must sum to 1, they sum to {share:g}")
        return self


class Label(Frozen):
    """Which decisions lose an account, and how long a lapse may be (L3, L4)."""

    loss_kinds: tuple[str, ...]
    lapse_days: int


class Risk(Frozen):
    """Risk tiers cut by capacity (H24), and who is too young for firm words (O6)."""

    medium_times_high: float
    low_evidence_tenure_days: int


class Ladder(Frozen):
    """How many churned accounts each kind of model needs."""

    refuse_below: int
    logistic_from: int
    ensemble_from: int
    lightgbm_from: int


class Evidence(Frozen):
    """What is given as a reason."""

    reasons: int
    least_points: float
    least_change: float
    compared_with_days: int


class Play(Frozen):
    """What to do, step by step."""

    play: str
    steps: tuple[str, ...]


class Tasks(Frozen):
    """Due times of the first tasks (I1, I2) and how long a score stays fresh."""

    assess_hours: int
    reach_out_hours: int
    expires_days: int


class TooGood(Frozen):
    """An AUC above `limit` whose interval lies above `observable`, what can honestly be reached, raises an alarm."""

    limit: float = Field(gt=0.5, le=1)
    observable: float = Field(ge=0.5, lt=1)


class Proof(Frozen):
    """How much the proof that nothing leaks looks at, and from where on a figure is too good to be true."""

    dates: int = Field(ge=1)
    seeds: int = Field(ge=1)
    accounts: int = Field(ge=1)
    opinion_accounts: int = Field(ge=1)
    panel_accounts: int = Field(ge=1)
    tolerance: float = Field(gt=0, lt=1)
    shuffles: int = Field(ge=1)
    error_rate: float = Field(gt=0, lt=1)
    single_indicator: TooGood
    pooled: TooGood
    annual_term_days: int = Field(ge=1)
    longest_horizon_days: int = Field(ge=1)


class Policy(Frozen):
    """Every number of the rules, with who set it and why."""

    version: str
    author: str
    reason: str
    health: Health
    label: Label
    risk: Risk
    ladder: Ladder
    evidence: Evidence
    plays: Mapping[str, Play]
    tasks: Tasks
    proof: Proof

    def tier(self, score: float | None, coverage: float) -> Literal["green", "yellow", "red", "unrated"]:
        """The health tier of an unrounded score (H2, H21)."""
        if score is None or score != score or coverage < self.health.tier_coverage:
            return "unrated"
        bands = self.health.bands
        return "green" if score >= bands.green else "yellow" if score >= bands.yellow else "red"


def load_policy(override: Path | None = None) -> Policy:
    """The default policy with a project's overrides laid over it.

    Raises SettingsError naming the key, what is wrong and the nearest spelling. An override must name its version.
    """
    data = _read(DEFAULT)
    where = DEFAULT.name
    if override is not None and override.exists():
        own = _read(override)
        where = override.name
        if own and "version" not in own:
            raise SettingsError(
                "changes the policy without a version.", where=where, cure="Add version, author and reason."
            )
        data = _laid_over(data, own, where, ())
    try:
        return Policy.model_validate(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        path = ".".join(str(p) for p in first["loc"]) or "policy"
        text = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"`{path}`: {text}.", where=where, cure=_cure(path)) from exc


def _cure(path: str) -> str:
    return f"Mend `{path}`; the default policy shows a valid value."


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as exc:
        raise SettingsError(f"is not readable YAML: {exc}", where=path.name, cure="Mend the line it names.") from exc
    if not isinstance(found or {}, dict):
        raise SettingsError("is not a mapping of keys to values.", where=path.name, cure="See the default policy.")
    return found or {}


def _laid_over(base: dict[str, Any], own: dict[str, Any], where: str, path: tuple[str, ...]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        if key not in base and path[:1] != ("plays",):
            name = ".".join((*path, str(key)))
            raise SettingsError(f"unknown key `{name}`.", where=where, cure=did_you_mean(str(key), base))
        old = base.get(key)
        merged[key] = (
            _laid_over(old, value, where, (*path, key)) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
