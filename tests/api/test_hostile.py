"""Whatever bytes come back: a value, or exactly one error of ours, soon and in one sentence."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gorgias_api import AnswerError, Client, GorgiasError, Settings
from gorgias_api.budget import WINDOW
from gorgias_api.paging import get_page
from gorgias_api.retry import LONGEST_WAIT, RATE_LIMIT_TRIES
from tests.api.clock import ManualClock
from tests.api.conftest import API_KEY, OAUTH
from tests.api.server import Reply, Server, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TRIES = 2
LONGEST = TRIES * RATE_LIMIT_TRIES * (LONGEST_WAIT + WINDOW)
PAGE = b'{"data": [{"id": 1}], "meta": {"next_cursor": null}}'
DEEP = 100_000

STATUSES = [b"HTTP/1.1 %d Told" % code for code in (200, 200, 200, 204, 301, 400, 401, 403)]
STATUSES += [b"HTTP/1.1 %d Told" % code for code in (404, 409, 429, 500, 503, 999, 101)]
STATUSES += [b"HTTP/1.1 20 OK", b"HTTP/9.9 200 OK", b"HTTP/1.1 2000 OK", b"garbage", b"", b"\xff"]
ODD = [
    *("", " ", "0", "-1", "5", "1e400", "9" * 400, "9" * 5000, "٣", "²", "nan", "inf", ".", "1.5"),
    *("Fri, 31 Dec 9999 23:59:59 GMT", "Sat, 31 Jan 0000 08:00:00 GMT", "31 Jan 2026 08:00 -0000"),
    *("Sat, 31 Jan 2026 08:00:00 +999999999", "soon", "jane@example.com", "\xff\xfe", "a\r\n b"),
    *("4000000/40", "0/0", "5/0", f"{10**30}/{10**30}", "-5/40", "1/1", "40/40"),
    *("/customers/" + "9" * 5000, "http://[::1", "//", "https://other.example/", "x" * 5000),
    *("text/html; charset", "text/html; charset=utf-99", "application/json;;;=", "gzip", "br"),
    *("a=b; expires=soon; max-age=" + "9" * 400, "a=b; domain=.com; path", ";;=;"),
]
NAMES = ["Retry-After", "Date", "Location", "X-Gorgias-Account-Api-Call-Limit", "Content-Type"]
NAMES += ["X-Request-Id", "Content-Encoding", "Set-Cookie", "Content-Range", "Connection"]
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "meta", "next_cursor", "error", "msg", "id"]), inner
        )
    ),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode())
BODIES = st.one_of(
    st.just(PAGE),
    JSONS,
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"[" * DEEP,
            b"[" * DEEP + b"]" * DEEP,
            b'{"error": {"msg": "No", "data": ' + b'{"a": ' * 400 + b"1" + b"}" * 402,
            b'{"error": {"msg": ' + b"[" * 900 + b"]" * 900 + b"}}",
            b'{"data": [' + b"9" * 1_000_000 + b'], "meta": {"next_cursor": null}}',
            b'{"data": [NaN, 1e999], "meta": {"next_cursor": null}}',
            b'{"data": [], "meta": {"next_cursor": "\\ud800"}}',
            b'{"data": [], "meta": {"next_cursor": "\xff"}}',
            b'{"error": {"msg": "jane@example.com\\n\\u0000", "data": [[{}], {"a": [{}]}]}}',
            PAGE.decode().encode("utf-16"),
            PAGE[:-5],
            b"\xef\xbb\xbf" + PAGE,
            b"<html>Please log in</html>",
            b"",
            gzip.compress(PAGE),
            gzip.compress(PAGE)[:-6],
        ]
    ),
)
FRAMES = st.sampled_from(["length", "short", "long", "odd", "two", "none", "chunked", "no chunks"])


def framed(frame: str, body: bytes) -> tuple[bytes, bytes]:
    """Headers that say how long the body is, rightly or not, and the body."""
    lengths = {"length": len(body), "short": len(body) // 2, "long": len(body) + 9}
    if frame in lengths:
        return b"Content-Length: %d\r\n" % lengths[frame], body
    if frame == "odd":
        return b"Content-Length: -five\r\n", body
    if frame == "two":
        return b"Content-Length: 5\r\nContent-Length: 6\r\n", body
    if frame == "none":
        return b"", body
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    return b"Transfer-Encoding: chunked\r\n", chunk if frame == "chunked" else body


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """All the bytes of one answer."""
    given = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(ODD)), max_size=4))
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in given)
    length, body = framed(draw(FRAMES), draw(BODIES))
    junk = draw(st.sampled_from([b"", b"", b"", b"no header\r\n", b": x\r\n", b"\xff: \xff\r\n"]))
    return draw(st.sampled_from(STATUSES)) + b"\r\n" + lines + junk + length + b"\r\n" + body


def told(error: GorgiasError) -> None:
    assert str(error).endswith(".")
    assert len(str(error)) < 5000
    assert str(error).isprintable()
    assert "jane@" not in str(error)


@pytest.fixture(scope="module")
def hostile() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens")


def client_of(server: Server, **more: Any) -> tuple[Client, ManualClock]:
    given = {"api_url": f"{server.url}/api", "max_retries": TRIES, "request_timeout": 2.0}
    given["debug_requests"] = True
    clock = ManualClock()
    chance = random.Random(1)  # noqa: S311 - jitter that repeats itself
    return Client(Settings.from_mapping(given | (more or API_KEY)), clock, chance), clock


ANSWERED = b"HTTP/1.1 %d Told\r\n%b\r\n%b"


@settings(
    max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.lists(answers(), min_size=1, max_size=3), st.sampled_from(["GET", "POST", "PAGE"]))
@example([ANSWERED % (503, b"Retry-After: 1e400\r\n", b"")], "GET")
@example([ANSWERED % (429, b"Retry-After: " + b"9" * 400 + b"\r\n", b"")], "PAGE")
@example([ANSWERED % (429, b"Retry-After: Sat, 31 Jan 2026 08:00:00 -0000\r\n", b"")], "GET")
@example([ANSWERED % (301, b"Location: /customers/" + b"9" * 5000 + b"\r\n", b"")], "GET")
@example([ANSWERED % (200, b"Content-Type: text/html; charset\r\n", PAGE)], "GET")
@example([ANSWERED % (200, b"Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", PAGE)], "PAGE")
@example([ANSWERED % (200, b"X-Gorgias-Account-Api-Call-Limit: 4000000/40\r\n", b"x")], "GET")
@example([ANSWERED % (200, b"", b"[" * DEEP)], "PAGE")
@example([ANSWERED % (400, b"", b"[" * DEEP)], "POST")
@example([ANSWERED % (200, b"", b"9" * 1_000_000)], "GET")
def test_an_answer_is_a_value_or_exactly_one_error_of_ours(
    hostile: Server, raws: list[bytes], kind: str
) -> None:
    turn = iter(raws * 1000)
    hostile.answer = lambda _: Reply(raw=next(turn))
    client, clock = client_of(hostile)
    with client:
        try:
            if kind == "PAGE":
                assert isinstance(get_page(client, "/api/tickets", {}, None).rows, list)
            else:
                client.request(kind, "/api/tickets/1")
        except GorgiasError as error:
            told(error)
        assert clock.monotonic() <= LONGEST
        assert client.server_now().year < 9999


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(answers())
@example(ANSWERED % (200, b"", b'{"access_token": "t", "expires_in": 1' + b"0" * 400 + b"}"))
@example(ANSWERED % (200, b"", b'{"access_token": "t", "expires_in": 1e999}'))
@example(ANSWERED % (200, b"", b'{"access_token": "t", "refresh_token": {"a": 1}}'))
def test_so_is_what_the_token_endpoint_says(hostile: Server, folder: Path, raw: bytes) -> None:
    hostile.answer = lambda asked: (
        Reply(raw=raw) if asked.target == "/oauth/token" else Reply(200, PAGE)
    )
    (folder / "tokens.json").unlink(missing_ok=True)
    client, clock = client_of(hostile, **OAUTH, token_store=str(folder / "tokens.json"))
    with client:
        try:
            client.request("GET", "/api/tickets/1")
        except GorgiasError as error:
            told(error)
        assert clock.monotonic() <= LONGEST


@pytest.mark.parametrize("body", [b"[" * DEEP, b"9" * 1_000_000, b'"\xff"'])
def test_json_that_python_cannot_or_should_not_read_is_no_json(
    hostile: Server, body: bytes
) -> None:
    hostile.answer = lambda _: Reply(200, body)
    client, _ = client_of(hostile)
    with client, pytest.raises(AnswerError, match="that are not JSON"):
        client.request("GET", "/api/tickets/1")
