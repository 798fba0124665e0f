"""The kinds of value that a setting may have, and how they are read from text and from JSON."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["string", "number", "integer", "boolean", "object", "array"]
WORDS = dict.fromkeys(("true", "yes", "on", "y", "t", "1"), True) | dict.fromkeys(
    ("false", "no", "off", "n", "f", "0"), False
)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
LARGEST = 2**63 - 1
"""What databases and other programs take for an integer too."""
HINTS: Mapping[Kind, str] = {
    "boolean": ": true or false (or yes, no, on, off, y, n, t, f, 1, 0)",
    "object": ", as JSON",
    "array": ", as JSON",
}


def is_blank(value: object) -> bool:
    """Whether it is text with nothing in it: how a variable says that it is not set."""
    return isinstance(value, str) and not value.strip()


def convert(kind: Kind, value: object) -> Any:  # noqa: ANN401 - of the kind
    """A value of this kind, from text or from JSON; None for null.

    Text means the same in a file, a variable and a flag. Blanks around it do not count.

    Raises:
        ValueError: it is not of the kind; says what is needed, never the value.
    """
    given = value.strip() if isinstance(value, str) else value
    if given is None or (kind != "string" and given == "null"):
        return None
    try:
        return READERS[kind](given)
    except (TypeError, ValueError, OverflowError, RecursionError):
        message = f"must be of type {kind}{HINTS.get(kind, '')}"
        raise ValueError(message) from None  # its cause would show the value


def _boolean(given: object) -> bool:
    word = str(given).lower() if isinstance(given, str | int) else ""
    if word not in WORDS:
        raise ValueError
    return WORDS[word]


def _integer(given: object) -> int:
    number = int(given) if isinstance(given, str) and WHOLE.fullmatch(given) else given
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > LARGEST:
        raise ValueError
    return number


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise TypeError
    if isinstance(given, str) and not NUMBER.fullmatch(given):
        raise ValueError
    return float(given)


def _string(given: object) -> str:
    if not isinstance(given, str):
        raise TypeError
    return given


def _object(given: object) -> dict[str, Any]:
    found = json.loads(given) if isinstance(given, str) else given
    if not isinstance(found, dict):
        raise TypeError
    return found


def _array(given: object) -> list[Any]:
    found = json.loads(given) if isinstance(given, str) else given
    if not isinstance(found, list):
        raise TypeError
    return found


READERS: Mapping[Kind, Callable[[object], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "object": _object,
    "array": _array,
}
