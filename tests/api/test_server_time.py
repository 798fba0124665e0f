"""The client tells the time on the server's clock from the `Date` of its answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gorgias_api import Client, GorgiasError
from tests.api.clock import START
from tests.api.conftest import API_KEY
from tests.api.server import Asked, Reply, refusal

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox
    from tests.api.clock import ManualClock
    from tests.api.conftest import Connect
    from tests.api.server import Server

SECOND = timedelta(seconds=1)
NO_DATES = [
    "",
    "soon",
    "1769846400",
    "2026-01-31T08:00:00Z",
    "Sat, 31 Jan 0000 08:00:00 GMT",
    "Sat, 31 Jan 0001 08:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Sat, 30 Feb 2026 08:00:00 GMT",
    "Sat, 31 Jan 2026 08:00:61 GMT",
    "Sat, 31 Jan 2026 08:00:00 +9999",
    "Sat, 31 Jan 2026 08:00:00",
    "Sat, ٣١ Jan 2026 08:00:00 GMT",
    "Sat, 31 Jan 2026 08:00:00 GMT, Sat, 31 Jan 2026 08:00:00 GMT",
]


def test_before_any_answer_the_server_s_time_is_ours(client: Client, clock: ManualClock) -> None:
    clock.advance(5)
    assert client.server_now() == START + 5 * SECOND


@pytest.mark.parametrize("status", [200, 301, 404, 500])
def test_every_answer_of_the_api_tells_the_time_as_the_end_of_a_second(
    connect: Connect, server: Server, clock: ManualClock, status: int
) -> None:
    server.dated = "Thu, 31 Dec 2026 23:59:59 GMT"
    server.answer = lambda _: refusal(status)
    client = connect(server.url, max_retries=1)
    try:
        client.request("GET", "/api/tickets")
    except GorgiasError:
        assert status != 200
    assert client.server_now() == datetime(2027, 1, 1, tzinfo=UTC)
    clock.advance(10)
    assert client.server_now() == datetime(2027, 1, 1, 0, 0, 10, tzinfo=UTC)


def test_a_row_written_just_now_is_not_in_the_future_however_slow_its_answer(
    client: Client, server: Server, clock: ManualClock
) -> None:
    ahead = timedelta(hours=3, milliseconds=700)

    def answer(_: Asked) -> Reply:
        clock.advance(4)
        server.dated = f"{clock.now() + ahead:%a, %d %b %Y %H:%M:%S} GMT"
        clock.advance(9)
        return Reply()

    server.answer = answer
    client.request("GET", "/api/tickets")
    late = client.server_now() - (clock.now() + ahead)
    assert timedelta(0) <= late <= 5 * SECOND


@pytest.mark.parametrize("date", NO_DATES)
def test_a_date_that_is_none_changes_nothing(
    client: Client, server: Server, clock: ManualClock, date: str
) -> None:
    server.dated = "Sat, 31 Jan 2026 09:00:00 GMT"
    client.request("GET", "/api/tickets")
    before = client.server_now() - clock.now()
    head = f"HTTP/1.1 200 OK\r\nDate: {date}\r\n\r\n{{}}".encode()
    server.replies.append(Reply(raw=head))
    client.request("GET", "/api/tickets")
    assert client.server_now() - clock.now() == before == timedelta(hours=1) + SECOND


def test_an_answer_without_a_date_changes_nothing(
    client: Client, server: Server, clock: ManualClock
) -> None:
    server.replies.append(Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n{}"))
    client.request("GET", "/api/tickets")
    assert client.server_now() == clock.now()


def test_all_threads_tell_the_same_time(server: Server) -> None:
    server.dated = "Sun, 01 Feb 2026 08:00:00 GMT"
    given = API_KEY | {"api_url": f"{server.url}/api"}
    with Client.from_settings(given) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.request("GET", "/api/tickets"), range(40)))
        late = client.server_now() - datetime(2026, 2, 1, 8, 0, 1, tzinfo=UTC)
    assert timedelta(0) <= late < timedelta(minutes=1)


@pytest.mark.parametrize("path", ["/api/account", "/api/nothing"])
def test_the_sandbox_s_answers_are_dated_by_its_own_clock(
    connect: Connect, sandbox: Sandbox, path: str
) -> None:
    client = connect(sandbox.url, username=sandbox.email, api_key=sandbox.api_key)
    sandbox.clock.advance(86_400 * 365)
    then = sandbox.clock.time()
    sandbox.clock.advance(-86_400 * 365)
    client.request("GET", "/api/account")
    assert client.server_now() == START + SECOND
    sandbox.clock.advance(86_400 * 365)
    try:
        client.request("GET", path)
    except GorgiasError:
        assert path == "/api/nothing"
    assert client.server_now() >= datetime.fromtimestamp(then, UTC)
