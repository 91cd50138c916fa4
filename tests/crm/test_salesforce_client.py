"""What the Salesforce client says and sends: names, types, values, keys, secrets. The judge is the org."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from policy.errors import ChurnError, DeliveryIncomplete, SettingsError
from serving.writeback.destination import Outcome, Outgoing
from serving.writeback.salesforce import SalesforceCrm
from serving.writeback.salesforce_fields import default_names
from tests.crm.fault_proxy import fault_proxy
from tests.crm.fault_rules import Rule
from tests.crm.salesforce_company import (
    ACCOUNT_KEY,
    ACCOUNTS,
    CLIENT_ID,
    FIELDS,
    TASK_KEY,
    USER,
    Hurried,
    Nothing,
    apply,
    book,
    client,
    connected,
    missing_or_wrong,
    outgoing,
    score,
    stored,
    task,
)
from tests.crm.salesforce_server import Emulator, keys


def test_what_it_takes_is_told_by_the_org_and_its_name_needs_no_call(org: Emulator) -> None:
    org.log(clear=True)
    with connected(org) as crm:
        assert crm.name == f"salesforce:{org.url.removeprefix('http://')}"
        assert org.log()["calls"] == []
        told = crm.describe()
    assert (told.key_unique, told.creates_accounts, told.max_key) == (True, False, 120)
    assert told.fields["score"]["reason_1"].max_length == 255
    assert told.fields["task"]["body"].max_length == 32_000
    assert told.only is not None
    assert "arr" not in told.only["score"]


CHANGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "hidden": ("Churn_Risk_Tier__c", {"hidden": True}, "Churn_Risk_Tier__c is missing, or hidden"),
    "of another type": ("Churn_Risk_Tier__c", {"type": "Number"}, "Churn_Risk_Tier__c is of type double, not Text"),
    "read-only": ("Churn_Risk_Tier__c", {"updateable": False}, "Churn_Risk_Tier__c may not be edited"),
    "a key that is not unique": (ACCOUNT_KEY, {"unique": False}, "key field is not unique"),
    "a key that is no external id": (ACCOUNT_KEY, {"externalId": False}, "key field is not unique"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_field_that_is_not_as_it_must_be_stops_before_the_first_write(
    change: str, org: Emulator, ledger: Path
) -> None:
    name, how, message = CHANGES[change]
    as_it_was = next(field for field in FIELDS["Account"] if field["name"] == name)
    org.call("field", type="Account", name=name, change=how)
    try:
        with connected(org) as crm, pytest.raises(SettingsError, match=message):
            apply([score(1)], crm, ledger, run_id="r1")
    finally:
        org.call("field", type="Account", name=name, change={"hidden": False, "updateable": True, **as_it_was})
    assert [call["path"] for call in org.log()["calls"] if call["method"] != "GET"] == ["/services/oauth2/token"]


ODD = {
    "comma, quote, line ends": 'a,"b"\r\n\nc\rd',
    "a formula": "=HYPERLINK(1;2)",
    "the cell that clears": "#N/A",
    "the word null": "null",
    "html": "<b>&amp;</b>",
    "emoji and accents": "naïve 🔥 \u00a0",
    "quotes alone": '""',
    "backslashes": "\\n 'x' \\",
    "tabs": "a\tb",
}


@pytest.mark.parametrize("bulk_from", [2_000, 5])
def test_odd_texts_and_numbers_are_read_back_as_they_were_sent(bulk_from: int, org: Emulator, ledger: Path) -> None:
    rows = [score(i, reason_1=text, reason_2=None) for i, text in enumerate(ODD.values())]
    numbers = (1e-06, 123456.789, 1e15 / 1e4, -0.0, 90, 0.1 + 0.2)
    rows += [score(20 + i, health_score=number) for i, number in enumerate(numbers)]
    rows += [task(i, body=text) for i, text in enumerate(ODD.values())]
    rows += [score(40, published_at="2025-01-06T06:30:00+01:00"), task(40, body="x" * 32_000)]
    with connected(org, bulk_from=bulk_from) as crm:
        applied = apply(rows, crm, ledger, run_id="r1")
        assert (applied.written, applied.rejected) == (len(rows), 0)
        assert missing_or_wrong(org, rows) == []
        again = apply(rows, crm, ledger, run_id="r2")
    assert (again.skipped, again.edited) == (len(rows), ())


def test_one_job_says_every_text_as_it_is(org: Emulator) -> None:
    rows = [score(i, reason_1=text) for i, text in enumerate(ODD.values())]
    with connected(org, bulk_from=1) as crm:
        told = crm.write("score", [outgoing(row) for row in rows], Nothing())
    assert {outcome.answer for outcome in told} == {"ok"}
    assert missing_or_wrong(org, rows) == []


@pytest.mark.parametrize("bulk_from", [2_000, 2])
def test_null_clears_a_field_and_a_field_that_is_not_sent_stays(bulk_from: int, org: Emulator) -> None:
    rows = [score(i, reason_1="x", reason_2="y", play="z") for i in range(4)]
    with connected(org, bulk_from=bulk_from) as crm:
        crm.write("score", [outgoing(row) for row in rows], Nothing())
        few = [row.fields for row in rows]
        for fields, name in zip(few, ("reason_1", "reason_2", "reason_1", "reason_2"), strict=True):
            fields.clear()  # type: ignore[attr-defined]
            fields[name] = None  # type: ignore[index]
        told = crm.write("score", [outgoing(row) for row in rows], Nothing())
    assert [outcome.answer for outcome in told] == ["ok"] * 4
    held = stored(org, "score")
    kept = [[held[f"a00{i}"][f"Churn_{name}__c"] for name in ("Reason_1", "Reason_2", "Play")] for i in range(4)]
    assert kept == [[None, "y", "z"], ["x", None, "z"]] * 2


def test_keys_are_found_exactly_however_many_and_however_odd(org: Emulator) -> None:
    odd = ["O'Neil", "back\\slash", 'quo"te', "per%cent&=+#", "ünï 🔥", "CASE", "comma,(paren)"]
    many = [f"key-{i:05}-{'x' * 25}" for i in range(1_500)]
    org.seed("Account", ["Name", ACCOUNT_KEY], [["Firm", key] for key in [*odd, *many]])
    with connected(org) as crm:
        assert crm.read("score", ["case", "o'neil", "absent"]) == {}
        found = crm.read("score", [*odd, *many])
        assert set(found) == {*odd, *many}
        calls = org.log()["calls"]
        assert {call["status"] for call in calls} == {200}
        assert sum(call["path"].endswith("/query") for call in calls) <= 6


@pytest.mark.parametrize("status", [414, 431])
def test_an_address_that_a_gateway_finds_too_long_is_asked_in_halves(status: int, org: Emulator) -> None:
    org.faults({"kind": "respond", "path": "query", "status": status, "times": 3})
    with connected(org) as crm:
        assert len(crm.read("score", [f"a{i:03}" for i in range(ACCOUNTS)])) == ACCOUNTS


def test_tasks_whose_keys_differ_in_case_alone_do_not_write_over_each_other(org: Emulator) -> None:
    def named(key: str) -> Outgoing:
        return Outgoing(key, "a001", {"subject": key}, create=True)

    for bulk_from in (2_000, 1):
        org.call("delete", type="Task", ids=[row["Id"] for row in org.records("Task", "Id")])
        with connected(org, bulk_from=bulk_from) as crm:
            first = crm.write("task", [named("A|x"), named("a|X"), named("B|x")], Nothing())
            second = crm.write("task", [named("a|x"), named("b|X"), named("C|x")], Nothing())
        assert [outcome.code or outcome.answer for outcome in first] == ["ok", "key_case", "ok"]
        assert [outcome.code or outcome.answer for outcome in second] == ["key_case", "key_case", "ok"]
        assert {row[TASK_KEY]: row["Subject"] for row in org.records("Task")} == {k: k for k in ("A|x", "B|x", "C|x")}


@pytest.mark.parametrize("bulk_from", [2_000, 1])
def test_what_changed_since_it_was_seen_is_not_written_over(bulk_from: int, org: Emulator) -> None:
    with connected(org, bulk_from=bulk_from) as crm:
        crm.write("score", [outgoing(score(i)) for i in range(3)], Nothing())
        person = {"Churn_Reason_1__c": "a person's"}
        org.call("edit", type="Account", field=ACCOUNT_KEY, keys=["a001"], values=person)
        rows = [outgoing(score(i, reason_1="new"), reason_1=score(i).fields["reason_1"]) for i in range(3)]
        told = crm.write("score", rows, Nothing())
    assert [outcome.code or outcome.answer for outcome in told] == ["ok", "changed", "ok"]
    assert [stored(org, "score")[f"a00{i}"]["Churn_Reason_1__c"] for i in range(3)] == ["new", "a person's", "new"]


@pytest.mark.parametrize("bulk_from", [2_000, 1])
def test_no_account_is_ever_created(bulk_from: int, org: Emulator) -> None:
    org.call("delete", type="Account", field=ACCOUNT_KEY, keys=["a002"])
    with connected(org, bulk_from=bulk_from) as crm:
        rows = [outgoing(score(i), create=create) for i in (1, 2, 77) for create in (False, True)]
        told = [one.code or one.answer for row in rows for one in crm.write("score", [row], Nothing())]
        tasks = [one.code or one.answer for one in crm.write("task", [outgoing(task(i)) for i in (1, 77)], Nothing())]
    assert told == ["ok", "exists", "gone", "no_account", "gone", "no_account"]
    assert tasks == ["ok", "no_account"]
    assert len(org.records("Account", "Id")) == ACCOUNTS - 1


def test_a_task_that_is_there_already_is_left_alone_and_read_back(org: Emulator) -> None:
    with connected(org) as crm:
        assert [one.answer for one in crm.write("task", [outgoing(task(1))], Nothing())] == ["ok"]
        org.call("edit", type="Task", field=TASK_KEY, keys=[task(1).key], values={"Status": "Completed"})
        assert crm.write("task", [outgoing(task(1))], Nothing()) == [Outcome.unknown("exists")]
        assert crm.read("task", [task(1).key])[task(1).key]["status"] == "done"


def test_no_secret_is_in_a_log_an_error_a_repr_or_the_ledger(
    org: Emulator, ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    clock, form = Hurried(), dict[str, Any]()
    with connected(org, bulk_from=5, sleep=clock.sleep) as crm:
        told = crm.web.ask

        def watched(*asked: Any, **more: Any) -> Any:
            form.update(more.get("form") or {}, **(more.get("headers") or {}))
            return told(*asked, **more)

        crm.web.ask = watched  # type: ignore[method-assign]
        org.config(token_calls=9)
        apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
        shown += [repr(crm), repr(vars(crm)), repr(vars(crm.calls.sign_in))]
        org.config(approved=False)
        org.call("revoke")
        with pytest.raises(DeliveryIncomplete) as stopped:
            crm.describe()
        shown += traceback.format_exception(stopped.value)
    with pytest.raises(SettingsError) as unread:
        _with_key(org, SecretStr(org.private_key[:400])).describe()
    shown += traceback.format_exception(unread.value)
    logging.getLogger("any").debug("%s %s %s", form["assertion"], form["Authorization"], org.private_key)
    text = "\n".join([*shown, caplog.text, *(record.getMessage() for record in caplog.records)])
    text += ledger.read_bytes().decode("latin-1")
    secrets = [form["assertion"], form["Authorization"].removeprefix("Bearer "), *org.private_key.split("\n")[1:-2]]
    assert "HTTP Request" in caplog.text, "a log that says nothing proves nothing"
    assert [secret[:12] for secret in secrets if secret in text] == []


def _with_key(org: Emulator, key: SecretStr) -> SalesforceCrm:
    return SalesforceCrm(org.url, key=key, client_id=CLIENT_ID, username=USER, audience=org.url)


def test_a_sign_in_that_is_refused_says_why_and_where_to_look(org: Emulator) -> None:
    for crm, why in (
        (_with_key(org, SecretStr(keys()[0])), "invalid assertion"),
        (client(org, clock=lambda: 1e9), "expired"),
    ):
        with pytest.raises(DeliveryIncomplete, match=why):
            crm.describe()
        crm.close()


def test_a_token_is_sent_to_no_other_host_than_the_one_that_was_given(org: Emulator) -> None:
    crm = client(org, address="https://firm.my.salesforce.com")
    crm.calls.sign_in._same_host("https://FIRM.my.salesforce.com")
    with pytest.raises(DeliveryIncomplete, match=r"the org's own address is other\.my\.salesforce\.com"):
        crm.calls.sign_in._same_host("https://other.my.salesforce.com")
    crm.close()


def test_only_allowed_hosts_are_called_over_https_and_no_redirect_is_followed(org: Emulator) -> None:
    for address in ("http://firm.my.salesforce.com", "https://firm.example.org", "https://u:p@firm.my.salesforce.com"):
        with pytest.raises(SettingsError):
            client(org, address=address)
    with fault_proxy(org.url) as elsewhere, fault_proxy(org.url) as front:
        front.add(Rule.redirect(307, elsewhere.url))
        with (
            pytest.raises(DeliveryIncomplete, match="redirects are not followed"),
            connected(org, address=front.url) as crm,
        ):
            crm.describe()
        assert elsewhere.log == []


def test_a_task_without_an_owner_or_a_due_date_gets_the_orgs_own_and_needs_a_priority(org: Emulator) -> None:
    rows = [outgoing(task(1, owner_id=None, due_at=None, step=None)), outgoing(task(2, priority=None))]
    with connected(org) as crm:
        told = crm.write("task", rows, Nothing())
    assert [outcome.code or outcome.answer for outcome in told] == ["ok", "not_nillable"]
    assert [(row["ActivityDate"], row["Churn_Step__c"]) for row in org.records("Task")] == [(None, None)]


def test_importing_it_loads_no_library() -> None:
    heavy = "pandas numpy sklearn prefect ibis duckdb pyarrow httpx jwt cryptography yaml"
    program = (
        "import sys; import serving.writeback.salesforce, serving.writeback.salesforce_setup\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "[]\n"


def test_a_name_that_is_no_name_of_a_field_is_refused_at_once(org: Emulator) -> None:
    for wrong in ("Id FROM User --", "", "ä__c"):
        with pytest.raises(ChurnError):
            client(org, names=default_names({"risk_tier": wrong or "two words"}))
