"""What a program says of an error that none of its code expects: kind and place, never values."""

from __future__ import annotations

import sys
from contextlib import ContextDecorator
from functools import partial
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

PACKAGES = frozenset({"gorgias_api", "tap_gorgias", "target_gorgias"})
FAILED = 1


class LastResort(ContextDecorator):
    """Ends a program in one sentence and exit code 1, where Python would print a traceback.

    A traceback shows the error's own text, which may hold whatever the program was working on.

    Args:
        program: its name.
        say: takes the sentence; by default standard error does.
    """

    def __init__(self, program: str, say: Callable[[str], object] | None = None) -> None:
        self._program = program
        self._say = say or partial(click.echo, err=True)

    def __enter__(self) -> None:
        """Nothing is needed before there is an error."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception):
            self._say(f"{self._program}: {unexpected(error)}")
            sys.exit(FAILED)


def unexpected(error: BaseException) -> str:
    """The sentence for an error: its type, and the last function of ours that it came through."""
    module, function, line = "unknown code", "", 0
    trace = error.__traceback__
    while trace:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in PACKAGES:
            module, line = name, trace.tb_lineno
            function = trace.tb_frame.f_code.co_qualname
        trace = trace.tb_next
    where = f"{module}, {function}, line {line}" if line else module
    return f"An unexpected error ended the run ({type(error).__name__} in {where})."
