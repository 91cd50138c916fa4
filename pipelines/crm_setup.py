"""`churn crm setup`: what the destination lacks before scores and tasks can be written to it, and making it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.destinations import destination
from pipelines.files import write_text
from pipelines.settings import Project
from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Busy

METADATA = "salesforce-metadata"


def set_up(project: Project, *, create: bool) -> dict[str, Any]:
    """Look, and with `create` make what can be made from here; nothing that exists is ever changed.

    Returns `destination`, `ready`, `fields` (object, name, type, state, note), `files` (a folder to deploy, or null) and
    `steps` for a person. Raises DeliveryIncomplete where the CRM cannot be asked now.
    """
    kind = project.settings.destination.kind
    crm = destination(project)
    try:
        if kind == "hubspot":
            return _hubspot(crm, create)
        if kind == "salesforce":
            return _salesforce(crm, project)
        return _described(crm)
    except Busy as busy:
        cure = "Try again later: nothing was changed."
        raise DeliveryIncomplete(f"it does not answer now ({busy.code}).", where=crm.name, cure=cure) from busy
    finally:
        crm.close()


def _hubspot(crm: Any, create: bool) -> dict[str, Any]:
    from serving.writeback.hubspot_setup import SCOPES, setup

    found = setup(crm, create=create)
    missing = [step for step in found if step.state in ("missing", "by_hand")]
    steps = [f"{step.object} {step.name}: {step.note}" for step in missing if step.state == "by_hand"]
    if any(step.state == "missing" for step in missing):
        steps.append(f"churn crm setup --create makes the rest; the service key needs {', '.join(SCOPES)}")
    return _result(crm, not missing, [asdict(step) for step in found], None, steps)


def _salesforce(crm: Any, project: Project) -> dict[str, Any]:
    from serving.writeback.salesforce_setup import setup

    found = setup(crm)
    fields = [_field(text, "missing") for text in found.missing] + [_field(text, "by_hand") for text in found.wrong]
    folder = None
    steps = [*found.clicks, *found.wrong]
    if found.files:
        folder = project.out(METADATA)
        for name, text in found.files.items():
            write_text(text, folder / Path(name))
        steps.insert(0, f"sf project deploy start --metadata-dir {folder}, or by hand:")
    return _result(crm, found.ready, fields, folder, steps)


def _described(crm: Any) -> dict[str, Any]:
    """Of the others: whether what they describe holds what is sent."""
    accepts = crm.describe()
    told = accepts.only or {}
    fields = [
        {"object": kind, "name": name, "type": "", "state": "missing", "note": "There is no such field."}
        for kind, names in told.items()
        for name in sorted(names)
        if name not in accepts.fields.get(kind, {}) and not accepts.open_fields
    ]
    steps = [
        f"Add a column for the {line['object']} field `{line['name']}`, or leave it out in churn.toml"
        for line in fields
    ]
    if not accepts.key_unique:
        steps.append("Make the key fields unique")
    return _result(crm, not steps, fields, None, steps)


def _field(text: str, state: str) -> dict[str, str]:
    whole, _, note = text.partition(" ")
    place, _, name = whole.rstrip(",").partition(".")
    return {"object": place, "name": name, "type": "", "state": state, "note": note}


def _result(
    crm: Any, ready: bool, fields: list[dict[str, Any]], folder: Path | None, steps: list[str]
) -> dict[str, Any]:
    return {
        "destination": crm.name,
        "ready": ready,
        "fields": fields,
        "files": None if folder is None else str(folder),
        "steps": steps,
    }
