"""What stands before the application: latency, faults, and the record of requests."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from gorgias_sandbox.faults import Seen
from gorgias_sandbox.render import encode

if TYPE_CHECKING:
    from asyncio import Transport
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gorgias_sandbox.backend import Backend
    from gorgias_sandbox.faults import Fault

CONNECTION = "sandbox.connection"
"""ASGI extension: `{"transport": asyncio transport}` of the client's connection."""

_WATCHED = ("/api", "/oauth")
_SCHEMES: dict[bytes, Literal["basic", "bearer"]] = {b"basic ": "basic", b"bearer": "bearer"}
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Front:
    """ASGI middleware around the API and the OAuth endpoints; the rest only gets its `Date`."""

    def __init__(self, app: ASGIApp, backend: Backend) -> None:
        self._app = app
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or spoil it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif not scope["path"].startswith(_WATCHED):
            await self._app(scope, receive, self._dating(send))
        else:
            await self._watched(scope, receive, self._dating(send))

    async def _watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        options = self._backend.options
        body = None
        if options.record_bodies:
            receive, body = await _read_ahead(receive)
        note = self._noter(scope, body)

        async def noting_send(message: Message) -> None:
            # Before the client can know: it may look at the record at once.
            if message["type"] == "http.response.start":
                note(message["status"])
            await send(message)

        fault = self._fault(scope)
        delay = options.latency + (fault.delay if fault else 0)
        if delay:
            await asyncio.sleep(delay)
        if fault is not None and fault.reset is not None:
            if fault.reset == "after":
                await self._app(scope, receive, _swallow)
            note(0)
            _drop(scope)
        elif fault is not None and fault.status is not None:
            await _planned_answer(fault)(scope, receive, noting_send)
        elif fault is not None and fault.truncate:
            await self._truncated(scope, receive, noting_send)
        else:
            await self._app(scope, receive, noting_send)

    def _dating(self, send: Send) -> Send:
        """What sends an answer with the time on the sandbox's clock, unless it has a `Date`."""

        async def dating_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if all(name.lower() != b"date" for name, _ in headers):
                    now = formatdate(self._backend.clock.time(), usegmt=True)
                    headers.append((b"date", now.encode()))
            await send(message)

        return dating_send

    def _noter(self, scope: Scope, body: bytes | None) -> Callable[[int], None]:
        """What records the request once its status is known."""
        started, arrived = time.perf_counter(), self._backend.clock.time()

        def note(status: int) -> None:
            self._backend.requests.append(
                Seen(
                    time=arrived,
                    method=scope["method"],
                    path=scope["path"],
                    query=scope["query_string"].decode(),
                    status=status,
                    ms=(time.perf_counter() - started) * 1000,
                    auth=_scheme(scope),
                    body=None if body is None else body.decode(errors="replace"),
                )
            )

        return note

    def _fault(self, scope: Scope) -> Fault | None:
        planned = self._backend.faults.draw(scope["method"], scope["path"])
        chaos = self._backend.chaos
        if planned is not None or chaos is None:
            return planned
        chaos.disturb()
        return chaos.fault()

    async def _truncated(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def half(message: Message) -> None:
            content = message.get("body", b"")
            if content:
                message = {**message, "body": content[: len(content) // 2], "more_body": True}
            await send(message)

        await self._app(scope, receive, half)
        _transport(scope).close()


def _scheme(scope: Scope) -> Literal["basic", "bearer"] | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return _SCHEMES.get(value[:6].lower())
    return None


def _planned_answer(fault: Fault) -> Response:
    status = fault.status or 200
    text = (
        encode({"error": {"msg": "Planned by the sandbox."}}) if fault.body is None else fault.body
    )
    return Response(text, status, fault.headers)


async def _read_ahead(receive: Receive) -> tuple[Receive, bytes]:
    """The whole body, and a `receive` that gives it once more."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
    replay = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return replay.pop() if replay else await receive()

    return again, bytes(body)


async def _swallow(_message: Message) -> None:
    """Send nothing."""


def _transport(scope: Scope) -> Transport:
    transport: Transport = scope["extensions"][CONNECTION]["transport"]
    return transport


def _drop(scope: Scope) -> None:
    """Reset the connection, as a crashed peer does, instead of closing it politely."""
    transport = _transport(scope)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
