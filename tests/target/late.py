"""A server in front of the sandbox that loses requests, or is done with them long after."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import requests

from tests.api.server import Asked, Reply, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox

PASSED_ON = ("authorization", "content-type", "accept")


class _Owed(NamedTuple):
    due: float
    asked: Asked


class Late:
    """Cuts off the POSTs to some paths, and applies them after so many seconds, or never.

    Attributes:
        url: for the setting `api_url`.
        cut: how many are still to be cut off.
        posted: the paths of all POSTs that arrived.
        cut_off: called when one is cut off.
        instead: what a request is answered instead of being passed on; None: nothing.
    """

    def __init__(
        self, url: str, sandbox: Sandbox, now: Callable[[], float], after: float | None
    ) -> None:
        self.url = f"{url}/api"
        self.cut = 1
        self.path = "/api"
        self.posted: list[str] = []
        self.cut_off: Callable[[], None] = lambda: None
        self.instead: Callable[[Asked], Reply | None] = lambda _: None
        self._base = sandbox.api_url.removesuffix("/api")
        self.passing = requests.Session()
        self._now = now
        self._after = after
        self._owed: list[_Owed] = []
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        """Answer one request."""
        with self._lock:
            self._catch_up(self._now())
            if asked.method == "POST":
                self.posted.append(asked.target)
                if self.cut and asked.target.startswith(self.path):
                    self.cut -= 1
                    if self._after is not None:
                        self._owed.append(_Owed(self._now() + self._after, asked))
                    self.cut_off()
                    return Reply(lost=True)
        return self.instead(asked) or self._pass_on(asked)

    def finish(self) -> None:
        """Apply what is still owed."""
        self._catch_up(float("inf"))

    def _catch_up(self, now: float) -> None:
        for owed in [each for each in self._owed if each.due <= now]:
            self._owed.remove(owed)
            self._pass_on(owed.asked)

    def _pass_on(self, asked: Asked) -> Reply:
        kept = {name: asked.headers[name] for name in PASSED_ON if name in asked.headers}
        url = self._base + asked.target
        answer = self.passing.request(
            asked.method, url, headers=kept, data=asked.body, timeout=10, allow_redirects=False
        )
        headers = {
            n: answer.headers[n] for n in ("Content-Type", "Location") if n in answer.headers
        }
        return Reply(answer.status_code, answer.content, headers)


@contextmanager
def late(sandbox: Sandbox, now: Callable[[], float], after: float | None) -> Iterator[Late]:
    """Such a server while the block lasts."""
    with scripted() as server:
        made = Late(server.url, sandbox, now, after)
        server.answer = made.answer
        with made.passing:
            yield made
