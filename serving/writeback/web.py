"""The one door to a web API: https to the allowed hosts, no redirects, no proxies from outside, an end to every wait."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Collection, Mapping
from email.utils import parsedate_to_datetime
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.secret import without_secrets

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 60.0
LONGEST_REASON = 300


class NoAnswer(Exception):
    """The line failed. `sent`: the request may have arrived, and may have been carried out."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


class Web:
    """A web API at one address.

    `hosts` are the names that may be called, as patterns such as `*.my.salesforce.com`. Plain http and hosts that are
    not allowed are refused, but for loopback. With `outside_only` a host that leads into an inner network is, too,
    looked up for every request, and the request goes to just the address that was looked up. Raises SettingsError for
    an address that is refused.
    """

    def __init__(
        self,
        address: str,
        *,
        hosts: Collection[str],
        where: str,
        answer_seconds: float = ANSWER_SECONDS,
        outside_only: bool = False,
    ) -> None:
        import httpx

        self.where = where
        self.address = checked_address(address, hosts, where)
        self.outside_only = outside_only and not is_loopback(urlsplit(address).hostname or "")
        timeout = httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS)
        # trust_env off: neither a proxy nor a .netrc of the machine may see or change what is sent.
        self.client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """One request, its answer whatever the status is.

        `path` begins with "/" and stays on this host. Raises NoAnswer where the line fails, DeliveryIncomplete for a
        redirect or a certificate that does not hold.
        """
        import httpx

        if (path and not path.startswith("/")) or path.startswith("//"):
            raise ValueError("a path of this host begins with one slash")
        url, extra, extensions = self._pinned(path) if self.outside_only else (self.address + path, {}, None)
        try:
            answer = self.client.request(
                method,
                url,
                headers={**(headers or {}), **extra},
                json=json,
                content=content,
                data=form,
                params=params,
                extensions=extensions,
            )
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise NoAnswer(type(exc).__name__, sent=False) from None
        except httpx.ConnectError as exc:
            if "certificate" in str(exc).lower() or "ssl" in str(exc).lower():
                cure = "Nothing was sent. Check the address, and whether a machine in between changes certificates."
                raise DeliveryIncomplete("its certificate does not hold.", where=self.where, cure=cure) from None
            raise NoAnswer("ConnectError", sent=False) from None
        except httpx.RequestError as exc:
            raise NoAnswer(type(exc).__name__, sent=True) from None
        if answer.is_redirect:
            cure = "Put the address it should be into churn.toml; what was sent is not sent elsewhere."
            message = f"it answers {answer.status_code}, a redirect, and redirects are not followed."
            raise DeliveryIncomplete(message, where=self.where, cure=cure)
        return answer

    def _pinned(self, path: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """The request's address with the host looked up, and the host where certificate and server expect it."""
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        try:
            found = {str(line[4][0]) for line in socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)}
        except OSError as exc:
            raise NoAnswer("NameNotFound", sent=False) from exc
        inner = [text for text in found if not ipaddress.ip_address(text).is_global]
        if inner:
            cure = "A webhook's address must be reachable from outside; nothing was sent."
            raise DeliveryIncomplete(f"`{host}` leads into an inner network.", where=self.where, cure=cure)
        address = sorted(found)[0]
        shown = f"[{address}]" if ":" in address else address
        port = f":{parts.port}" if parts.port else ""
        return f"https://{shown}{port}{parts.path}{path}", {"Host": f"{host}{port}"}, {"sni_hostname": host}

    def close(self) -> None:
        """Close its connections."""
        self.client.close()


def retry_after(answer: Any, clock: Callable[[], float] = time.time) -> float | None:
    """Seconds that a Retry-After asks for, given in seconds or as a date; None where there is none that can be read."""
    text = str(answer.headers.get("Retry-After", "")).strip()
    if not text:
        return None
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - clock())
    except (ValueError, TypeError):
        return None


def told(text: object) -> str:
    """What a server says of an error, short and without secrets, as it may stand in a ledger."""
    return without_secrets(" ".join(str(text).split()))[:LONGEST_REASON]


def checked_address(address: str, hosts: Collection[str], where: str) -> str:
    """The address without a trailing slash. Raises SettingsError where it may not be called."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.username or parts.password or parts.query or parts.fragment or not host:
        message = "the address must be scheme, host and path alone: no user, password or query."
        raise SettingsError(message, where=where, cure="Secrets belong into the environment.")
    if is_loopback(host):
        if parts.scheme not in ("http", "https"):
            raise SettingsError("the address is neither http nor https.", where=where, cure="Mend it in churn.toml.")
        return address.rstrip("/")
    if parts.scheme != "https":
        raise SettingsError("plain http is for loopback only.", where=where, cure="Use https:// in churn.toml.")
    if not any(fnmatch(host, pattern.lower()) for pattern in hosts):
        message = f"`{host}` is none of the hosts that may be called ({', '.join(hosts) or 'none'})."
        raise SettingsError(message, where=where, cure="Add it to `hosts` of [destination], if it is really yours.")
    return address.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
