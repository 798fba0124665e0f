"""Stream maps and flattening: the SDK's own, told in sentences, true to their schemas.

A map is checked before anything is read, for the streams that are selected. What an expression
gives becomes what the SCHEMA message declares for it. Errors name the stream and the field, never
the expression, which may hold a hash seed, nor what it was given.

https://sdk.meltano.com/en/latest/stream_maps.html
"""

from __future__ import annotations

import ast
import fnmatch
import json
import logging
from copy import deepcopy
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from singer_sdk.exceptions import StreamMapConfigError
from singer_sdk.helpers._catalog import get_selected_schema
from singer_sdk.mapper import (
    CustomStreamMap,
    PluginMapper,
    RemoveRecordTransform,
    SameRecordTransform,
    StreamMap,
)

from gorgias_api import SettingsError
from gorgias_api.nearest import did_you_mean
from gorgias_api.settings import Setting, read
from tap_gorgias.conform import compile_value

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from types import TracebackType

    from singer_sdk import Stream

    from tap_gorgias.order import Row

logger = logging.getLogger(__name__)

_OWN = "The SDK's own; only its kind is checked here."
MAPS = Setting("stream_maps", "object", _OWN)
FLATTENING = Setting("flattening_enabled", "boolean", _OWN)
DEPTH = Setting("flattening_max_depth", "integer", _OWN)
OTHERS = (
    Setting("stream_map_config", "object", _OWN, secret=True),
    Setting("faker_config", "object", _OWN),
    Setting("flattening_max_key_length", "integer", _OWN),
    Setting("flattening_separator", "string", _OWN),
)
TEXT = {"string", "null"}
NOTHING = (None, "__NULL__")
ELSE, SOURCE, FILTER, KEYS = "__else__", "__source__", "__filter__", "__key_properties__"
GLOB = frozenset("*?[")
NAMES = frozenset(
    {"_", "record", "config", "self", "fake", "__stream_name__", "__original_stream_name__"}
)
"""What an expression may use besides the fields of its stream and the functions of the SDK."""


def _refusal(stream: str, problem: str) -> SettingsError:
    return SettingsError(f"The setting 'stream_maps' cannot be used for '{stream}': {problem}.")


class _Tried:
    """Turns whatever an expression raises into a sentence: it may do anything."""

    def __init__(self, stream: str, field: str) -> None:
        self._stream = stream
        self._field = field

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, SettingsError):
            name = type(error.__cause__ or error).__name__
            raise _refusal(self._stream, f"its '{self._field}' does not work ({name})") from None


class _TrueToSchema(StreamMap):
    """A map whose flattened records hold the columns of the flattened schema, and no others."""

    def flatten_record(self, record: Row) -> Row:
        """Flatten as the SDK does, but for null objects: their columns are null.

        What may be any JSON, the SDK declares as text; so it becomes JSON text.
        """
        flat: Row = super().flatten_record(record)
        if self.flattening_enabled:
            for name in self._texts & flat.keys():
                if not isinstance(flat[name], str | None):
                    flat[name] = json.dumps(flat[name], ensure_ascii=False)
            for name in flat.keys() - self.transformed_schema["properties"].keys():
                if flat.pop(name) is not None:
                    self._left_out(name)
                for column in self._columns_of(name):
                    flat.setdefault(column, None)
        return flat

    @cached_property
    def _texts(self) -> frozenset[str]:
        """The columns that are declared as nothing but text."""
        columns = self.transformed_schema["properties"]
        return frozenset(
            name for name, schema in columns.items() if {*schema.get("type", ())} <= TEXT
        )

    @property
    def _separator(self) -> str:
        return self.flattening_options.separator if self.flattening_options else ""

    @cached_property
    def _seen(self) -> dict[str, list[str]]:
        return {}

    def _columns_of(self, name: str) -> list[str]:
        """The columns that a nested object is spread over."""
        if name not in self._seen:
            start = name + self._separator
            columns = self.transformed_schema["properties"]
            self._seen[name] = [column for column in columns if column.startswith(start)]
        return self._seen[name]

    @cached_property
    def _told(self) -> set[str]:
        return set()

    def _left_out(self, name: str) -> None:
        field = name.split(self._separator, maxsplit=1)[0]
        if field not in self._told:
            self._told.add(field)
            logger.warning(
                "The field '%s' of '%s' holds more than its flattened schema, which is left out.",
                field,
                self.stream_alias,
            )


class PlainMap(_TrueToSchema, SameRecordTransform):
    """No map at all."""


class CheckedMap(_TrueToSchema, CustomStreamMap):
    """A map of the settings."""

    def _eval(
        self, expr: str, expr_parsed: ast.Expr, record: Row, property_name: str | None
    ) -> Any:  # noqa: ANN401 - whatever the expression gives
        stream = self.stream_name or self.stream_alias
        with _Tried(stream, property_name or FILTER):
            # A field that the API leaves out is null to an expression.
            value = super()._eval(expr, expr_parsed, {**self._nulls, **record}, property_name)
            return value if property_name is None else self._declared(stream, property_name, value)

    @cached_property
    def _nulls(self) -> Row:
        return dict.fromkeys(self.raw_schema["properties"])

    @cached_property
    def _converters(self) -> dict[str, Callable[[Any], Any]]:
        return {}

    def _declared(self, stream: str, field: str, value: Any) -> Any:  # noqa: ANN401 - see above
        """The value as the schema declares the field."""
        if value is None:
            if field in (self.transformed_key_properties or ()):
                raise _refusal(stream, f"it gives the key '{field}' null")
            return None
        if field not in self._converters:

            def refuse(_path: str, _problem: str) -> None:
                raise _refusal(stream, f"it gives '{field}' a value of another type")

            # What is flattened away is an object.
            schema = self.transformed_schema["properties"].get(field, {"type": "object"})
            self._converters[field] = compile_value(schema, field, refuse)
        return self._converters[field](value.isoformat() if isinstance(value, date) else value)


class Mapper(PluginMapper):
    """The maps of the settings, for the streams that are selected.

    Raises:
        SettingsError: a map or the flattening cannot work, whatever the rows are.
    """

    def __init__(
        self, config: Mapping[str, Any], streams: Collection[str], log: logging.Logger
    ) -> None:
        given: dict[str, Any] = {
            setting.name: read(setting, config) for setting in (MAPS, FLATTENING, *OTHERS)
        }
        depth = read(DEPTH, config)
        if given[FLATTENING.name] and (depth is None or depth < 0):
            message = "The setting 'flattening_enabled' needs 'flattening_max_depth', 0 or more."
            raise SettingsError(message)
        # The SDK takes an option out of the maps.
        maps = given[MAPS.name] = deepcopy(given[MAPS.name] or {})
        for name, definition in maps.items():
            _check_map(name, definition, streams)
        settings = {name: value for name, value in given.items() if value is not None}
        super().__init__(settings | {DEPTH.name: depth or 0}, log)
        if self.default_mapper_type is SameRecordTransform:
            self.default_mapper_type = PlainMap

    def of(self, stream: Stream) -> list[StreamMap]:
        """The maps of a stream; the first is its own.

        Raises:
            SettingsError: one cannot work.
        """
        if stream.name not in self.stream_maps:
            self._register(stream)
            for stream_map in self.stream_maps[stream.name]:
                if isinstance(stream_map, CustomStreamMap):
                    # The SDK's own class is fixed in the method that makes it.
                    stream_map.__class__ = CheckedMap
                    self._check_names(stream.name, stream_map)
                _check_columns(stream.name, stream_map)
        return self.stream_maps[stream.name]

    def _register(self, stream: Stream) -> None:
        schema = get_selected_schema(stream.name, stream.effective_schema, stream.mask)
        with _Tried(stream.name, "__alias__"):
            try:
                self.register_raw_stream_schema(stream.name, schema, stream.primary_keys)
            except StreamMapConfigError:
                problem = f"it leaves out a key; keep it, or name the keys in '{KEYS}'"
                raise _refusal(stream.name, problem) from None
            except ValueError:
                message = (
                    f"Flattening gives two fields of '{stream.name}' one name: change "
                    "'flattening_separator' or 'flattening_max_key_length'."
                )
                raise SettingsError(message) from None

    def _check_names(self, stream: str, stream_map: CustomStreamMap) -> None:
        """Refuse expressions that use what is neither field nor function."""
        known = {*stream_map.raw_schema["properties"], *stream_map.functions, *NAMES}
        for name, definition in self.stream_maps_dict.items():
            if not isinstance(definition, dict) or not _applies(name, definition, stream):
                continue
            for field, expression in _expressions(definition):
                found = [node for node in ast.walk(expression) if isinstance(node, ast.Name)]
                bound = {node.id for node in found if isinstance(node.ctx, ast.Store)}
                if {node.id for node in found} - bound - known:
                    problem = f"its '{field}' uses a name that is neither field nor function"
                    raise _refusal(stream, problem)


def _source(name: str, definition: Any) -> str:  # noqa: ANN401 - checked by then
    return str(definition.get(SOURCE, name)) if isinstance(definition, dict) else name


def _applies(name: str, definition: Any, stream: str) -> bool:  # noqa: ANN401 - checked by then
    return fnmatch.fnmatch(stream, _source(name, definition))


def _expressions(definition: Mapping[str, Any]) -> Iterator[tuple[str, ast.Expr]]:
    """The fields of a map that are computed, and how; what is no expression is left out."""
    for field, text in definition.items():
        if isinstance(text, str) and text not in NOTHING and (field[:2] != "__" or field == FILTER):
            found = _parsed(text)
            if found is not None:
                yield field, found


def _parsed(text: str) -> ast.Expr | None:
    try:
        first, *_ = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return first if isinstance(first, ast.Expr) else None


def _check_map(name: str, definition: Any, streams: Collection[str]) -> None:  # noqa: ANN401 - any JSON
    """Refuse an entry of the setting that cannot work for any stream."""
    if name.startswith("__"):
        if name != ELSE or (definition is not None and definition != "__NULL__"):
            message = (
                f"The setting 'stream_maps' holds '{name}', which can only be '__else__': null."
            )
            raise SettingsError(message)
        return
    if isinstance(definition, dict):
        for field, value in definition.items():
            _check_field(name, field, value)
    elif definition is not None and definition != "__NULL__":
        raise _refusal(name, "it must be an object, or null to leave the stream out")
    source = _source(name, definition)
    if any(fnmatch.fnmatch(stream, source) for stream in streams):
        return
    if not GLOB & set(source):
        message = f"The setting 'stream_maps' names '{source}', which is no stream"
        raise SettingsError(message + did_you_mean(source, streams))
    logger.warning("The setting 'stream_maps' names '%s', which fits no stream.", source)


def _check_field(name: str, field: str, value: Any) -> None:  # noqa: ANN401 - any JSON
    """Refuse a field or an option of a map that cannot work."""
    is_text = isinstance(value, str)
    if field == KEYS:
        texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        if value is not None and not texts:
            raise _refusal(name, f"its '{KEYS}' must be a list of names, or null")
    elif field == ELSE:
        if value is not None and value != "__NULL__":
            raise _refusal(name, f"its '{ELSE}' can only be null")
    elif field in {SOURCE, "__alias__"}:
        if not is_text or not value.strip():
            raise _refusal(name, f"its '{field}' must be a name")
    elif field.startswith("__") and field != FILTER:
        raise _refusal(name, f"there is no option '{field}'")
    elif value is not None and not is_text:
        raise _refusal(name, f"its '{field}' must be an expression, or null")
    elif is_text and value != "__NULL__" and _parsed(value) is None:
        raise _refusal(name, f"its '{field}' is no expression")


def _check_columns(stream: str, stream_map: StreamMap) -> None:
    """Refuse a map whose records could not have what its schema requires."""
    if isinstance(stream_map, RemoveRecordTransform):
        return
    if not isinstance(stream_map.stream_alias, str):
        raise _refusal(stream, "its '__alias__' is no name")
    schema = stream_map.transformed_schema
    keys = [*schema.get("required", []), *(stream_map.transformed_key_properties or ())]
    lost = sorted(set(keys) - schema["properties"].keys())
    if lost and isinstance(stream_map, CheckedMap):
        raise _refusal(stream, f"'{lost[0]}' is not among its fields any more")
    if lost:
        message = f"The setting 'flattening_max_key_length' is too short for '{lost[0]}'."
        raise SettingsError(message)
