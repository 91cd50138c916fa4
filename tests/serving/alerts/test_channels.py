"""Alerts over a real mail server and a real receiver on loopback."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.alerts.channels import Hook, Mail, checked
from serving.alerts.routing import Message
from tests.mail_box import Box, mail_server

MESSAGE = Message("5f0c", "anna@example.org", "Fjord: login drop – naïve", "Logins fell.\nNext: call. 🔥", ("a|W1|x",))


@pytest.fixture
def server() -> Iterator[tuple[Box, int]]:
    with mail_server() as found:
        yield found


def test_a_mail_arrives_as_it_was_written_with_a_number_that_stays(server: tuple[Box, int]) -> None:
    box, port = server
    for _ in range(2):
        Mail("127.0.0.1", port, "churn@example.org").send(MESSAGE)
    (to, mail), (_, again) = box.mails
    assert to == ["anna@example.org"]
    assert (mail["Subject"], mail["From"]) == (MESSAGE.subject, "churn@example.org")
    assert mail.get_content().splitlines() == MESSAGE.body.splitlines()
    assert mail["Message-ID"] == again["Message-ID"]


def test_a_server_that_is_not_there_is_an_error_with_a_cure() -> None:
    with pytest.raises(DeliveryIncomplete, match="not sent"):
        Mail("127.0.0.1", 1, "churn@example.org").send(MESSAGE)


def test_an_address_that_is_two_is_refused(server: tuple[Box, int]) -> None:
    box, port = server
    bad = Message("1", "anna@example.org\r\nBcc: all@example.org", "x", "y", ())
    with pytest.raises(DeliveryIncomplete, match="address"):
        Mail("127.0.0.1", port, "churn@example.org").send(bad)
    assert box.mails == []


def test_a_post_is_signed_and_a_refusal_is_told() -> None:
    posts: list[tuple[dict[str, str], bytes]] = []
    answers = [200, 500, 200]

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posts.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    receiver = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    hook = Hook(f"http://127.0.0.1:{receiver.server_port}/alerts", SecretStr("ours"), ())
    try:
        hook.send(MESSAGE)
        with pytest.raises(DeliveryIncomplete, match="500"):
            hook.send(MESSAGE)
        hook.send(replace(MESSAGE, kind="failure"))
    finally:
        hook.web.close()
        receiver.shutdown()
        receiver.server_close()
    headers, body = posts[0]
    wanted = hmac.new(b"ours", headers["X-Churn-Timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers["X-Churn-Signature"] == f"sha256={wanted}"
    assert json.loads(body) == {
        "kind": "alert", "id": "5f0c", "to": "anna@example.org", "subject": MESSAGE.subject, "text": MESSAGE.body,
        "keys": ["a|W1|x"],
    }  # fmt: skip
    assert json.loads(posts[2][1])["kind"] == "failure"


def test_a_policy_without_any_channel_that_is_set_up_is_an_error() -> None:
    checked([Mail("127.0.0.1", 1, "a@example.org")], ("mail", "webhook"))
    with pytest.raises(SettingsError, match="none of mail, webhook"):
        checked([], ("mail", "webhook"))
