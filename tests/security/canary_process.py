"""One run of a program in a process of its own, which writes down what it starts."""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import gorgias_api.cli
import gorgias_sandbox.__main__
import target_gorgias.ledger_cli
import target_gorgias.target
from gorgias_api.clock import SystemClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

MAINS: dict[str, Callable[[], object]] = {
    "gorgias": gorgias_api.cli.main,
    "gorgias-sandbox": gorgias_sandbox.__main__.main,
    "target-gorgias-ledger": target_gorgias.ledger_cli.main,
}
MODULES = {"tap-gorgias": "tap_gorgias", "target-gorgias": "target_gorgias"}
STARTING = {"os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"}


class _Hurry(SystemClock):
    """The machine's clock, but for waits, which are over at once."""

    waited = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + _Hurry.waited

    def sleep(self, seconds: float) -> None:
        _Hurry.waited += seconds

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        _Hurry.waited += seconds
        condition.wait(0.001)


def run(program: str, arguments: list[str], variables: dict[str, str], folder: str) -> None:
    """Run a program as a person starts it: in `folder`, with these variables and no others.

    Its output goes to the files `stdout` and `stderr` there; `children` tells command line and
    environment of whatever it starts.
    """
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = [program, *arguments]
    sys.addaudithook(_note)
    hurried = {name: vars(_Hurry)[name] for name in ("monotonic", "sleep", "wait")}
    with mock.patch.multiple(SystemClock, **hurried):
        if program in MODULES:
            runpy.run_module(MODULES[program], run_name="__main__")
        else:
            MAINS[program]()


def _note(event: str, details: tuple[Any, ...]) -> None:
    if event in STARTING:
        with Path("children").open("a", encoding="utf-8") as file:
            file.write(json.dumps([event, details, dict(os.environ)], default=str) + "\n")
