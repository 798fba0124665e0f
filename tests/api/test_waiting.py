"""Who waits says for what, how long and until when; and a server that is down gets minutes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gorgias_api import Client, GorgiasError, RateLimitError, Retry, ServerError, Settings
from gorgias_api.retry import LONGEST_WAIT, RATE_LIMIT_TRIES
from tests.api.conftest import API_KEY
from tests.api.server import Asked, Reply, refusal, reply
from tests.api.simulation import Simulation

if TYPE_CHECKING:
    from tests.api.clock import ManualClock
    from tests.api.conftest import Connect
    from tests.api.server import Server


def test_a_429_says_what_is_waited_for_and_until_when(
    client: Client, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies.extend([refusal(429, "Slow down.", Retry_After="30"), reply(1)])
    client.request("GET", "/api/tickets", params={"email": "jane@example.com"})
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "GET /api/tickets was answered 429. Waiting 30.0 s, until 08:00:30 UTC, for try 2 of 20."
    )


def test_endless_429s_tell_of_every_wait(
    client: Client, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = lambda _: refusal(429, Retry_After="60")
    with pytest.raises(RateLimitError):
        client.request("GET", "/api/tickets")
    assert len(caplog.messages) == RATE_LIMIT_TRIES - 1
    assert caplog.messages[-1].endswith("until 08:19:00 UTC, for try 20 of 20.")


def test_many_who_wait_at_one_gate_tell_of_it_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    time = Simulation()
    given = Settings.from_mapping(API_KEY | {"api_url": f"{server.url}/api"})
    opens = 0.0

    def answer(asked: Asked) -> Reply:
        nonlocal opens
        if asked.target == "/api/first":
            return reply(1)
        opens = opens or time.monotonic() + 9
        return refusal(429, Retry_After="9") if time.monotonic() < opens else reply(1)

    server.answer = answer
    with Client(given, time) as client:
        time.run(lambda: client.request("GET", "/api/first"))
        time.run(*[lambda: client.request("GET", "/api/x")] * 8)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(
    ("asked", "waited"), [("7", 7), ("0.2", 0.5), ("3600", LONGEST_WAIT), ("9" * 400, 0.5)]
)
@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_says_how_long_it_is_down_is_not_asked_sooner(
    client: Client, server: Server, clock: ManualClock, status: int, asked: str, waited: float
) -> None:
    server.replies.extend([refusal(status, Retry_After=asked), reply(1)])
    assert client.request("GET", "/api/tickets") == 1
    assert waited <= clock.monotonic() <= max(waited, 1.0)


def test_a_wait_without_growth_honours_it_too(
    client: Client, server: Server, clock: ManualClock
) -> None:
    server.replies.extend([refusal(503, Retry_After="7"), refusal(503), reply(1)])
    retry = Retry(tries=3, delay=2, exponential=False)
    assert client.request("GET", "/api/tickets", retry=retry) == 1
    assert clock.waits == [7, 2]


@pytest.mark.parametrize("trouble", [refusal(502), Reply(lost=True), Reply(200, b"<html>")])
@pytest.mark.parametrize("seed", range(3))
def test_a_server_that_is_down_gets_minutes_to_come_back(
    server: Server, clock: ManualClock, trouble: Reply, seed: int
) -> None:
    given = Settings.from_mapping(API_KEY | {"api_url": f"{server.url}/api"})
    server.answer = lambda _: trouble if clock.monotonic() < 170 else reply(1)
    with Client(given, clock, random.Random(seed)) as client:  # noqa: S311 - not secrecy
        assert client.request("GET", "/api/tickets") == 1
    server.answer = lambda _: trouble
    began = clock.monotonic()
    with (
        Client(given, clock, random.Random(seed)) as client,  # noqa: S311 - not secrecy
        pytest.raises(GorgiasError),
    ):
        client.request("GET", "/api/tickets")
    assert 180 <= clock.monotonic() - began <= 370


def test_a_server_that_is_not_there_gets_minutes_too_also_for_a_post(
    connect: Connect, unused_url: str, clock: ManualClock
) -> None:
    with pytest.raises(GorgiasError):
        connect(unused_url).request("POST", "/api/tickets", data={})
    assert 180 <= clock.monotonic() <= 370


def test_patience_with_one_request_does_not_make_a_post_repeatable(
    client: Client, server: Server
) -> None:
    server.answer = lambda _: refusal(503, Retry_After="1")
    with pytest.raises(ServerError):
        client.request("POST", "/api/tickets", data={})
    assert len(server.asked) == 1
