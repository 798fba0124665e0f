"""How fast the target writes: under the limit of an API key with slow answers, and without either.

    python -m bench.writes [TICKETS UNDER THE LIMIT] [TICKETS WITHOUT]

Every ticket is a create of its own, noted twice in an SQLite ledger that waits for the disk.
"""

from __future__ import annotations

import json
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path

from bench.taps import measure, settings
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import Sandbox, serve

LATENCY = 0.6
BURST = 40
RATE = 40 / 20


def run(sandbox: Sandbox, tickets: int, parallelism: int) -> float:
    """Create tickets; give the seconds it took, the start of the process included."""
    with tempfile.TemporaryDirectory() as folder:
        config, rows = Path(folder, "config.json"), Path(folder, "rows.jsonl")
        own = {
            "ledger_url": f"sqlite:///{folder}/ledger.db",
            "max_parallelism": parallelism,
            "look_before_create": False,
        }
        config.write_text(json.dumps(settings(sandbox) | own))
        with rows.open("w") as file:
            for message in _messages(tickets):
                file.write(json.dumps(message) + "\n")
        return measure("-m", "target_gorgias", f"--config={config}", f"--input={rows}").seconds


def _messages(tickets: int) -> list[dict[str, object]]:
    names = ("number", "messages", "subject", "customer_email")
    schema: dict[str, object] = {"properties": {name: {} for name in names}}
    head: dict[str, object] = {"type": "SCHEMA", "stream": "create_tickets", "schema": schema}
    message = {"channel": "email", "from_agent": False, "body_text": "Where is my parcel?"}
    records = (
        {
            "number": number,
            "messages": [message | {"sender": {"email": f"customer{number % 100}@example.com"}}],
            "subject": f"Order {number}",
            "customer_email": f"customer{number % 100}@example.com",
        }
        for number in range(tickets)
    )
    body: list[dict[str, object]] = [
        {"type": "RECORD", "stream": "create_tickets", "record": each} for each in records
    ]
    return [head | {"key_properties": ["number"]}, *body]


def main(limited: int, unlimited: int) -> None:
    """Print both."""
    with serve(Options(tickets=0, rate_limit=None)) as sandbox:
        empty = run(sandbox, 0, 8)
        seconds = run(sandbox, unlimited, 8) - empty
        made = len(sandbox.world.tables["tickets"])
    print(f"creates without a limit      {made:8d}")
    print(f"creates per second           {made / seconds:8.0f}")
    with serve(Options(tickets=0, latency=LATENCY)) as sandbox:
        seconds = run(sandbox, limited, 8)
        made = len(sandbox.world.tables["tickets"])
        refused = sum(seen.status == HTTPStatus.TOO_MANY_REQUESTS for seen in sandbox.requests)
        requests = len(sandbox.requests)
    allowed = (requests - BURST) / RATE
    print(f"creates under the limit      {made:8d}")
    print(f"requests                     {requests:8d}")
    print(f"of them refused with 429     {refused:8d}")
    print(f"seconds taken                {seconds:8.1f}")
    print(f"seconds the limit allows     {allowed:8.1f}")
    print(f"taken / allowed              {seconds / allowed:8.3f}")


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    main(*(given + [1000, 3000][len(given) :]))
