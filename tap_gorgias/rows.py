"""Rows as they arrive: what no record can be made of is set aside here, once for every stream.

A row without a usable key would overwrite another or be nobody's, and one without a usable date
has no place in the order that its stream is read in. Neither may block the rows around it: it is
counted, and told once for each kind of problem, by the names of stream and field.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tap_gorgias.timestamps import canonical

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_gorgias.order import Row

    Reader = Callable[[Any], Any]

SMALLEST, LARGEST = -(2**63), 2**63 - 1
EXACT = 2**53
"""From here on a float may stand for several integers."""
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
KINDS = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def kind(value: object) -> str:
    """What sort of JSON a value is, in words for a person."""
    return KINDS.get(type(value), type(value).__name__)


def whole(value: object) -> int:
    """An integer of 64 bits, from itself, a float without a fraction, or its digits.

    Raises:
        ValueError: it is none of these.
    """
    if type(value) is int and SMALLEST <= value <= LARGEST:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return int(value)
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return whole(int(value))
    message = "no integer of 64 bits"
    raise ValueError(message)


def _named(value: object) -> str:
    """Text that is not blank once what databases refuse is gone.

    Raises:
        ValueError: it is not.
    """
    text = storable(value) if isinstance(value, str) else ""
    if not text.strip():
        message = "no text, or blank"
        raise ValueError(message)
    return text


def storable(text: str) -> str:
    """What databases take: no NUL, and no half of a surrogate pair, which UTF-8 cannot hold."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _reader(schema: Mapping[str, Any]) -> tuple[Reader, str]:
    """How a required field is read, and what it has to be."""
    if "integer" in schema["type"]:
        return whole, "an integer of 64 bits"
    return (canonical, "a datetime") if schema.get("format") == "date-time" else (_named, "a name")


class Sieve:
    """Lets the usable rows of one stream pass.

    Args:
        stream: its name.
        schema: its schema, whose required fields a row must have.
        logger: where to tell what is set aside.
        dated: a required date that counts as `created_datetime` where it is null.
    """

    def __init__(
        self,
        stream: str,
        schema: Mapping[str, Any],
        logger: logging.Logger,
        dated: str | None = None,
    ) -> None:
        self.set_aside = 0
        self._stream = stream
        self._logger = logger
        self._dated = dated
        self._told: set[tuple[str, str]] = set()
        self._readers = [
            (name, *_reader(schema["properties"][name]))
            for name in schema["required"]
            if name != "read_datetime"  # the tap's own
        ]

    def __call__(self, rows: Iterable[Any]) -> Iterator[Row]:
        """The usable ones of `rows`; keys and dates in them have the one form they go out in."""
        return (row for row in rows if self._is_usable(row))

    def fits(self, row: Row, field: str, form: type) -> bool:
        """Whether `field` holds a list or object, whichever `form` is, or nothing; told if not."""
        value = row.get(field)
        if value is None or isinstance(value, form):
            return True
        self._put_aside(row, field, f"is {kind(value)}, not {KINDS[form]}")
        return False

    def inside(self, row: Row, field: str, form: type[list[Any] | dict[str, Any]]) -> Any:  # noqa: ANN401 - any JSON of this form
        """The list or object in `field`; empty where it is null, or set aside."""
        return (row.get(field) if self.fits(row, field, form) else None) or form()

    def objects(self, row: Row, field: str) -> Iterator[tuple[int, Row]]:
        """The objects in the list in `field`, each with its place, from 0."""
        for place, item in enumerate(self.inside(row, field, list)):
            if isinstance(item, dict):
                yield place, item
            else:
                self._put_aside(row, field, f"holds {kind(item)}, not an object")

    def _is_usable(self, row: Any) -> bool:  # noqa: ANN401 - any JSON
        if type(row) is not dict:
            self._put_aside({}, "", f"is {kind(row)}, not an object")
            return False
        for name, read, due in self._readers:
            value = row.get(name)
            try:
                if name == self._dated and (value is None or value == ""):
                    canonical(row.get("created_datetime"))
                else:
                    row[name] = read(value)
            except ValueError:
                self._put_aside(row, name, f"is {kind(value)}, not {due}")
                return False
        return True

    def _put_aside(self, row: Row, field: str, problem: str) -> None:
        self.set_aside += 1
        if (field, problem) in self._told:
            return
        self._told.add((field, problem))
        names = dict.fromkeys(("id", *(name for name, *_ in self._readers)))
        ids = [f"{name} {row[name]}" for name in names if type(row.get(name)) is int]
        self._logger.warning(
            "A row of '%s'%s is set aside: %s %s. More like it are only counted.",
            self._stream,
            f" ({', '.join(ids)})" if ids else "",
            f"its '{field}'" if field else "it",
            problem,
        )
