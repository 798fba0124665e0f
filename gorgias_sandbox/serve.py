"""Run a sandbox: inside a test, or as a process."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gorgias_sandbox.app import build_app
from gorgias_sandbox.backend import Backend
from gorgias_sandbox.clock import SystemClock
from gorgias_sandbox.faults import Fault
from gorgias_sandbox.front import CONNECTION
from gorgias_sandbox.options import Options
from gorgias_sandbox.seed import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_sandbox.clock import Clock
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Dataset
    from gorgias_sandbox.faults import Seen
    from gorgias_sandbox.world import World

_LOOPBACK = "127.0.0.1"


class _Protocol(HttpToolsProtocol):
    """HTTP that lets the front break the connection on purpose."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        url: e.g. `http://127.0.0.1:1234`.
        backend: everything behind it. Change it between requests, not during one.
    """

    url: str
    backend: Backend

    @property
    def api_url(self) -> str:
        """`url` with `/api`."""
        return f"{self.url}/api"

    @property
    def email(self) -> str:
        """The user name of HTTP Basic."""
        return self.backend.options.email

    @property
    def api_key(self) -> str:
        """The password of HTTP Basic."""
        return self.backend.options.api_key

    @property
    def world(self) -> World:
        """The state."""
        return self.backend.world

    @property
    def clock(self) -> Clock:
        """The clock, to be advanced."""
        return self.backend.clock

    @property
    def requests(self) -> list[Seen]:
        """What arrived so far, oldest first."""
        return list(self.backend.requests)

    def fail(self, path: str = "/api", **fault: Json) -> None:
        """Plan a `Fault` for requests whose path starts with `path`."""
        self.backend.faults.add(Fault(path=path, **fault))


def backend_for(
    options: Options, dataset: Dataset | None = None, clock: Clock | None = None
) -> Backend:
    """A backend with the given data, or the data that `options` describe."""
    clock = clock or SystemClock()
    if dataset is None:
        now = datetime.fromtimestamp(clock.time(), UTC)
        dataset = build(seed=options.seed, tickets=options.tickets, now=now)
    return Backend(options, dataset, clock)


def server_for(backend: Backend, host: str = _LOOPBACK) -> uvicorn.Server:
    """A server to be `run` on a listening socket; idle connections do not hold it when stopped."""
    config = uvicorn.Config(
        build_app(backend, host),
        http=_Protocol,
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,  # that of the front is the time on the clock of the sandbox
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextmanager
def serve(
    options: Options | None = None,
    *,
    dataset: Dataset | None = None,
    clock: Clock | None = None,
) -> Iterator[Sandbox]:
    """Run a sandbox on a free port of the loopback interface while the block lasts.

    Args:
        options: everything that can be chosen; None: the defaults.
        dataset: rows to start with; None: seeded ones.
        clock: None: real time.
    """
    backend = backend_for(options or Options(), dataset, clock)
    server = server_for(backend)
    # Listening before the thread starts: a client that comes early waits in the queue.
    with socket.create_server((_LOOPBACK, 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield Sandbox(f"http://{_LOOPBACK}:{listener.getsockname()[1]}", backend)
        finally:
            server.should_exit = True
            thread.join()
