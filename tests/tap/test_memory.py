"""Memory stays flat, however many tickets there are."""

from __future__ import annotations

import re
import subprocess
import sys

FLAT = 150


def test_ten_times_the_tickets_take_no_more_memory() -> None:
    # In a process of its own: what its parent holds would count as the tap's peak.
    command = [sys.executable, "-m", "bench.memory", "2000", "20000"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own module
    peaks = [int(number) for number in re.findall(r"(\d+) MB", printed)]
    assert len(peaks) == 2
    assert max(peaks) < FLAT
