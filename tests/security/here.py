"""A program run inside the process of the tests, which gets everything back as it was."""

from __future__ import annotations

import logging
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from click.testing import CliRunner

from gorgias_api.clock import SystemClock
from tests.api.command import NOTHING, Ended

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator


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


SIGNALS = (signal.SIGINT, signal.SIGTERM)
HURRIED = {name: vars(_Hurry)[name] for name in ("monotonic", "sleep", "wait")}


@contextmanager
def _kept() -> Iterator[None]:
    """Put back logging, signals and the hook for errors, which a program may set for itself."""
    handlers = [signal.getsignal(each) for each in SIGNALS]
    root, level, hook = list(logging.root.handlers), logging.root.level, sys.excepthook
    try:
        yield
    finally:
        for each, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(each, handler)
        logging.root.handlers[:], logging.root.level, sys.excepthook = root, level, hook


def run_here(
    main: Callable[[], object], *arguments: object, stdin: str | bytes = "", **variables: str
) -> Ended:
    """Run a program by its `main`; whatever it raises but does not handle is raised here."""
    words = [main.__module__, *map(str, arguments)]
    with (
        _kept(),
        patch.multiple(SystemClock, **HURRIED),
        CliRunner().isolation(stdin, env={**NOTHING, **variables}) as (out, err, _),
        patch.object(sys, "argv", words),
    ):
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        return Ended(int(str(code or 0)), out.getvalue().decode(), err.getvalue().decode())
