"""A webhook of the company's own: every changed row is posted, signed, at least once, under an id that never changes.

A receiver shows nothing, so what it acknowledged is kept here in a SQLite file, and counts as what it holds. A batch
that got no answer is posted again under the same ids: a receiver that drops ids it has seen gets every row once. The
same rows in one request have the same Idempotency-Key; what is posted again in smaller parts has others.
docs/webhook.md shows how a receiver checks the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Handle, Key, Kind, Outcome, Outgoing
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.web import NoAnswer, Web, retry_after, told

BATCH_SIZE = 100
SIGNATURE, TIMESTAMP, IDEMPOTENCY = "X-Churn-Signature", "X-Churn-Timestamp", "Idempotency-Key"


def signature(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over `timestamp`, a point and the body, in hexadecimal.

    >>> signature(SecretStr("a secret"), "1736150400", b"{}")[:16]
    '5ebaa68a1b789cf9'
    """
    return hmac.new(secret.get_secret_value().encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def batch_key(ids: Iterable[str]) -> str:
    """The Idempotency-Key of a request: the same for the same rows, whenever and by whatever process they are posted.

    >>> batch_key(["1", "2"]) == batch_key(["2", "1"]), batch_key(["1"]) == batch_key(["2"]), len(batch_key(["1"]))
    (True, False, 32)
    """
    return hashlib.blake2b(" ".join(sorted(ids)).encode(), digest_size=16).hexdigest()


class WebhookCrm(SqliteCrm):
    """Posts to `address`, whose host must be among `hosts` and must not lead into an inner network.

    `state` is the file of what was acknowledged.
    """

    def __init__(
        self,
        address: str,
        secret: SecretStr,
        *,
        hosts: Collection[str],
        label: str,
        state: Path,
        clock: Callable[[], float] = time.time,
        answer_seconds: float = 30.0,
    ) -> None:
        super().__init__(state, clock=clock)
        self.label = label
        self.secret = secret
        self.web = Web(address, hosts=hosts, where=self.name, answer_seconds=answer_seconds, outside_only=True)
        self.batch_size = BATCH_SIZE

    @property
    def name(self) -> str:
        """`webhook:` and the label."""
        return f"webhook:{self.label}"

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Post the batch; what the receiver took is kept as taken."""
        rows = [self._told(kind, row) for row in batch]
        body = json.dumps({"kind": kind, "rows": rows}, ensure_ascii=False, allow_nan=False).encode()
        timestamp = str(int(self.clock()))
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP: timestamp,
            SIGNATURE: f"sha256={signature(self.secret, timestamp, body)}",
            IDEMPOTENCY: batch_key(row["id"] for row in rows),
        }
        try:
            answer = self.web.ask("POST", "", headers=headers, content=body)
        except NoAnswer as exc:
            return [Outcome.unknown(str(exc)) if exc.sent else Outcome.retry(code=str(exc))] * len(batch)
        return self._outcomes(kind, batch, handle, answer)

    def close(self) -> None:
        """Close its connections."""
        self.web.close()

    def _outcomes(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle, answer: Any) -> list[Outcome]:
        status = answer.status_code
        if status in (401, 403):
            cure = "Check that both sides hold the same secret, and that their clocks agree."
            raise DeliveryIncomplete(f"the receiver refuses with {status}.", where=self.name, cure=cure)
        if status in (429, 503):
            return [Outcome.retry(retry_after(answer, self.clock), f"http_{status}")] * len(batch)
        if status >= 500:
            return [Outcome.unknown(f"http_{status}")] * len(batch)
        if status >= 300:
            return [Outcome.reject(f"http_{status}", told(answer.text), named=len(batch) == 1)] * len(batch)
        refused = _refused(answer) if status == 207 else {}
        taken = [row for row in batch if row.key not in refused]
        kept = dict(zip([row.key for row in taken], super().write(kind, taken, handle), strict=True)) if taken else {}
        return [refused.get(row.key) or kept[row.key] for row in batch]

    def _told(self, kind: Kind, row: Outgoing) -> dict[str, Any]:
        fields = dict(row.fields)
        text = json.dumps([self.name, kind, row.key, fields], sort_keys=True, ensure_ascii=False)
        number = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return {"id": number, "key": row.key, "account_id": row.account_id, "new": row.create, "fields": fields}


def _refused(answer: Any) -> Mapping[Key, Outcome]:
    """Rows that a 207 refuses: {"rejected": [{"key", "code", "reason"}]}."""
    try:
        lines = answer.json()["rejected"]
        return {line["key"]: Outcome.reject(told(line["code"])[:60], told(line.get("reason", ""))) for line in lines}
    except (ValueError, KeyError, TypeError):
        return {}
