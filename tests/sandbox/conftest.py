"""A sandbox whose clock stands still, and somebody who asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from gorgias_sandbox.clock import ManualClock
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gorgias_sandbox.serve import Sandbox


@pytest.fixture
def desk() -> Iterator[Sandbox]:
    """Forty tickets, no rate limit, and time that passes only when told to."""
    with serve(Options(tickets=40, rate_limit=None), clock=ManualClock()) as sandbox:
        yield sandbox


@pytest.fixture
def ask(desk: Sandbox) -> Iterator[Callable[..., requests.Response]]:
    """Sends one request with the API key; `json` is its body, redirects are not followed."""
    with requests.Session() as session:
        session.auth = (desk.email, desk.api_key)

        def send(method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
            more = {"allow_redirects": False, "timeout": 10, **more}
            return session.request(method, f"{desk.api_url}{path}", json=json, **more)

        yield send
