"""How many requests a piece of work takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

NUMBERS = range(20)
NOBODY = {
    "tickets": ("assignee_user_email", "nobody@acme.example"),
    "update_tickets": ("assignee_team_external_id", "no-team"),
    "ticket_tags": ("ticket_external_id", "no-ticket"),
    "ticket_custom_fields": ("ticket_external_id", "no-ticket"),
    "customer_custom_fields": ("customer_email", "nobody@shop.example"),
    "set_data_customers": ("customer_external_id", "nobody"),
    "satisfaction_surveys": ("customer_external_id", "nobody"),
    "messages": ("ticket_external_id", "no-ticket"),
}


@pytest.mark.parametrize("stream", NOBODY)
def test_what_is_not_there_is_asked_for_once_in_a_run(desk: Desk, stream: str) -> None:
    column, name = NOBODY[stream]
    tickets = [row["id"] for row in desk.rows("tickets")]
    rest: dict[str, Row] = {
        "tickets": {"messages": [MAIL]},
        "ticket_tags": {"name": "x"},
        "ticket_custom_fields": {"custom_field_id": 506, "value": 1},
        "customer_custom_fields": {"custom_field_id": 510, "value": 1},
        "set_data_customers": {"data": {}},
        "messages": MAIL,
    }
    records = [
        {"number": n, column: name, **rest.get(stream, {})}
        | ({"id": tickets[n]} if stream == "update_tickets" else {})
        | ({"ticket_id": tickets[n]} if stream == "satisfaction_surveys" else {})
        for n in NUMBERS
    ]
    for _ in range(2):
        desk.forget()
        desk.write(*rows(stream, *records, keys=["number"]), on_error="continue")
        assert desk.written == []
        about = [seen for seen in desk.sandbox.requests if name in seen.query.replace("%40", "@")]
        # An address may be a customer's first one or one of their others: two filters.
    assert len(about) <= (2 if column == "customer_email" else 1)
    assert len(desk.rejects) == 40


def test_what_a_run_has_made_is_no_longer_missing(desk: Desk) -> None:
    """Whatever way a row names it by."""
    ticket = {"number": 1, "external_id": "later", "messages": [MAIL]}
    customer = {"number": 1, "email": "later@shop.example", "external_id": "c-later"}
    value = {"custom_field_id": 510, "value": 7}
    desk.write(
        schema("ticket_tags", "name", "ticket_external_id", keys=["number"]),
        schema("tickets", *ticket, "customer_email", keys=["number"]),
        schema("values", *value, "customer_email", "customer_external_id", keys=["number"]),
        schema("customers", *customer, keys=["number"]),
        *(
            record("ticket_tags", number=n, ticket_external_id="later", name=f"n{n}")
            for n in (1, 2)
        ),
        *(record("values", number=n, customer_email="later@shop.example", **value) for n in (1, 2)),
        record("values", number=3, customer_external_id="c-later", **value),
        record("tickets", **ticket, customer_email="other@shop.example"),
        record("values", number=4, customer_email="other@shop.example", **value),
        record("customers", **customer),
        record("ticket_tags", number=3, ticket_external_id="later", name="n3"),
        record("values", number=5, customer_email="Later@shop.example", **value),
        streams={"values": "set_customer_custom_fields"},
    )
    made = desk.the("tickets", external_id="later")
    assert {tag["name"] for tag in made["tags"]} == {"n1", "n2", "n3"}
    assert desk.rejects == []
    assert desk.summary["values"]["updated"] == 5


@pytest.mark.parametrize("entity", ["tags", "teams", "views", "macros"])
def test_a_name_that_no_object_has_is_asked_for_once(desk: Desk, entity: str) -> None:
    change = {"views": {"visibility": "private"}, "macros": {"language": "fr"}}
    what = change.get(entity, {"description": "New"})
    unknown = [{"number": n, "name": "nowhere", **what} for n in NUMBERS]
    desk.write(*rows(f"update_{entity}", *unknown, keys=["number"]), on_error="continue")
    assert len(desk.rejects) == len(NUMBERS)
    assert len(desk.sandbox.requests) == 1


def test_tags_sorted_by_tag_take_as_many_requests_as_sorted_by_ticket(desk: Desk) -> None:
    tickets = [row["id"] for row in desk.rows("tickets")]
    named = [{"ticket_id": each, "name": name} for name in ("a", "b", "c") for each in tickets]
    named *= 2
    desk.write(*rows("ticket_tags", *named, keys=["ticket_id", "name"]))
    assert len(desk.written) == len(tickets)


@pytest.mark.parametrize("status", [500, 503])
def test_every_request_is_counted_also_one_that_fails(desk: Desk, status: int) -> None:
    desk.sandbox.fail("/api/tickets", status=status, times=2)
    ticket = desk.any("tickets")["id"]
    desk.write(*rows("update_tickets", {"id": ticket, "subject": "New"}, keys=["id"]))
    assert desk.summary["update_tickets"]["requests"] == len(desk.sandbox.requests)
