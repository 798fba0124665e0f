"""What a value sent to Gorgias looks like, and how Python values become one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from gorgias_api.kinds import WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal[
    "string",
    "integer",
    "number",
    "boolean",
    "datetime",
    "object",
    "array",
    "any",
    "scalar",
    "file",
]
"""`scalar` is a string, a number or a boolean; `file` the path of a file on this machine."""

INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
NUMBER = re.compile(r"[-+]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][-+]?[0-9]{1,3})?")
ZONE = re.compile(r"(?<!\s)(?:\s*(UTC|GMT|Z)$|\s+(?=[-+]\d\d(:?\d\d)?$))", re.ASCII | re.IGNORECASE)
"""How warehouses end a time: `2026-01-31 09:00:00 UTC`, `2026-01-31 09:00:00.000 +0000`."""
DIGITS = 40
"""More than any warehouse has in a number; past it a few bytes could ask for gigabytes."""


class FieldError(ValueError):
    """A value that its field does not take. The text never holds the value.

    `path` leads from the field to the part of it that is wrong: `("0", "channel")`.
    """

    def __init__(self, clause: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(f"{'.'.join(path)} {clause}" if path else clause)
        self.clause = clause
        self.path = path

    def inside(self, step: str) -> FieldError:
        """The same, seen from one level further out."""
        return FieldError(self.clause, (step, *self.path))


@dataclass(frozen=True)
class Field:
    """One field of an operation, by the name the API has for it."""

    name: str
    kind: Kind
    _: KW_ONLY
    help: str = ""
    required: bool = False
    null: bool = False
    """Whether null may be sent."""
    one_of: tuple[str, ...] = ()
    """All values there are. Sets that Gorgias may extend are named in `help` instead."""
    longest: int | None = None
    """Characters."""
    least: int | None = None
    """The smallest number, or the fewest items of an array."""
    most: int | None = None
    """The largest number, or the most items of an array."""
    items: Kind | None = None
    """What an array holds."""
    fields: tuple[Field, ...] = ()
    """Known fields of an object, or of the objects in an array; others are let through."""
    sent_as: str = ""
    """Its spelling in the query where that is no plain name, as in `created_datetime[gte]`."""

    @cached_property
    def item(self) -> Field:
        """What each item of an array is."""
        kind = "object" if self.fields else self.items or "any"
        # The bounds are those of the list; its items have their own fields and set of values.
        return replace(self, kind=kind, items=None, null=kind == "any", least=None, most=None)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The known fields of an object."""
        return {field.name: field for field in self.fields}

    def read(self, value: Any) -> Any:  # noqa: ANN401 - any value in, any JSON value out
        """The value as the API takes it, ready for JSON.

        Takes what Singer records, warehouses and command lines hold: digits for a number, numbers
        for text, 0, 1 or a word for a boolean, JSON text for an object or an array, decimals,
        dates. A datetime without an offset is in UTC.

        Raises:
            FieldError: a short clause such as "must be a whole number".
        """
        if value is None:
            if self.null:
                return None
            clause = "must not be null"
            raise FieldError(clause)
        result = READERS[self.kind](self, value)
        self._check(result)
        return result

    def _check(self, value: Any) -> None:  # noqa: ANN401 - what `read` made
        clause = ""
        if isinstance(value, list):
            if not (self.least or 0) <= len(value) <= (self.most or math.inf):
                clause = f"must hold {_bounds(self.least, self.most)} items"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            lowest = -math.inf if self.least is None else self.least
            if not lowest <= value <= (math.inf if self.most is None else self.most):
                clause = f"must be {_bounds(self.least, self.most)}"
        elif isinstance(value, str):
            if self.longest is not None and len(value) > self.longest:
                clause = f"must not be longer than {self.longest} characters"
            elif self.one_of and value not in self.one_of:
                clause = f"must be one of: {', '.join(self.one_of)}"
        if clause:
            raise FieldError(clause)


def encode(value: Any) -> Any:  # noqa: ANN401 - any value in, any JSON value out
    """The JSON value for a Python value.

    A datetime without an offset is in UTC; a decimal becomes an int or a float; a UUID, a date
    and a time become text; keys become text.

    Raises:
        FieldError: JSON has no value for it (bytes, sets, NaN, ...), or it nests too deep.
    """
    try:
        return _encode(value)
    except RecursionError:
        raise _unwritable() from None


def _encode(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value; one return per type
    match value:
        case None | bool() | str():
            return value
        case int() | float() | Decimal():
            return _number(value, "cannot be written as JSON")
        case datetime():
            return _with_offset(value)
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {_key(key): _encode(item) for key, item in value.items()}
        case _ if _is_list(value):
            return [_encode(item) for item in value]
    raise _unwritable()


def _key(key: object) -> str:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return str(_encode(key))
    raise _unwritable()


def _unwritable() -> FieldError:
    return FieldError("cannot be written as JSON")


def _number(value: float | Decimal, otherwise: str) -> int | float:
    """Integral decimals as an int, other decimals as a float, the rest as it is."""
    match value:
        case int() if abs(value) < 10**DIGITS:
            return value
        case float() if math.isfinite(value):
            return value
        case Decimal() if value.is_finite() and value.adjusted() < DIGITS:
            return int(value) if value == value.to_integral_value() else float(value)
    raise FieldError(otherwise)


def _read_integer(_field: Field, value: Any) -> int:  # noqa: ANN401 - any value
    clause = "must be a whole number"
    if isinstance(value, str) and INTEGER.fullmatch(value):
        return int(value)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = _number(value, clause)
        if number == int(number):
            return int(number)
    raise FieldError(clause)


def _read_number(_field: Field, value: Any) -> int | float:  # noqa: ANN401 - any value
    clause = "must be a number"
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            raise FieldError(clause)
        return _number(int(value) if INTEGER.fullmatch(value) else float(value), clause)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value, clause)
    raise FieldError(clause)


def _read_boolean(_field: Field, value: Any) -> bool:  # noqa: ANN401 - any value
    clause = "must be true or false"
    if isinstance(value, str):
        word = value.strip().lower()
        if word in WORDS:
            return WORDS[word]
        value = float(word) if NUMBER.fullmatch(word) else None
    if isinstance(value, int | float | Decimal) and (number := _number(value, clause)) in (0, 1):
        return bool(number)
    raise FieldError(clause)


def _read_string(_field: Field, value: Any) -> str:  # noqa: ANN401 - any value
    clause = "must be text"
    match value:
        case str():
            return value
        case int() if not isinstance(value, bool):
            return str(_number(value, clause))
        case float():
            return _read_string(_field, Decimal(str(value)))
        case Decimal() if value.is_finite() and abs(value.adjusted()) < DIGITS:
            return format(value, "f")
        case UUID():
            return str(value)
    raise FieldError(clause)


def _read_datetime(_field: Field, value: Any) -> str:  # noqa: ANN401 - any value
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(ZONE.sub(_zone, value.strip()))
        except ValueError:
            value = None
    if isinstance(value, datetime):
        return _with_offset(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC).isoformat()
    clause = "must be a date and time such as 2026-01-31T09:00:00Z"
    raise FieldError(clause)


def _zone(found: re.Match[str]) -> str:
    return "+00:00" if found[1] else ""


def _with_offset(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _read_object(field: Field, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any value
    value = _from_json(value)
    if not isinstance(value, Mapping):
        clause = "must be an object"
        raise FieldError(clause)
    for inner in field.fields:
        if inner.required and inner.name not in value:
            clause = "is missing"
            raise FieldError(clause, (inner.name,))
    known = field.by_name
    return {
        _key(key): _at(key, known[key].read if key in known else encode, item)
        for key, item in value.items()
    }


def _read_array(field: Field, value: Any) -> list[Any]:  # noqa: ANN401 - any value
    value = _from_json(value)
    if not _is_list(value):
        clause = "must be a list"
        raise FieldError(clause)
    return [_at(position, field.item.read, inner) for position, inner in enumerate(value)]


def _at(step: object, read: Callable[[Any], Any], value: Any) -> Any:  # noqa: ANN401 - as `read`
    try:
        return read(value)
    except FieldError as error:
        raise error.inside(str(step)) from None


def _read_scalar(_field: Field, value: Any) -> Any:  # noqa: ANN401 - any value
    value = encode(value)
    if isinstance(value, str | int | float):
        return value
    clause = "must be text, a number or true or false"
    raise FieldError(clause)


def _read_any(_field: Field, value: Any) -> Any:  # noqa: ANN401 - any value
    return encode(value)


def _read_file(_field: Field, value: Any) -> str:  # noqa: ANN401 - any value
    if isinstance(value, str | PathLike) and isinstance(path := fspath(value), str) and path:
        return path
    clause = "must be the path of a file"
    raise FieldError(clause)


READERS: Mapping[Kind, Callable[[Field, Any], Any]] = {
    "string": _read_string,
    "integer": _read_integer,
    "number": _read_number,
    "boolean": _read_boolean,
    "datetime": _read_datetime,
    "object": _read_object,
    "array": _read_array,
    "any": _read_any,
    "scalar": _read_scalar,
    "file": _read_file,
}


def _from_json(value: Any) -> Any:  # noqa: ANN401 - any value
    """Text that holds JSON as what it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        clause = "is not JSON"
        raise FieldError(clause) from None


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(
        value, str | bytes | bytearray | memoryview
    )


def _bounds(least: int | None, most: int | None) -> str:
    if least is None:
        return f"at most {most}"
    return f"at least {least}" if most is None else f"{least} to {most}"
