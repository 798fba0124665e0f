"""Rows as their schema promises them: a converter compiled once per schema.

The SDK's own conforming walks the schema again for every record, which was more than half of the
tap's processor time, and turns the text "false" into true. Here each property gets a converter
when the stream starts; deselected ones get none and fall away in the same pass.

Nothing vanishes unseen: a field the schema does not know, and a value that cannot be what the
schema says, are reported once per field, by name only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_gorgias.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Converter = Callable[[Any], Any]
    Report = Callable[[str, str], None]

TRUE, FALSE = ("true", "1"), ("false", "0")


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
        json_text: top-level fields that hold any JSON value, to be written as JSON text.
    """
    seen: set[tuple[str, str]] = set()

    def once(path: str, problem: str) -> None:
        if (path, problem) not in seen:
            seen.add((path, problem))
            report(path, problem)

    # Above the root, `additionalProperties` means nothing: a loader has no column for them.
    root = {**schema, "additionalProperties": False}
    return _object(root, (), once, is_selected, json_text)


def _object(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
    json_text: frozenset[str] = frozenset(),
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    converters: dict[str, Converter | None] = {}
    for name, inner in schema.get("properties", {}).items():
        converter = (
            _json if name in json_text else _value(inner, (*path, name), report, is_selected)
        )
        converters[name] = converter if is_selected((*path, name)) else None
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
                report(".".join((*path, name)), "is not in the schema and is left out")
        return record

    return convert


def _value(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
) -> Converter:
    """The converter for a property; it never sees None."""
    declared = schema.get("type", [])
    kinds = {declared} if isinstance(declared, str) else set(declared)
    kinds -= {"null"}
    name = ".".join(path)
    if kinds == {"object"}:
        return _checked(dict, _object(schema, path, report, is_selected), name, report)
    if kinds == {"array"}:
        return _array(schema, path, report, is_selected)
    if kinds == {"string"}:
        return _moment(name, report) if schema.get("format") == "date-time" else _text
    if kinds == {"string", "integer"}:
        return _text
    if len(kinds) == 1:
        return _scalar(next(iter(kinds)), name, report)
    return _clean


def _array(
    schema: Mapping[str, Any],
    path: tuple[str, ...],
    report: Report,
    is_selected: Callable[[tuple[str, ...]], bool],
) -> Converter:
    item = _value(schema.get("items", {}), path, report, is_selected)

    def convert(values: list[Any]) -> list[Any]:
        converted = (None if value is None else item(value) for value in values)
        return [value for value in converted if value is not None]

    return _checked(list, convert, ".".join(path), report)


def _checked(kind: type, convert: Converter, name: str, report: Report) -> Converter:
    def checked(value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, kind):
            return convert(value)
        report(
            name, f"holds {type(value).__name__} where {kind.__name__} is due, and is left empty"
        )
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
        except (ValueError, TypeError, AttributeError):
            report(name, "holds something that is no datetime, and is left empty")
            return None

    return convert


def _scalar(kind: str, name: str, report: Report) -> Converter:
    def convert(value: Any) -> Any:  # noqa: ANN401 - any JSON
        exact = EXACT[kind]
        if type(value) in exact:
            return value
        try:
            return LENIENT[kind](value)
        except (ValueError, TypeError, KeyError, OverflowError):
            report(name, f"holds {type(value).__name__} where {kind} is due, and is left empty")
            return None

    return convert


def _integer(value: Any) -> int:  # noqa: ANN401 - any JSON
    whole = int(value)
    if isinstance(value, float) and whole != value:
        raise ValueError
    return whole


def _boolean(value: Any) -> bool:  # noqa: ANN401 - any JSON
    return {**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}[str(value).lower()]


EXACT: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
LENIENT: Mapping[str, Converter] = {"boolean": _boolean, "integer": _integer, "number": float}


def _storable(text: str) -> str:
    """What databases take: no NUL, and no half of a surrogate pair, which UTF-8 cannot hold."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON in, the same JSON out
    """`value` without NUL characters and halves of characters, at any depth."""
    if isinstance(value, str):
        return value if value.isprintable() else _storable(value)
    if isinstance(value, dict):
        return {_clean(name): _clean(item) for name, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
