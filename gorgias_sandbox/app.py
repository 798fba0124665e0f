"""The application: API, OAuth2 endpoints, control routes and the page behind one front."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from gorgias_sandbox.api import Api
from gorgias_sandbox.auth import TokenError
from gorgias_sandbox.control import Control
from gorgias_sandbox.front import Front
from gorgias_sandbox.guard import Guard
from gorgias_sandbox.watch import Watch

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from gorgias_sandbox.backend import Backend


def build_app(backend: Backend, host: str) -> ASGIApp:
    """The whole sandbox as one ASGI application, listening on `host`."""
    access = backend.access

    async def authorize(request: Request) -> Response:
        query = request.query_params
        try:
            code = access.authorize(query)
        except TokenError as error:
            return JSONResponse({"error": error.code}, error.status)
        answer = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return RedirectResponse(f"{query['redirect_uri']}{joint}{urlencode(answer)}", 302)

    async def token(request: Request) -> Response:
        async with request.form() as form:
            fields = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            return JSONResponse(access.token(fields, request.headers.get("authorization", "")))
        except TokenError as error:
            return JSONResponse({"error": error.code}, error.status)

    routes = [
        Route("/oauth/authorize", authorize, methods=["GET"]),
        Route("/oauth/token", token, methods=["POST"]),
        *Control(backend).routes(),
        *Watch(backend).routes(),
        Mount("/api", Api(backend)),
    ]
    return Guard(Front(Starlette(routes=routes), backend), host)
