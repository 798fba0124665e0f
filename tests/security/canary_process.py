"""One run of a program in a process of its own, which writes down what it starts."""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gorgias_api.cli
import gorgias_sandbox.__main__
import target_gorgias.ledger_cli
import target_gorgias.target
from tests.hurry import hurried

if TYPE_CHECKING:
    from collections.abc import Callable

MAINS: dict[str, Callable[[], object]] = {
    "gorgias": gorgias_api.cli.main,
    "gorgias-sandbox": gorgias_sandbox.__main__.main,
    "target-gorgias-ledger": target_gorgias.ledger_cli.main,
}
MODULES = {"tap-gorgias": "tap_gorgias", "target-gorgias": "target_gorgias"}
STARTING = {"os.exec", "os.posix_spawn", "os.system", "subprocess.Popen"}


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
    with hurried():
        if program in MODULES:
            runpy.run_module(MODULES[program], run_name="__main__")
        else:
            MAINS[program]()


def _note(event: str, details: tuple[Any, ...]) -> None:
    if event in STARTING:
        with Path("children").open("a", encoding="utf-8") as file:
            file.write(json.dumps([event, details, dict(os.environ)], default=str) + "\n")
