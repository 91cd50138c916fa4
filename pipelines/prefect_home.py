"""Which Prefect is meant: the server that PREFECT_API_URL names, or else a temporary one that keeps to the project."""

from __future__ import annotations

import os
from pathlib import Path


def settle_prefect(state: Path) -> None:
    """Say so in the environment, before Prefect is imported: it reads its settings only then.

    Without a server of its own Prefect stays inside the project's folder, and is given time to start.
    """
    if os.environ.get("PREFECT_API_URL"):
        return
    home = state / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    defaults = {
        "PREFECT_HOME": str(home.resolve()),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "300",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
