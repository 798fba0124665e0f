"""The command `gorgias-sandbox`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    arguments = ["--port", "0", "--tickets", "20", "--api-key", "k", "--rate-limit", "oauth"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "gorgias_sandbox", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        yield running
        running.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_leaves_when_told(
    process: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line
    assert "agent@acme.example" in line
    with requests.Session() as session:
        url = f"{found[0]}/api/tickets"
        answer = session.get(url, auth=("agent@acme.example", "k"), timeout=10)
        assert answer.headers["X-Gorgias-Account-Api-Call-Limit"] == "1/80"
        process.send_signal(number)
        _, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (0, "")
