"""Where the browser comes back to at the end of a login: a port of this machine."""

from __future__ import annotations

import errno
import html
import socket
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gorgias_api.errors import LoginError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gorgias_api.login import Login

LOOPBACK = "127.0.0.1"
LOOPBACK_6 = "::1"
PATH = "/callback"
TRIES = 10
"""How many free ports to look at for one that is free in both families."""
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font: 1.1rem system-ui; margin: 15vh auto; max-width: 32rem; padding: 0 1rem">
<h1>{title}</h1><p>{text}</p></body></html>
"""


class Callback:
    """Waits on this machine for the browser that Gorgias sends back.

    Whatever else asks for something, or comes without the state of the login, is answered and
    does not end the wait.

    Args:
        port: to listen on, at 127.0.0.1 and, where this machine has it, at ::1; 0 for a free one.
        path: what the redirect address has after host and port.

    Raises:
        OSError: the port is not free.
    """

    def __init__(self, port: int, path: str) -> None:
        self.path = path
        self.login: Login | None = None
        self.outcomes: SimpleQueue[str | LoginError] = SimpleQueue()
        self._listeners = _listeners(self, port)
        self.port: int = self._listeners[0].server_port

    def close(self) -> None:
        """Give the port back."""
        for each in self._listeners:
            each.server_close()

    @contextmanager
    def expecting(self, login: Login) -> Iterator[None]:
        """Take the answer to a login while the block lasts."""
        self.login = login
        with ExitStack() as running:
            for each in self._listeners:
                threading.Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
                running.callback(each.shutdown)
            yield

    def wait(self, seconds: float) -> str | None:
        """The code that came; None if nobody came.

        Raises:
            LoginError: access was not granted.
        """
        try:
            outcome = self.outcomes.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(outcome, LoginError):
            raise outcome
        return outcome

    def outcome(self, target: str) -> str | LoginError | None:
        """What an address that was asked for says about the login; None: it is about another."""
        if not self.login or not self.login.is_answered_by(target):
            return None
        try:
            return self.login.code(target)
        except LoginError as error:
            return error


class _Listener(ThreadingHTTPServer):
    def __init__(self, callback: Callback, host: str, port: int) -> None:
        self.callback = callback
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Page)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a request that breaks off, or makes no sense, is not the login's."""


class _Page(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 10

    def do_GET(self) -> None:
        callback = self.server.callback
        if urlsplit(self.path).path != callback.path:
            self.send_error(404)
            return
        outcome = callback.outcome(self.path)
        if outcome is None:
            self._show("This is not the answer to the login that waits here", "", 400)
            return
        try:
            if isinstance(outcome, LoginError):
                self._show("The login did not work", str(outcome))
            else:
                self._show("Gorgias has answered", "You can close this page.")
        finally:
            # The page first: whoever waits may end the program.
            callback.outcomes.put(outcome)

    def _show(self, title: str, text: str, status: int = 200) -> None:
        body = PAGE.format(title=title, text=html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the address holds the code."""


@contextmanager
def listening(port: int = 0, path: str = PATH) -> Iterator[Callback]:
    """A callback on a port of this machine, a free one for 0.

    Raises:
        UsageError: the port is not free.
    """
    try:
        callback = Callback(port, path)
    except OSError as error:
        message = f"Port {port} of this machine cannot be listened on ({error.strerror})."
        raise UsageError(message) from error
    try:
        yield callback
    finally:
        callback.close()


def _listeners(callback: Callback, port: int) -> list[_Listener]:
    """A listener for each kind of address.

    A port that somebody else has at ::1 is not free: a browser might bring the code there.
    """
    for left in reversed(range(TRIES)):
        first = _Listener(callback, LOOPBACK, port)
        try:
            return [first, _Listener(callback, LOOPBACK_6, first.server_port)]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]  # this machine has no ::1
            first.server_close()
            if port or not left:
                raise
    raise AssertionError  # the last try has returned or raised
