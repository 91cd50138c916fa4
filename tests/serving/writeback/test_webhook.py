"""A webhook: signed, at least once under ids that never change, and never into an inner network."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.place import rejections
from serving.writeback.staged import Staged
from serving.writeback.web import Web
from serving.writeback.webhook import WebhookCrm

Make = Callable[..., Staged]
SECRET = "a secret of both sides"  # noqa: S105
WEEK_2 = "2025-01-13"


class Receiver:
    """What a customer would build from docs/webhook.md: checks the signature, and drops ids it has seen."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.taken: list[str] = []
        self.posts: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.keys: list[str] = []
        self.lost = 0

    def take(self, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        signed = headers["X-Churn-Timestamp"].encode() + b"." + body
        wanted = "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, headers["X-Churn-Signature"]):
            return 401, {}, b""
        self.keys.append(headers["Idempotency-Key"])
        if self.answers and self.answers[0][0] >= 300:
            return self.answers.pop(0)
        told = json.loads(body)
        self.posts.append(told)
        for row in told["rows"]:
            if row["id"] not in self.taken:
                self.taken.append(row["id"])
                self.rows.setdefault(row["key"], {}).update(row["fields"])
        if self.lost:
            self.lost -= 1
            return None
        return self.answers.pop(0) if self.answers else (204, {}, b"")


@contextmanager
def listening(receiver: Receiver) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.take(self.headers, body)
            if answer is None:
                self.close_connection = True
                return
            status, headers, text = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/churn"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def crm(receiver: Receiver, tmp_path: Path) -> Iterator[WebhookCrm]:
    with listening(receiver) as address:
        found = WebhookCrm(address, SecretStr(SECRET), hosts=(), label="ours", state=tmp_path / "taken.sqlite")
        yield found
        found.close()


def test_rows_arrive_signed_and_only_what_changed_comes_again(
    crm: WebhookCrm, receiver: Receiver, score: Make, task: Make, ledger: Path
) -> None:
    apply([score("a"), score("b"), task("a")], crm, ledger, run_id="r1")
    assert [(post["kind"], len(post["rows"])) for post in receiver.posts] == [("score", 2), ("task", 1)]
    apply([score("a"), score("b", risk_tier="red")], crm, ledger, run_id="r2")
    (row,) = receiver.posts[2]["rows"]
    assert (row["key"], row["new"], row["fields"]) == ("b", False, {"risk_tier": "red"})


def test_an_answer_that_was_lost_is_asked_for_under_the_same_ids(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path, clock: Any
) -> None:
    receiver.lost = 2
    applied = apply([score("a"), score("b")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert applied.written == 2
    ids = [sorted(row["id"] for row in post["rows"]) for post in receiver.posts]
    assert len(ids) == 3
    assert {number for post in ids for number in post} == set(receiver.taken)
    assert len(receiver.taken) == 2


def test_a_request_of_one_row_comes_again_under_its_key(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path, clock: Any
) -> None:
    receiver.lost = 2
    assert apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 1
    apply([score("a", risk_tier="red")], crm, ledger, run_id="r2")
    apply([score("a"), score("b")], crm, ledger, run_id="r3")
    first, second, third, changed, both = receiver.keys
    assert first == second == third
    assert len({first, changed, both}) == 3
    assert all(len(key) == 32 and key.isalnum() for key in receiver.keys)


def test_a_batch_that_was_refused_for_now_comes_again_under_its_key_and_its_parts_under_others(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path, clock: Any
) -> None:
    crm.clock = clock
    receiver.answers = [(429, {"Retry-After": "3"}, b""), (503, {"Retry-After": "3"}, b"")]
    rows = [score(name) for name in "abcd"]
    assert apply(rows, crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 4
    assert len(receiver.keys) == 3
    assert len(set(receiver.keys)) == 1
    receiver.lost, crm.batch_size = 1, 4
    rows = [score(name, risk_tier="red") for name in "abcd"]
    assert apply(rows, crm, ledger, run_id="r2", clock=clock, sleep=clock.sleep).written == 4
    again = receiver.keys[3:]
    assert len(again) > 2
    assert len(set(again)) == len(again), "smaller requests are other requests"
    assert len(receiver.taken) == 8


def test_a_wrong_secret_stops_and_nothing_is_taken(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path
) -> None:
    crm.secret = SecretStr("another")
    with pytest.raises(DeliveryIncomplete, match="401"):
        apply([score("a")], crm, ledger, run_id="r1")
    assert receiver.rows == {}


def test_a_changed_body_does_not_pass(crm: WebhookCrm, receiver: Receiver, score: Make) -> None:
    from serving.writeback.webhook import signature

    stamp = "1736150400"
    good = {"X-Churn-Timestamp": stamp, "X-Churn-Signature": f"sha256={signature(SecretStr(SECRET), stamp, b'{}')}"}
    assert receiver.take(good, b'{ "kind": "score", "rows": []}') == (401, {}, b"")
    assert receiver.take({**good, "X-Churn-Timestamp": "1736150401"}, b"{}") == (401, {}, b"")


def test_what_the_receiver_refuses_by_row_is_set_apart(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path
) -> None:
    body = json.dumps({"rejected": [{"key": "b", "code": "unknown_account", "reason": "we have no such account"}]})
    receiver.answers = [(207, {}, body.encode())]
    assert apply([score("a"), score("b")], crm, ledger, run_id="r1").written == 1
    assert [(line.key, line.code) for line in rejections(ledger)] == [("b", "unknown_account")]


def test_a_batch_refused_whole_is_halved(crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path) -> None:
    receiver.answers = [(422, {}, b"no"), (204, {}, b""), (422, {}, b"b is no account of ours")]
    applied = apply([score("a"), score("b")], crm, ledger, run_id="r1")
    assert (applied.written, applied.rejected) == (1, 1)


def test_it_waits_as_long_as_it_is_asked_to(
    crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path, clock: Any
) -> None:
    receiver.answers = [(429, {"Retry-After": "17"}, b"")]
    crm.clock = clock
    assert apply([score("a")], crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep).written == 1
    assert sum(clock.slept) == 17


def test_a_redirect_is_not_followed(crm: WebhookCrm, receiver: Receiver, score: Make, ledger: Path) -> None:
    receiver.answers = [(307, {"Location": "http://127.0.0.1:1/elsewhere"}, b"")]
    with pytest.raises(DeliveryIncomplete, match="redirect"):
        apply([score("a")], crm, ledger, run_id="r1")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://hooks.example.com/x", "plain http"),
        ("https://other.example.org/x", "none of the hosts"),
        ("https://user:pass@hooks.example.com/x", "no user, password or query"),
        ("https://hooks.example.com/x?token=1", "no user, password or query"),
        ("ftp://127.0.0.1/x", "neither http nor https"),
        ("https://10.0.0.1/x", "none of the hosts"),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(address: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        WebhookCrm(address, SecretStr(SECRET), hosts=("hooks.example.com",), label="x", state=tmp_path / "s")
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize("inner", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fd00::1", "192.168.0.9"])
def test_a_name_that_leads_into_an_inner_network_is_not_called(inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (inner, 443))])
    web = Web("https://hooks.example.com/x", hosts=("*.example.com",), where="test", outside_only=True)
    with pytest.raises(DeliveryIncomplete, match="inner network"):
        web.ask("POST", "", content=b"")
    web.close()
