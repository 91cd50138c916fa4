"""Secret blocks of Prefect, where neither the environment nor a file holds a secret but a `NAME_BLOCK` names its block."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from pipelines.prefect_home import settle_prefect
from pipelines.settings import Project
from pipelines.tracking import no_telemetry
from policy.errors import SettingsError
from serving.writeback.secret import Blocks, blotted


def blocks(project: Project) -> Blocks:
    """What reads a block by its name, from the same Prefect that the project's flows run on; never an empty one.

    Nothing is imported or called before a block is asked for. Raises SettingsError for a block that is not there, holds
    no text, or cannot be read now; what Prefect says of it is not passed on, for that may quote the value.
    """

    def value_of(name: str) -> SecretStr:
        where = f"Prefect's Secret block `{name[:60]}`"
        no_telemetry()
        settle_prefect(project.state)
        from prefect.blocks.system import Secret
        from prefect.exceptions import ObjectNotFound

        load: Any = Secret.load  # a coroutine or not, by where it is called: `_sync` decides
        try:
            # Not `.get()`: it would turn a secret that reads as JSON, such as a number, into something else.
            value = load(name, _sync=True).value.get_secret_value()
        except Exception as exc:  # noqa: BLE001 - whatever it is: Prefect names no errors of its own for this
            if isinstance(exc.__cause__, ObjectNotFound):
                cure = f"Make it (docs/destinations.md shows how), or let the variable name another one. {_WHICH}"
                raise SettingsError("there is no such block.", where=where, cure=cure) from None
            message, cure = f"it cannot be read: {type(exc).__name__}.", "Check that Prefect answers and lets you in."
            raise SettingsError(message, where=where, cure=f"{cure} {_WHICH}") from None
        if not isinstance(value, str) or not value.strip():
            cure = "Save it again with the secret as a text."
            raise SettingsError("it holds no text.", where=where, cure=cure)
        return blotted(SecretStr(value.strip()))

    return value_of


_WHICH = "PREFECT_API_URL says which server is asked; without it, that is the project's own under .churn/prefect."
