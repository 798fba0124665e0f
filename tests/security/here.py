"""A program run inside the process of the tests, which gets everything back as it was."""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

from click.testing import CliRunner

from tests.api.command import NOTHING, Ended
from tests.hurry import hurried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
        hurried(),
        CliRunner().isolation(stdin, env={**NOTHING, **variables}) as (out, err, _),
        patch.object(sys, "argv", words),
    ):
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        return Ended(int(str(code or 0)), out.getvalue().decode(), err.getvalue().decode())
