"""The service key is nowhere but in the header of a request, and what customers' rows hold is in no ledger."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from policy.errors import ChurnError
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.place import rejections
from tests.crm.hubspot_company import apply, book, client, opened, score, task
from tests.crm.hubspot_oracle import Emulator


def test_the_key_is_in_no_log_line_no_error_no_repr_and_no_ledger(
    hub: Emulator, ledger: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened(hub)
    caplog.set_level(logging.DEBUG)
    crm, told = client(hub), []
    apply(book(), crm, ledger, run_id="r1")
    for answer in (
        {"status": 401, "body": {"message": f"the key {hub.token} is not valid"}},
        {"status": 403, "body": {"message": hub.token, "errors": [{"message": hub.token}]}},
        {"status": 400, "body": {"message": hub.token, "category": hub.token, "errors": [{"code": hub.token}]}},
        {"status": 307, "body": "", "headers": {"Location": f"http://127.0.0.1:9/?key={hub.token}"}},
    ):
        hub.faults({"answer": answer, "path": "batch"}, replace=True)
        try:
            crm.read("score", ["a001"])
        except ChurnError as exc:
            told.append("".join(traceback.format_exception(exc)))
    hub.faults(
        {"answer": {"status": 400, "body": {"message": hub.token, "category": hub.token}}, "path": "update"},
        replace=True,
    )
    apply([score(1, risk_tier="odd")], crm, ledger, run_id="r2")
    told += [repr(crm), repr(vars(crm.line)), crm.name, *(line.reason for line in rejections(ledger))]
    logging.getLogger("anybody").debug("Authorization: Bearer %s", hub.token)
    crm.close()
    assert len(told) == 4 + 4
    assert "HTTP Request" in caplog.text, "httpx must have been heard"
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert hub.token not in caplog.text
    assert hub.token not in "\n".join(told)
    files = list(ledger.parent.iterdir())
    assert ledger in files
    assert not [one for one in files if one.is_file() and hub.token.encode() in one.read_bytes()]


def test_a_refused_value_is_in_no_reason(hub: Emulator, ledger: Path, caplog: pytest.LogCaptureFixture) -> None:
    opened(hub)
    hub.define("churn_play", type="enumeration", fieldType="select", options=[])
    rows = [score(i) for i in range(30)]
    rows[3] = score(3, play="Mrs Canary asked for a refund")
    crm = client(hub)
    apply([*rows, task(5, owner_id="canary@example.com")], crm, ledger, run_id="r1")
    crm.close()
    lines = rejections(ledger)
    assert {line.code for line in lines} == {"invalid_option"}
    assert "anary" not in caplog.text + "".join(line.reason for line in lines)
    assert "1 rows go without an owner" in caplog.text


def test_the_address_of_a_key_may_not_be_plain(hub: Emulator) -> None:
    with pytest.raises(ChurnError, match="no user, password or query"):
        HubSpotCrm(SecretStr("x" * 20), address=f"https://api.hubapi.com/?hapikey={'x' * 20}")
