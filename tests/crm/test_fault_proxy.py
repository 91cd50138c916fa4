"""The proxy spoils exactly what it was told to, and says what it did: else the tests behind it prove nothing."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.crm.fault_proxy import CONTROL, Proxy, fault_proxy
from tests.crm.fault_rules import Rule

ROOT = Path(__file__).parents[2]


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.got.append((self.command, self.path, body.decode()))  # type: ignore[attr-defined]
        content = json.dumps({"path": self.path, "body": body.decode(), "own": self.headers["X-Own"]}).encode()
        status = 204 if self.path == "/nothing" else 303 if self.path == "/moved" else 200
        self.send_response(status)
        if status == 303:
            self.send_header("Location", f"http://{self.headers['Host']}/there")
            self.send_header("Location-Of-Server", f"http://127.0.0.1:{self.server.server_address[1]}/there")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args: Any) -> None: ...

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer


@pytest.fixture(scope="module")
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.got = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def got(echo: ThreadingHTTPServer) -> list[tuple[str, str, str]]:
    echo.got.clear()  # type: ignore[attr-defined]
    found: list[tuple[str, str, str]] = echo.got  # type: ignore[attr-defined]
    return found


@pytest.fixture
def proxy(echo: ThreadingHTTPServer) -> Iterator[Proxy]:
    with fault_proxy(f"http://127.0.0.1:{echo.server_address[1]}") as running:
        yield running


@pytest.fixture
def client(proxy: Proxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=5, trust_env=False) as found:
        yield found


def test_what_no_rule_picks_passes_unchanged(client: httpx.Client, proxy: Proxy) -> None:
    answer = client.post("/a/b?c=d", content="x" * 5000, headers={"X-Own": "mine"})
    assert (answer.status_code, answer.json()["path"], len(answer.json()["body"])) == (200, "/a/b?c=d", 5000)
    assert answer.json()["own"] == "mine"
    assert answer.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    line = proxy.log[0]
    assert (line.method, line.path, line.status, line.request_bytes, line.rule) == ("POST", "/a/b", 200, 5000, "")
    assert line.answer_bytes == len(answer.content)
    assert line.forwarded


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
def test_every_method_passes(client: httpx.Client, got: list[Any], method: str) -> None:
    assert client.request(method, "/x").status_code == 200
    assert got == [(method, "/x", "")]


def test_a_body_in_chunks_and_an_answer_without_a_body_pass(client: httpx.Client, got: list[Any]) -> None:
    assert client.post("/nothing", content=iter([b"one,", b"two"])).status_code == 204
    assert got == [("POST", "/nothing", "one,two")]


def test_a_redirect_of_the_server_leads_back_through_the_proxy(client: httpx.Client, proxy: Proxy) -> None:
    assert client.get("/moved").headers["Location"] == f"{proxy.url}/there"


def test_a_connection_is_kept_alive(client: httpx.Client) -> None:
    streams = []
    for _ in range(3):
        with client.stream("GET", "/x") as answer:
            streams.append(id(answer.extensions["network_stream"]))
            answer.read()
    assert len(set(streams)) == 1


def test_a_rule_picks_by_method_path_and_body(client: httpx.Client, proxy: Proxy, got: list[Any]) -> None:
    proxy.add(Rule("answer", "POST", "^/task", "poison-7", status=503, headers={"X-Why": "told"}, body="no"))
    bad = client.post("/tasks/1", content='{"key": "poison-7"}')
    assert (bad.status_code, bad.headers["X-Why"], bad.text) == (503, "told", "no")
    assert client.put("/tasks/1", content="poison-7").status_code == 200
    assert client.post("/other/task", content="poison-7").status_code == 200
    assert client.post("/tasks/1", content="fine").status_code == 200
    assert len(got) == 3
    assert [line.forwarded for line in proxy.log] == [False, True, True, True]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"count": 2}, "xx......"),
        ({"every": 3}, "..x..x.."),
        ({"skip": 2, "count": 1}, "..x....."),
        ({"skip": 1, "every": 2, "count": 2}, "..x.x..."),
        ({"probability": 0.0}, "........"),
    ],
)
def test_a_rule_picks_so_many(client: httpx.Client, proxy: Proxy, rule: dict[str, Any], expected: str) -> None:
    proxy.add(Rule("answer", **rule))
    assert "".join("x" if client.get("/").status_code == 500 else "." for _ in range(8)) == expected
    assert proxy.picked == {"answer": expected.count("x")}


def test_chance_is_the_same_each_time(client: httpx.Client, proxy: Proxy) -> None:
    found = []
    for _ in range(2):
        proxy.clear()
        proxy.add(Rule("answer", probability=0.5, seed=7))
        found.append([client.get("/").status_code for _ in range(20)])
    assert found[0] == found[1]
    assert set(found[0]) == {200, 500}


def test_the_first_rule_that_picks_decides(client: httpx.Client, proxy: Proxy) -> None:
    proxy.add(Rule("answer", count=1, status=500, name="first"), Rule("answer", count=1, status=401, name="second"))
    assert [client.get("/").status_code for _ in range(3)] == [500, 401, 200]
    assert proxy.picked == {"first": 1, "second": 1}


@pytest.mark.parametrize("reset", [False, True])
def test_a_dropped_request_never_arrives_and_a_lost_answer_was_given(
    client: httpx.Client, proxy: Proxy, got: list[Any], reset: bool
) -> None:
    proxy.add(Rule("drop", path="/one", reset=reset), Rule("lose_answer", path="/two", reset=reset))
    expected = httpx.ReadError if reset else httpx.RemoteProtocolError
    for path in ("/one", "/two"):
        with pytest.raises(expected):
            client.post(path, content="x")
    assert got == [("POST", "/two", "x")]
    assert [(line.path, line.status, line.forwarded) for line in proxy.log] == [("/one", 0, False), ("/two", 0, True)]
    assert client.post("/three").status_code == 200


def test_a_late_answer_was_given_all_the_same(client: httpx.Client, proxy: Proxy, got: list[Any]) -> None:
    proxy.add(Rule("pass", path="/before", before=0.1), Rule("pass", path="/after", after=2.0))
    start = time.monotonic()
    assert client.get("/before").status_code == 200
    assert time.monotonic() - start >= 0.1
    with pytest.raises(httpx.ReadTimeout):
        client.post("/after", timeout=0.2)
    assert ("POST", "/after", "") in got
    assert client.get("/next").status_code == 200


def test_a_truncated_answer_breaks_off(client: httpx.Client, proxy: Proxy, got: list[Any]) -> None:
    proxy.add(Rule("truncate"))
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        client.post("/x")
    assert len(got) == 1


def test_a_garbled_answer_is_complete_and_no_json(client: httpx.Client, proxy: Proxy) -> None:
    proxy.add(Rule("garble"))
    answer = client.post("/x")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_names_another_port_of_this_machine(client: httpx.Client, proxy: Proxy, status: int) -> None:
    proxy.add(Rule.redirect(status, "http://127.0.0.1:9/elsewhere", path="/x"))
    answer = client.get("/x")
    assert (answer.status_code, answer.headers["Location"]) == (status, "http://127.0.0.1:9/elsewhere")
    with pytest.raises(ValueError, match="only http to"):
        Rule.redirect(status, "http://example.org/")


def test_who_comes_before_the_retry_after_is_over_is_noted(client: httpx.Client, proxy: Proxy) -> None:
    proxy.add(Rule.rate_limit(1, count=1))
    assert client.post("/x").status_code == 429
    assert client.get("/y").status_code == 200
    assert [(v.method, v.path, 0 < v.early <= 1) for v in proxy.violations] == [("GET", "/y", True)]
    time.sleep(1.05)
    client.get("/z")
    assert len(proxy.violations) == 1


def test_a_retry_after_may_be_a_date(client: httpx.Client, proxy: Proxy) -> None:
    later = formatdate(time.time() + 60, usegmt=True)
    proxy.add(Rule("answer", status=503, headers={"retry-after": later}, count=1))
    client.get("/x")
    client.get("/x")
    assert 55 < proxy.violations[0].early < 61


def test_many_clients_at_once_each_get_their_own_answer_and_the_counts_hold(proxy: Proxy, got: list[Any]) -> None:
    proxy.add(Rule("answer", every=4, status=500))

    def ask(number: int) -> list[bool]:
        with httpx.Client(base_url=proxy.url, timeout=20, trust_env=False) as client:
            answers = [client.post("/x", content=f"{number}-{i}") for i in range(10)]
        return [a.status_code == 500 or a.json()["body"] == f"{number}-{i}" for i, a in enumerate(answers)]

    with ThreadPoolExecutor(8) as pool:
        assert all(all(answers) for answers in pool.map(ask, range(8)))
    assert (len(proxy.log), proxy.picked, len(got)) == (80, {"answer": 20}, 60)


def test_a_server_that_is_not_there_is_a_bad_gateway() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        target = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with fault_proxy(target) as proxy, httpx.Client(trust_env=False) as client:
            assert client.get(proxy.url).status_code == 502


def test_no_other_machine_is_ever_called() -> None:
    for url in ("http://example.org", "https://127.0.0.1:1", "http://10.0.0.1", "http://127.0.0.1.example.org"):
        with pytest.raises(ValueError, match="only http to"):
            Proxy(url)


def test_a_rule_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="no action 'explode'"):
        Rule("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="every"):
        Rule("drop", every=0)


def test_closing_ends_waiting_requests_and_kept_connections(echo: ThreadingHTTPServer) -> None:
    with fault_proxy(f"http://127.0.0.1:{echo.server_address[1]}") as proxy:
        proxy.add(Rule("pass", path="/slow", before=30))
        idle = socket.create_connection(("127.0.0.1", proxy.port))
        slow = socket.create_connection(("127.0.0.1", proxy.port))
        slow.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        while proxy.picked["pass"] == 0:
            time.sleep(0.01)
        start = time.monotonic()
    assert time.monotonic() - start < 5
    idle.close()
    slow.close()


def test_a_process_of_its_own_takes_rules_by_its_control_route_and_ends_in_time(echo: ThreadingHTTPServer) -> None:
    target = f"http://127.0.0.1:{echo.server_address[1]}"
    command = [sys.executable, "-m", "tests.crm.fault_proxy", "--target", target, "--seconds", "3"]
    variables = {**os.environ, "FAULT_PROXY_TOKEN": "a token of this test"}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        first = running.stdout.readline().split()
        assert first[:2] == ["listening", "on"]
        with contextlib.closing(httpx.Client(base_url=f"http://127.0.0.1:{first[2]}", trust_env=False)) as client:
            assert client.get(CONTROL).status_code == 403
            client.headers["X-Fault-Token"] = "a token of this test"
            rules = [{"action": "answer", "path": "/x", "status": 429, "headers": {"Retry-After": "9"}}]
            assert client.post(CONTROL, json=rules).status_code == 200
            assert client.post(CONTROL, json=[{"action": "answer", "when": "now"}]).status_code == 400
            assert [client.get("/x").status_code for _ in range(2)] == [429, 429]
            told = client.get(CONTROL).json()
            assert [line["status"] for line in told["log"]] == [429, 429]
            assert (len(told["violations"]), told["picked"]) == (1, {"answer": 2})
            client.delete(CONTROL)
            assert client.get("/x").status_code == 200
        assert running.wait(20) == 0
