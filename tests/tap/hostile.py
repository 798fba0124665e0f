"""What stands between tap and sandbox and spoils some answers, as proxies and bad days do."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.api.server import Reply, refusal, scripted

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox
    from tests.api.server import Asked, Server
    from tests.support import Row

HTML = Reply(200, b"<html><body>Back soon.</body></html>", {"Content-Type": "text/html"})
NOW = {"Retry_After": "0"}
REFUSALS: dict[str, Reply] = {
    **{str(status): refusal(status) for status in (400, 401, 403, 404, 409, 410, 422, 500)},
    "301": Reply(301, b"", {"Location": "/api/account"}),
    "reset": Reply(lost=True),
    "html": HTML,
}
"""How a cursor of an earlier run may be answered."""


def _page(change: Callable[[Row], Row]) -> Callable[[bytes], Reply]:
    return lambda body: Reply(200, json.dumps(change(json.loads(body))).encode())


SPOILT: dict[str, Callable[[bytes], Reply]] = {
    "no meta": _page(lambda page: {"data": page["data"]}),
    "meta null": _page(lambda page: page | {"meta": None}),
    "meta empty": _page(lambda page: page | {"meta": {}}),
    "meta false": _page(lambda page: page | {"meta": False}),
    "a number for a cursor": _page(lambda page: page | {"meta": {"next_cursor": 17}}),
    "an object for a cursor": _page(lambda page: page | {"meta": {"next_cursor": {"a": 1}}}),
    "html": lambda _body: HTML,
    "half an answer": lambda body: Reply(200, body[: len(body) // 2], length=len(body)),
    "500": lambda _body: refusal(500, **NOW),
    "503": lambda _body: refusal(503, **NOW),
    "429": lambda _body: refusal(429, **NOW),
    "reset": lambda _body: Reply(lost=True),
}
"""What may become of the page of a list."""


class Hostile:
    """A server in front of a sandbox.

    Attributes:
        api_url: for the tap.
        share: of the pages of lists that are spoilt, each once or twice in a row.
        old: how cursors of earlier runs are refused, see `REFUSALS`; None: they are not.
        spoilt: what was done so far, in the words of `SPOILT` and `REFUSALS`.
        ahead: called with the path of each request before it is answered.
    """

    def __init__(self, server: Server, sandbox: Sandbox, chance: random.Random) -> None:
        self.api_url = f"{server.url}/api"
        self.share = 0.0
        self.old: str | None = None
        self.spoilt: list[str] = []
        self.ahead: Callable[[str], object] = lambda _path: None
        self._server, self._sandbox, self._chance = server, sandbox, chance
        self._given: dict[str, int] = {}
        self._again: dict[str, str | None] = {}
        self._run = 0
        server.answer = self._answer

    def begin(self) -> None:
        """A run begins: every cursor so far is an old one."""
        self._run += 1
        self._again.clear()

    def _answer(self, asked: Asked) -> Reply:
        # The account's clock, not the machine's, dates its answers.
        self._server.dated = formatdate(self._sandbox.clock.time(), usegmt=True)
        url = urlsplit(asked.target)
        self.ahead(url.path)
        cursor = parse_qs(url.query).get("cursor", [""])[0]
        if cursor and self.old and self._given.get(cursor) != self._run:
            self.spoilt.append(f"an old cursor: {self.old}")
            return REFUSALS[self.old]
        status, body = self._forwarded(asked)
        if status == http.client.OK and b'"next_cursor"' in body:
            self._given[json.loads(body)["meta"]["next_cursor"]] = self._run
            if spoiling := self._drawn(asked.target):
                self.spoilt.append(spoiling)
                return SPOILT[spoiling](body)
        return Reply(status, body)

    def _drawn(self, target: str) -> str | None:
        """What to do to a page: what was done a moment ago, something new, mostly nothing."""
        if target in self._again:
            again, self._again[target] = self._again[target], None
            return again
        if self._chance.random() >= self.share:
            return None
        spoiling = self._chance.choice(list(SPOILT))
        self._again[target] = self._chance.choice([spoiling, None])
        return spoiling

    def _forwarded(self, asked: Asked) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self._sandbox.url).netloc)
        passed = {"authorization", "content-type", "accept"}
        headers = {name: text for name, text in asked.headers.items() if name.lower() in passed}
        connection.request(asked.method, asked.target, asked.body, headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


@contextmanager
def hostile(sandbox: Sandbox, chance: random.Random) -> Iterator[Hostile]:
    """A server in front of the sandbox while the block lasts."""
    with scripted() as server:
        yield Hostile(server, sandbox, chance)
