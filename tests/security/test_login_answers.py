"""A login takes the answer to its own question, from wherever it comes, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from gorgias_api import LoginError, Settings, UsageError
from gorgias_api.callback import Callback, listening
from gorgias_api.login import Login
from tests.api.clock import ManualClock
from tests.api.command import Gorgias
from tests.api.server import Server, reply, scripted
from tests.security.two_logins import APP, shared_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BRIEF = 0.05
"""Seconds to see that a wait goes on."""


def has_both_families() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


both_families = pytest.mark.skipif(not has_both_families(), reason="this machine has no ::1")


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.fixture
def callback() -> Iterator[Callback]:
    with listening() as callback:
        yield callback


@pytest.fixture
def login(server: Server, callback: Callback, tmp_path: Path) -> Iterator[Login]:
    given = APP | {"api_url": f"{server.url}/api"} | shared_store(tmp_path)
    redirect = f"http://127.0.0.1:{callback.port}/callback"
    login = Login(settings=Settings.from_mapping(given), redirect_uri=redirect)
    with callback.expecting(login):
        yield login


def says(callback: Callback, host: str = "127.0.0.1", path: str = "/callback", **said: str) -> int:
    """The status that somebody gets who comes with this answer."""
    address = f"http://{host}:{callback.port}{path}?{urlencode(said)}"
    return requests.get(address, timeout=10).status_code


def raw(callback: Callback, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", callback.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1000)


def test_a_stranger_s_request_does_not_end_the_wait(callback: Callback, login: Login) -> None:
    ours = login.state
    for said in (
        {},
        {"code": "stolen"},
        {"code": "stolen", "state": ""},
        {"code": "stolen", "state": "another"},
        {"code": "stolen", "state": ours[:-1]},
        {"error": "access_denied"},
        {"error": "access_denied", "state": "another"},
        {"state": "é\ud83d".encode(errors="replace").decode()},
    ):
        assert says(callback, **said) == 400
    assert says(callback, path="/", code="c", state=ours) == 404
    assert says(callback, path="/callback/x", code="c", state=ours) == 404
    head = requests.head(f"{login.redirect_uri}?code=c&state={ours}", timeout=10)
    post = requests.post(f"{login.redirect_uri}?code=c&state={ours}", timeout=10)
    assert (head.status_code, post.status_code) == (501, 501)
    for garbage in (b"", b"\0" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"):
        raw(callback, garbage)
    raw(callback, b"GET /callback?code=%s HTTP/1.1\r\n\r\n" % (b"x" * 70_000))
    assert callback.wait(BRIEF) is None
    assert says(callback, code="ours", state=ours) == 200
    assert callback.wait(10) == "ours"


def test_the_state_counts_before_the_error(callback: Callback, login: Login) -> None:
    with pytest.raises(LoginError, match="answers another login"):
        login.code(f"{login.redirect_uri}?error=access_denied&state=another")
    assert says(callback, error="access_denied", state=login.state) == 200
    with pytest.raises(LoginError, match=r"did not grant access \(access_denied\)"):
        callback.wait(10)


@both_families
def test_the_browser_may_come_by_either_kind_of_address(callback: Callback, login: Login) -> None:
    for host in ("127.0.0.1", "[::1]"):
        assert says(callback, host, code=f"by-{host}", state=login.state) == 200
        assert callback.wait(10) == f"by-{host}"


@both_families
def test_a_port_that_somebody_else_has_in_the_other_family_is_not_taken() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} of this machine"), listening(port):
            pass


def test_the_code_is_of_no_use_without_what_only_this_login_knows(
    server: Server, login: Login
) -> None:
    server.replies.append(reply({"access_token": "t0ken"}))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(login.address).query).items()}
    login.finish("c0de", ManualClock())
    form = parse_qs(server.asked[0].body.decode())
    (verifier,) = form["code_verifier"]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] == digest.decode().rstrip("=")
    assert 43 <= len(verifier) <= 128
    assert verifier not in login.address + repr(login)


@pytest.mark.parametrize(
    "redirect",
    [
        "http://app.example.com/done",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "app://done",
        "https://user@app.example.com/",
        "https://app.example.com/#fragment",
        "http://[::1",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_login_comes_back_to_https_or_to_this_machine_only(tmp_path: Path, redirect: str) -> None:
    given = APP | {"domain": "acme"} | shared_store(tmp_path)
    with pytest.raises(UsageError):
        Login(settings=Settings.from_mapping(given), redirect_uri=redirect)
    ended = Gorgias(None, **given)("login", "--no-browser", "--redirect-uri", redirect)
    assert ended.code == 2
    assert "redirect address" in ended.err
    assert "Let the app in" not in ended.err


@pytest.mark.parametrize(
    "redirect", ["https://app.example.com/done?x=1", "http://localhost:80/", "http://[::1]:81/x"]
)
def test_other_addresses_are_taken_as_they_are(tmp_path: Path, redirect: str) -> None:
    given = APP | {"domain": "acme"} | shared_store(tmp_path)
    login = Login(settings=Settings.from_mapping(given), redirect_uri=redirect)
    assert urlencode({"redirect_uri": redirect}) in login.address
