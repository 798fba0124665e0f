"""Broken input: one sentence that names the line and shows nothing of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gorgias_api import GorgiasError
from tests.target.support import lines, record, rows, schema, state

if TYPE_CHECKING:
    from tests.target.support import Desk

PERSON = "lea@shop.example"
GOOD = lines([*rows("tags", {"name": "first"}), state(1)])
DEEP = '{"type": "RECORD", "stream": "tags", "record": {"name": ' + "[" * 900 + "]" * 900 + "}}"
BROKEN = [
    (f'{{"type": "RECORD", "email": "{PERSON}"', "is not JSON"),
    (PERSON, "is not JSON"),
    pytest.param("[" * 100_000, "is not JSON", id="deep"),
    (f'"{PERSON}"', "has no 'type'"),
    (f'["{PERSON}"]', "has no 'type'"),
    ("5", "has no 'type'"),
    ("null", "has no 'type'"),
    (f'{{"stream": "tags", "record": {{"email": "{PERSON}"}}}}', "has no 'type'"),
    (f'{{"type": ["{PERSON}"]}}', "has no 'type'"),
    (f'{{"type": "{PERSON}"}}', "is of a type that is none of SCHEMA, RECORD, STATE,"),
    ('{"type": "METRIC", "stream": "tags"}', "is of a type that is none of SCHEMA, RECORD,"),
    ('{"type": "STATE"}', "is a STATE message without a proper 'value'"),
    (f'{{"type": "RECORD", "record": {{"email": "{PERSON}"}}}}', "without a proper 'stream'"),
    (f'{{"type": "RECORD", "stream": ["{PERSON}"], "record": {{}}}}', "without a proper 'stream'"),
    (f'{{"type": "RECORD", "stream": "tags", "record": "{PERSON}"}}', "without a proper 'record'"),
    ('{"type": "RECORD", "stream": "tags"}', "is a RECORD message without a proper 'record'"),
    ('{"type": "SCHEMA", "stream": "tags"}', "is a SCHEMA message without a proper 'schema'"),
    ('{"type": "SCHEMA", "stream": "tags", "schema": {}}', "without 'properties'"),
    ('{"type": "SCHEMA", "stream": "tags", "schema": {"properties": []}}', "without 'properties'"),
    (
        '{"type": "SCHEMA", "stream": "a", "schema": {"properties": {}}, "key_properties": "id"}',
        "whose 'key_properties' are no list of names",
    ),
    ('{"type": "ACTIVATE_VERSION"}', "without a proper 'stream'"),
]


@pytest.mark.parametrize(("line", "clause"), BROKEN)
def test_a_line_that_is_no_message_is_named(desk: Desk, line: str, clause: str) -> None:
    with pytest.raises(
        GorgiasError, match=r"^Line 4 of the input is no Singer message: it "
    ) as one:
        desk.feed(GOOD + line + "\n")
    assert clause in str(one.value)
    assert PERSON not in str(one.value)


def test_what_came_before_the_broken_line_is_written_and_in_the_state(desk: Desk) -> None:
    with pytest.raises(GorgiasError):
        desk.feed(GOOD + "broken\n")
    assert desk.states == [{"at": 1}]
    assert desk.the("tags", name="first")


def test_a_record_before_its_schema_is_named_by_its_stream(desk: Desk) -> None:
    with pytest.raises(GorgiasError) as caught:
        desk.write(record("tags", name=PERSON))
    assert str(caught.value) == "The input has a record of the stream 'tags' before its schema."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GOOD.encode() + b"\xff\xfe\x00 lea@shop.example\n", "is not text in UTF-8."),
        (GOOD.encode() + b'{"type": "RECORD", "email": "lea@shop.example"\n', "it is not JSON."),
        (lines([record("tags", name=PERSON)]).encode(), "'tags' before its schema."),
    ],
)
def test_broken_input_is_one_sentence_and_exit_code_1(
    desk: Desk, text: bytes, sentence: str
) -> None:
    ended = desk.run_loudly(text)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr
    assert PERSON not in ended.stderr


def test_a_record_nested_very_deep_is_refused_alone(desk: Desk) -> None:
    good = lines([record("tags", name="good")])
    head = lines([schema("tags", "name")])
    desk.feed(head + DEEP + "\n" + good, on_error="continue")
    assert desk.summary == {"tags": {"created": 1, "rejected": 1, "requests": 2}}


def test_no_input_at_all_is_fine(desk: Desk) -> None:
    assert desk.feed("") == []


def test_the_last_line_may_lack_its_end(desk: Desk) -> None:
    desk.feed(lines(rows("tags", {"name": "last"})).rstrip("\n"))
    assert desk.the("tags", name="last")


def test_a_schema_may_come_again_with_other_columns_in_the_middle(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.write(
        *rows("tickets", {"id": ticket, "subject": "a"}, keys=["id"]),
        *rows("tickets", {"id": ticket, "status": "open", "subject": "b"}, keys=["id"]),
        schema("tickets", "subject", keys=["id"]),
        record("tickets", id=ticket, subject="c"),
    )
    assert desk.row("tickets", ticket)["subject"] == "c"


@pytest.mark.parametrize("keys", [None, []])
def test_a_stream_may_declare_no_key(desk: Desk, keys: list[str] | None) -> None:
    head = schema("customers", "name", "email") | {"key_properties": keys}
    both = [
        record("customers", name="Lea", email="c@b.example"),
        record("customers", name="Ada", email="a@b.example"),
    ]
    for _ in range(2):
        desk.write(head, *both)
    assert desk.summary == {"customers": {"unchanged": 2}}
    desk.write(head, record("customers", name="Ada Two", email="a@b.example"))
    assert desk.the("customers", email="a@b.example")["name"] == "Ada Two"


def test_numbers_in_keys_are_told_apart_from_nothing_else(desk: Desk) -> None:
    text = "".join(
        json.dumps(each) + "\n"
        for each in (
            schema("customers", "name", keys=["a", "b"]),
            record("customers", a=1, b="x", name="One"),
            record("customers", a="1", b="x", name="Text"),
            record("customers", a=1.5, b="x", name="Decimal"),
        )
    )
    for _ in range(2):
        desk.feed(text)
    assert desk.summary == {"customers": {"unchanged": 3}}
    assert {"One", "Text", "Decimal"} <= {row["name"] for row in desk.rows("customers")}
