"""What the server's own tests share: an org's custom fields, and a client that does no more than it is told."""

from __future__ import annotations

import csv
import io
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.crm.salesforce_server import Emulator

FIELDS: dict[str, list[dict[str, Any]]] = {
    "Account": [
        {"name": "Key__c", "type": "Text", "length": 40, "externalId": True, "unique": True},
        {"name": "Code__c", "type": "Text", "length": 20, "externalId": True, "unique": True, "caseSensitive": True},
        {"name": "Loose__c", "type": "Text", "length": 40, "externalId": True},
        {"name": "Health_Score__c", "type": "Number", "precision": 5, "scale": 2},
        {"name": "Rounded__c", "type": "Number", "precision": 5, "scale": 2, "rounds": True},
        {"name": "At_Risk__c", "type": "Checkbox"},
        {"name": "Renewal__c", "type": "Date"},
        {"name": "Scored_At__c", "type": "DateTime"},
        {"name": "Level__c", "type": "Picklist", "values": ["low", "high"], "restricted": True},
        {"name": "Wish__c", "type": "Picklist", "values": ["one", "two"]},
        {"name": "Fixed__c", "type": "Text", "createable": False, "updateable": False},
        {"name": "Note__c", "type": "LongTextArea", "length": 1000},
    ],
    "Task": [{"name": "Key__c", "type": "Text", "length": 60, "externalId": True, "unique": True}],
}


class Api:
    """Calls below `/services/data/vXX.X` with a token."""

    def __init__(self, org: Emulator, *, version: str = "66.0", token: str | None = None) -> None:
        self.org = org
        headers = {"Authorization": f"Bearer {token or org.token()}"}
        self.http = httpx.Client(base_url=f"{org.url}/services/data/v{version}", headers=headers, trust_env=False)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def query(self, text: str) -> Any:
        """The body of a query that succeeds."""
        answer = self.http.get("/query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, text: str) -> str:
        """The error code of a query that does not."""
        answer = self.http.get("/query", params={"q": text})
        assert answer.status_code == 400, answer.text
        return str(answer.json()[0]["errorCode"])

    def upsert(self, *records: dict[str, Any], by: str = "Key__c", of: str = "Account", **more: Any) -> Any:
        """The results of an upserted collection."""
        body = {"records": [{"attributes": {"type": of}, **record} for record in records], **more}
        answer = self.http.patch(f"/composite/sobjects/{of}/{by}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def job(self, text: str, *, of: str = "Account", by: str | None = "Key__c", wait: bool = True, **more: Any) -> Any:
        """An ingest job with its upload, closed, and as it is when it has ended."""
        asked = {"object": of, "operation": "upsert" if by else "insert", **({"externalIdFieldName": by} if by else {})}
        made = self.http.post("/jobs/ingest", json={**asked, **more}).json()
        sent = self.http.put(
            f"/jobs/ingest/{made['id']}/batches", content=text.encode(), headers={"Content-Type": "text/csv"}
        )
        assert sent.status_code == 201, sent.text
        closed = self.http.patch(f"/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
        assert closed.json()["state"] == "UploadComplete"
        return self.ended(made["id"]) if wait else closed.json()

    def ended(self, job: str) -> Any:
        """A job once it has ended."""
        return self.until(job, "JobComplete", "Failed", "Aborted")

    def until(self, job: str, *states: str) -> Any:
        """A job once it is in one of the states."""
        for _ in range(1_000):
            told = self.http.get(f"/jobs/ingest/{job}").json()
            if told["state"] in states:
                return told
            time.sleep(0.005)
        raise AssertionError(told)

    def file(self, job: str, which: str) -> list[dict[str, str]]:
        """One of a job's three files."""
        answer = self.http.get(f"/jobs/ingest/{job}/{which}")
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def assertion(org: Emulator, **claims: Any) -> str:
    """A signed assertion; claims differ from good ones only where they are given."""
    good = {"iss": "3MVG9.consumer.key", "sub": "integration@example.org", "aud": org.url, "exp": time.time() + 120}
    parts = [_coded(json.dumps(part).encode()) for part in ({"alg": "RS256"}, {**good, **claims})]
    key = load_pem_private_key(org.private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    return ".".join([*parts, _coded(key.sign(".".join(parts).encode(), PKCS1v15(), SHA256()))])


def _coded(part: bytes) -> str:
    return urlsafe_b64encode(part).decode().rstrip("=")
