"""Names, certificates and proxies that do not work are one sentence; plain http stays here."""

from __future__ import annotations

import io
import os
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import AnswerError, GorgiasError, SettingsError, TransportError
from tests.api.conftest import API_KEY, OAUTH
from tests.api.server import Reply, Server, reply, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.clock import ManualClock
    from tests.api.conftest import Connect

OPENSSL = shutil.which("openssl")
with_tls = pytest.mark.skipif(OPENSSL is None, reason="makes its certificates with openssl")
ELSEWHERE = "https://acme.example"


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)


def sentence(error: GorgiasError) -> str:
    told = str(error)
    assert told.endswith(".")
    assert "\n" not in told
    assert "secret" not in told
    return told


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for another host, signed by nobody but itself."""
    folder = tmp_path_factory.mktemp("tls")
    path, key = folder / "both.pem", folder / "key.pem"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    named = ("-subj", "/CN=other.example", "-addext", "subjectAltName=DNS:other.example")
    command = [str(OPENSSL), *made.split(), *named, "-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
    path.write_bytes(key.read_bytes() + path.read_bytes())
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with scripted(tls=context) as server:
        yield server


@with_tls
@pytest.mark.parametrize(
    ("trusted", "why"), [(False, r"self.signed certificate"), (True, "not valid for '127.0.0.1'")]
)
def test_a_certificate_that_is_not_trusted_is_told_at_once(  # noqa: PLR0913, PLR0917 - fixtures
    connect: Connect,
    secured: Server,
    clock: ManualClock,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,  # noqa: FBT001 - a parameter of the test
    why: str,
) -> None:
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(TransportError, match=why) as caught:
        connect(secured.url).request("GET", "/api/tickets")
    assert sentence(caught.value).startswith(
        "GET /api/tickets could not be sent: the certificate of 127.0.0.1 is not trusted ("
    )
    assert caught.value.refused
    assert caught.value.final
    assert clock.waits == []
    assert secured.asked == []


@with_tls
def test_a_certificate_of_the_token_endpoint_is_told_at_once_too(
    connect: Connect, server: Server, secured: Server, clock: ManualClock
) -> None:
    client = connect(server.url, **OAUTH, token_url=f"{secured.url}/oauth/token")
    with pytest.raises(TransportError, match="is not trusted"):
        client.request("GET", "/api/tickets")
    assert clock.waits == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_certificates_that_cannot_be_read_are_a_mistake_in_the_settings(
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    content: bytes | None,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    monkeypatch.setenv(variable, str(bundle))
    with pytest.raises(SettingsError) as caught:
        connect(ELSEWHERE).request("GET", "/api/tickets")
    assert f"variable {variable} names ({bundle}) cannot be read" in sentence(caught.value)
    token_url = f"{ELSEWHERE}/oauth/token"
    with pytest.raises(SettingsError, match=variable):
        connect("http://127.0.0.1:9", **OAUTH, token_url=token_url).request("GET", "/api/x")


def test_a_name_that_does_not_resolve_is_tried_again_and_told(
    connect: Connect, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unresolved(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unresolved)
    with pytest.raises(TransportError) as caught:
        connect(ELSEWHERE, max_retries=2).request("POST", "/api/tickets", data={})
    assert sentence(caught.value) == (
        "POST /api/tickets could not be sent: the name acme.example cannot be resolved; check "
        "'domain', 'api_url' and the network."
    )
    assert len(clock.waits) == 1


def test_a_name_that_cannot_be_one_is_told(connect: Connect) -> None:
    with pytest.raises(GorgiasError) as caught:
        connect("https://acme..example", max_retries=1).request("GET", "/api/tickets")
    sentence(caught.value)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_refuses_or_is_not_there_is_told_without_its_password(
    connect: Connect,
    server: Server,
    unused_url: str,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    for proxy in (server.url, unused_url):
        with_password = proxy.replace("//", "//someone:secret@")
        monkeypatch.setenv(variable, with_password)
        with pytest.raises(TransportError) as caught:
            connect(ELSEWHERE, max_retries=1).request("GET", "/api/tickets")
        assert sentence(caught.value) == (
            "GET /api/tickets could not be sent: the proxy cannot be reached or refuses; check the "
            "variables HTTPS_PROXY and ALL_PROXY."
        )


@pytest.mark.parametrize("proxy", ["foo://secret", "http://", "http://[::1", "socks5://secret:9"])
def test_what_cannot_be_a_proxy_is_a_mistake_in_the_settings(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(SettingsError) as caught:
        connect(ELSEWHERE).request("GET", "/api/tickets")
    assert "HTTPS_PROXY" in sentence(caught.value)


@pytest.mark.parametrize("variable", ["http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_http_goes_past_every_proxy(
    connect: Connect, server: Server, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with scripted() as proxy:
        monkeypatch.setenv(variable, proxy.url)
        file = Reply(302, b"", {"Location": f"{server.url}/storage/x"})
        server.replies.extend([reply({"access_token": "t"}), reply(1), file, Reply(200, b"x")])
        client = connect(server.url, **OAUTH)
        assert client.request("GET", "/api/account") == 1
        into = io.BytesIO()
        client.download("/api/attachments/download/h/a.png", into)
        assert into.getvalue() == b"x"
        connect(server.url, **API_KEY).request("GET", "/api/account")
        assert proxy.asked == []
    assert [asked.target for asked in server.asked] == [
        "/oauth/token",
        "/api/account",
        "/api/attachments/download/h/a.png",
        "/storage/x",
        "/api/account",
    ]


@pytest.mark.parametrize(
    "location", ["", "http://[::1", "https://", "https://a..b/x", "http://127.0.0.1:99999/", "\\"]
)
def test_a_file_that_is_said_to_be_nowhere_is_told(
    connect: Connect, server: Server, location: str
) -> None:
    server.answer = lambda _: Reply(302, b"", {"Location": location})
    with pytest.raises(GorgiasError) as caught:
        connect(server.url, max_retries=1).download("/api/attachments/download/h/a", io.BytesIO())
    assert not isinstance(caught.value, SettingsError)
    sentence(caught.value)
    assert isinstance(caught.value, AnswerError | TransportError)
