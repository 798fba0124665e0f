"""Routes of the sandbox itself, under `/_sandbox`: truth, evidence, faults, clock, options."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gorgias_sandbox.api import restyled
from gorgias_sandbox.clock import parse
from gorgias_sandbox.faults import Fault
from gorgias_sandbox.render import encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from gorgias_sandbox.backend import Backend

_LINES_PER_CHUNK = 200


class _ClockChange(msgspec.Struct, forbid_unknown_fields=True):
    advance: float = 0.0
    set: str | None = None


class Control:
    """Neither authenticated, nor limited, nor recorded."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def routes(self) -> list[Route]:
        """Method and path of every control route."""
        return [
            Route("/_sandbox/tables", self.tables, methods=["GET"]),
            Route("/_sandbox/tables/{name}", self.table, methods=["GET"]),
            Route("/_sandbox/requests", self.requests, methods=["GET"]),
            Route("/_sandbox/requests", self.forget_requests, methods=["DELETE"]),
            Route("/_sandbox/delivered", self.delivered, methods=["GET"]),
            Route("/_sandbox/faults", self.plan_fault, methods=["POST"]),
            Route("/_sandbox/faults", self.clear_faults, methods=["DELETE"]),
            Route("/_sandbox/clock", self.move_clock, methods=["POST"]),
            Route("/_sandbox/options", self.change_options, methods=["POST"]),
        ]

    async def tables(self, _request: Request) -> Response:
        """Rows per table."""
        world = self._backend.world
        return JSONResponse({name: len(table) for name, table in world.tables.items()})

    async def table(self, request: Request) -> Response:
        """The truth: every row in list shape, one JSON line each, by ascending id."""
        name = request.path_params["name"]
        world = self._backend.world
        if name not in world.tables:
            return _refusal(404, f"There is no table {name!r}.")
        world.settle()
        style = self._backend.options.datetime_style
        ids = sorted(row["id"] for row in world.tables[name])

        async def lines() -> AsyncIterator[bytes]:
            for start in range(0, len(ids), _LINES_PER_CHUNK):
                chunk = ids[start : start + _LINES_PER_CHUNK]
                rows = [world.listed(name, each) for each in chunk if each in world.tables[name]]
                yield restyled(b"".join(row + b"\n" for row in rows), style)

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def requests(self, _request: Request) -> Response:
        """The evidence: `faults.Seen` objects, oldest first."""
        return _json(list(self._backend.requests))

    async def forget_requests(self, _request: Request) -> Response:
        """Start the evidence anew."""
        self._backend.requests.clear()
        return Response(status_code=204)

    async def delivered(self, _request: Request) -> Response:
        """Ids of the messages that a real account would have sent to a person."""
        return _json(self._backend.world.delivered)

    async def plan_fault(self, request: Request) -> Response:
        """Plan one `faults.Fault`."""
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            return _refusal(400, str(error))
        self._backend.faults.add(fault)
        return _json(fault, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """Forget all that is planned."""
        self._backend.faults.clear()
        return Response(status_code=204)

    async def move_clock(self, request: Request) -> Response:
        """Move the clock: `{"advance": seconds}` or `{"set": datetime}`."""
        clock = self._backend.clock
        try:
            change = msgspec.json.decode(await request.body(), type=_ClockChange)
            target = None if change.set is None else parse(change.set).timestamp()
        except (msgspec.DecodeError, ValueError) as error:
            return _refusal(400, str(error))
        clock.advance(change.advance if target is None else target - clock.time())
        return _json({"time": clock.time()})

    async def change_options(self, request: Request) -> Response:
        """Replace some of `options.Options` from the next request on."""
        try:
            self._backend.change(**msgspec.json.decode(await request.body(), type=dict))
        except msgspec.DecodeError as error:
            return _refusal(400, str(error))
        return _json(self._backend.options)


def _json(value: object, status: int = 200) -> Response:
    return Response(encode(value), status, media_type="application/json")


def _refusal(status: int, msg: str) -> Response:
    return JSONResponse({"error": {"msg": msg}}, status)
