"""Rows become field values of a ticket or a customer, the others of which stay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

TEXT, NUMBER, OTHER_NUMBER, SWITCH = 504, 505, 506, 507
CLEARING = {"ticket_custom_fields": {"nulls": "write"}}
CUSTOMER_TEXT, POINTS, NEWS = 512, 510, 511


def values_of(desk: Desk, ticket: int) -> dict[int, Any]:
    values: dict[int, Any] = desk.stored("tickets", ticket)["field_values"]
    return values


@pytest.fixture
def valued(desk: Desk) -> Row:
    """A ticket with several field values."""
    return next(row for row in desk.rows("tickets") if len(row["custom_fields"]) > 3)


@pytest.mark.parametrize(
    ("field", "given", "held"),
    [
        (TEXT, "plain", "plain"),
        (TEXT, '"in quotes"', '"in quotes"'),
        (TEXT, "null", "null"),
        (TEXT, "yes", "yes"),
        (TEXT, "12", "12"),
        (TEXT, "true", "true"),
        (TEXT, "[1", "[1"),
        (TEXT, "NaN", "NaN"),
        (TEXT, "1" * 50, "1" * 50),
        (NUMBER, 12, 12),
        (NUMBER, 12.5, 12.5),
        (NUMBER, "12.5", 12.5),
        (SWITCH, True, True),
        (SWITCH, "false", False),
        (SWITCH, "t", True),
        (SWITCH, "0", False),
    ],
)
def test_a_value_is_of_the_type_that_its_field_has(
    desk: Desk, field: int, given: Any, held: Any
) -> None:
    ticket = desk.rows("tickets")[-1]["id"]
    columns = {"ticket_id": ticket, "custom_field_id": field, "value": given}
    desk.write(*rows("ticket_custom_fields", columns))
    assert values_of(desk, ticket)[field] == held
    assert type(values_of(desk, ticket)[field]) is type(held)


@pytest.mark.parametrize("depth", [200_000])
def test_a_value_that_only_looks_like_json_is_text(desk: Desk, depth: int) -> None:
    ticket = desk.rows("tickets")[-1]["id"]
    columns = {"ticket_id": ticket, "custom_field_id": TEXT, "value": "[" * depth}
    desk.write(*rows("ticket_custom_fields", columns))
    assert values_of(desk, ticket)[TEXT] == "[" * depth


@pytest.mark.parametrize("stream", ["ticket_custom_fields", "set_ticket_custom_fields"])
def test_a_value_is_set_and_the_others_stay(desk: Desk, valued: Row, stream: str) -> None:
    ticket, before = valued["id"], dict(values_of(desk, valued["id"]))
    counts = desk.once(
        *rows(stream, {"ticket_id": ticket, "custom_field_id": NUMBER, "value": 1}),
        writes=[f"PUT /api/tickets/{ticket}/custom-fields/{NUMBER}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts == {stream: {"updated": 1, "requests": 1}}
    assert values_of(desk, ticket) == before | {NUMBER: 1}


@pytest.mark.parametrize("more", [{"value": None}, {"value": "null", "value_text": None}])
def test_null_clears_a_value_if_so_set(desk: Desk, valued: Row, more: Row) -> None:
    ticket, before = valued["id"], dict(values_of(desk, valued["id"]))
    field = next(iter(before))
    columns = {"ticket_id": ticket, "custom_field_id": field, **more}
    desk.once(
        *rows("ticket_custom_fields", columns),
        streams=CLEARING,
        writes=[f"DELETE /api/tickets/{ticket}/custom-fields/{field}"],
        again={"ticket_custom_fields": {"unchanged": 1}},
    )
    assert values_of(desk, ticket) == {key: v for key, v in before.items() if key != field}


def test_two_neighbours_are_set_one_by_one(desk: Desk, valued: Row) -> None:
    ticket = valued["id"]
    both = (
        {"ticket_id": ticket, "custom_field_id": field, "value": 3}
        for field in (NUMBER, OTHER_NUMBER)
    )
    desk.once(
        *rows("ticket_custom_fields", *both, keys=["ticket_id", "custom_field_id"]),
        writes=[
            f"PUT /api/tickets/{ticket}/custom-fields/{field}" for field in (NUMBER, OTHER_NUMBER)
        ],
        again={"ticket_custom_fields": {"unchanged": 2}},
    )
    assert not [seen for seen in desk.sandbox.requests if seen.method == "GET"]


def test_three_neighbours_go_out_in_one_list_that_keeps_the_others(desk: Desk, valued: Row) -> None:
    ticket, before = valued["id"], dict(values_of(desk, valued["id"]))
    values = {NUMBER: 3, OTHER_NUMBER: 4, TEXT: None}
    changes = (
        {"ticket_id": ticket, "custom_field_id": field, "value": value}
        for field, value in values.items()
    )
    counts = desk.once(
        *rows("ticket_custom_fields", *changes, keys=["ticket_id", "custom_field_id"]),
        streams=CLEARING,
        writes=[f"PUT /api/tickets/{ticket}/custom-fields"],
        again={"ticket_custom_fields": {"unchanged": 3}},
    )
    assert counts == {"ticket_custom_fields": {"updated": 3, "requests": 2}}
    kept = {field: value for field, value in before.items() if field not in values}
    assert values_of(desk, ticket) == kept | {NUMBER: 3, OTHER_NUMBER: 4}


def test_values_that_are_there_already_cost_no_write(desk: Desk, valued: Row) -> None:
    changes = (
        {
            "ticket_id": valued["id"],
            "custom_field_id": field,
            "value": json.dumps(value),
            "value_text": value if isinstance(value, str) else None,
        }
        for field, value in values_of(desk, valued["id"]).items()
    )
    desk.write(*rows("ticket_custom_fields", *changes))
    assert desk.written == []


def test_a_bad_value_among_its_neighbours_is_refused_alone(desk: Desk, valued: Row) -> None:
    ticket = valued["id"]
    values = {NUMBER: 7, 501: "no choice at all", OTHER_NUMBER: 8, SWITCH: True}
    changes = (
        {"ticket_id": ticket, "custom_field_id": field, "value": value}
        for field, value in values.items()
    )
    desk.write(
        *rows("ticket_custom_fields", *changes, keys=["ticket_id", "custom_field_id"]),
        on_error="continue",
    )
    assert [row["key"]["custom_field_id"] for row in desk.rejects] == [501]
    after = values_of(desk, ticket)
    assert (after[NUMBER], after[OTHER_NUMBER], after[SWITCH]) == (7, 8, True)
    assert desk.summary["ticket_custom_fields"]["updated"] == 3


def test_the_last_of_two_rows_about_one_value_counts(desk: Desk, valued: Row) -> None:
    ticket = valued["id"]
    changes = ({"ticket_id": ticket, "custom_field_id": NUMBER, "value": n} for n in (1, 2, 1))
    messages = rows("ticket_custom_fields", *changes, keys=["ticket_id", "custom_field_id"])
    desk.write(*messages)
    assert values_of(desk, ticket)[NUMBER] == 1


@pytest.mark.parametrize(
    "values",
    [{"505": 3}, [{"id": 505, "value": 3}], '{"505": 3}', {"505": {"id": 505, "value": 3}}],
)
def test_values_come_as_one_object(desk: Desk, valued: Row, values: Any) -> None:
    ticket, before = valued["id"], dict(values_of(desk, valued["id"]))
    desk.write(*rows("ticket_custom_fields", {"ticket_id": ticket, "custom_fields": values}))
    assert values_of(desk, ticket) == before | {505: 3}


def test_all_values_are_replaced_and_the_log_warns(
    desk: Desk, valued: Row, caplog: pytest.LogCaptureFixture
) -> None:
    ticket, before = valued["id"], values_of(desk, valued["id"])
    row = {"ticket_id": ticket, "custom_fields": {str(NUMBER): 3}}
    desk.once(
        *rows("replace_ticket_custom_fields", row, keys=["ticket_id"]),
        writes=[f"PUT /api/tickets/{ticket}/custom-fields"],
        again={"replace_ticket_custom_fields": {"unchanged": 1}},
    )
    assert values_of(desk, ticket) == {NUMBER: 3}
    gone = len(before.keys() - {NUMBER})
    assert f"Ticket {ticket} loses {gone} values that are not listed." in caplog.messages


@pytest.mark.parametrize("way", ["custom_field_id", "custom_field_key"])
def test_a_value_is_deleted(desk: Desk, valued: Row, way: str) -> None:
    ticket, field = valued["id"], next(iter(values_of(desk, valued["id"])))
    row = {"id": field, "number": 1, "description": "Mine"}
    desk.write(*rows("custom_fields", row, keys=["number"]))
    value = {"custom_field_id": field, "custom_field_key": "1"}[way]
    counts = desk.once(
        *rows("delete_ticket_custom_fields", {"ticket_id": ticket, way: value}),
        writes=[f"DELETE /api/tickets/{ticket}/custom-fields/{field}"],
        again={"delete_ticket_custom_fields": {"unchanged": 1}},
    )
    assert counts == {"delete_ticket_custom_fields": {"deleted": 1, "requests": 1}}
    assert field not in values_of(desk, ticket)


def test_values_of_customers_are_set_replaced_and_deleted(desk: Desk) -> None:
    one = desk.rows("customers")[-1]["id"]
    at = f"/api/customers/{one}/custom-fields"
    streams = {"all": "replace_customer_custom_fields", "gone": "delete_customer_custom_fields"}
    desk.once(
        *rows(
            "customer_custom_fields",
            {"customer_id": one, "custom_field_id": POINTS, "value": "7"},
            {"customer_id": one, "custom_field_id": NEWS, "value": True},
            {"customer_id": one, "custom_field_id": CUSTOMER_TEXT, "value": "7"},
        ),
        *rows("all", {"customer_id": one, "custom_fields": {POINTS: 9, CUSTOMER_TEXT: "8"}}),
        *rows("gone", {"customer_id": one, "custom_field_id": POINTS}),
        streams=streams,
        writes=[f"PUT {at}", f"PUT {at}", f"DELETE {at}/{POINTS}"],
        again={
            "customer_custom_fields": {"unchanged": 3},
            "all": {"unchanged": 1},
            "gone": {"unchanged": 1},
        },
    )
    assert desk.stored("customers", one)["field_values"] == {CUSTOMER_TEXT: "8"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"custom_field_id": None, "value": 1}, "'custom_field_id' is missing."),
        ({"custom_field_id": "x", "value": 1}, "'custom_field_id' must be a whole number."),
        (
            {"custom_field_id": 505, "value": [1]},
            "'value' must be text, a number or true or false.",
        ),
        ({"custom_fields": "x"}, "'custom_fields' is not JSON."),
        ({"custom_fields": 5}, "'custom_fields' must be a list."),
        ({"custom_fields": {"x": 1}}, "'custom_fields.0.id' must be a whole number."),
        (
            {"custom_fields": {"505": [1]}},
            "'custom_fields.0.value' must be text, a number or true or false.",
        ),
        ({"custom_fields": [{"id": None, "value": 1}]}, "'custom_fields.0.id' must not be null."),
        ({"custom_fields": [{"id": 505}]}, "'custom_fields.0.value' is missing."),
        ({"custom_fields": ["a"]}, "'custom_fields.0' is not JSON."),
        ({"custom_fields": None}, "'value' is missing."),
    ],
)
def test_a_value_that_is_none_is_refused(desk: Desk, valued: Row, row: Row, reason: str) -> None:
    desk.write(
        *rows("ticket_custom_fields", {"ticket_id": valued["id"], **row}), on_error="continue"
    )
    assert desk.reasons == [reason]


def test_values_that_replace_all_must_be_there(desk: Desk, valued: Row) -> None:
    row = {"ticket_id": valued["id"], "custom_fields": None}
    desk.write(*rows("replace_ticket_custom_fields", row), on_error="continue")
    assert desk.reasons == ["'custom_fields' is missing."]
    assert desk.written == []


def test_a_value_of_a_field_that_there_is_not_is_refused(desk: Desk, valued: Row) -> None:
    row = {"ticket_id": valued["id"], "custom_field_id": 9, "value": 1}
    desk.write(*rows("ticket_custom_fields", row), on_error="continue")
    assert [row["status"] for row in desk.rejects] == [404]


def test_clearing_a_value_of_a_field_that_there_is_not_needs_nothing(
    desk: Desk, valued: Row
) -> None:
    row = {"ticket_id": valued["id"], "custom_field_id": 9, "value": None}
    desk.write(*rows("ticket_custom_fields", row), streams=CLEARING)
    assert desk.rejects == []


def test_a_value_that_waits_for_its_field_is_written_once_the_field_is_there(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    definition = {"data_type": "number", "input_settings": {"input_type": "input_number"}}
    field = {"number": 1, "object_type": "Ticket", "label": "Age", "definition": definition}
    desk.write(
        *rows("ticket_custom_fields", {"ticket_id": ticket, "custom_field_key": "1", "value": 3}),
        *rows("custom_fields", field, keys=["number"]),
    )
    made = desk.the("custom_fields", label="Age")["id"]
    assert values_of(desk, ticket)[made] == 3
    assert desk.summary["ticket_custom_fields"] == {"updated": 1, "requests": 1}
