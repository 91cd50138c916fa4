"""The door to web APIs: where it goes, where it does not, and what it says of a line that fails."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.secret import blotted
from serving.writeback.web import NoAnswer, Web, retry_after, told


class Asked(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def test_an_address_with_a_path_keeps_it() -> None:
    with serving() as port, closing(Web(f"http://127.0.0.1:{port}/base/", hosts=(), where="x")) as web:
        assert web.ask("GET", "/rows?a=1").text == "/base/rows?a=1"
        assert web.ask("GET", "").text == "/base"
        with pytest.raises(ValueError, match="one slash"):
            web.ask("GET", "//elsewhere.example.com/x")


def test_a_redirect_and_a_certificate_that_nobody_vouches_for_end_it(tmp_path: Path) -> None:
    for scheme, certificate, path, why in (
        ("http", None, "/moved", "redirects are not followed"),
        ("https", self_signed(tmp_path), "/", "certificate"),
    ):
        with serving(certificate) as port:
            web = Web(f"{scheme}://127.0.0.1:{port}", hosts=(), where="x")
            with closing(web), pytest.raises(DeliveryIncomplete, match=why):
                web.ask("GET", path)


def test_it_says_whether_the_request_may_have_arrived() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    with closing(Web(f"http://127.0.0.1:{port}", hosts=(), where="x")) as web:
        with pytest.raises(NoAnswer) as caught:
            web.ask("GET", "/")
        assert not caught.value.sent
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with closing(Web(f"http://127.0.0.1:{port}", hosts=(), where="x", answer_seconds=0.1)) as web:
            with pytest.raises(NoAnswer) as caught:
                web.ask("GET", "/")
            assert caught.value.sent


def test_the_machines_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving() as port, closing(Web(f"http://127.0.0.1:{port}", hosts=(), where="x")) as web:
        assert web.ask("GET", "/x").status_code == 200


@pytest.mark.parametrize(
    ("address", "hosts", "refused"),
    [
        ("https://acme.my.salesforce.com", ("*.my.salesforce.com",), None),
        ("https://ACME.my.salesforce.com/x", ("*.my.salesforce.com",), None),
        ("https://my.salesforce.com.evil.example", ("*.my.salesforce.com",), "none of the hosts"),
        ("https://evil.example/.my.salesforce.com", ("*.my.salesforce.com",), "none of the hosts"),
        ("http://acme.my.salesforce.com", ("*.my.salesforce.com",), "plain http"),
        ("https://a@acme.my.salesforce.com", ("*",), "no user"),
        ("http://localhost.example.com", ("*",), "plain http"),
        ("file:///etc/passwd", ("*",), "no user, password or query|scheme"),
        ("http://127.1.2.3:80", (), None),
        ("http://[::1]:80", (), None),
    ],
)
def test_which_addresses_may_be_called(address: str, hosts: tuple[str, ...], refused: str | None) -> None:
    if refused is None:
        Web(address, hosts=hosts, where="x").close()
        return
    with pytest.raises(SettingsError, match=refused):
        Web(address, hosts=hosts, where="x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("17", 17.0), ("0.5", 0.5), ("", None), ("soon", None), ("Mon, 06 Jan 2025 08:00:30 GMT", 30.0), ("-5", None)],
)
def test_a_wait_is_read_in_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    class Answer:
        headers = {"Retry-After": text} if text else {}

    assert retry_after(Answer(), lambda: datetime(2025, 1, 6, 8, tzinfo=UTC).timestamp()) == seconds


def test_what_a_server_says_is_told_short_and_without_secrets() -> None:
    blotted(SecretStr("canary-in-an-error"))
    assert told("  bad\n value canary-in-an-error  ") == "bad value [secret]"
    assert len(told("x" * 5000)) == 300
