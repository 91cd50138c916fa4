"""Signing in with a JWT that a private key signs: no password, no refresh token, nothing to keep.

The key, the assertion and the token are known to the log filter before they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Busy
from serving.writeback.secret import blotted
from serving.writeback.web import NoAnswer, Web, is_loopback, retry_after, told

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOD_SECONDS = 180


class SignIn:
    """The integration's user, who gets a token when one is needed."""

    def __init__(
        self,
        web: Web,
        *,
        key: SecretStr,
        client_id: str,
        username: str,
        audience: str | None,
        clock: Callable[[], float],
    ) -> None:
        self.web, self.clock = web, clock
        self.client_id, self.username, self.audience = client_id, username, audience or web.address
        self._key = blotted(key)
        self._token: SecretStr | None = None
        self.user_id = ""

    @property
    def token_length(self) -> int:
        """Characters of the token, which every call has to find room for."""
        return len(self._token.get_secret_value()) if self._token else 0

    def bearer(self) -> str:
        """The token, asked for where there is none. Raises Busy, or DeliveryIncomplete where it is refused."""
        if self._token is None:
            self._token = self._asked()
        return self._token.get_secret_value()

    def expired(self) -> None:
        """The token is good no more."""
        self._token = None

    def _asked(self) -> SecretStr:
        form = {"grant_type": GRANT, "assertion": self._assertion().get_secret_value()}
        try:
            answer = self.web.ask("POST", "/services/oauth2/token", form=form)
        except NoAnswer as lost:
            raise Busy(code="no_answer") from lost
        try:
            body: Any = answer.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        if answer.status_code != 200 or not isinstance(body.get("access_token"), str):
            raise self._refusal(answer, body)
        token = blotted(SecretStr(body["access_token"]))
        self.user_id = str(body.get("id") or "").rpartition("/")[2]
        self._same_host(str(body.get("instance_url") or self.web.address))
        return token

    def _assertion(self) -> SecretStr:
        import jwt

        claims = {"iss": self.client_id, "sub": self.username, "aud": self.audience}
        good = {**claims, "exp": int(self.clock()) + GOOD_SECONDS}
        try:
            text = jwt.encode(good, self._key.get_secret_value(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # Without its cause: what a library says of a key may quote it.
            cure = "It must be the whole PEM file, from BEGIN to END, of an RSA key without a passphrase."
            raise SettingsError("the private key cannot be read.", where=self.web.where, cure=cure) from None
        return blotted(SecretStr(text))

    def _refusal(self, answer: Any, body: dict[str, Any]) -> Exception:
        error, why = told(body.get("error") or ""), told(body.get("error_description") or "")
        passing = "rate exceeded" in why or error in ("temporarily_unavailable", "unknown_error", "server_error")
        if answer.status_code == 429 or answer.status_code >= 500 or answer.status_code == 200 or passing:
            return Busy(retry_after(answer, self.clock), f"sign_in_{error or answer.status_code}")
        cure = "See that the app still allows this user and holds this key's certificate, and that this clock is right."
        message = f"it refuses the sign-in ({error or answer.status_code}: {why or 'no reason given'})."
        return DeliveryIncomplete(message, where=self.web.where, cure=cure)

    def _same_host(self, instance: str) -> None:
        given, ours = urlsplit(instance).hostname or "", urlsplit(self.web.address).hostname or ""
        if given.lower() != ours.lower() and not is_loopback(ours):
            cure = "Put that address into churn.toml: the token is sent to the host in it and nowhere else."
            raise DeliveryIncomplete(f"the org's own address is {given[:255]}.", where=self.web.where, cure=cure)
