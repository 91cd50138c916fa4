"""What an org lacks is listed, and what is handed to its admin makes it ready; the judge is what `describe` says then."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from serving.writeback.destination import Outgoing
from serving.writeback.salesforce_setup import setup
from tests.crm.salesforce_company import ACCOUNT_KEY, FIELDS, TASK_KEY, Hurried, Nothing, apply, connected, score, task
from tests.crm.salesforce_server import server

SPACE = "{http://soap.sforce.com/2006/04/metadata}"


def _deployed(files: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
    """(object, field, what it is) for each field that the files make."""
    made = []
    for path, text in files.items():
        if path.startswith("objects/"):
            for field in ElementTree.fromstring(text.encode()):  # noqa: S314
                told = {part.tag.removeprefix(SPACE): part.text or "" for part in field}
                change: dict[str, Any] = {"type": told["type"]}
                change |= {name: int(told[name]) for name in ("length", "precision", "scale") if name in told}
                change |= {
                    name: told[name] == "true" for name in ("externalId", "unique", "caseSensitive") if name in told
                }
                object_name = {"Activity": "Task"}.get(path[8:-7], path[8:-7])
                made.append((object_name, told["fullName"], change))
    return made


def test_an_org_that_never_heard_of_us_is_ready_once_the_files_are_deployed(tmp_path: Any) -> None:
    with server({}) as org, connected(org) as crm:
        first = setup(crm)
        assert (first.ready, first.wrong, len(first.missing)) == (False, (), 19)
        assert len(first.clicks) == len(first.missing) + 1
        for object_name, name, change in _deployed(dict(first.files)):
            org.call("field", type=object_name, name=name, change=change)
        again = setup(crm)
        assert (again.ready, again.files, again.clicks, setup(crm)) == (True, {}, (), again)
        accepts = crm.describe()
        assert (accepts.key_unique, accepts.max_key) == (True, 255)
        org.seed("Account", ["Name", ACCOUNT_KEY], [["Firm", "a001"], ["Another", "A001"]])
        clock = Hurried()
        applied = apply([score(1), task(1)], crm, tmp_path / "l.sqlite", run_id="r1", clock=clock, sleep=clock.sleep)
        assert applied.written == 2
        told = crm.write(
            "task", [Outgoing(key, "a001", {"priority": "low"}, create=True) for key in ("k", "K")], Nothing()
        )
        assert [outcome.answer for outcome in told] == ["ok", "ok"], "keys that differ in case are two keys"
        assert [row["Churn_Risk_Tier__c"] for row in org.records("Account")] == [score(1).fields["risk_tier"], None]


def test_rights_name_the_task_and_fields_of_tasks_are_made_on_activities() -> None:
    with server({}) as org, connected(org) as crm:
        files = setup(crm).files
    assert set(files) == {
        "objects/Account.object", "objects/Activity.object", "package.xml",
        "permissionsets/Churn_Write_Back.permissionset",
    }  # fmt: skip
    rights = files["permissionsets/Churn_Write_Back.permissionset"]
    assert f"<field>Task.{TASK_KEY}</field>" in rights
    assert "Activity." not in rights
    assert "<allowCreate>false</allowCreate>" in rights
    assert f"<members>Activity.{TASK_KEY}</members>" in files["package.xml"]
    for text in files.values():
        ElementTree.fromstring(text.encode())  # noqa: S314


def test_what_is_there_but_wrong_is_told_apart_from_what_is_missing() -> None:
    with server(FIELDS) as org, connected(org) as crm:
        assert setup(crm).ready
        for name, change in (
            (ACCOUNT_KEY, {"unique": False}),
            ("Churn_Reason_1__c", {"length": 80}),
            ("Churn_As_Of__c", {"type": "Text"}),
            ("Churn_Play__c", {"updateable": False}),
            ("Churn_Scorer__c", {"hidden": True}),
        ):
            org.call("field", type="Account", name=name, change=change)
        found = setup(crm)
    assert found.wrong == (
        "Account.Churn_As_Of__c is of type string, not Date",
        f"Account.{ACCOUNT_KEY} must be unique and an external id",
        "Account.Churn_Reason_1__c takes 80 characters, 255 are needed",
    )
    assert found.missing == (
        "Account.Churn_Play__c may not be edited by the integration's user",
        "Account.Churn_Scorer__c is missing, or hidden from the integration's user",
    )
    assert [click for click in found.clicks if "name Churn_Scorer, length 255" in click]
