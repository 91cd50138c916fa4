"""The options that several commands share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

ProjectOption = Annotated[Path, typer.Option("--project", "-p", help="The project folder (holds churn.toml).")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Replace a variable: name=value. May be repeated.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else on stderr.")]
PrefectOption = Annotated[bool, typer.Option("--prefect", help="Run the same functions as a Prefect flow.")]
DateOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="An as-of date, YYYY-MM-DD.")]
HERE = Path()
