"""A server of lists that does what the API documents, unless a test tells it not to."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from tests.api.server import Reply, refusal, reply, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.api.server import Asked, Server
    from tests.support import Row


class Lists:
    """Lists by path.

    Attributes:
        rows: what each list holds, in the order in which a server without order gives them.
        now: the time in the `Date` of every answer.
        asked: requests so far.
        keeps_order: whether `order_by` is heeded.
        moves: called with path and query before each answer.
    """

    def __init__(self, server: Server) -> None:
        self.rows: dict[str, list[Row]] = {}
        self.now = datetime(2026, 5, 1, tzinfo=UTC)
        self.asked: list[str] = []
        self.keeps_order = True
        self.moves: Callable[[str, dict[str, str]], object] = lambda _path, _query: None
        self.settings = {
            "domain": "acme",
            "username": "agent@acme.example",
            "api_key": "k",
            "api_url": f"{server.url}/api",
            "max_retries": 1,
        }
        self._server = server
        server.answer = self._answer

    def at(self, **ago: float) -> str:
        """An instant so long ago, as the API writes it."""
        return (self.now - timedelta(**ago)).isoformat()

    def _answer(self, asked: Asked) -> Reply:
        self._server.dated = format_datetime(self.now, usegmt=True)
        url = urlsplit(asked.target)
        query = dict(parse_qsl(url.query))
        self.asked.append(url.path)
        self.moves(url.path, query)
        if url.path not in self.rows:
            return refusal(404)
        rows = [row for row in self.rows[url.path] if _fits(row, query)]
        field, _, direction = query.get("order_by", "id:asc").partition(":")
        if self.keeps_order:
            rows.sort(key=lambda row: (row[field], row["id"]), reverse=direction == "desc")
        ids = [row["id"] for row in rows]
        after = json.loads(query["cursor"])[0] if "cursor" in query else None
        start = ids.index(after) + 1 if after in ids else 0
        end = start + int(query.get("limit", 30))
        cursor = json.dumps([ids[end - 1]]) if end < len(ids) else None
        return reply({"data": rows[start:end], "meta": {"next_cursor": cursor}})


def _fits(row: Row, query: dict[str, str]) -> bool:
    """Whether a row is among those asked for; only macros have something to ask for."""
    return "archived" not in query or str(row["archived"]).lower() == query["archived"]


@contextmanager
def listed() -> Iterator[Lists]:
    """The server, while the block lasts."""
    with scripted() as server:
        yield Lists(server)
