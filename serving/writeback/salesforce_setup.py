"""What an admin of the org has to make before the first delivery, as metadata to deploy or as clicks.

Nothing is created from here: the integration's user needs no right to change an org. Asked again after the deployment,
it lists only what is still missing, so that it can be run as often as one likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from serving.writeback.destination import Kind
from serving.writeback.salesforce_fields import KEY_LENGTH, Layout, Wanted, wanted

if TYPE_CHECKING:
    from serving.writeback.salesforce import SalesforceCrm

PERMISSION_SET = "Churn_Write_Back"
NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# A field made on Activity is one of tasks and of events; rights to it are given on the task.
MADE_ON: Mapping[Kind, str] = {"score": "Account", "task": "Activity"}
PRECISION, SCALE = 18, 6


@dataclass(frozen=True, slots=True)
class Setup:
    """What is missing. `files` are a folder for `sf project deploy start --metadata-dir FOLDER`, by their paths in it.

    `missing` are fields that the files make or give rights to; `wrong` what an admin has to mend by hand, for a field
    that is there is not changed by us. `clicks` say the same as the files for who does not deploy.
    """

    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    files: Mapping[str, str]
    clicks: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether a delivery can begin."""
        return not self.missing and not self.wrong


def setup(crm: SalesforceCrm) -> Setup:
    """What the org lacks, seen as the integration's user sees it. Raises Busy, DeliveryIncomplete."""
    crm.calls.begin()
    layouts = crm.layouts()
    missing, wrong, clicks = list[str](), list[str](), list[str]()
    new: dict[Kind, list[str]] = {}
    rights: list[str] = []
    for kind, held in layouts.items():
        for problem in held.problems:
            name = problem.split(" ", 1)[0].rstrip(",")
            (wrong if "of type" in problem or not _ours(name) else missing).append(problem)
        if not held.key_unique and f"{held.object}.{held.key}" not in " ".join(held.problems):
            wrong.append(f"{held.object}.{held.key} must be unique and an external id")
        wrong += _short(held)
        names = {held.key: _key(), **{theirs: wanted(ours) for ours, theirs in crm.names.of(kind).items()}}
        ours = {theirs: what for theirs, what in names.items() if theirs.endswith("__c")}
        rights += [f"{held.object}.{theirs}" for theirs in ours]
        absent = [name for name in ours if f"{held.object}.{name}" in " ".join(m for m in missing if "missing" in m)]
        if absent:
            new[kind] = [_field(name, ours[name], key=name == held.key) for name in absent]
            clicks += [_click(kind, name, ours[name], key=name == held.key) for name in absent]
    files = _files(new, rights, crm.calls.root.rpartition("/v")[2]) if missing else {}
    if missing:
        clicks.append(
            f"Setup → Permission Sets: new set `{PERMISSION_SET}` with API Enabled, Edit Tasks, read and edit on Account "
            f"and on {', '.join(rights)}; assign it to {crm.calls.sign_in.username}"
        )
    return Setup(tuple(missing), tuple(wrong), files, tuple(clicks))


def _ours(name: str) -> bool:
    return name.endswith("__c")


def _key() -> Wanted:
    return Wanted("Text", frozenset({"string"}), KEY_LENGTH)


def _short(held: Layout) -> list[str]:
    """Text fields that are there and shorter than what we write into them."""
    return [
        f"{held.object}.{column.theirs} takes {column.length} characters, {wanted(column.ours).length} are needed"
        for column in held.columns.values()
        if column.theirs.endswith("__c") and 0 < column.length < wanted(column.ours).length and not column.words
    ]


def _field(name: str, what: Wanted, *, key: bool) -> str:
    lines = [f"<fullName>{name}</fullName>", f"<label>{escape(_label(name))}</label>", f"<type>{what.type}</type>"]
    if what.type == "Text":
        lines.append(f"<length>{what.length}</length>")
    if what.type == "Number":
        lines += [f"<precision>{PRECISION}</precision>", f"<scale>{SCALE}</scale>"]
    if key:
        # Keys that differ in case alone are two keys of ours.
        lines += ["<externalId>true</externalId>", "<unique>true</unique>", "<caseSensitive>true</caseSensitive>"]
    return "".join(f"        {line}\n" for line in lines)


def _click(kind: Kind, name: str, what: Wanted, *, key: bool) -> str:
    size = f", length {what.length}" if what.type == "Text" else ""
    size += f", {PRECISION - SCALE} digits and {SCALE} decimals" if what.type == "Number" else ""
    more = ", tick Unique (case-sensitive) and External ID" if key else ""
    where = f"{MADE_ON[kind]} → Fields & Relationships → New"
    return f"Setup → Object Manager → {where}: {what.type}, name {name.removesuffix('__c')}{size}{more}"


def _label(name: str) -> str:
    return name.removesuffix("__c").replace("_", " ")


def _files(new: Mapping[Kind, list[str]], rights: list[str], version: str) -> dict[str, str]:
    files = {}
    for kind, fields in new.items():
        made = "".join(f"    <fields>\n{field}    </fields>\n" for field in fields)
        files[f"objects/{MADE_ON[kind]}.object"] = f"{HEAD}<CustomObject {NAMESPACE}>\n{made}</CustomObject>\n"
    allowed_fields = "".join(
        "    <fieldPermissions>\n        <editable>true</editable>\n"
        f"        <field>{field}</field>\n        <readable>true</readable>\n    </fieldPermissions>\n"
        for field in rights
    )
    allowed = "".join(
        f"    <userPermissions>\n        <enabled>true</enabled>\n        <name>{name}</name>\n    </userPermissions>\n"
        for name in ("ApiEnabled", "EditTask")
    )
    account = (
        "    <objectPermissions>\n        <allowCreate>false</allowCreate>\n        <allowDelete>false</allowDelete>\n"
        "        <allowEdit>true</allowEdit>\n        <allowRead>true</allowRead>\n"
        "        <modifyAllRecords>false</modifyAllRecords>\n        <object>Account</object>\n"
        "        <viewAllRecords>true</viewAllRecords>\n    </objectPermissions>\n"
    )
    label = f"    <label>{_label(PERMISSION_SET)}</label>\n"
    files[f"permissionsets/{PERMISSION_SET}.permissionset"] = (
        f"{HEAD}<PermissionSet {NAMESPACE}>\n{allowed_fields}{label}{account}{allowed}</PermissionSet>\n"
    )
    members = "".join(
        f"        <members>{MADE_ON[kind]}.{field.split('<fullName>')[1].split('<')[0]}</members>\n"
        for kind, made_fields in new.items()
        for field in made_fields
    )
    types = f"    <types>\n{members}        <name>CustomField</name>\n    </types>\n" if members else ""
    types += (
        f"    <types>\n        <members>{PERMISSION_SET}</members>\n        <name>PermissionSet</name>\n    </types>\n"
    )
    files["package.xml"] = f"{HEAD}<Package {NAMESPACE}>\n{types}    <version>{version}</version>\n</Package>\n"
    return files
