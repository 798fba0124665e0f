"""Keeps web pages away: DNS rebinding, and requests that a page of another origin sends.

The sandbox has a known password and none at all on its control routes, and every page that a
browser on this machine shows can send requests to loopback addresses. So `Host` must be a name that
no page can point at another address, `Origin`, where a browser sends one, must be the sandbox's
own, and a body for the control routes must be declared as JSON, which a form cannot do.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from starlette.types import ASGIApp, Receive, Scope, Send

CONTROL = "/_sandbox/"

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9._-]{1,253}))(?::\d{0,5})?")


class Guard:
    """ASGI middleware around everything that the sandbox serves."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (self._app if refusal is None else refusal)(scope, receive, send)

    @staticmethod
    def answers_to(bound: str, header: str) -> bool:
        """Whether a `Host` header names a loopback address or what the sandbox is bound to.

        One that is bound to all addresses answers to each of them, and still to no other name.
        """
        found = _HOST.fullmatch(header.lower())
        if found is None:
            return False
        name = found["v6"] or found["name"]
        if name in {"localhost", bound.lower()}:
            return True
        address = _address(name)
        return address is not None and (address.is_loopback or _unspecified(bound))

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.answers_to(self._host, hosts[0]):
            return _refused(421, "The sandbox answers only to the host it listens on.")
        origins = headers.getlist("origin")
        if origins and origins != [f"http://{hosts[0]}".lower()]:
            return _refused(403, "The sandbox takes no requests from pages of other origins.")
        if scope["method"] == "POST" and scope["path"].startswith(CONTROL):
            content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
            if content_type != "application/json":
                return _refused(415, "The sandbox's control routes take application/json only.")
        return None


def is_loopback(address: str) -> bool:
    """Whether an address, as a socket names it, is reached from this machine alone."""
    found = _address(address)
    return found is not None and found.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _unspecified(text: str) -> bool:
    address = _address(text)
    return address is not None and address.is_unspecified


def _refused(status: int, msg: str) -> JSONResponse:
    return JSONResponse({"error": {"msg": msg}}, status)
