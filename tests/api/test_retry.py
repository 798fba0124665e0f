"""What is sent again, how often and after how long; and what never is."""

from __future__ import annotations

import json
import socket
import ssl
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
import requests

from gorgias_api import (
    Client,
    GorgiasError,
    RateLimitError,
    ServerError,
    Settings,
    TransportError,
    UsageError,
)
from gorgias_api.multipart import FilePart
from gorgias_api.retry import LONGEST_WAIT, RATE_LIMIT_TRIES
from tests.api.conftest import API_KEY
from tests.api.server import Asked, Reply, refusal, reply
from tests.api.simulation import Simulation

if TYPE_CHECKING:
    from pathlib import Path

    from gorgias_sandbox.serve import Sandbox
    from tests.api.clock import ManualClock
    from tests.api.conftest import Connect
    from tests.api.server import Server

UNKNOWN_OUTCOMES = {
    "500": refusal(500),
    "503 with a page": Reply(503, b"<html>", {"Content-Type": "text/html"}),
    "a reset": Reply(lost=True),
    "a body cut short": Reply(200, b'{"id"', length=10),
    "half a JSON": Reply(200, b'{"data": [{"id"'),
    "a page with 200": Reply(200, b"<html>", {"Content-Type": "text/html"}),
    "silence": Reply(silent=True),
}


@pytest.fixture(params=UNKNOWN_OUTCOMES.values(), ids=list(UNKNOWN_OUTCOMES))
def unknown_outcome(request: pytest.FixtureRequest) -> Reply:
    reply: Reply = request.param
    return reply


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_may_be_applied_twice_is_sent_again(
    connect: Connect, server: Server, clock: ManualClock, method: str, unknown_outcome: Reply
) -> None:
    server.replies.extend([unknown_outcome, reply({"id": 1})])
    client = connect(server.url, request_timeout=0.05)
    assert client.request(method, "/api/tickets/1") == {"id": 1}
    assert len(server.asked) == 2
    assert len(clock.waits) == 1
    assert 0.5 <= clock.waits[0] <= 1.0


def test_a_post_with_an_unknown_outcome_is_not_sent_again(
    connect: Connect, server: Server, clock: ManualClock, unknown_outcome: Reply
) -> None:
    server.replies.append(unknown_outcome)
    client = connect(server.url, request_timeout=0.05)
    with pytest.raises(GorgiasError):
        client.request("POST", "/api/tickets", data={})
    assert len(server.asked) == 1
    assert clock.waits == []


def test_a_caller_may_promise_that_a_post_is_safe_or_that_a_put_is_not(
    client: Client, server: Server
) -> None:
    server.replies.extend([refusal(500), reply(1)])
    assert client.request("POST", "/api/search", data={}, safe=True) == 1
    server.replies.append(refusal(500))
    with pytest.raises(ServerError):
        client.request("PUT", "/api/tickets/1", data={}, safe=False)
    assert len(server.asked) == 3


def test_the_sandbox_applies_a_post_before_a_reset_and_sees_no_second_one(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("/api/tags", method="POST", reset="after")
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    with pytest.raises(TransportError):
        client.request("POST", "/api/tags", data={"name": "vip"})
    assert [seen.method for seen in sandbox.requests] == ["POST"]


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413])
def test_a_refusal_is_final(client: Client, server: Server, status: int) -> None:
    server.replies.append(refusal(status))
    with pytest.raises(GorgiasError):
        client.request("GET", "/api/tickets/1")
    assert len(server.asked) == 1


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_no_more_tries_are_made_than_set(
    connect: Connect, server: Server, clock: ManualClock, tries: int
) -> None:
    server.answer = lambda _: refusal(502)
    with pytest.raises(ServerError):
        connect(server.url, max_retries=tries).request("GET", "/api/tickets")
    assert len(server.asked) == tries
    assert len(clock.waits) == tries - 1


def test_waits_between_tries_double_with_jitter_up_to_a_bound(
    connect: Connect, server: Server, clock: ManualClock
) -> None:
    server.answer = lambda _: refusal(502)
    with pytest.raises(ServerError):
        connect(server.url, max_retries=10).request("GET", "/api/tickets")
    for number, wait in enumerate(clock.waits):
        longest = min(LONGEST_WAIT, 2.0**number)
        assert longest / 2 <= wait <= longest


def test_a_post_is_sent_again_while_there_is_no_connection(
    connect: Connect, unused_url: str, clock: ManualClock
) -> None:
    with pytest.raises(TransportError):
        connect(unused_url, max_retries=3).request("POST", "/api/tickets", data={})
    assert len(clock.waits) == 2


def _unresolved(*_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _unreached(*_: object, **__: object) -> Any:
    raise TimeoutError


@pytest.mark.parametrize(
    ("place", "trouble"),
    [
        ("socket.getaddrinfo", _unresolved),
        ("urllib3.util.connection.create_connection", _unreached),
    ],
)
def test_a_post_is_sent_again_when_its_server_was_not_found_or_not_reached(
    connect: Connect,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    trouble: Any,
) -> None:
    client = connect("https://nowhere.example", max_retries=2)
    monkeypatch.setattr(place, trouble)
    with pytest.raises(TransportError) as caught:
        client.request("POST", "/api/tickets", data={})
    assert caught.value.refused
    assert len(clock.waits) == 1


def test_a_post_whose_encrypted_connection_breaks_is_not_sent_again(
    client: Client, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise requests.exceptions.SSLError(ssl.SSLError("EOF occurred in violation of protocol"))

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", broken)
    with pytest.raises(TransportError):
        client.request("POST", "/api/tickets", data={})
    assert clock.waits == []


def test_a_429_is_waited_out_as_long_as_it_asks_and_the_post_sent_again(
    client: Client, server: Server, clock: ManualClock
) -> None:
    server.replies.extend([refusal(429, Retry_After="7"), reply({"id": 1})])
    assert client.request("POST", "/api/tickets", data={}) == {"id": 1}
    assert clock.monotonic() == pytest.approx(7)
    assert client.budget.refused == 1


def test_429s_do_not_use_up_the_tries(connect: Connect, server: Server) -> None:
    server.replies.extend([refusal(429, Retry_After="1")] * 4 + [reply({"id": 1})])
    assert connect(server.url, max_retries=1).request("GET", "/api/tickets/1") == {"id": 1}


def test_a_429_that_does_not_say_how_long_is_waited_out_longer_each_time(
    client: Client, server: Server, clock: ManualClock
) -> None:
    arrivals: list[float] = []

    def answer(_: Asked) -> Reply:
        arrivals.append(clock.monotonic())
        return refusal(429) if len(arrivals) < 8 else reply(1)

    server.answer = answer
    assert client.request("GET", "/api/tickets") == 1
    waits = [later - sooner for sooner, later in pairwise(arrivals)]
    assert waits == pytest.approx([2, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT])


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("3", 3),
        ("2.5", 2.5),
        (" 4 ", 4),
        ("0", 0.1),
        ("86400", LONGEST_WAIT),
        ("Sat, 31 Jan 2026 08:00:09 GMT", 9),
        ("Sat, 31 Jan 2026 07:00:00 GMT", 0.1),
        ("soon", 2),
        ("", 2),
        ("-5", 2),
    ],
)
def test_a_429_may_ask_in_seconds_or_by_date_and_not_for_ever(
    client: Client, server: Server, clock: ManualClock, asked: str, waited: float
) -> None:
    # The server's own Date, not the client's clock, is what the date is compared with.
    date = "Sat, 31 Jan 2026 08:00:00 GMT"
    server.dated = date
    server.replies.extend([refusal(429, Retry_After=asked), reply(1)])
    assert client.request("GET", "/api/tickets") == 1
    assert clock.monotonic() == pytest.approx(waited)


def test_endless_429s_end(client: Client, server: Server) -> None:
    server.answer = lambda _: refusal(429, Retry_After="1")
    with pytest.raises(RateLimitError) as caught:
        client.request("GET", "/api/tickets")
    assert caught.value.retry_after == 1
    assert len(server.asked) == RATE_LIMIT_TRIES


def test_everybody_waits_when_one_meets_a_429(server: Server) -> None:
    time = Simulation()
    given = API_KEY | {"api_url": f"{server.url}/api"}
    arrivals: list[tuple[str, float]] = []

    def answer(asked: Asked) -> Reply:
        arrivals.append((asked.target, time.monotonic()))
        return refusal(429, Retry_After="9") if len(arrivals) == 2 else reply(1)

    server.answer = answer
    client = Client(Settings.from_mapping(given), time)

    def first() -> None:
        client.request("GET", "/api/first")
        client.request("GET", "/api/first")

    def second() -> None:
        time.sleep(1)
        client.request("GET", "/api/second")

    with client:
        time.run(first, second)
    assert arrivals[:2] == [("/api/first", 0.0), ("/api/first", 0.0)]
    assert {target for target, _ in arrivals[2:]} == {"/api/first", "/api/second"}
    assert all(moment == pytest.approx(9) for _, moment in arrivals[2:])


def test_an_upload_that_is_sent_again_still_holds_its_file(
    client: Client, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"contents")
    server.replies.extend([refusal(429, Retry_After="1"), reply([])])
    client.request("POST", "/api/upload", files=[FilePart("file", tmp_path / "a.txt")])
    assert [b"contents" in asked.body for asked in server.asked] == [True, True]


def test_a_retry_is_announced_without_query_or_person(
    client: Client, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies.extend([refusal(500, "jane@example.com broke it."), reply(1)])
    client.request("GET", "/api/customers", params={"email": "jane@example.com"})
    (line,) = caplog.messages
    assert line == (
        "GET /api/customers was answered 500. Waiting 0.6 s, until 08:00:00 UTC, for try 2 of 12."
    )


def test_a_closed_client_sends_nothing(client: Client, server: Server) -> None:
    client.close()
    with pytest.raises(UsageError, match="closed"):
        client.request("GET", "/api/tickets")
    assert not server.asked


def test_a_request_is_sent_as_the_api_reads_it(client: Client, server: Server) -> None:
    params = {"limit": 5, "trashed": True, "order_by": None, "types": ["a", "b"], "view": False}
    client.request("put", "tickets/1", params=params, data={"subject": "é"})
    (asked,) = server.asked
    assert (asked.method, asked.target) == (
        "PUT",
        "/api/tickets/1?limit=5&trashed=true&types=a&types=b&view=false",
    )
    assert json.loads(asked.body) == {"subject": "é"}
    assert asked.headers["Content-Type"] == asked.headers["Accept"] == "application/json"
    assert asked.headers["User-Agent"].startswith("singer-gorgias/")


def test_a_body_may_be_null_and_may_be_absent(client: Client, server: Server) -> None:
    client.request("PUT", "/api/tickets/1/custom-fields/2", data=None)
    client.request("DELETE", "/api/tickets/1")
    with_null, without = server.asked
    assert with_null.body == b"null"
    assert without.body == b""
    assert without.headers["Content-Type"] is None


def test_headers_may_be_added_but_credentials_win(connect: Connect, server: Server) -> None:
    client = connect(server.url, user_agent="acme/1")
    client.request(
        "GET", "/api/account", headers={"X-Note": "here", "Authorization": "Bearer other"}
    )
    (asked,) = server.asked
    assert asked.headers["X-Note"] == "here"
    assert asked.headers["User-Agent"] == "acme/1"
    assert asked.headers["Authorization"].startswith("Basic ")


def test_an_answer_may_be_wanted_as_text_or_bytes_and_may_be_empty(
    client: Client, server: Server
) -> None:
    server.replies.extend([Reply(200, b"caf\xc3\xa9"), Reply(200, b"\x00\xff"), Reply(204, b"")])
    assert client.request("GET", "/api/a", response_type="text") == "café"
    assert client.request("GET", "/api/b", response_type="binary") == b"\x00\xff"
    assert client.request("DELETE", "/api/c") is None
