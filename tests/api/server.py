"""A small HTTP server that answers what a test tells it to, rightly or wrongly."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from email.message import Message

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Asked(NamedTuple):
    """One request that arrived; `target` is path and query."""

    method: str
    target: str
    headers: Message
    body: bytes


class Reply(NamedTuple):
    """One answer, or none.

    `raw` is all that is sent, in place of head and body. `length` is a Content-Length that lies.
    `lost` drops the connection instead of answering, `silent` leaves it open and says nothing.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = {}
    length: int | None = None
    lost: bool = False
    silent: bool = False
    raw: bytes | None = None


def reply(value: Any, status: int = 200, **headers: str) -> Reply:
    """JSON, with header names spelled with underscores."""
    spelled = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), spelled)


def refusal(status: int, message: str = "No.", **headers: str) -> Reply:
    """An error as the API words it."""
    return reply({"error": {"msg": message}}, status, **headers)


class Server:
    """What a test sees of the server.

    Attributes:
        url: `http://127.0.0.1:…`, without `/api`.
        replies: answers to the next requests; `{}` once they are used up.
        asked: what arrived, oldest first.
        dated: the `Date` of every answer; None: now.
        answer: called in the thread of each request; takes the next reply unless replaced.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: deque[Reply] = deque()
        self.asked: list[Asked] = []
        self.dated: str | None = None
        self.answer: Callable[[Asked], Reply] = self._next
        self.ending = threading.Event()

    def _next(self, _asked: Asked) -> Reply:
        return self.replies.popleft() if self.replies else Reply()

    def targets(self) -> list[str]:
        """Method and target of each request."""
        return [f"{asked.method} {asked.target}" for asked in self.asked]


class _Handler(BaseHTTPRequestHandler):
    timeout = 10

    def answer(self) -> None:
        script: Server = self.server.script  # type: ignore[attr-defined]  # set by `scripted`
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, self.headers, body)
        script.asked.append(asked)
        said = script.answer(asked)
        if said.silent:
            script.ending.wait()
        if said.silent or said.lost:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            return
        if said.raw is not None:
            self.wfile.write(said.raw)
            return
        self.send_response_only(said.status)
        self.send_header("Date", script.dated or self.date_time_string())
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(said.length or len(said.body)))
        self.end_headers()
        self.wfile.write(said.body)

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = answer  # noqa: N815 - as the base class looks them up

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _KeepingHandler(_Handler):
    protocol_version = "HTTP/1.1"


@contextmanager
def scripted(*, keep_alive: bool = False, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on a free port of the loopback interface while the block lasts.

    A connection ends with its answer unless it is to be kept; then the client must end it, or a
    thread waits when the test is over.
    """
    handler = _KeepingHandler if keep_alive else _Handler
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        listener.daemon_threads = False
        if tls:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        script = Server(f"http{'s' if tls else ''}://127.0.0.1:{listener.server_port}")
        listener.script = script  # type: ignore[attr-defined]  # read by the handler
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield script
        finally:
            script.ending.set()
            listener.shutdown()
            thread.join()
