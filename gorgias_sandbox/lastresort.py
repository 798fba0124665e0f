"""What the command says of an error that it does not expect: kind and place, never values."""

from __future__ import annotations

import traceback
from contextlib import ContextDecorator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from types import TracebackType


class LastResort(ContextDecorator):
    """Ends the command in one sentence, where Python would print a traceback."""

    def __enter__(self) -> None:
        """Nothing is needed before there is an error."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, click.ClickException):
            last = traceback.extract_tb(trace)[-1]
            place = f"{type(error).__name__} in {last.name}, line {last.lineno}"
            message = f"An unexpected error ended the sandbox ({place})."
            raise click.ClickException(message) from None
