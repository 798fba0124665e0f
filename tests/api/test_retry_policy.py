"""A request may be given its own patience."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorgias_api import (
    BadRequestError,
    GorgiasError,
    RateLimitError,
    Retry,
    ServerError,
    TransportError,
    UsageError,
)
from gorgias_api.retry import LONGEST_WAIT, RATE_LIMIT_TRIES
from tests.api.server import Reply, refusal, reply

if TYPE_CHECKING:
    from gorgias_api import Client
    from tests.api.clock import ManualClock
    from tests.api.server import Server

TRIED = 3


@pytest.mark.parametrize("trouble", [refusal(400), refusal(404), refusal(409), Reply(301, b"")])
def test_all_errors_are_tried_again_only_when_asked(
    client: Client, server: Server, trouble: Reply
) -> None:
    server.answer = lambda _: trouble
    with pytest.raises(GorgiasError):
        client.request("GET", "/api/x", retry=Retry(tries=TRIED))
    assert len(server.asked) == 1
    with pytest.raises(GorgiasError):
        client.request("GET", "/api/x", retry=Retry(tries=TRIED, all_errors=True))
    assert len(server.asked) == 1 + TRIED


@pytest.mark.parametrize("trouble", [refusal(503), Reply(lost=True), Reply(200, b"<html>")])
def test_a_request_that_may_apply_twice_is_repeated_only_when_asked(
    client: Client, server: Server, trouble: Reply
) -> None:
    server.replies.append(trouble)
    with pytest.raises(GorgiasError):
        client.request("POST", "/api/tickets", data={})
    server.replies.extend([trouble, reply({"id": 1})])
    retry = Retry(tries=TRIED, all_errors=True)
    assert client.request("POST", "/api/tickets", data={}, retry=retry) == {"id": 1}


def test_429s_keep_their_own_count_whatever_is_asked(client: Client, server: Server) -> None:
    server.answer = lambda _: refusal(429, Retry_After="1")
    with pytest.raises(RateLimitError):
        client.request("GET", "/api/x", retry=Retry(tries=TRIED, all_errors=True))
    assert len(server.asked) == RATE_LIMIT_TRIES


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        (Retry(tries=4, delay=3, exponential=False), [3, 3, 3]),
        (Retry(tries=4, delay=0), [0, 0, 0]),
        (Retry(tries=1), []),
    ],
)
def test_the_waits_are_those_asked_for(
    client: Client, server: Server, clock: ManualClock, retry: Retry, waits: list[float]
) -> None:
    server.answer = lambda _: refusal(503)
    with pytest.raises(ServerError):
        client.request("GET", "/api/x", retry=retry)
    assert clock.waits == waits


@given(tries=st.integers(1, 10**6), delay=st.floats(0, 3600), seed=st.integers())
def test_growing_waits_stay_between_half_and_all_of_their_bound(
    tries: int, delay: float, seed: int
) -> None:
    wait = Retry(delay=delay).wait(tries, random.Random(seed))  # noqa: S311 - not secrecy
    bound = max(LONGEST_WAIT, delay)
    assert min(bound, delay) / 2 <= wait <= bound


@pytest.mark.parametrize(
    "wrong", [{"tries": 0}, {"delay": -1}, {"delay": float("nan")}, {"delay": float("inf")}]
)
def test_a_patience_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="at least once"):
        Retry(**wrong)


def test_a_request_may_wait_for_its_answer_as_long_as_it_likes(
    client: Client, server: Server
) -> None:
    server.answer = lambda _: Reply(silent=True)
    with pytest.raises(TransportError, match="ReadTimeout"):
        client.request("GET", "/api/x", timeout=0.05, retry=Retry(tries=1))


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_timeout_that_means_nothing_is_refused(
    client: Client, server: Server, timeout: float
) -> None:
    with pytest.raises(UsageError, match="more than 0 seconds"):
        client.request("GET", "/api/x", timeout=timeout)
    assert server.asked == []


def test_a_refusal_is_told_after_the_last_try(client: Client, server: Server) -> None:
    server.answer = lambda _: refusal(400, "Still no.")
    with pytest.raises(BadRequestError, match="answered 400"):
        client.request("POST", "/api/x", retry=Retry(tries=2, all_errors=True))
