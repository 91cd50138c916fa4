"""The tables of churn.toml that say where scores, tasks and alerts go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pipelines.section import STATE, Section


class DestinationSection(Section):
    """[destination]: where scores and tasks are written. Which keys a kind takes: `OF_KIND`."""

    kind: Literal["sqlite", "postgres", "hubspot", "salesforce", "files", "webhook", "own"] = "sqlite"
    path: str = f"{STATE}/crm.sqlite"
    # Not in the repr: an address may hold a password.
    url: str | None = Field(default=None, repr=False)
    hosts: tuple[str, ...] | None = None
    label: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    version: str | None = None
    format: Literal["csv", "parquet"] | None = None
    for_people: bool | None = None
    accounts_table: str | None = None
    account_key: str | None = None
    tasks_table: str | None = None
    task_key: str | None = None
    task_account: str | None = None
    creates_accounts: bool | None = None
    client_id: str | None = None
    username: str | None = None
    audience: str | None = None
    zone: str | None = None
    score_fields: Mapping[str, str] = Field(default_factory=dict)
    task_fields: Mapping[str, str] = Field(default_factory=dict)
    feedback_fields: Mapping[str, str] = Field(default_factory=dict)
    options: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _of_its_kind(self) -> DestinationSection:
        given = self.model_fields_set - {"kind"}
        strange, missing = (
            given - OF_KIND[self.kind].keys(),
            {k for k, must in OF_KIND[self.kind].items() if must} - given,
        )
        if strange:
            raise PydanticCustomError(
                "not_of_kind", f"`{sorted(strange)[0]}` says nothing to a {self.kind} destination"
            )
        if missing:
            raise PydanticCustomError("missing", f"a {self.kind} destination needs `{sorted(missing)[0]}`")
        return self


NAMES = dict.fromkeys(("score_fields", "task_fields", "feedback_fields"), False)
OF_KIND: Mapping[str, Mapping[str, bool]] = {
    "sqlite": {"path": False},
    "files": {"path": False, "format": False, "for_people": False},
    "postgres": {
        **dict.fromkeys(("url", "accounts_table", "tasks_table", "label"), True),
        **dict.fromkeys(("account_key", "task_key", "task_account", "creates_accounts"), False),
        **NAMES,
    },
    "hubspot": {
        **dict.fromkeys(("label", "url", "hosts", "version", "account_key", "task_key", "zone"), False),
        **NAMES,
    },
    "salesforce": {
        **dict.fromkeys(("url", "client_id", "username"), True),
        **dict.fromkeys(("hosts", "version", "audience", "account_key", "task_key"), False),
        **NAMES,
    },
    "webhook": {"url": True, "hosts": True, "label": True},
    "own": {"path": True, "options": False},
}
"""The keys of [destination] that each kind takes, and whether it needs them."""


class LedgerSection(Section):
    """[ledger]: where deliveries keep their books."""

    url: str | None = Field(default=None, repr=False)
    schema_name: str = Field(default="churn_ledger", alias="schema", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,39}$")


class AlertsSection(Section):
    """[alerts]: how owners hear of new signals, and somebody of failed runs; over which channels is the policy's."""

    mail_host: str | None = None
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_from: str | None = Field(default=None, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")
    mail_user: str | None = None
    webhook_url: str | None = Field(default=None, repr=False)
    webhook_hosts: tuple[str, ...] = ()
    unowned_to: str | None = Field(default=None, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")
    failures_to: str | None = Field(default=None, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+$")
