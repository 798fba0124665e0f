"""An answer ends: in time, however slowly it comes, and in size, however well it is packed."""

from __future__ import annotations

import gzip
import io
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from gorgias_api import Client, GorgiasError, Settings
from tests.api.clock import ManualClock
from tests.api.conftest import API_KEY, OAUTH
from tests.api.server import Reply, Server, scripted
from tests.security.endless import OK, Endless, dripping, endless, flooding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

TIMEOUT = 0.3
SOON = 1.5
"""Seconds; without a deadline the server goes on for three."""
MB = 1_000_000
FILE = "/api/attachments/download/h/a.png"


def after(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = OK + b"Content-Length: 999999999\r\n\r\n"
ENDLESS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a status line that drips": lambda: dripping(b"HTTP/1.1 200 " + b"O" * 1000),
    "a header that drips": lambda: after(OK, dripping(b"X-Header: " + b"x" * 1000)),
    "headers that drip": lambda: after(OK, dripping(b"X-A: b\r\n", 8)),
    "interim answers that drip": lambda: dripping(b"HTTP/1.1 100 Continue\r\n\r\n", 25),
    "interim answers without end": lambda: flooding(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a header without end": lambda: after(OK + b"X: ", flooding(b"x")),
    "headers without end": lambda: after(OK, flooding(b"X-A: b\r\n")),
    "a body that drips": lambda: after(LONG, dripping(b" ")),
    "a body of no length that drips": lambda: after(OK + b"\r\n", dripping(b" ")),
    "chunks that drip": lambda: after(CHUNKED, dripping(b"1\r\nx\r\n", 6)),
    "a chunk that drips": lambda: after(CHUNKED + b"ffffff\r\n", dripping(b" ")),
    "the size of a chunk that drips": lambda: after(CHUNKED, dripping(b"0")),
    "the size of a chunk without end": lambda: after(CHUNKED, flooding(b"0")),
    "trailers that drip": lambda: after(CHUNKED + b"0\r\n", dripping(b"X-A: b\r\n", 8)),
    "trailers without end": lambda: after(CHUNKED + b"0\r\n", flooding(b"X-A: b\r\n")),
    "an error that drips": lambda: after(LONG.replace(b"200 OK", b"500 No"), dripping(b" ")),
}


@pytest.fixture(scope="module")
def slow() -> Iterator[Endless]:
    with endless() as server:
        yield server


def client_of(url: str, folder: Path, **more: object) -> Client:
    given: dict[str, object] = {
        "api_url": f"{url}/api",
        "request_timeout": TIMEOUT,
        "max_retries": 1,
        "token_store": str(folder / "tokens.json"),
    }
    return Client(Settings.from_mapping(given | (more or API_KEY)), ManualClock())


def ends(ask: Callable[[], object]) -> GorgiasError:
    """The error in which `ask` ends, soon."""
    began = time.monotonic()
    with pytest.raises(GorgiasError) as caught:
        ask()
    assert time.monotonic() - began < SOON
    return caught.value


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_answer_that_never_ends_is_given_up_at_the_deadline(
    slow: Endless, tmp_path: Path, kind: str
) -> None:
    slow.script = lambda _line: ENDLESS[kind]()
    with client_of(slow.url, tmp_path) as client:
        ends(lambda: client.request("GET", "/api/tickets"))


@pytest.mark.parametrize("kind", [kind for kind in ENDLESS if "drip" in kind])
def test_a_file_that_never_ends_is_given_up_too(slow: Endless, tmp_path: Path, kind: str) -> None:
    slow.script = lambda _line: ENDLESS[kind]()
    with client_of(slow.url, tmp_path) as client:
        ends(lambda: client.download(FILE, io.BytesIO()))


@pytest.mark.parametrize("kind", ["headers that drip", "a body that drips", "trailers that drip"])
def test_a_file_from_the_storage_that_never_ends_is_given_up_too(
    slow: Endless, tmp_path: Path, kind: str
) -> None:
    elsewhere = b"HTTP/1.1 302 Moved\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
    moved = elsewhere + f"{slow.url}/storage\r\n\r\n".encode()
    slow.script = lambda line: ENDLESS[kind]() if "storage" in line else [moved]
    with client_of(slow.url, tmp_path) as client:
        ends(lambda: client.download(FILE, io.BytesIO()))


@pytest.mark.parametrize("kind", ["headers that drip", "a body that drips", "chunks that drip"])
def test_an_answer_with_tokens_that_never_ends_is_given_up_too(
    slow: Endless, tmp_path: Path, kind: str
) -> None:
    slow.script = lambda line: ENDLESS[kind]() if "token" in line else ()
    with client_of(slow.url, tmp_path, **OAUTH) as client:
        began = time.monotonic()
        with pytest.raises(GorgiasError):
            client.request("GET", "/api/tickets")
        assert time.monotonic() - began < 3 * SOON  # the endpoint is asked three times


def test_a_file_that_takes_longer_than_an_answer_may_still_comes_whole(
    slow: Endless, tmp_path: Path
) -> None:
    def pieces() -> Iterator[bytes]:
        yield OK + b"Content-Length: %d\r\n\r\n" % (20 * 65536)
        for _ in range(20):
            time.sleep(2 * TIMEOUT / 20)
            yield bytes(65536)

    slow.script = lambda _line: pieces()
    into = io.BytesIO()
    with client_of(slow.url, tmp_path) as client:
        client.download(FILE, into)
    assert into.tell() == 20 * 65536


ROOM = 64 * MB
BOMB = b" " * (ROOM + MB)
GZIP = gzip.compress(BOMB, 1)
PACKED = {
    "gzip": GZIP,
    "deflate": zlib.compress(BOMB, 1),
    "gzip, gzip": gzip.compress(GZIP),
}


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 200), ("deflate", 400), ("gzip, gzip", 200)]
)
def test_a_packed_answer_takes_no_more_memory_than_an_answer_may(
    server: Server, tmp_path: Path, encoding: str, status: int
) -> None:
    bomb = Reply(status, PACKED[encoding], {"Content-Encoding": encoding})
    server.answer = lambda _asked: bomb
    with client_of(server.url, tmp_path, **API_KEY, request_timeout=5.0) as client:
        tracemalloc.start()
        try:
            with pytest.raises(GorgiasError):
                client.request("GET", "/api/tickets")
            assert tracemalloc.get_traced_memory()[1] < 1.3 * ROOM
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"1,", b'"",'])
def test_an_answer_of_too_many_values_is_not_decoded(
    server: Server, tmp_path: Path, unit: bytes
) -> None:
    body = b'{"data":[' + unit * (30_000_000 // len(unit)) + b'0],"meta":{"next_cursor":null}}'
    server.answer = lambda _asked: Reply(200, body, {"Content-Type": "application/json"})
    with client_of(server.url, tmp_path, **API_KEY, max_retries=1, request_timeout=20.0) as client:
        tracemalloc.start()
        try:
            with pytest.raises(GorgiasError):
                client.request("GET", "/api/tickets")
            assert tracemalloc.get_traced_memory()[1] < 1.3 * ROOM
        finally:
            tracemalloc.stop()


def test_an_answer_of_more_than_64_mb_is_refused_once(slow: Endless, tmp_path: Path) -> None:
    slow.script = lambda _line: after(OK + b"\r\n", flooding(b" "))
    slow.asked.clear()
    with client_of(slow.url, tmp_path, **API_KEY, max_retries=5, request_timeout=5.0) as client:
        error = ends(lambda: client.request("GET", "/api/tickets"))
    assert str(error) == "GET /api/tickets was answered with more than 64 MB."
    assert len(slow.asked) == 1


@pytest.mark.parametrize("length", [{}, {"Transfer-Encoding": "chunked"}])
def test_a_file_of_more_bytes_than_the_setting_says_is_refused_once(
    slow: Endless, tmp_path: Path, length: dict[str, str]
) -> None:
    head = OK + b"".join(f"{name}: {value}\r\n".encode() for name, value in length.items())
    piece = b"1000\r\n%b\r\n" % bytes(0x1000) if length else bytes(0x1000)
    slow.script = lambda _line: after(head + b"\r\n", flooding(piece))
    into = io.BytesIO()
    slow.asked.clear()
    given = API_KEY | {"max_retries": 5, "max_download_size": 5 * MB, "request_timeout": 5.0}
    with client_of(slow.url, tmp_path, **given) as client:
        error = ends(lambda: client.download(FILE, into))
    assert "max_download_size" in str(error)
    assert into.tell() <= 5 * MB
    assert len(slow.asked) == 1


def test_a_file_that_is_announced_too_large_is_not_read(server: Server, tmp_path: Path) -> None:
    server.answer = lambda _asked: Reply(200, b"x", length=5 * MB + 1)
    given = API_KEY | {"max_retries": 5, "max_download_size": 5 * MB}
    with client_of(server.url, tmp_path, **given) as client:
        error = ends(lambda: client.download(FILE, io.BytesIO()))
    assert "max_download_size" in str(error)
    assert len(server.asked) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_file_is_stored_as_it_came(server: Server, tmp_path: Path, encoding: str) -> None:
    packed = gzip.compress(b"name,price\n")
    server.answer = lambda _asked: Reply(200, packed, {"Content-Encoding": encoding})
    into = io.BytesIO()
    with client_of(server.url, tmp_path) as client:
        client.download(FILE, into)
    assert into.getvalue() == packed
    assert server.asked[0].headers["Accept-Encoding"] == "identity"
