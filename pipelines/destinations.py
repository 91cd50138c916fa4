"""The destination and the ledger that churn.toml names. Secrets come from the environment, here and nowhere else."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from pipelines.backend import filled
from pipelines.blocks import blocks
from pipelines.section import STATE
from pipelines.settings import Project
from pipelines.settings_delivery import DestinationSection
from policy.errors import SettingsError, did_you_mean
from serving.writeback.destination import Destination
from serving.writeback.feedback import SCORE_FEEDBACK, TASK_FEEDBACK
from serving.writeback.names import Names, named
from serving.writeback.place import FilePlace, Place
from serving.writeback.secret import blotted, secret

HUBSPOT_TOKEN, SALESFORCE_KEY, WEBHOOK_SECRET = "CHURN_HUBSPOT_TOKEN", "CHURN_SALESFORCE_KEY", "CHURN_WEBHOOK_SECRET"
"""Environment variables, or with _FILE the files and with _BLOCK the blocks, of what must not stand in churn.toml."""


def destination(project: Project) -> Destination:
    """The destination of churn.toml. Nothing is called yet."""
    section = project.settings.destination
    return _MAKERS[section.kind](project, section)


def ledger(project: Project) -> Place:
    """Where deliveries keep their books: a file of the project, or where several machines deliver, in Postgres."""
    section = project.settings.ledger
    if section.url is None:
        return FilePlace(project.out() / "ledger.sqlite")
    from serving.writeback.place_postgres import PostgresPlace

    return PostgresPlace(_address(project, section.url, "[ledger] url"), section.schema_name)


def _sqlite(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.sqlite import SqliteCrm

    return SqliteCrm(project.path(section.path))


def _files(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.files import FilesCrm

    folder = project.path(section.path if "path" in section.model_fields_set else f"{STATE}/delivered")
    return FilesCrm(folder, section.format or "csv", for_people=section.for_people is not False)


def _postgres(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.postgres import PostgresCrm, Table

    return PostgresCrm(
        _address(project, section.url or "", "[destination] url"),
        _names(section, named(str, {}, section.score_fields, section.task_fields)),
        accounts=Table(section.accounts_table or "", section.account_key or "account_id"),
        tasks=Table(section.tasks_table or "", section.task_key or "task_key", section.task_account or "account_id"),
        label=section.label or "",
        creates_accounts=bool(section.creates_accounts),
    )


def _hubspot(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.hubspot import HubSpotCrm
    from serving.writeback.hubspot_values import default_names

    names = default_names(section.score_fields, section.task_fields)
    return HubSpotCrm(
        secret(HUBSPOT_TOKEN, blocks=blocks(project)),
        **_given(section, address="url", hosts="hosts", version="version", key="account_key", task_key="task_key"),
        **_given(section, account="label", zone="zone"),
        names=_names(section, names),
    )


def _salesforce(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.salesforce import SalesforceCrm
    from serving.writeback.salesforce_fields import default_names

    names = default_names(section.score_fields, section.task_fields)
    return SalesforceCrm(
        section.url or "",
        key=secret(SALESFORCE_KEY, blocks=blocks(project)),
        **_given(section, client_id="client_id", username="username", audience="audience", hosts="hosts"),
        **_given(section, version="version", account_key="account_key", task_key="task_key"),
        names=_names(section, names),
    )


def _webhook(project: Project, section: DestinationSection) -> Destination:
    from serving.writeback.webhook import WebhookCrm

    label = section.label or ""
    state = project.out("webhooks") / f"{label}.sqlite"
    hosts = section.hosts or ()
    key = secret(WEBHOOK_SECRET, blocks=blocks(project))
    return WebhookCrm(section.url or "", key, hosts=hosts, label=label, state=state)


def _own(project: Project, section: DestinationSection) -> Destination:
    """The module of the project's own: `made(options)` in it returns the destination."""
    path = project.path(section.path)
    where = "[destination] path"
    spec = importlib.util.spec_from_file_location(f"own_destination_{path.stem}", path)
    if spec is None or spec.loader is None or not path.exists():
        cure = "Let it name a Python file that has a function `made(options)`."
        raise SettingsError(f"there is no module at `{section.path}`.", where=where, cure=cure)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    if not hasattr(module, "made"):
        raise SettingsError(
            "the module has no function `made(options)`.", where=where, cure="See docs/add-a-destination.md."
        )
    found: Destination = module.made(dict(section.options))
    return found


_MAKERS = {
    "own": _own,
    "sqlite": _sqlite,
    "files": _files,
    "postgres": _postgres,
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "webhook": _webhook,
}


def _given(section: DestinationSection, **names: str) -> dict[str, Any]:
    """The keys that churn.toml gives, as the destination calls them; the others keep its defaults."""
    found = {theirs: getattr(section, ours) for theirs, ours in names.items()}
    return {name: value for name, value in found.items() if value is not None}


def _names(section: DestinationSection, names: Names) -> Names:
    """With the fields that are only read. Raises SettingsError for one that nobody reads."""
    known = {*TASK_FEEDBACK, *SCORE_FEEDBACK}
    for name in section.feedback_fields:
        if name not in known:
            where = "[destination.feedback_fields]"
            raise SettingsError(f"nothing is read into `{name}`.", where=where, cure=did_you_mean(name, known))
    return names.reading(*(_of(section.feedback_fields, fields) for fields in (SCORE_FEEDBACK, TASK_FEEDBACK)))


def _of(given: Mapping[str, str], fields: tuple[str, ...]) -> Mapping[str, str]:
    return {name: theirs for name, theirs in given.items() if name in fields}


def _address(project: Project, text: str, where: str) -> SecretStr:
    full, secrets = filled(text, os.environ, where=where, blocks=blocks(project))
    for value in secrets:
        blotted(SecretStr(value))
    return blotted(SecretStr(full))
