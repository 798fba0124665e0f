"""Files pass through in constant memory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

MOST = 20


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_64_mb_up_and_down_take_less_than_20_mb_of_memory() -> None:
    command = [sys.executable, "-m", "bench.files", "64"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own module
    grown = [int(number) for number in re.findall(r"(\d+) MB grown", printed)]
    assert len(grown) == 2
    assert max(grown) < MOST
