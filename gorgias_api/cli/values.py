"""What people type, and what they get to see: shared by all commands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gorgias_api.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable


def json_value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """The JSON in `text`, in the file `@FILE`, or on standard input for `-`.

    Raises:
        UsageError: it cannot be read, or is not JSON.
    """
    try:
        if text == "-":
            return json.load(sys.stdin)
        return json.loads(
            Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
        )
    except OSError as error:
        message = f"The file {text[1:]} cannot be read ({error.strerror})."
        raise UsageError(message) from error
    except ValueError as error:
        message = f"The body is not JSON ({error})."
        raise UsageError(message) from error


def pair(option: str, text: str) -> tuple[str, str]:
    """Name and value of a `NAME=VALUE` that was given for an option.

    Raises:
        UsageError: there is no equals sign; it does not show the text, which may be a secret.
    """
    name, equals, value = text.partition("=")
    if not equals:
        message = f"A value of '{option}' is not of the form NAME=VALUE."
        raise UsageError(message)
    return name, value


def pairs(option: str, texts: Iterable[str]) -> dict[str, list[str]]:
    """Names and all their values, of `NAME=VALUE`s that were given for an option."""
    collected: dict[str, list[str]] = {}
    for name, value in (pair(option, text) for text in texts):
        collected.setdefault(name, []).append(value)
    return collected


def pretty(answer: Any) -> str:  # noqa: ANN401 - any JSON value
    """JSON for people; half a character pair, which no terminal takes, as JSON's own escape."""
    text = json.dumps(answer, ensure_ascii=False, indent=2)
    return text.encode(errors="backslashreplace").decode()


def show(answer: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print an answer as JSON; nothing for an empty one."""
    if answer is not None:
        click.echo(pretty(answer))
