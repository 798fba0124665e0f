"""Rows as their schema promises them: a converter compiled once per schema.

The SDK's own conforming walks the schema again for every record, which was more than half of the
tap's processor time, and turns the text "false" into true. Here each property gets a converter
when the stream starts; deselected ones get none and fall away in the same pass.

Nothing vanishes unseen: a field the schema does not know, and a value that cannot be what the
schema says, are reported once per field, by name only.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from tap_gorgias.rows import LARGEST, SMALLEST, kind, storable, whole
from tap_gorgias.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Converter = Callable[[Any], Any]
    Report = Callable[[str, str], None]

TRUE, FALSE = ("true", "1"), ("false", "0")
LEVELS = 300
"""How deep a value may nest: what goes further ends in a RecursionError here or in a loader."""
DUE = {"boolean": "true or false", "integer": "an integer of 64 bits", "number": "a number"}


class _TooDeepError(Exception):
    """A value nests deeper than `LEVELS`."""


def compile_row(
    schema: Mapping[str, Any],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
    json_text: frozenset[str] = frozenset(),
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """The function that turns a row of the API into a record of `schema`.

    Args:
        schema: JSON schema of an object.
        report: called with a field's path and what is wrong, at most once for each pair.
        is_selected: whether the property at a path such as `("customer", "email")` is wanted.
        json_text: paths, joined with dots, of fields that hold any JSON value, to be written as
            JSON text.
    """
    seen: set[tuple[str, str]] = set()

    def once(path: str, problem: str) -> None:
        if (path, problem) not in seen:
            seen.add((path, problem))
            report(path, problem)

    # Above the root, `additionalProperties` means nothing: a loader has no column for them.
    root = {**schema, "additionalProperties": False}
    convert = _object(root, (), once, is_selected, json_text)

    def convert_row(row: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return convert(row)
        except _TooDeepError:
            return convert(_without_depths(row, once))

    return convert_row


def compile_value(schema: Mapping[str, Any], name: str, report: Report) -> Converter:
    """The function that turns a value other than null into what `schema` says; see above."""
    return _value(schema, (name,), report, lambda _: True, frozenset())


def _without_depths(row: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The row without the values that nest too deep."""
    shallow = {}
    for name, value in row.items():
        try:
            shallow[name] = _clean(value)
        except _TooDeepError:
            report(name, f"nests deeper than {LEVELS} levels, and is left empty")
            shallow[name] = None
    return shallow


def _object(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
    json_text: frozenset[str],
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    converters: dict[str, Converter | None] = {}
    for name, inner in schema.get("properties", {}).items():
        place = (*path, name)
        converter = _value(inner, place, report, is_selected, json_text)
        converters[name] = converter if is_selected(place) else None
    is_open = schema.get("additionalProperties", True) is not False

    def convert(row: Mapping[str, Any]) -> dict[str, Any]:
        record: dict[str, Any] = {}
        for name, value in row.items():
            if name in converters:
                converter = converters[name]
                if value is None and converter is not None:
                    record[name] = None
                elif converter is _text and type(value) is str and value.isprintable():
                    record[name] = value  # most of all fields, hence without a call
                elif converter is not None:
                    record[name] = converter(value)
            elif is_open:
                record[_clean(name)] = _clean(value)
            else:
                # Only names go on the log, and not every key is one.
                known = name if name.isidentifier() else "…"
                report(".".join((*path, known)), "is not in the schema and is left out")
        return record

    return convert


def _value(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
    json_text: frozenset[str],
) -> Converter:
    """The converter for a property; it never sees None."""
    declared = schema.get("type", [])
    kinds = {declared} if isinstance(declared, str) else set(declared)
    kinds -= {"null"}
    name = ".".join(path)
    if name in json_text:
        return _json
    if kinds == {"object"}:
        inner = _object(schema, path, report, is_selected, json_text)
        return _checked(dict, inner, name, report)
    if kinds == {"array"}:
        return _array(schema, path, report, is_selected, json_text)
    if len(kinds) == 1 and kinds <= LENIENT.keys():
        return _scalar(kinds.pop(), name, report)
    if schema.get("format") == "date-time":
        return _moment(name, report)
    return _text if kinds and kinds <= {"string", "integer"} else _clean


def _array(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
    json_text: frozenset[str],
) -> Converter:
    item = _value(schema.get("items", {}), path, report, is_selected, json_text)

    def convert(values: list[Any]) -> list[Any]:
        converted = (None if value is None else item(value) for value in values)
        return [value for value in converted if value is not None]

    return _checked(list, convert, ".".join(path), report)


def _checked(form: type, convert: Converter, name: str, report: Report) -> Converter:
    def checked(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, form):
            return convert(value)
        report(name, f"holds {kind(value)} where {kind(form())} is due, and is left empty")
        return None

    return checked


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Text without NUL characters, which databases refuse; anything else as JSON."""
    return _clean(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(_clean(value), ensure_ascii=False)


def _moment(name: str, report: Report) -> Converter:
    def convert(value: Any) -> str | None:  # noqa: ANN401 - any JSON
        try:
            return canonical(value)
        except ValueError:
            report(name, "holds something that is no datetime, and is left empty")
            return None

    return convert


def _scalar(declared: str, name: str, report: Report) -> Converter:
    lenient = LENIENT[declared]
    exact = bool if declared == "boolean" else int

    def convert(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if type(value) is exact and SMALLEST <= value <= LARGEST:
            return value
        try:
            return lenient(value)
        except ValueError:
            report(name, f"holds {kind(value)} where {DUE[declared]} is due, and is left empty")
            return None

    return convert


def _number(value: Any) -> float:  # noqa: ANN401 - any JSON
    """A number that JSON and databases can hold.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    message = "no number"
    raise ValueError(message)


def _boolean(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """True or false, from itself, 0 or 1, or as text.

    Raises:
        ValueError: it is none of these.
    """
    text = str(value).lower() if isinstance(value, str | int) else ""
    if text in TRUE or text in FALSE:
        return text in TRUE
    message = "neither true nor false"
    raise ValueError(message)


LENIENT: Mapping[str, Converter] = {"boolean": _boolean, "integer": whole, "number": _number}


def _clean(value: Any, levels: int = LEVELS) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """`value` without what JSON or databases cannot hold, at any depth.

    That is NUL characters, halves of characters, and numbers that are not finite.

    Raises:
        _TooDeepError: it nests deeper than `levels`.
    """
    if isinstance(value, str):
        return value if value.isprintable() else storable(value)
    if isinstance(value, dict | list):
        if not levels:
            raise _TooDeepError
        levels -= 1
        if isinstance(value, list):
            return [_clean(item, levels) for item in value]
        return {_clean(name): _clean(item, levels) for name, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
