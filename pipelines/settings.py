"""A project's churn.toml as frozen objects. Unknown keys are errors with the nearest spelling."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from pipelines.section import STATE, Section
from pipelines.settings_delivery import AlertsSection, DestinationSection, LedgerSection
from pipelines.settings_schedule import ScheduleSection
from policy.archive import archived_policy
from policy.errors import SettingsError, UsageError, did_you_mean
from policy.policy import Policy, load_policy

MOST_TRIALS = 30
"""Of tuning."""


class ProjectSection(Section):
    """[project]: the book's name and its reporting currency."""

    name: str = "book"
    currency: str = "USD"


class EngineSection(Section):
    """[engine]: the warehouse, an Ibis address; `${NAME}` in it is an environment variable, read when it is opened."""

    # Not in the repr: an address may hold a password.
    url: str = Field(default=f"duckdb://{STATE}/warehouse.duckdb", repr=False)
    memory: str | None = Field(default=None, pattern=r"^[1-9]\d*(MB|GB)$")


class SourcesSection(Section):
    """[sources]: where the SELECTs run, an address as above; the warehouse itself where none is given."""

    url: str | None = Field(default=None, repr=False)


class LabelSection(Section):
    """[label]: what is predicted."""

    kind: Literal["decision", "inactivity"] = "decision"
    horizon_days: int = Field(default=90, ge=1, le=730)
    gap_days: int = Field(default=14, ge=0, le=365)
    days: int | None = Field(default=None, ge=1, le=730)


class CohortSection(Section):
    """[cohort]: who is old enough to be scored."""

    min_tenure_days: int = Field(default=7, ge=0)


class PanelSection(Section):
    """[panel]: on which weekday snapshots fall, and how often."""

    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    train_every_weeks: int = Field(default=4, ge=1)
    test_every_weeks: int = Field(default=1, ge=1)


class TuneSection(Section):
    """[tune]: how many trials of LightGBM's trees a training may make, and for how long."""

    trials: int = Field(default=0, ge=0)
    minutes: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @field_validator("trials")
    @classmethod
    def _few(cls, trials: int) -> int:
        if trials > MOST_TRIALS:
            raise PydanticCustomError(
                "too_many_trials",
                f"at most {MOST_TRIALS} trials: every further one is another chance to mistake luck for skill",
            )
        return trials


class CapacitySection(Section):
    """[capacity]: the share of the book that can be worked on."""

    share: float = Field(default=0.10, gt=0, lt=1)


class HoldoutSection(Section):
    """[holdout]: the share of accounts, drawn at random and for good, that get no task."""

    share: float = Field(default=0.0, ge=0, le=0.2)
    seed: int = Field(default=0, ge=0)


class PlaysSection(Section):
    """[plays]: whether the weekly run writes the tasks of the playbooks to the CRM, next to those of the scores."""

    write_tasks: bool = True


class Settings(Section):
    """Everything in churn.toml."""

    project: ProjectSection = ProjectSection()
    engine: EngineSection = EngineSection()
    sources: SourcesSection = SourcesSection()
    variables: Mapping[str, str] = Field(default_factory=dict)
    label: LabelSection = LabelSection()
    cohort: CohortSection = CohortSection()
    panel: PanelSection = PanelSection()
    tune: TuneSection = TuneSection()
    capacity: CapacitySection = CapacitySection()
    holdout: HoldoutSection = HoldoutSection()
    destination: DestinationSection = DestinationSection()
    ledger: LedgerSection = LedgerSection()
    alerts: AlertsSection = AlertsSection()
    schedule: ScheduleSection = ScheduleSection()
    plays: PlaysSection = PlaysSection()
    team: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Role → the CRM's ids of who has it: whom its tasks go to, and how many hours it has."""


class Project(BaseModel):
    """A project folder: its settings, its policy and the places of its state."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    settings: Settings
    policy: Policy

    @property
    def state(self) -> Path:
        """Where everything the pipeline makes is kept."""
        return self.folder / STATE

    @property
    def sources(self) -> Path:
        """The folder of SELECTs."""
        return self.folder / "sources"

    @property
    def policies(self) -> Path:
        """Where the policies that scores were made with are kept, one file a version."""
        return self.state / "policies"

    def path(self, text: str) -> Path:
        """A path of churn.toml, relative to its file."""
        given = Path(text).expanduser()
        return given if given.is_absolute() else self.folder / given

    def out(self, *parts: str) -> Path:
        """A folder under the state folder, made when missing."""
        folder = self.state.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def open_project(
    folder: Path, overrides: Mapping[str, str] | None = None, *, policy_version: str | None = None
) -> Project:
    """Read a project folder. `overrides` replace variables (`--set name=value`).

    With `policy_version` the rules are those that scores were made with under that version, whatever policy.yaml says.
    Raises SettingsError for a missing or wrong churn.toml or policy.yaml, UsageError for an unknown variable.
    """
    file = folder / "churn.toml"
    if not file.exists():
        raise SettingsError(
            "there is no churn.toml here.", where=folder.name or ".", cure="Run `churn init` or give --project FOLDER."
        )
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise SettingsError(
            f"is not readable TOML: {exc}.", where="churn.toml", cure="Mend the line it names."
        ) from exc
    settings = _validated(data)
    variables = dict(settings.variables)
    for name, value in (overrides or {}).items():
        if name not in variables:
            raise UsageError(
                f"`{name}` is no variable of this project.",
                where="--set",
                cure=did_you_mean(name, variables) if variables else "Declare it under [variables] in churn.toml.",
            )
        variables[name] = value
    settings = settings.model_copy(update={"variables": variables})
    policy = (
        load_policy(folder / "policy.yaml")
        if policy_version is None
        else archived_policy(policy_version, folder / STATE / "policies")
    )
    _roles_are_known(settings.team, policy)
    return Project(folder=folder.resolve(), settings=settings, policy=policy)


def _roles_are_known(team: Mapping[str, tuple[str, ...]], policy: Policy) -> None:
    known = [*policy.segments.owner_types, *policy.tasks.escalation]
    for role in team:
        if role not in known:
            raise SettingsError(f"unknown role `{role}` in [team].", where="churn.toml", cure=did_you_mean(role, known))


def _validated(data: dict[str, Any]) -> Settings:
    fields = Settings.model_fields
    for section, content in data.items():
        if section not in fields:
            raise SettingsError(f"unknown section [{section}].", where="churn.toml", cure=did_you_mean(section, fields))
        model = fields[section].annotation
        if isinstance(model, type) and issubclass(model, Section) and isinstance(content, dict):
            for key in content:
                known = {field.alias or name for name, field in model.model_fields.items()}
                if key not in known:
                    raise SettingsError(
                        f"unknown key `{key}` in [{section}].",
                        where="churn.toml",
                        cure=did_you_mean(key, known),
                    )
    try:
        return Settings.model_validate(data)
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        # A whole section is not shown: it may hold an address with a password.
        shown = isinstance(first.get("input"), str | int | float) and not where.endswith(".url")
        found = f" (found {first.get('input')!r})" if shown else ""
        raise SettingsError(f"`{where}`: {first['msg']}{found}.", where="churn.toml", cure="Mend that value.") from (
            exc if found else None
        )
