"""What every table of churn.toml is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

STATE = ".churn"
"""The folder of everything the pipeline makes, in the project's."""


class Section(BaseModel):
    """A table of churn.toml: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")
