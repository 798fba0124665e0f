"""The tap in a process of its own, to be killed. Imports little, so that it starts fast."""

from __future__ import annotations

import os
import runpy
import sys
from typing import TYPE_CHECKING, Any

from tap_gorgias.tap import TapGorgias
from tests.hurry import hurried

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def run_tap(config: dict[str, Any], state: dict[str, Any], streams: list[str], pipe: str) -> None:
    """Read some streams; the output goes to a named pipe."""
    os.dup2(os.open(pipe, os.O_WRONLY), 1)
    sys.stdout = os.fdopen(1, "w")
    tap = TapGorgias(config=config, state=state)
    for name, stream in tap.streams.items():
        stream.selected = name in streams
    tap.sync_all()


def run_program(arguments: list[str], output: Connection[Any, Any], log: str) -> None:
    """The whole program, `python -m tap_gorgias`: a pipe is its output, a file its log.

    It does not really wait before it tries again.
    """
    os.dup2(output.fileno(), 1)
    output.close()
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.argv[1:] = arguments
    with hurried():
        runpy.run_module("tap_gorgias", run_name="__main__")
