"""A server that sends whatever bytes a test gives it, at the pace the test sets."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PAUSE = 0.02
"""Seconds between two pieces that drip."""
LIFE = 3.0
"""Seconds after which a connection ends in any case, so that a failing test ends too."""
OK = b"HTTP/1.1 200 OK\r\n"


def dripping(text: bytes, size: int = 1) -> Iterator[bytes]:
    """`text` again and again, a few bytes at a time."""
    for at in itertools.count(0, size):
        time.sleep(PAUSE)
        yield text[at % len(text) :][:size]


def flooding(piece: bytes, limit: int = 200 << 20) -> Iterator[bytes]:
    """`piece` again and again, as fast as it is taken."""
    block = piece * max(1, (1 << 16) // len(piece))
    yield from itertools.repeat(block, limit // len(block))


class Endless:
    """What a test sees of the server.

    Attributes:
        url: `http://127.0.0.1:…`.
        script: makes the pieces of an answer from the first line of a request.
        asked: the head of each request.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.script: Callable[[str], Iterable[bytes]] = lambda _line: ()
        self.asked: list[str] = []


def _serve(server: Endless, wire: socket.socket) -> None:
    with wire, suppress(OSError):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = wire.recv(65536)
            if not piece:
                return
            head += piece
        server.asked.append(head.decode("latin-1"))
        end = time.monotonic() + LIFE
        for piece in server.script(head.decode("latin-1").partition("\r\n")[0]):
            wire.sendall(piece)
            if time.monotonic() > end:
                return


@contextmanager
def endless() -> Iterator[Endless]:
    """A server on a free port of the loopback interface while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Endless(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    wire, _ = listener.accept()
                    threads.append(threading.Thread(target=_serve, args=(server, wire)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for each in threads:
                each.join()
