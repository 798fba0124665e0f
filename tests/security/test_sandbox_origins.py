"""The sandbox serves the machine it runs on, and no web page but its own."""

from __future__ import annotations

import gc
import http.client
import re
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from gorgias_sandbox.guard import Guard
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.serve import Sandbox

OWN = ("127.0.0.1", "localhost", "LOCALHOST", "127.8.8.8", "[::1]")
FOREIGN = (
    "rebound.example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "192.0.2.7",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "[2001:db8::7]",
    "localhost@example.com",
    "",
)
PATHS = ("/", "/_sandbox/live", "/_sandbox/requests", "/api/account", "/oauth/authorize")
CONTROLS = ("faults", "clock", "options")
WRITES = [*(("POST", name) for name in CONTROLS), ("DELETE", "requests"), ("DELETE", "faults")]


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    with serve(Options(tickets=3, rate_limit=None)) as sandbox:
        yield sandbox
    gc.unfreeze()  # what the seed froze would seem to leak


def status(desk: Sandbox, method: str, path: str, *, body: str = "", **headers: str) -> int:
    """The status of a request with these headers, written as they are."""
    port = urlsplit(desk.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": f"127.0.0.1:{port}", **headers}.items():
            connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode() or None)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("port", ["", ":8787"])
@pytest.mark.parametrize("host", OWN)
def test_the_sandbox_answers_to_every_loopback_name(
    desk: Sandbox, host: str, port: str, path: str
) -> None:
    assert status(desk, "GET", path, Host=host + port) in {200, 400, 401}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("port", ["", ":8787"])
@pytest.mark.parametrize("host", FOREIGN)
def test_the_sandbox_answers_to_no_name_that_can_be_rebound(
    desk: Sandbox, host: str, port: str, path: str
) -> None:
    assert status(desk, "GET", path, Host=host + port) == 421


@given(host=st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_a_host_header_is_a_loopback_name_or_refused(desk: Sandbox, host: str) -> None:
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    if name.lower() in {"localhost", "[::1]"} or re.fullmatch(r"127\.\d+\.\d+\.\d+", name):
        return
    assert status(desk, "GET", "/_sandbox/tables", Host=host) == 421


def test_two_hosts_in_one_request_are_refused(desk: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(desk.url).port or 0), timeout=10) as line:
        line.sendall(
            b"GET /_sandbox/tables HTTP/1.1\r\nHost: localhost\r\nHost: rebound.example.com\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert int(line.recv(4096).split()[1]) in {400, 421}


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://127.0.0.1:1", "x"])
@pytest.mark.parametrize(("method", "name"), WRITES)
def test_the_sandbox_refuses_what_pages_of_other_origins_send(
    desk: Sandbox, method: str, name: str, origin: str
) -> None:
    headers = {"Origin": origin, "Content_Type": "application/json"}
    before = desk.backend.options
    desk.fail(status=503)
    assert status(desk, method, f"/_sandbox/{name}", body='{"latency": 9}', **headers) == 403
    assert requests.get(f"{desk.api_url}/account", timeout=10).status_code == 503
    assert desk.backend.options == before


def test_the_sandbox_takes_requests_of_its_own_page(desk: Sandbox) -> None:
    for host in ("127.0.0.1:1", "localhost:1", "[::1]:1", "localhost"):
        headers = {"Host": host, "Origin": f"http://{host}"}
        assert status(desk, "DELETE", "/_sandbox/faults", **headers) == 204


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json5"],
)
def test_the_control_of_the_sandbox_takes_json_only(
    desk: Sandbox, content_type: str, name: str
) -> None:
    path = f"/_sandbox/{name}"
    assert status(desk, "POST", path, body="{}", Content_Type=content_type) == 415
    assert status(desk, "POST", path, body="{}") == 415
    declared = "Application/JSON; charset=utf-8"
    assert status(desk, "POST", path, body="{}", Content_Type=declared) in {200, 201}
    requests.delete(f"{desk.url}/_sandbox/faults", timeout=10)


@contextmanager
def program(host: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, listening on an address, and where it says it is."""
    command = [sys.executable, "-m", "gorgias_sandbox", "--port=0", "--tickets=3", f"--host={host}"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://\S+:\d+", running.stdout.readline())
            assert found
            yield running, found[0]
        finally:
            running.kill()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_sandbox_can_be_reached_where_it_says_it_is(host: str) -> None:
    with program(host) as (running, url):
        assert requests.get(url, timeout=10).status_code == 200
        running.terminate()
        assert running.communicate(timeout=10)[1] == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - what the warning is about
def test_the_sandbox_warns_when_it_listens_beyond_this_machine(host: str) -> None:
    with program(host) as (running, url):
        port = urlsplit(url).port
        assert requests.get(f"http://127.0.0.1:{port}", timeout=10).status_code == 200
        rebound = {"Host": f"rebound.example.com:{port}"}
        answer = requests.get(f"http://127.0.0.1:{port}", headers=rebound, timeout=10)
        assert answer.status_code == 421
        running.terminate()
        warning = running.communicate(timeout=10)[1]
    assert "Warning" in warning
    assert len(warning.splitlines()) == 1


@pytest.mark.parametrize(
    ("told", "named", "taken"),
    [
        ("desk.example.com", "desk.example.com", True),
        ("desk.example.com", "DESK.example.com:80", True),
        ("desk.example.com", "other.example.com", False),
        ("192.0.2.7", "192.0.2.7:8787", True),
        ("192.0.2.7", "192.0.2.8:8787", False),
        # An address cannot be rebound, and may be any of this machine's.
        ("0.0.0.0", "192.0.2.8:8787", True),  # noqa: S104 - nothing is bound to it
        ("::", "[2001:db8::7]:8787", True),
        ("0.0.0.0", "rebound.example.com", False),  # noqa: S104 - likewise
    ],
)
def test_the_sandbox_answers_to_the_host_it_was_told_to_listen_on(
    told: str, named: str, *, taken: bool
) -> None:
    assert Guard.answers_to(told, named) is taken
