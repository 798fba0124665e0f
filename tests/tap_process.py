"""The tap in a process of its own, to be killed. Imports little, so that it starts fast."""

from __future__ import annotations

import os
import runpy
import sys
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

from gorgias_api.clock import SystemClock
from tap_gorgias.tap import TapGorgias

if TYPE_CHECKING:
    import threading
    from multiprocessing.connection import Connection


def run_tap(config: dict[str, Any], state: dict[str, Any], streams: list[str], pipe: str) -> None:
    """Read some streams; the output goes to a named pipe."""
    os.dup2(os.open(pipe, os.O_WRONLY), 1)
    sys.stdout = os.fdopen(1, "w")
    tap = TapGorgias(config=config, state=state)
    for name, stream in tap.streams.items():
        stream.selected = name in streams
    tap.sync_all()


class _Hurry(SystemClock):
    """The machine's clock, but for waits: they are over at once, and count as time gone by."""

    waited = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + _Hurry.waited

    def sleep(self, seconds: float) -> None:
        _Hurry.waited += seconds

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        _Hurry.waited += seconds
        condition.wait(0.001)


def run_program(arguments: list[str], output: Connection[Any, Any], log: str) -> None:
    """The whole program, `python -m tap_gorgias`: a pipe is its output, a file its log.

    It does not really wait before it tries again.
    """
    os.dup2(output.fileno(), 1)
    output.close()
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.argv[1:] = arguments
    hurried = {name: vars(_Hurry)[name] for name in ("monotonic", "sleep", "wait")}
    with mock.patch.multiple(SystemClock, **hurried):
        runpy.run_module("tap_gorgias", run_name="__main__")
