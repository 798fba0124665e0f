"""`hash-personal-data` is a list of what passes: what is not on it does not reach the warehouse."""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from tests.security.hashing import (
    ELSE,
    INSTANT,
    LEFT_OUT,
    SEED,
    columns,
    full_row,
    keys,
    mapped,
    mapping,
    named,
)

CONTENTS = """uri customer assignee_user assignee_team subject summary excerpt integrations meta
    tags custom_fields"""
HIDDEN = {
    "account": "status current_subscription meta settings",
    "account_settings": "data",
    "attachments": "name url extra location",
    "custom_fields": "description definition",
    "customer_custom_fields": "value value_text value_number",
    "customers": "name firstname lastname meta data note custom_fields",
    "deletions": "",
    "events": "data uri",
    "integrations": "uri name description meta http user decoration",
    "jobs": "uri params info meta",
    "macros": "uri actions",
    "messages": """uri message_id source sender receiver auth_customer_identity intents subject
        body_text body_html stripped_text stripped_html stripped_signature attachments actions
        macros headers meta last_sending_error replied_by replied_to""",
    "reports": "dimensions measures",
    "rules": "uri description code code_ast settings",
    "satisfaction_surveys": "body_text meta uri",
    "tags": "description decoration uri",
    "teams": "description decoration members uri",
    "ticket_custom_fields": "value value_text value_number",
    "ticket_tags": "decoration",
    "tickets": CONTENTS,
    "users": """name firstname lastname bio meta role client_id has_password has_2fa_enabled
        uri""",
    "view_items": CONTENTS,
    "views": """uri name slug decoration fields filters filters_ast search shared_with_teams
        shared_with_users""",
    "voice_call_events": "meta",
    "voice_call_recordings": "url",
    "voice_calls": "summaries transcriptions",
    "widgets": "uri template",
}
"""Columns that hold persons, free text, addresses or objects with keys of anybody's choice."""
LEFT = {"customer_details"}
"""Streams that stay out as a whole."""
HASHED = {
    "email",
    "external_id",
    "phone_number_source",
    "phone_number_destination",
    "answered_by_external_number",
    "answered_by_external_customer_id",
}
INNER_ID = "int(_['{0}']['id']) if (_.get('{0}') or {{}}).get('id') is not None else None"
PEOPLE = {f"{name}_id": INNER_ID.format(name) for name in ("customer", "assignee_user")}
PEOPLE["assignee_team_id"] = INNER_ID.format("assignee_team")
DRAWN = {
    "integrations": {"user_id": INNER_ID.format("user")},
    "messages": {
        "sender_id": INNER_ID.format("sender"),
        "intent_names": (
            "json.dumps([each.get('name') for each in _['intents']]) if _.get('intents') else None"
        ),
    },
    "reports": {"measures_json": "json.dumps(_['measures']) if _.get('measures') else None"},
    "tickets": PEOPLE,
    "users": {"role_name": "(_.get('role') or {}).get('name')"},
    "view_items": PEOPLE,
}
"""Columns drawn from what is hidden."""
LET_THROUGH = {
    "messages.intents[].name",
    "users.role.name",
    "reports.measures.added_later",  # whoever asks for a measure gives it its name
}
SEEN_BEFORE = [
    *("integrations.http", "integrations.meta", "voice_call_events.meta", "macros.actions"),
    *("views.search", "attachments.extra", "messages.message_id", "tickets.integrations"),
    *("ticket_custom_fields.value", "ticket_custom_fields.value_text", "customers.data"),
    *("customer_custom_fields.value_number", "customers.custom_fields", "tickets.subject"),
    *("messages.body_html", "messages.headers", "views.filters_ast", "rules.code"),
    *("voice_call_recordings.url", "attachments.url", "events.data", "users.name"),
]


STREAMS = pytest.mark.parametrize("stream", sorted(HIDDEN))


def expression(stream: str, column: str) -> str:
    """The one way to let a column through, or to hash it, by its kind."""
    schema = columns()[stream][column]
    kinds = frozenset(schema["type"]) - {"null"}
    if column in HASHED:
        text = f"_['{column}']" if kinds == {"string"} else f"str(_['{column}'])"
        return f"sha256(config['hash_seed'] + {text}) if _.get('{column}') else None"
    if schema.get("format") == "date-time":
        moment = f"datetime.datetime.fromisoformat(_['{column}']).isoformat()"
        return f"{moment} if _.get('{column}') else None"
    if kinds == {"string"}:
        return f"_.get('{column}')"
    of = {"integer": "int", "boolean": "bool", "number": "float"}
    function = "str" if "string" in kinds else of[min(kinds)]
    return f"{function}(_['{column}']) if _.get('{column}') is not None else None"


def test_a_stream_that_is_not_named_stays_out() -> None:
    assert mapping()[ELSE] == LEFT_OUT
    assert mapped("added_later", {"id": 1, "name": "canary"})[1] is None


def test_every_stream_is_decided_on() -> None:
    assert columns().keys() == HIDDEN.keys() | LEFT
    assert {name for name, entry in mapping().items() if entry != LEFT_OUT} == HIDDEN.keys()
    for stream in LEFT:
        assert mapped(stream, full_row(stream))[1] is None


@STREAMS
def test_every_column_is_let_through_or_hashed_or_hidden_on_purpose(stream: str) -> None:
    hidden = set(HIDDEN[stream].split())
    drawn = DRAWN.get(stream, {})
    wanted = {name: expression(stream, name) for name in columns()[stream].keys() - hidden}
    assert hidden <= columns()[stream].keys()
    assert mapping()[stream][ELSE] == LEFT_OUT
    assert named(stream) == wanted | drawn


@STREAMS
def test_nothing_but_the_list_passes_whatever_a_row_holds(stream: str) -> None:
    schema, row = mapped(stream, full_row(stream))
    assert row is not None
    assert row.keys() == schema.keys() == named(stream).keys()
    passing = columns()[stream].keys() & row.keys() - HASHED
    allowed = LET_THROUGH | {f"{stream}.{name}" for name in passing}
    assert set(re.findall(r"canary ([\w.\[\]]+)", json.dumps(row))) <= allowed


@STREAMS
def test_what_passes_keeps_its_value_and_its_type(stream: str) -> None:
    given = full_row(stream)
    schema, row = mapped(stream, given)
    assert row is not None
    for name in row.keys() & columns()[stream].keys() - HASHED:
        kept = given[name] if given[name] != INSTANT else "2026-01-31T08:00:00+00:00"
        assert row[name] == kept, name
        kinds = set(columns()[stream][name]["type"])
        # Loaders store what is either text or a number as text.
        wanted = kinds - {"integer"} if "string" in kinds else kinds
        assert set(schema[name]["type"]) | {"null"} == wanted | {"null"}
        assert schema[name].get("format") == columns()[stream][name].get("format")


@STREAMS
def test_a_column_that_is_not_selected_is_null(stream: str) -> None:
    key = {name: full_row(stream)[name] for name in keys()[stream]}
    schema, row = mapped(stream, key)
    assert row is not None
    assert {name for name, value in row.items() if value is not None} == key.keys()
    assert row.keys() == schema.keys()


@pytest.mark.parametrize("place", SEEN_BEFORE)
def test_what_once_passed_or_might_pass_stays_out(place: str) -> None:
    stream, _, column = place.partition(".")
    schema, row = mapped(stream, full_row(stream))
    assert column in columns()[stream]
    assert column not in schema
    assert row is not None
    assert column not in row


def test_an_address_has_one_hash_in_every_stream_and_none_without_the_seed() -> None:
    address = "lea@shop.example"
    seeded = hashlib.sha256(f"{SEED}{address}".encode()).hexdigest()
    for stream in ("customers", "users"):
        row = mapped(stream, full_row(stream) | {"email": address})[1]
        assert row is not None
        assert row["email"] == seeded
    for name in ("phone_number_source", "phone_number_destination", "answered_by_external_number"):
        row = mapped("voice_calls", full_row("voice_calls") | {name: address})[1]
        assert row is not None
        assert row[name] == seeded
