"""The command in a process of its own that need not import everything anew."""

from __future__ import annotations

import multiprocessing
import os
import sys
from typing import TYPE_CHECKING

from target_gorgias.target import main

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def run(arguments: list[str], out: Path, log: Path) -> int | None:
    """Run the command; give its exit code.

    Args:
        arguments: of the command line, input included: there is no standard input.
        out: gets its standard output.
        log: gets its standard error.
    """
    process = start(arguments, out, log)
    process.join()
    return process.exitcode


def start(arguments: list[str], out: Path, log: Path) -> BaseProcess:
    """The same without waiting for its end."""
    process = FORKS.Process(target=_command, args=(arguments, str(out), str(log)))
    process.start()
    return process


def _command(arguments: list[str], out: str, log: str) -> None:
    for number, path in ((1, out), (2, log)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["target-gorgias", *arguments]
    main()
