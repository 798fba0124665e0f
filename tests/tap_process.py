"""The tap in a process of its own, to be killed. Imports little, so that it starts fast."""

from __future__ import annotations

import os
import sys
from typing import Any

from tap_gorgias.tap import TapGorgias


def run_tap(config: dict[str, Any], state: dict[str, Any], streams: list[str], pipe: str) -> None:
    """Read some streams; the output goes to a named pipe."""
    os.dup2(os.open(pipe, os.O_WRONLY), 1)
    sys.stdout = os.fdopen(1, "w")
    tap = TapGorgias(config=config, state=state)
    for name, stream in tap.streams.items():
        stream.selected = name in streams
    tap.sync_all()
