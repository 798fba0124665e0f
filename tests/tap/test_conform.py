"""Rows as their schema promises them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import singer_sdk.typing as th
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from singer_sdk.helpers._typing import conform_record_data_types
from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_gorgias import schemas
from tap_gorgias.conform import compile_row

SCHEMA = th.PropertiesList(
    th.Property("id", th.IntegerType, required=True),
    th.Property("name", th.StringType),
    th.Property("when", th.DateTimeType),
    th.Property("active", th.BooleanType),
    th.Property("score", th.NumberType),
    th.Property("code", th.CustomType({"type": ["string", "integer"]})),
    th.Property("any", th.StringType),
    th.Property("free", th.CustomType({"type": ["object", "null"], "additionalProperties": True})),
    th.Property("person", th.ObjectType(th.Property("id", th.IntegerType))),
    th.Property("tags", th.ArrayType(th.ObjectType(th.Property("id", th.IntegerType)))),
    th.Property("ids", th.ArrayType(th.IntegerType)),
).to_dict()


def convert(row: dict[str, Any], **more: Any) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    reports: list[tuple[str, str]] = []
    selected = more.pop("is_selected", lambda _: True)
    compiled = compile_row(SCHEMA, lambda *report: reports.append(report), selected, **more)
    compiled(row)
    return compiled(row), reports


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        ("id", "12", 12),
        ("id", 12.0, 12),
        ("id", 2**40, 2**40),
        ("name", 5, "5"),
        ("name", {"a": "x\0y"}, '{"a": "xy"}'),
        ("name", "a\0b", "ab"),
        ("when", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000+00:00"),
        ("when", "2026-01-01T02:00:00.5+02:00", "2026-01-01T00:00:00.500000+00:00"),
        ("when", "2026-01-01T00:00:00", "2026-01-01T00:00:00.000000+00:00"),
        ("active", "false", False),
        ("active", 1, True),
        ("score", "1.5", 1.5),
        ("score", 3, 3),
        ("code", 7, "7"),
        ("code", "seven", "seven"),
        ("free", {"a": {"b": ["c\0"]}}, {"a": {"b": ["c"]}}),
        ("person", {"id": "3", "more": [1]}, {"id": 3, "more": [1]}),
        ("tags", [{"id": 1}, None], [{"id": 1}]),
        ("ids", ["1", 2], [1, 2]),
        ("name", None, None),
    ],
)
def test_a_value_becomes_what_the_schema_says(field: str, given: Any, expected: Any) -> None:
    assert convert({field: given}) == ({field: expected}, [])


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("id", "twelve"),
        ("id", 1.5),
        ("id", [1]),
        ("when", "soon"),
        ("when", 5),
        ("when", "9999-12-31T23:59:59-05:00"),
        ("when", "2026-13-45T99:99:99.000000+00:00"),
        ("id", True),
        ("id", 2**63),
        ("id", "1_0"),
        ("score", True),
        ("score", float("nan")),
        ("score", 10**400),
        ("active", "maybe"),
        ("score", {}),
        ("person", "Lea"),
        ("tags", {"id": 1}),
    ],
)
def test_what_cannot_be_is_left_empty_and_reported_once(field: str, given: Any) -> None:
    record, reports = convert({field: given})
    assert record == {field: None}
    assert [name for name, _ in reports] == [field]
    assert "left empty" in reports[0][1]


def test_a_value_that_nests_without_end_is_left_empty() -> None:
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    assert convert({"id": 1, "free": {"a": deep}}) == (
        {"id": 1, "free": None},
        [("free", "nests deeper than 300 levels, and is left empty")],
    )


def test_a_field_inside_an_object_can_hold_json_too() -> None:
    text = frozenset({"person.extra"})
    schema = th.PropertiesList(
        th.Property("person", th.ObjectType(th.Property("extra", th.StringType)))
    ).to_dict()
    compiled = compile_row(schema, lambda *_: None, lambda _: True, text)
    assert compiled({"person": {"extra": [1]}}) == {"person": {"extra": "[1]"}}
    assert compiled({"person": {"extra": "a"}}) == {"person": {"extra": '"a"'}}


def test_unknown_fields_are_reported_once_and_only_at_the_root() -> None:
    record, reports = convert({"id": 1, "mood": "good", "person": {"id": 1, "mood": "bad"}})
    assert record == {"id": 1, "person": {"id": 1, "mood": "bad"}}
    assert reports == [("mood", "is not in the schema and is left out")]


def test_what_is_not_selected_falls_away_in_silence() -> None:
    record, reports = convert(
        {"id": 1, "name": "Lea", "person": {"id": 2}},
        is_selected=lambda path: path not in {("name",), ("person", "id")},
    )
    assert (record, reports) == ({"id": 1, "person": {}}, [])


def test_a_field_for_any_value_holds_json() -> None:
    for value, text in (({"a": 1}, '{"a": 1}'), ("gold", '"gold"'), (12, "12"), (None, None)):
        assert convert({"any": value}, json_text=frozenset({"any"}))[0] == {"any": text}
    assert convert({"id": 1}, json_text=frozenset({"any"}))[0] == {"id": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(schemas.TICKETS["properties"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(row=st.dictionaries(st.sampled_from([*FIELDS, "unknown"]), JSON, max_size=8))
def test_whatever_the_api_sends_the_record_fits_the_schema(row: dict[str, Any]) -> None:
    compiled = compile_row(schemas.TICKETS, lambda *_: None, lambda _: True)
    record = compiled(row)
    optional = {**schemas.TICKETS, "required": []}
    loose = _nullable(optional)
    errors = list(th.DEFAULT_JSONSCHEMA_VALIDATOR(loose).iter_errors(record))
    assert not errors
    assert "\0" not in str(record)
    again = conform_record_data_types(
        stream_name="tickets",
        record=record,
        schema=loose,
        level=TypeConformanceLevel.RECURSIVE,
        logger=logging.getLogger("test"),
    )
    assert again.keys() == record.keys()


def _nullable(schema: Any) -> Any:
    """The schema without the promise that keys are there: hostile rows have none."""
    if isinstance(schema, dict):
        inner = {key: _nullable(value) for key, value in schema.items()}
        if isinstance(inner.get("type"), str):
            inner["type"] = [inner["type"], "null"]
        elif isinstance(inner.get("type"), list):
            inner["type"] = [*inner["type"], "null"]
        return inner
    return [_nullable(item) for item in schema] if isinstance(schema, list) else schema
