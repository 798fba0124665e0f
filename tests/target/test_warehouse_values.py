"""What warehouses print of a value is the value that Gorgias gets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from singer_sdk.singerlib.json import serialize_json

from gorgias_api.kinds import WORDS
from tests.target.support import EVERY_VERB, MAIL, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

TICKET_ID = 83000001
TEXT, NUMBER, SWITCH = 504, 505, 507
TRUE = ["1", "t", "T", "true", "True", "TRUE", "yes", "y", "on", "1.0", 1, 1.0, True]
FALSE = ["0", "f", "F", "false", "False", "FALSE", "no", "n", "off", "0.0", 0, 0.0, False]
MANY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def printed_boolean(value: bool) -> st.SearchStrategy[tuple[Any, Any]]:  # noqa: FBT001 - a value
    return st.tuples(st.sampled_from(TRUE if value else FALSE), st.just(value))


def printed_moments(moment: datetime) -> list[Any]:
    """As PostgreSQL, Snowflake, BigQuery, DuckDB, Redshift and pandas print a time in UTC."""
    bare = moment.isoformat(sep=" ")
    berlin = moment.astimezone(timezone(timedelta(hours=1)))
    return [
        bare.removesuffix("+00:00"),
        bare.removesuffix("+00:00").replace(" ", "T"),
        bare.removesuffix(":00"),
        bare.replace("+00:00", " UTC"),
        bare.replace("+00:00", " +0000"),
        bare.replace("+00:00", " Z"),
        bare.replace(" ", "T").replace("+00:00", "Z"),
        berlin.isoformat(sep=" "),
        berlin.isoformat(sep=" ").replace("+01:00", " +0100"),
        f"  {bare}\n",
    ]


MOMENTS = st.datetimes(
    datetime(2001, 1, 1),  # noqa: DTZ001 - the zone follows
    datetime(2099, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).flatmap(lambda moment: st.tuples(st.sampled_from(printed_moments(moment)), st.just(moment)))
PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    str.strip
)
TEXTS = (
    st.tuples(PLAIN, st.none())
    | st.integers(-(10**18), 10**18).map(lambda number: (number, str(number)))
    | st.decimals(-(10**9), 10**9, places=2).map(lambda number: (number, format(number, "f")))
    | PLAIN.map(lambda text: (f"{text}\0\ud800", f"{text}?"))
).map(lambda pair: (pair[0], pair[0] if pair[1] is None else pair[1]))
INSIDE = st.dictionaries(PLAIN, PLAIN | st.integers(0, 9) | st.none() | st.booleans(), max_size=3)
OBJECTS = INSIDE.flatmap(
    lambda value: st.tuples(st.sampled_from([value, json.dumps(value)]), st.just(value))
)


def texts(values: list[Row]) -> str:
    """Messages with decimals and floats as they are, which `json` cannot write."""
    return "".join(serialize_json(value, ensure_ascii=True) + "\n" for value in values)


@given(subject=TEXTS, spam=st.booleans().flatmap(printed_boolean), snoozed=MOMENTS, meta=OBJECTS)
@MANY
def test_a_ticket_gets_what_was_printed(
    desk: Desk,
    subject: tuple[Any, str],
    spam: tuple[Any, bool],
    snoozed: tuple[str, datetime],
    meta: tuple[Any, Row],
) -> None:
    row = {
        "id": TICKET_ID,
        "subject": subject[0],
        "spam": spam[0],
        "snooze_datetime": snoozed[0],
        "meta": meta[0],
    }
    desk.feed(texts(rows("tickets", row)), skip_unchanged=False, streams={"*": EVERY_VERB})
    sent = json.loads(desk.sandbox.requests[-1].body or "")
    assert sent["subject"] == subject[1]
    assert sent["spam"] is spam[1]
    assert datetime.fromisoformat(sent["snooze_datetime"]) == snoozed[1]
    assert sent["meta"] == meta[1]


NAME = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters='"{}[]\\'),
    min_size=1,
    max_size=8,
).map(str.strip)
NAMES = st.lists(NAME.filter(bool), min_size=1, max_size=4, unique=True)


def printed_names(names: list[str]) -> list[Any]:
    quoted = [f'"{name}"' for name in names]
    forms: list[Any] = [
        names,
        json.dumps(names),
        json.dumps(names, ensure_ascii=False),
        ",".join(quoted),
        ", ".join(quoted),
        "{" + ",".join(quoted) + "}",
    ]
    if not any("," in name for name in names):
        forms += [",".join(names), " , ".join(names), "{" + ",".join(names) + "}"]
    return forms


@given(
    NAMES.flatmap(lambda names: st.tuples(st.sampled_from(printed_names(names)), st.just(names)))
)
@MANY
@pytest.mark.parametrize(
    ("stream", "column", "at", "field"),
    [
        ("tickets", "tags", "id", "tags"),
        ("set_ticket_tags", "names", "ticket_id", "names"),
        ("ticket_tags", "names", "ticket_id", "names"),
    ],
)
def test_names_come_as_a_list_or_with_commas(
    desk: Desk, stream: str, column: str, at: str, field: str, printed: tuple[Any, list[str]]
) -> None:
    streams = {"tickets": {"replace": ["tags"]}}
    row = {at: TICKET_ID, column: printed[0]}
    desk.write(*rows(stream, row), streams=streams, skip_unchanged=False)
    if stream == "ticket_tags":
        sent = json.loads(desk.sandbox.requests[-1].body or "")[field]
        assert sent == printed[1]
    else:
        shown = [tag["name"] for tag in desk.row("tickets", TICKET_ID)["tags"]]
        assert sorted(shown) == sorted(printed[1])


CHANCE = [
    '"x"',
    '"',
    "12",
    "1.5",
    "true",
    "t",
    "null",
    "[1]",
    "{}",
    "[1",
    "007",
    "1e5",
    "NaN",
    "no",
]


@pytest.mark.parametrize("text", CHANCE)
def test_text_that_is_json_by_chance_stays_as_it_is(desk: Desk, text: str) -> None:
    customer = desk.any("customers")["id"]
    desk.write(
        *rows("tickets", {"id": TICKET_ID, "subject": text}),
        *rows(
            "ticket_custom_fields", {"ticket_id": TICKET_ID, "custom_field_id": TEXT, "value": text}
        ),
        *rows(
            "customer_custom_fields",
            {"customer_id": customer, "custom_fields": {"512": text}},
        ),
        *rows("customers", {"id": customer, "name": text}),
        *rows(
            "messages",
            {"ticket_id": TICKET_ID, "external_id": "m-1", **MAIL, "body_text": text},
        ),
    )
    ticket = desk.stored("tickets", TICKET_ID)
    assert (ticket["subject"], ticket["field_values"][TEXT]) == (text, text)
    assert desk.stored("customers", customer)["field_values"][512] == text
    assert desk.stored("customers", customer)["name"] == text
    assert desk.messages_of(TICKET_ID)[-1]["body_text"] == text


@pytest.mark.parametrize("text", ['"x"', "12", "plain", "true"])
def test_data_that_are_text_by_chance_stay_text(desk: Desk, text: str) -> None:
    customer = desk.any("customers")["id"]
    desk.write(*rows("set_data_customers", {"id": customer, "data": text}))
    assert desk.stored("customers", customer)["data"] == text


COMPANIONS = ("value_text", "value_number", "value_boolean")


@pytest.mark.parametrize("beside", [COMPANIONS, ("VALUE_TEXT",)])
@pytest.mark.parametrize(
    ("field", "value"),
    [(TEXT, "plain"), (TEXT, '"x"'), (TEXT, "12"), (TEXT, "true"), (NUMBER, 12.5), (SWITCH, False)],
)
def test_the_taps_own_column_of_json_is_read(
    desk: Desk, beside: tuple[str, ...], field: int, value: Any
) -> None:
    columns = {"ticket_id": TICKET_ID, "custom_field_id": field, "value": json.dumps(value)}
    desk.write(*rows("ticket_custom_fields", columns | dict.fromkeys(beside)))
    held = desk.stored("tickets", TICKET_ID)["field_values"][field]
    assert (held, type(held)) == (value, type(value))


@pytest.mark.parametrize(("field", "word"), [(SWITCH, word) for word in WORDS])
def test_words_are_booleans_only_where_the_field_is_one(desk: Desk, field: int, word: str) -> None:
    both = (
        {"ticket_id": TICKET_ID, "custom_field_id": each, "value": word} for each in (field, TEXT)
    )
    desk.write(*rows("ticket_custom_fields", *both))
    held = desk.stored("tickets", TICKET_ID)["field_values"]
    assert (held[field], held[TEXT]) == (WORDS[word], word)


def test_lists_and_objects_come_as_json_in_text(desk: Desk) -> None:
    user = desk.rows("users")[0]
    channels = [{"type": "email", "address": "second@shop.example"}]
    desk.write(
        *rows("teams", {"name": "New", "members": json.dumps([{"id": user["id"]}])}),
        *rows("customers", {"id": 519543214, "channels": json.dumps(channels)}),
        *rows(
            "tickets",
            {
                "number": 1,
                "subject": "VARIANT",
                "customer": json.dumps({"email": "lea@shop.example"}),
                "messages": json.dumps([json.dumps(MAIL)]),
                "tags": json.dumps([{"name": "a, b"}]),
                "custom_fields": json.dumps({str(NUMBER): 5}),
                "assignee_user": json.dumps({"email": user["email"]}),
            },
            keys=["number"],
        ),
    )
    assert [each["id"] for each in desk.the("teams", name="New")["members"]] == [user["id"]]
    addresses = [each["address"] for each in desk.stored("customers", 519543214)["channels"]]
    assert "second@shop.example" in addresses
    made = desk.the("tickets", subject="VARIANT")
    assert made["customer"]["email"] == "lea@shop.example"
    assert [tag["name"] for tag in made["tags"]] == ["a, b"]
    assert made["assignee_user"]["id"] == user["id"]
    assert desk.stored("tickets", made["id"])["field_values"] == {NUMBER: 5}


ODD = "a\0b\ud800c"


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        ("tickets", {"id": TICKET_ID, "subject": ODD, "meta": {ODD: [ODD]}}),
        ("customers", {"id": 519543214, "name": ODD}),
        (
            "messages",
            {"ticket_id": TICKET_ID, "external_id": "m-1", **MAIL, "body_text": ODD},
        ),
        ("ticket_tags", {"ticket_id": TICKET_ID, "name": ODD}),
        ("ticket_custom_fields", {"ticket_id": TICKET_ID, "custom_field_id": TEXT, "value": ODD}),
        ("set_data_customers", {"id": 519543214, "data": {"a": ODD}}),
        ("macros", {"name": ODD}),
    ],
)
def test_characters_that_nobody_can_store_are_cleaned(desk: Desk, stream: str, row: Row) -> None:
    desk.write(*rows(stream, row))
    sent = [each.body or "" for each in desk.sandbox.requests if each.method != "GET"]
    assert all("ab?c" in body and "\\u0000" not in body and "\\ud800" not in body for body in sent)
    assert len(sent) == 1


def test_a_float_that_a_map_makes_is_text_where_text_is_due(desk: Desk) -> None:
    desk.write(
        schema("customers", "id", "score"),
        record("customers", id=519543214, score="1.5"),
        stream_maps={"customers": {"name": "float(score)"}},
    )
    assert desk.stored("customers", 519543214)["name"] == "1.5"


def test_decimals_keep_their_digits_in_text(desk: Desk) -> None:
    row = {"id": TICKET_ID, "subject": Decimal("12.50")}
    desk.feed(texts(rows("tickets", row)))
    assert desk.row("tickets", TICKET_ID)["subject"] == "12.50"
