"""What a person typed: running a program with it, and not repeating what may be a secret."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

import click

from gorgias_api.masking import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable

ABORTED, MISUSED = 1, 2


def run(program: click.Command, name: str) -> NoReturn:
    """Run a program with the words of the command line, and end the process.

    A mistake in them is one sentence and exit code 2.

    Args:
        program: its own errors are raised.
        name: what the sentence begins with.
    """
    try:
        sys.exit(program(standalone_mode=False))
    except click.ClickException as error:
        message = without_values(error.format_message(), sys.argv[1:])
        is_help = message.startswith("Usage:")  # what a group without a command says
        told = cleaned(" ".join(message.split()))
        click.echo(message if is_help else f"{name}: {told}", err=True)
        sys.exit(MISUSED)
    except click.Abort:
        sys.exit(ABORTED)


def without_values(message: str, words: Iterable[str]) -> str:
    """A message that shows no VALUE of a `NAME=VALUE` among these words."""
    for word in sorted(words, key=len, reverse=True):
        name, equals, value = word.partition("=")
        if equals and value:
            for shown in (word, repr(word)[1:-1]):
                message = message.replace(shown, f"{name}=***")
    return message
