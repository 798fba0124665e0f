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
        message = without_values(_plain(error, program), sys.argv[1:])
        is_help = message.startswith("Usage:")  # what a group without a command says
        told = cleaned(" ".join(message.split()))
        click.echo(message if is_help else f"{name}: {told}", err=True)
        sys.exit(MISUSED)
    except click.Abort:
        sys.exit(ABORTED)


def _plain(error: click.ClickException, program: click.Command) -> str:
    """What is wrong, without what may be a value that stands where none should."""
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        known = {name for each in program.params for name in each.opts}
        glued = [name for name in known if error.option_name.startswith(name)]
        if glued:
            message = f"The option '{max(glued, key=len)}' needs a blank or '=' before its value."
    elif message.startswith("Got unexpected extra argument"):
        said, _, extra = message.partition(" (")
        message = message if all("=" in word for word in extra.split()) else f"{said}."
    return message


def without_values(message: str, words: Iterable[str]) -> str:
    """A message that shows no VALUE of a `NAME=VALUE` among these words."""
    for word in sorted(words, key=len, reverse=True):
        name, equals, value = word.partition("=")
        if equals and value:
            for shown in (word, repr(word)[1:-1]):
                message = message.replace(shown, f"{name}=***")
    return message
