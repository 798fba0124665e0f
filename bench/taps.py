"""Taps as processes of their own, and what they cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_gorgias.tap import TapGorgias

if TYPE_CHECKING:
    from collections.abc import Collection

    from gorgias_sandbox.serve import Sandbox

STREAMS = ("customers", "events", "messages", "tickets")


@dataclass(frozen=True)
class Cost:
    """What a process used: seconds by the clock, processor seconds, peak memory in MB."""

    seconds: float
    processor: float
    memory: float


def settings(sandbox: Sandbox) -> dict[str, Any]:
    """The settings that open a sandbox."""
    return {
        "api_url": sandbox.api_url,
        "username": sandbox.email,
        "api_key": sandbox.api_key,
    }


def run_tap(config: dict[str, Any], streams: Collection[str]) -> Cost:
    """Read streams with the tap, the output thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        files = {"config": config, "catalog": _catalog(streams)}
        for name, content in files.items():
            Path(folder, name).write_text(json.dumps(content))
        return measure("-m", "tap_gorgias", *(f"--{name}={folder}/{name}" for name in files))


def measure(*arguments: str) -> Cost:
    """Run Python with these arguments.

    Raises:
        RuntimeError: it did not end well.
    """
    began = time.monotonic()
    # Not a module's output but its cost is wanted, and only wait4 tells it for one child.
    process = subprocess.Popen(  # noqa: S603 - our own modules
        [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(arguments)} ended with {process.returncode}"
        raise RuntimeError(message)
    processor = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - began, processor, usage.ru_maxrss / 1024)


def _catalog(streams: Collection[str]) -> dict[str, Any]:
    """The tap's catalog with these streams selected."""
    entries: dict[str, Any] = TapGorgias(validate_config=False).catalog_dict
    for entry in entries["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return entries
