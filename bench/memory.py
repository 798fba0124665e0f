"""Peak memory of a full sync, by the number of tickets, at most.

The system counts what this program itself holds, some 55 MB, into the peak of its child: a tap
that needs less shows as that.

python -m bench.memory [TICKETS ...]
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.taps import run_tap

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAMS = ("tickets", "ticket_tags", "ticket_custom_fields")


@contextmanager
def sandbox_process(tickets: int) -> Iterator[dict[str, str]]:
    """A sandbox outside this process: the memory of a parent counts as its child's peak."""
    options = ["--port", "0", "--tickets", str(tickets), "--rate-limit", "off"]
    command = [sys.executable, "-m", "gorgias_sandbox", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        line = process.stdout.readline() if process.stdout else ""
        url = next(word for word in line.split() if word.startswith("http"))
        try:
            yield {
                "api_url": f"{url}/api",
                "username": "agent@acme.example",
                "api_key": "sandbox-key",
            }
        finally:
            process.terminate()


def main(sizes: list[int]) -> None:
    """Print a line per size."""
    for tickets in sizes:
        with sandbox_process(tickets) as settings:
            cost = run_tap(settings, STREAMS)
        print(f"{tickets:8d} tickets   {cost.memory:6.0f} MB   {cost.seconds:6.1f} s")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 500_000])
