"""The mapping `hash-personal-data`, as the SDK applies it, and what each stream can hold."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import PluginMapper

from tap_gorgias.tap import TapGorgias
from tests.warehouse.project import plugin

if TYPE_CHECKING:
    from tests.support import Row

SEED = "pepper"
ELSE = "__else__"
LEFT_OUT = "__NULL__"
INSTANT = "2026-01-31T08:00:00.000000+00:00"


@cache
def columns() -> dict[str, dict[str, Row]]:
    """The JSON schema of each column of each stream that the tap can give."""
    config = {"domain": "acme", "username": "agent@acme.example", "api_key": "key"}
    streams = TapGorgias(config=config).catalog_dict["streams"]
    return {each["tap_stream_id"]: each["schema"]["properties"] for each in streams}


@cache
def keys() -> dict[str, list[str]]:
    """The key of each stream."""
    config = {"domain": "acme", "username": "agent@acme.example", "api_key": "key"}
    streams = TapGorgias(config=config).catalog_dict["streams"]
    return {each["tap_stream_id"]: each["key_properties"] for each in streams}


@cache
def mapping() -> dict[str, Any]:
    """The maps by stream, as `meltano.yml` has them."""
    found: dict[str, Any] = plugin("mappers", "hasher")["mappings"][0]["config"]["stream_maps"]
    return found


def named(stream: str) -> dict[str, str]:
    """The columns that come out of a stream, and the expression for each."""
    entry = mapping()[stream]
    return {name: text for name, text in entry.items() if name != ELSE} if entry != LEFT_OUT else {}


def mapped(stream: str, row: Row) -> tuple[Row, Row | None]:
    """The columns that the mapping declares, and what it makes of a row."""
    mapper = PluginMapper(
        {"stream_maps": dict(mapping()), "stream_map_config": {"hash_seed": SEED}},
        logging.getLogger("mapper"),
    )
    schema = {"type": "object", "properties": columns().get(stream, {})}
    mapper.register_raw_stream_schema(stream, schema, keys().get(stream, ["id"]))
    (found,) = mapper.stream_maps[stream]
    return found.transformed_schema["properties"], found.transform(row)


def full(schema: Row, place: str) -> Any:
    """A value for a column, in which every text is unique and tells its place."""
    declared = schema["type"]
    kinds = {declared} if isinstance(declared, str) else set(declared) - {"null"}
    if kinds == {"object"}:
        inner = {
            name: full(each, f"{place}.{name}")
            for name, each in schema.get("properties", {}).items()
        }
        return inner | {"added_later": f"canary {place}.added_later"}
    if kinds == {"array"}:
        return [full(schema["items"], f"{place}[]")]
    if schema.get("format") == "date-time":
        return INSTANT
    plain: dict[str, Any] = {"integer": 7, "boolean": False, "number": 0.5}
    return plain[kinds.pop()] if len(kinds) == 1 and kinds <= plain.keys() else f"canary {place}"


def full_row(stream: str) -> Row:
    """A row with a value in every column, and columns that are not known yet."""
    row = {name: full(each, f"{stream}.{name}") for name, each in columns()[stream].items()}
    return row | {"added_later": f"canary {stream}.added_later"}
