"""Records per processor second, when neither limit nor latency holds the tap back.

python -m bench.throughput [TICKETS]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.taps import Cost, measure, run_tap, settings
from gorgias_sandbox.options import Options
from gorgias_sandbox.serve import serve

if TYPE_CHECKING:
    from gorgias_sandbox.serve import Sandbox

RUNS = 3


def baseline(sandbox: Sandbox, kind: str) -> Cost:
    """One run of a baseline."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config")
        path.write_text(json.dumps(settings(sandbox)))
        return measure("-m", "bench.baselines", kind, f"--config={path}")


def main(tickets: int) -> None:
    """Print the median of a few runs of each, taken in turn."""
    with serve(Options(tickets=tickets, rate_limit=None)) as sandbox:
        rows = len(sandbox.world.tables["tickets"])
        runs: dict[str, list[float]] = {"plain loop": [], "SDK alone": [], "tap-gorgias": []}
        for _ in range(RUNS):
            runs["plain loop"].append(baseline(sandbox, "loop").processor)
            runs["SDK alone"].append(baseline(sandbox, "sdk").processor)
            runs["tap-gorgias"].append(run_tap(settings(sandbox), ["tickets"]).processor)
    best = rows / statistics.median(runs["plain loop"])
    print(f"tickets, all fields            {rows:8d}")
    for name, seconds in runs.items():
        speed = rows / statistics.median(seconds)
        print(f"{name:22s} records/s {speed:8.0f}   {speed / best:5.2f} of the plain loop")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)
