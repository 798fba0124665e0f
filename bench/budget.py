"""How much of the rate limit a full sync uses, against a server that answers slowly.

    python -m bench.budget [TICKETS]

The sandbox has the limit of an API key (40 requests per 20 s) and takes 600 ms for an answer.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from http import HTTPStatus

from bench.taps import STREAMS, run_tap, settings
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

LATENCY = 0.6
RATE = 40 / 20


def main(tickets: int) -> None:
    """Print the time a sync takes, and what it could have been."""
    with serve(Options(tickets=tickets, latency=LATENCY)) as sandbox:
        began = time.monotonic()
        run_tap(settings(sandbox), STREAMS)
        seconds = time.monotonic() - began
        seen = Counter(request.status for request in sandbox.requests)
    requests = sum(seen.values())
    print(f"requests                     {requests:8d}")
    print(f"of them refused with 429     {seen[HTTPStatus.TOO_MANY_REQUESTS]:8d}")
    print(f"seconds taken                {seconds:8.1f}")
    print(f"seconds at 2 requests a s    {requests / RATE:8.1f}")
    print(f"taken / allowed              {seconds / (requests / RATE):8.2f}")
    print(f"seconds one after the other  {requests * max(LATENCY, 1 / RATE):8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
