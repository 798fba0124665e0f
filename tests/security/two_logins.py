"""Clients of scripted servers, for the tests that need more than one login or account."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from gorgias_api import Client, Settings
from tests.api.clock import ManualClock
from tests.api.server import Asked, Reply, Server, reply

if TYPE_CHECKING:
    from pathlib import Path

APP = {"client_id": "app-1", "client_secret": "s3cret-of-app-1"}
KEY = {"username": "agent@acme.example", "api_key": "k3y-of-the-agent"}


def connected(server: Server, clock: ManualClock | None = None, /, **given: Any) -> Client:
    """A client of a server in time that passes at once; with an API key unless told otherwise."""
    oauth = {"client_id", "access_token"} & given.keys()
    chosen = ({} if oauth else KEY) | {"api_url": f"{server.url}/api"} | given
    chance = random.Random(1)  # noqa: S311 - jitter that repeats itself
    return Client(Settings.from_mapping(chosen), clock or ManualClock(), chance)


def rotating(server: Server, name: str, **answer: Any) -> None:
    """Let a server give tokens that carry its name, a new one for each refresh."""
    given = iter(range(1, 1000))

    def serve(asked: Asked) -> Reply:
        if asked.target.startswith("/oauth/token"):
            number = next(given)
            tokens = {"access_token": f"{name}-access-{number}"}
            return reply(tokens | {"refresh_token": f"{name}-refresh-{number}"} | answer)
        return reply({"id": 1})

    server.answer = serve


def refreshes(server: Server) -> int:
    """How often tokens were asked for."""
    return sum(asked.target.startswith("/oauth/token") for asked in server.asked)


def seen_by(server: Server) -> str:
    """All that a server got, as one text."""
    return "\n".join(
        f"{asked.method} {asked.target}\n{asked.headers}\n{asked.body.decode(errors='replace')}"
        for asked in server.asked
    )


def shared_store(folder: Path) -> dict[str, str]:
    """The setting that two logins share by mistake."""
    return {"token_store": str(folder / "tokens.json")}
