"""The sandbox as a process of its own, and what it says about itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = re.compile(r"http://\S+")
USER, API_KEY = "agent@acme.example", "sandbox-key"
TIMEOUT = 10
TOO_MANY = 429


class SandboxError(Exception):
    """The sandbox did not start; it has said why on standard error."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox; `url` is without `/api`."""

    url: str

    @property
    def settings(self) -> dict[str, str]:
        """What tap and client need to know, by the names of their settings."""
        return {"api_url": f"{self.url}/api", "username": USER, "api_key": API_KEY}

    def tables(self) -> dict[str, int]:
        """Rows by table."""
        rows: dict[str, int] = requests.get(f"{self.url}/_sandbox/tables", timeout=TIMEOUT).json()
        return rows

    def forget_requests(self) -> None:
        """Begin to count anew."""
        requests.delete(f"{self.url}/_sandbox/requests", timeout=TIMEOUT).raise_for_status()

    def requests(self) -> Counter[str]:
        """How many requests arrived, by the stream they were for; the refused ones as `refused`."""
        seen = requests.get(f"{self.url}/_sandbox/requests", timeout=TIMEOUT).json()
        return Counter(_stream(**request) for request in seen)


def _stream(*, path: str, query: str, status: int, **_other: object) -> str:
    if status == TOO_MANY:
        return "refused"
    # Deletions are read from the events, by type.
    return "deletions" if "types=" in query else path.removeprefix("/api/").replace("-", "_")


@contextmanager
def sandbox(tickets: int) -> Iterator[Sandbox]:
    """A sandbox on a free port, with the rate limit of an API key, while the block lasts.

    Raises:
        SandboxError: it did not start.
    """
    command = [sys.executable, "-m", "gorgias_sandbox", "--port", "0", "--tickets", str(tickets)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        try:
            ready = process.stdout.readline() if process.stdout else ""
            address = ADDRESS.search(ready)
            if address is None:
                message = "The sandbox did not start."
                raise SandboxError(message)
            yield Sandbox(address[0])
        finally:
            process.terminate()
