"""The OAuth 2.0 JWT bearer flow: who may have a token, and how long it is good.

Documented: the assertion is signed RS256 with the key whose certificate the app holds; `iss` is the consumer key,
`sub` the user name, `aud` the authorization server, `exp` at most minutes away; no refresh token is given.
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ORG_ID = "00DHs0000000001MAA"


@dataclass
class Token:
    """An access token: until when it is good, and for how many calls more."""

    until: float
    calls: float


class Unauthorized(Exception):
    """The error and description that the token endpoint answers with."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.body = {"error": error, "error_description": description}


class Auth:
    """The connected app, its user, and the tokens that were given."""

    def __init__(self) -> None:
        self.public_key = ""
        self.client_id, self.username = "3MVG9.consumer.key", "integration@example.org"
        self.audience: list[str] = []
        self.longest = 300.0
        self.token_seconds, self.token_calls = 7200.0, float("inf")
        self.approved = True
        self.tokens: dict[str, Token] = {}

    def give(self) -> str:
        """A new access token."""
        token = f"{ORG_ID[:15]}!{secrets.token_urlsafe(60)}"
        self.tokens[token] = Token(time.time() + self.token_seconds, self.token_calls)
        return token

    def revoke(self) -> None:
        """No token given so far is good any more."""
        self.tokens.clear()

    def good(self, token: str) -> bool:
        """Whether a token opens this call; counts the call."""
        held = self.tokens.get(token)
        if held is None or held.until <= time.time() or held.calls <= 0:
            return False
        held.calls -= 1
        return True

    def exchange(self, form: dict[str, str], url: str) -> dict[str, Any]:
        """An access token for a good assertion."""
        if form.get("grant_type") != BEARER:
            raise Unauthorized("unsupported_grant_type", "grant type not supported")
        header, claims, signed, signature = _parts(form.get("assertion", ""))
        if header.get("alg") != "RS256":
            raise Unauthorized("invalid_grant", "algorithm not supported")
        if claims.get("iss") != self.client_id:
            raise Unauthorized("invalid_client_id", "client identifier invalid")
        key = load_pem_public_key(self.public_key.encode())
        assert isinstance(key, RSAPublicKey)
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise Unauthorized("invalid_grant", "invalid assertion") from None
        if claims.get("aud") not in (self.audience or [url]):
            raise Unauthorized("invalid_grant", "audience is invalid")
        left = claims["exp"] - time.time() if isinstance(claims.get("exp"), int | float) else -1.0
        if left <= 0:
            raise Unauthorized("invalid_grant", "expired authorization code")
        # Documents say three minutes in one place and five in another; how one further away is refused they do not say.
        if left > self.longest:
            raise Unauthorized("invalid_grant", "invalid assertion")
        if claims.get("sub") != self.username or not self.approved:
            raise Unauthorized("invalid_grant", "user hasn't approved this consumer")
        return {
            "access_token": self.give(),
            "scope": "api",
            "instance_url": url,
            "id": f"{url}/id/{ORG_ID}/005Hs0000000002MAA",
            "token_type": "Bearer",
        }


def _parts(assertion: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    try:
        head, body, signature = assertion.split(".")
        read = [json.loads(_unpadded(part)) for part in (head, body)]
        if not all(isinstance(part, dict) for part in read):
            raise ValueError("not objects")
        return read[0], read[1], f"{head}.{body}".encode(), _unpadded(signature)
    except ValueError:
        raise Unauthorized("invalid_grant", "invalid assertion") from None


def _unpadded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
