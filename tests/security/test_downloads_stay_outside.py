"""A file that the API points to is fetched from the public internet, or from where the API is."""

from __future__ import annotations

import io
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import AnswerError
from gorgias_api.public import is_public, may_be_public
from tests.api.server import Asked, Reply, Server, scripted
from tests.security.two_logins import KEY, connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


OPENSSL = shutil.which("openssl")
API = "api.acme.example"
FILE = "https://uploads.example.com/d0main/x"
PUBLIC = "93.184.216.34"
INNER = [
    "fec0::1",
    "64:ff9b:1::a00:1",
    "192.0.0.8",
    "192.88.99.1",
    "127.0.0.1",
    "127.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",  # noqa: S104 - to be refused
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
]
SPELLED = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "3232235777",
    "0xa9fea9fe",
    "[::ffff:7f00:1]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "api.localhost",
    "metadata.google.internal",
    "metadata.google.internal.",
    "printer.local",
]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::1", "::ffff:93.184.216.34", "1.1.1.1"])
def test_a_public_address_is(address: str) -> None:
    assert is_public(address)
    assert may_be_public(address)


@given(st.integers(0, 2**32 - 1))
def test_an_address_is_the_same_however_it_is_spelled(number: int) -> None:
    ip = ipaddress.IPv4Address(number)
    first, rest = number >> 24, number & 0xFFFFFF
    for text in (str(ip), str(number), hex(number), f"{first:#o}.{rest}".replace("0o", "0")):
        assert may_be_public(text) is is_public(str(ip))
    mapped = ipaddress.IPv6Address((0xFFFF << 32) | number)
    assert is_public(str(mapped)) is may_be_public(f"[{mapped}]") is is_public(str(ip))


@pytest.mark.parametrize("host", [*SPELLED, *INNER])
def test_the_text_of_a_host_is_enough_to_refuse_it(host: str) -> None:
    assert not may_be_public(host)


@pytest.mark.parametrize(
    "host", ["files.example.com", "gorgias.io.", "locals", "internals.example"]
)
def test_other_names_are_left_to_what_they_lead_to(host: str) -> None:
    assert may_be_public(host)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for every host here, signed by nobody but itself."""
    if OPENSSL is None:
        pytest.skip("makes its certificates with openssl")
    folder = tmp_path_factory.mktemp("tls")
    path, key = folder / "both.pem", folder / "key.pem"
    names = f"subjectAltName=DNS:{API},DNS:files.example.com,DNS:localhost,IP:127.0.0.1"
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x"
    command = [OPENSSL, *made.split(), "-addext", names, "-keyout", str(key), "-out", str(path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
    path.write_bytes(key.read_bytes() + path.read_bytes())
    return path


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names stand for; the API is on this machine, which its name does not tell."""
    names = {API: ["127.0.0.1"]}
    ask = socket.getaddrinfo

    def resolve(host: str, *args: Any, **more: Any) -> list[Any]:
        return [each for name in names.get(host, [host]) for each in ask(name, *args, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


@pytest.fixture
def secured(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Server]]:
    """Starts servers with TLS."""
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    running = []

    def start() -> Server:
        running.append(scripted(tls=context))
        return running[-1].__enter__()

    yield start
    for each in running:
        each.__exit__(None, None, None)


@pytest.fixture
def api(secured: Callable[[], Server], resolved: dict[str, list[str]]) -> Server:
    """The API, which by its name is elsewhere."""
    assert resolved[API]
    return secured()


def port(server: Server) -> str:
    return server.url.rpartition(":")[2]


def fetch(api: Server, location: str) -> bytes:
    """Let the API, by its name, point somewhere, and give what was fetched."""
    into = io.BytesIO()

    def serve(asked: Asked) -> Reply:
        ours = "/download/" in asked.target
        return Reply(302, b"", {"Location": location}) if ours else Reply(200, b"from the API")

    api.answer = serve
    given = KEY | {"api_url": f"https://{API}:{port(api)}/api"}
    with connected(api, **given) as client:
        client.download(FILE, into)
    return into.getvalue()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "[::1]"])
def test_a_download_never_follows_into_this_machine(
    api: Server, secured: Callable[[], Server], host: str
) -> None:
    service = secured()
    with scripted() as plain:
        for url in (f"https://{host}:{port(service)}/x", f"http://{host}:{port(plain)}/x"):
            with pytest.raises(AnswerError, match="it was not asked"):
                fetch(api, url)
        assert service.asked == plain.asked == []
    assert len(api.asked) == 2  # a second try would end in the same way


@pytest.mark.parametrize("address", [each for each in INNER if "%" not in each])
def test_a_download_never_follows_a_name_of_an_inner_address(
    api: Server, resolved: dict[str, list[str]], address: str
) -> None:
    for stands_for in ([address], [PUBLIC, address]):
        resolved["files.example.com"] = stands_for
        with pytest.raises(AnswerError, match="inside a private network"):
            fetch(api, "https://files.example.com/x")


def test_the_address_that_counts_is_the_one_that_was_connected_to(
    api: Server,
    secured: Callable[[], Server],
    resolved: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = secured()
    resolved["files.example.com"] = [PUBLIC]
    connect = socket.socket.connect

    class Rebound(socket.socket):
        """As if the name stood for this machine when it is asked for again."""

        def connect(self, place: Any) -> None:
            connect(self, ("127.0.0.1", *place[1:]) if place[0] == PUBLIC else place)

    monkeypatch.setattr(socket, "socket", Rebound)
    with pytest.raises(AnswerError, match="inside a private network"):
        fetch(api, f"https://files.example.com:{port(service)}/x")
    assert service.asked == []


def test_through_a_proxy_the_text_counts(api: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", API)
        for host in ("127.0.0.1", "localhost", "169.254.169.254", "metadata.google.internal"):
            with pytest.raises(AnswerError, match="inside a private network"):
                fetch(api, f"https://{host}/x")
        assert proxy.asked == []


def test_the_api_s_own_host_may_be_anywhere(api: Server) -> None:
    assert fetch(api, f"https://{API}:{port(api)}/storage/x") == b"from the API"


def test_an_api_on_this_machine_may_point_to_this_machine() -> None:
    with scripted() as server, scripted() as storage:
        server.answer = lambda _: Reply(302, b"", {"Location": f"{storage.url}/x"})
        storage.answer = lambda _: Reply(200, b"stored")
        into = io.BytesIO()
        with connected(server) as client:
            client.download(FILE, into)
        assert into.getvalue() == b"stored"
