"""The way of a request through `/api`: limit, credentials, validation, handler, answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from gorgias_sandbox.call import Call, Part
from gorgias_sandbox.checks import checked_body, checked_query
from gorgias_sandbox.operations import HANDLERS
from gorgias_sandbox.render import encode
from gorgias_sandbox.replies import ApiError, Content, Invalid, Moved, missing

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gorgias_sandbox.auth import Caller
    from gorgias_sandbox.backend import Backend
    from gorgias_sandbox.contract import Json, Operation, Spec

_HEADERS = {
    "content-type": "application/json",
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "vary": "Cookie",
    "x-frame-options": "Deny",
    "x-gorgias-release": "sandbox",
}
_MOMENT = re.compile(rb'(?<=")(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?)\+00:00(?=")')
_SUFFIXES = {"naive": rb"\1", "z": rb"\1Z"}


class Api:
    """The ASGI application under `/api`."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        backend = self._backend
        try:
            response = await self._answer(request)
        except Moved as moved:
            response = Response(status_code=301, headers={"location": moved.location})
        except ApiError as error:
            response = Response(encode(error.body), error.status, _HEADERS)
            response.headers.update(error.headers)
        limit = self._limit(request)
        if limit is not None:
            used = backend.bucket.used(limit, backend.options.rate_window, backend.clock.time())
            response.headers["X-Gorgias-Account-Api-Call-Limit"] = f"{used}/{limit}"
        response.headers["x-request-id"] = backend.world.uuid()
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        backend = self._backend
        path: str = request.scope["path"]
        methods, placeholders = backend.contract.match(path)
        if not methods:
            raise missing()
        caller = backend.access.caller(request.headers.get("authorization", ""))
        self._count(request)
        operation = methods.get(request.method)
        if operation is None:
            raise ApiError(405, "The specified HTTP method is not allowed.")
        if operation.scope is not None:
            caller.need(operation.scope)
        try:
            return await self._handled(request, operation, placeholders, caller)
        except Invalid as invalid:
            raise ApiError(400, operation.failure, invalid.errors) from None

    async def _handled(
        self, request: Request, operation: Operation, path: dict[str, str], caller: Caller
    ) -> Response:
        backend = self._backend
        pairs = request.query_params.multi_items()
        query = checked_query(operation.query, pairs)
        body = None if operation.body is None else await self._body(request, operation.body)
        backend.world.settle()
        call = Call(
            operation=operation,
            world=backend.world,
            options=backend.options,
            cursors=backend.cursors,
            caller=caller,
            actor=backend.actor(caller),
            path=path,
            query=query,
            body=body,
            uri=f"{request.scope['path']}?{urlencode(pairs)}",
            base=str(request.base_url).rstrip("/"),
        )
        with backend.world.history.write(f"{request.method} {request.scope['path']}"):
            answer = HANDLERS[operation.operation](call)
        return self._response(operation.status, answer)

    async def _body(self, request: Request, spec: Spec) -> Json:
        size = request.headers.get("content-length", "0")
        if int(size) > self._backend.options.max_upload:
            raise ApiError(413, "The request is too large.")
        if spec.type == "files":
            return await _parts(request)
        try:
            body = msgspec.json.decode(await request.body())
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Invalid({"_schema": ["Invalid input type."]}) from None
        return checked_body(spec, body)

    def _response(self, status: int, answer: Json) -> Response:
        if isinstance(answer, Content):
            return Response(answer.body, status, {**_HEADERS, "content-type": answer.media_type})
        if answer is None:
            return Response(status_code=status, headers=_HEADERS)
        content = answer if isinstance(answer, bytes) else encode(answer)
        return Response(restyled(content, self._backend.options.datetime_style), status, _HEADERS)

    def _limit(self, request: Request) -> int | None:
        bearer = request.headers.get("authorization", "").lower().startswith("bearer ")
        options = self._backend.options
        return options.oauth_rate_limit if bearer else options.rate_limit

    def _count(self, request: Request) -> None:
        limit = self._limit(request)
        if limit is None:
            return
        backend = self._backend
        wait = backend.bucket.pour(limit, backend.options.rate_window, backend.clock.time())
        if wait:
            raise ApiError(429, "Too many requests.", headers={"Retry-after": str(wait)})


def restyled(content: bytes, style: str) -> bytes:
    """Encoded JSON with every moment in the chosen `Options.datetime_style`."""
    return content if style == "offset" else _MOMENT.sub(_SUFFIXES[style], content)


async def _parts(request: Request) -> list[Part]:
    """The files of a multipart body; each is named by its form field (section 8)."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Invalid({"_schema": ["Invalid input type."]})
    async with request.form() as form:
        parts = [
            Part(label, value.content_type or "application/octet-stream", await value.read())
            for label, value in form.multi_items()
            if isinstance(value, UploadFile)
        ]
    if not parts:
        raise Invalid({"_schema": ["No file was sent."]})
    return parts
