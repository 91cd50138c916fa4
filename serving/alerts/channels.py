"""How a message leaves: as a mail, or as a signed post to a webhook. The one door to SMTP."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.alerts.routing import Message
from serving.writeback.web import NoAnswer, Web, is_loopback
from serving.writeback.webhook import SIGNATURE, TIMESTAMP, signature

SECONDS = 30.0


class Channel(Protocol):
    """Where messages go. A message that may have arrived is sent again under the same number."""

    @property
    def name(self) -> str:
        """`mail` or `webhook`."""

    def send(self, message: Message) -> None:
        """Send one. Raises DeliveryIncomplete."""


@dataclass(frozen=True, slots=True)
class Mail:
    """An SMTP server. Anything but loopback must speak TLS; `user` with its password where it asks for them."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: SecretStr | None = None
    name: str = "mail"

    def send(self, message: Message) -> None:
        """Send one mail; a server that has seen its number before can tell that it is the same."""
        mail = EmailMessage()
        try:
            mail["From"], mail["To"], mail["Subject"] = self.sender, message.address, message.subject
            mail["Message-ID"] = f"<{message.number}@churn.{self.sender.rpartition('@')[2]}>"
        except ValueError as exc:
            cure = "Mend owner_email in the accounts' source."
            raise DeliveryIncomplete("an address cannot be written into a mail.", where=self.host, cure=cure) from exc
        mail.set_content(message.body)
        try:
            with smtplib.SMTP(self.host, self.port, timeout=SECONDS) as server:
                if not is_loopback(self.host):
                    server.starttls(context=ssl.create_default_context())
                if self.user and self.password:
                    server.login(self.user, self.password.get_secret_value())
                server.send_message(mail)
        except (smtplib.SMTPException, OSError) as exc:
            cure = "Run `churn alert` again: whoever has been told is not told twice."
            raise DeliveryIncomplete(
                f"the mail is not sent ({type(exc).__name__}).", where=self.host, cure=cure
            ) from None


class Hook:
    """A webhook that gets every message as JSON, signed as scores are (docs/webhook.md)."""

    name = "webhook"

    def __init__(
        self, address: str, secret: SecretStr, hosts: Collection[str], clock: Callable[[], float] = time.time
    ) -> None:
        self.web = Web(address, hosts=hosts, where="alerts webhook", answer_seconds=SECONDS, outside_only=True)
        self.secret = secret
        self.clock = clock

    def send(self, message: Message) -> None:
        """Post one."""
        told = {"id": message.number, "to": message.address, "subject": message.subject, "text": message.body}
        body = json.dumps({"kind": message.kind, **told, "keys": message.keys}, ensure_ascii=False).encode()
        stamp = str(int(self.clock()))
        signed = {TIMESTAMP: stamp, SIGNATURE: f"sha256={signature(self.secret, stamp, body)}"}
        try:
            answer = self.web.ask("POST", "", headers={"Content-Type": "application/json", **signed}, content=body)
        except NoAnswer as exc:
            raise DeliveryIncomplete(f"no answer ({exc}).", where="alerts webhook", cure="Run it again.") from exc
        if answer.status_code >= 300:
            cure = "Run `churn alert` again once it takes them."
            raise DeliveryIncomplete(f"it answers {answer.status_code}.", where="alerts webhook", cure=cure)


def checked(channels: Collection[Channel], wanted: Collection[str]) -> None:
    """Raises SettingsError where the policy names a channel that churn.toml does not set up."""
    missing = set(wanted) - {channel.name for channel in channels}
    if missing == set(wanted):
        cure = "Set `mail_host` and `mail_from`, or `webhook_url`, in [alerts]."
        raise SettingsError(f"none of {', '.join(sorted(wanted))} is set up.", where="[alerts]", cure=cure)
