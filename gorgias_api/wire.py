"""Connections whose timeout is for the whole answer.

`requests` and urllib3 count a timeout from one byte to the next, so a server that sends a byte now
and then is waited for without end: in the status line, headers, body, or what follows the last
chunk. Here it counts from the request to the last byte. Time is real, as that of sockets is.
"""

from __future__ import annotations

import io
import time
from functools import cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    import socket

    import requests
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 16
"""Bytes. `http.client` has the same limit for headers, urllib3 none for the sizes of chunks."""


class Wire(io.RawIOBase):
    """What a server sends, until the time is up that the socket has for one wait."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._end = time.monotonic() + (sock.gettimeout() or 0.0)

    def extend(self, seconds: float) -> None:
        """Allow more time."""
        self._end += seconds

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Itself, buffered: all that `http.client` asks of a socket."""
        return _Lines(self)

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read once.

        Raises:
            TimeoutError: the time is up.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            message = "The answer is not complete in time."
            raise TimeoutError(message)
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let go of the socket, which its connection may keep open."""
        self._raw.close()
        super().close()


class _Lines(io.BufferedReader):
    """A buffer that no line fills without end."""

    def readline(self, size: int | None = -1, /) -> bytes:
        return super().readline(LONGEST_LINE if size is None or size < 0 else size)


class _Timed:
    """The part of a connection that reads answers."""

    wire: Wire

    def response_class(self, sock: socket.socket, *args: Any, **more: Any) -> HTTPResponse:  # noqa: ANN401
        """The answer at the other end of `sock`; called as the class it stands for."""
        self.wire = Wire(sock)
        return HTTPResponse(self.wire, *args, **more)  # type: ignore[arg-type]  # needs `makefile` only


@cache
def _timed(connection: type) -> type:
    return type(f"Timed{connection.__name__}", (_Timed, connection), {})


class TimedAdapter(HTTPAdapter):
    """Sends requests, and gives each answer its read timeout as a whole."""

    def get_connection_with_tls_context(self, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - as the base class
        """The pool for a request, whatever proxy it leads through; its connections are timed."""
        pool: Any = super().get_connection_with_tls_context(*args, **more)
        if not issubclass(pool.ConnectionCls, _Timed):
            pool.ConnectionCls = _timed(pool.ConnectionCls)
        return pool


def extend(response: requests.Response, seconds: float) -> None:
    """Allow more time for the rest of an answer."""
    connection = response.raw.connection
    if isinstance(connection, _Timed):
        connection.wire.extend(seconds)
