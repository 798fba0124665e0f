"""However long a token is said to last, it is not renewed before every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gorgias_api import UnauthorizedError
from tests.api.clock import ManualClock
from tests.api.server import Asked, Reply, refusal, reply, scripted
from tests.security.two_logins import APP, connected, refreshes, rotating, shared_store

if TYPE_CHECKING:
    from pathlib import Path

LIFETIMES: list[Any] = [
    60,
    59.5,
    30,
    1,
    0.001,
    0,
    -1,
    -1e300,
    1e300,
    10**400,
    float("nan"),
    float("inf"),
    float("-inf"),
    True,
    False,
    "30",
    "soon",
    "",
    None,
    [],
    {},
]


@pytest.mark.parametrize("lifetime", LIFETIMES, ids=lambda each: str(each)[:20])
def test_a_token_is_not_renewed_before_every_request(tmp_path: Path, lifetime: Any) -> None:
    clock = ManualClock()
    with scripted() as server:
        rotating(server, "x", expires_in=lifetime)
        given = APP | {"refresh_token": "first"} | shared_store(tmp_path)
        for _ in range(2):  # the second one from the store
            with connected(server, clock, **given) as client:
                for _ in range(5):
                    client.request("GET", "/api/account")
                    clock.advance(1)
        assert refreshes(server) == 1


def test_a_token_that_ends_within_a_minute_is_used_until_it_is_refused(tmp_path: Path) -> None:
    clock = ManualClock()
    ends = 0.0
    with scripted() as server:

        def serve(asked: Asked) -> Reply:
            nonlocal ends
            if asked.target == "/oauth/token":
                ends = clock.monotonic() + 30
                return reply({"access_token": "x", "expires_in": 30})
            return reply({"id": 1}) if clock.monotonic() < ends else refusal(401)

        server.answer = serve
        given = APP | {"refresh_token": "first"} | shared_store(tmp_path)
        with connected(server, clock, **given) as client:
            for _ in range(60):
                assert client.request("POST", "/api/tickets", data={}) == {"id": 1}
                clock.advance(2)
        assert refreshes(server) == 4
        server.answer = lambda _: refusal(401)
        with connected(server, access_token="x") as client, pytest.raises(UnauthorizedError):
            client.request("GET", "/api/account")
