"""The page at `/`, and what it shows as it happens."""

from __future__ import annotations

import asyncio
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from gorgias_sandbox.render import encode, ticket_full

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from gorgias_sandbox.backend import Backend
    from gorgias_sandbox.contract import Json
    from gorgias_sandbox.dataset import Row
    from gorgias_sandbox.faults import Seen

_PAGE = Path(__file__).parent / "page"
_FILES = {
    "/": "index.html",
    "/_sandbox/page.css": "page.css",
    "/_sandbox/page.js": "page.js",
}
_HEADERS = {
    "cache-control": "no-cache",
    # Nothing but the page's own files, whatever a ticket says.
    "content-security-policy": "default-src 'none'; connect-src 'self'; img-src data:; "
    "script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
_PACE = 0.25
_SHOWN_TICKETS = 15
_SHOWN_REQUESTS = 200


class Watch:
    """Neither authenticated, nor limited, nor recorded; idle while nobody watches."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """Method and path of everything the page needs."""
        return [
            *(Route(path, _file(name), methods=["GET"]) for path, name in _FILES.items()),
            Route("/_sandbox/live", self.live, methods=["GET"]),
            Route("/_sandbox/tickets/{ticket_id:int}", self.ticket, methods=["GET"]),
        ]

    async def live(self, _request: Request) -> Response:
        """Server-sent events: first how things are, then whatever changes.

        `account` `{domain, tables}`, `budget` `{used, limit, window}` and `tickets` (list shape,
        latest first) replace what was told before; `requests` and `writes` (`History.writes`),
        both newest first, add to it.
        """
        headers = {"cache-control": "no-store"}
        return StreamingResponse(self._events(), headers=headers, media_type="text/event-stream")

    async def ticket(self, request: Request) -> Response:
        """A ticket in full shape, its custom fields as `[{label, value}]`."""
        world = self._backend.world
        row = world.tables["tickets"].get(request.path_params["ticket_id"])
        if row is None:
            return Response(status_code=404)
        definitions = world.tables["custom_fields"]
        fields = [
            {"label": definitions[field_id]["label"], "value": value}
            for field_id, value in row["field_values"].items()
        ]
        shown = ticket_full(world, row, on_get=True) | {"custom_fields": fields}
        return Response(encode(shown), media_type="application/json")

    async def _events(self) -> AsyncIterator[bytes]:
        world = self._backend.world
        told: dict[str, bytes] = {}
        last_request: Seen | None = None
        last_write = 0
        while True:
            world.settle()
            for name, value in self._state().items():
                content = encode(value)
                if told.get(name) != content:
                    told[name] = content
                    yield _event(name, content)
            requests = self._requests_after(last_request)
            if requests:
                last_request = requests[0]
                yield _event("requests", encode([_logged(each) for each in requests]))
            writes = world.history.writes(world, last_write)
            if writes:
                last_write = writes[0]["number"]
                yield _event("writes", encode([each for each in writes if each["objects"]]))
            await asyncio.sleep(_PACE)

    def _state(self) -> dict[str, Json]:
        world = self._backend.world
        latest = world.tables["tickets"].ordered(("updated_datetime",))[-_SHOWN_TICKETS:]
        return {
            "account": {
                "domain": world.domain,
                "tables": {name: len(table) for name, table in world.tables.items()},
            },
            "budget": self._budget(),
            "tickets": [
                msgspec.Raw(world.listed("tickets", place[-1])) for place in reversed(latest)
            ],
        }

    def _budget(self) -> Row:
        """The bucket, measured against the limit of whoever called last."""
        backend, options = self._backend, self._backend.options
        bearer = bool(backend.requests) and backend.requests[-1].auth == "bearer"
        limit, window = options.oauth_rate_limit if bearer else options.rate_limit, 0.0
        used = 0.0
        if limit is not None:
            window = options.rate_window
            used = round(backend.bucket.level(limit, window, backend.clock.time()), 1)
        return {"used": used, "limit": limit, "window": window}

    def _requests_after(self, last: Seen | None) -> list[Seen]:
        """What arrived since, newest first, as far as it is shown."""
        newest = islice(reversed(self._backend.requests), _SHOWN_REQUESTS)
        return list(takewhile(lambda each: each is not last, newest))


def _logged(seen: Seen) -> Row:
    """A request without its body."""
    return {
        "time": seen.time,
        "method": seen.method,
        "path": seen.path,
        "query": seen.query,
        "status": seen.status,
        "ms": round(seen.ms, 1),
        "auth": seen.auth,
    }


def _event(name: str, content: bytes) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), content)


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_request: Request) -> Response:
        return FileResponse(_PAGE / name, headers=_HEADERS)

    return answer
