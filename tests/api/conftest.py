"""A client, somebody to talk to, and time that a test decides."""

from __future__ import annotations

import random
import socket
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from gorgias_api.client import Client
from gorgias_api.settings import Settings
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import Sandbox, serve
from tests.api.clock import ManualClock
from tests.api.server import Server, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API_KEY = {"username": "agent@acme.example", "api_key": "k3y-of-the-agent"}
OAUTH = {
    "client_id": "app-1",
    "client_secret": "s3cret-of-the-app",
    "refresh_token": "refresh-token-of-the-login",
}


class Connect(Protocol):
    """Makes clients that are closed when the test ends."""

    def __call__(self, url: str, **settings: Any) -> Client:
        """A client of the server at `url`; with an API key unless told otherwise."""
        ...


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def server() -> Iterator[Server]:
    with scripted() as server:
        yield server


@pytest.fixture
def unused_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def connect(clock: ManualClock, tmp_path: Path) -> Iterator[Connect]:
    clients: list[Client] = []

    def client(url: str, **settings: Any) -> Client:
        given = {"api_url": f"{url}/api", "token_store": str(tmp_path / "tokens.json"), **settings}
        oauth = "access_token" in given or "client_id" in given
        chosen = Settings.from_mapping(given if oauth else API_KEY | given)
        chance = random.Random(1)  # noqa: S311 - jitter that repeats itself
        clients.append(Client(chosen, clock, chance))
        return clients[-1]

    yield client
    for each in clients:
        each.close()


@pytest.fixture
def client(connect: Connect, server: Server) -> Client:
    return connect(server.url)


@pytest.fixture
def sandbox(clock: ManualClock) -> Iterator[Sandbox]:
    with serve(Options(tickets=5), clock=clock) as sandbox:
        yield sandbox
