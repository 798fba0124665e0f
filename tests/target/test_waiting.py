"""Rows that come before what they name wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, TICKET, lines, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk

KEY = ("external_id",)
NEXT = 83000031
"""The id of the next ticket."""


def test_a_message_waits_for_its_ticket(desk: Desk) -> None:
    message = {"number": 1, "ticket_key": 7, **NOTE}
    ticket = {
        "number": 7,
        "external_id": "t-1",
        "customer_email": "a@shop.example",
        "messages": [MAIL],
    }
    counts = desk.once(
        *rows("messages", message, keys=["number"]),
        *rows("tickets", ticket, keys=["number"]),
        writes=["POST /api/tickets", f"POST /api/tickets/{NEXT}/messages"],
        again={"messages": {"unchanged": 1}, "tickets": {"unchanged": 1}},
    )
    assert (counts["messages"]["created"], counts["tickets"]["created"]) == (1, 1)


@pytest.mark.parametrize("first", ["tickets", "messages"])
def test_a_ticket_without_messages_is_created_with_the_first_one_that_names_it(
    desk: Desk, first: str
) -> None:
    streams = {
        "tickets": rows(
            "tickets", {"number": 7, "external_id": "t-1", "subject": "Hello"}, keys=["number"]
        ),
        "messages": rows(
            "messages",
            {"number": 1, "ticket_key": 7, "sender_email": "a@shop.example", **MAIL},
            {"number": 2, "ticket_key": 7, "sender_email": "a@shop.example", **MAIL},
            keys=["number"],
        ),
    }
    last = "messages" if first == "tickets" else "tickets"
    counts = desk.once(
        *streams[first],
        *streams[last],
        writes=["POST /api/tickets", f"POST /api/tickets/{NEXT}/messages"],
        again={"messages": {"unchanged": 2}, "tickets": {"unchanged": 1}},
    )
    assert (counts["messages"]["created"], counts["tickets"]["created"]) == (2, 1)
    assert len(desk.messages_of(desk.the("tickets", external_id="t-1")["id"])) == 2


def test_create_tickets_may_get_its_first_message_from_another_stream(desk: Desk) -> None:
    desk.write(
        *rows("create_tickets", {"number": 7, "subject": "Hello"}, keys=["number"]),
        *rows(
            "messages",
            {"number": 1, "ticket_key": 7, "sender_email": "a@shop.example", **MAIL},
            keys=["number"],
        ),
    )
    assert desk.the("tickets", external_id="create_tickets:7")["subject"] == "Hello"


def test_a_row_that_waits_in_vain_is_refused_at_the_end(desk: Desk) -> None:
    desk.write(
        *rows("messages", {"number": 1, "ticket_key": 7, **NOTE}, keys=["number"]),
        *rows("tickets", {"number": 8, "subject": "No message"}, keys=["number"]),
        on_error="continue",
    )
    assert set(desk.reasons) == {
        "No row of tickets with the key 7 was written: is its stream missing?",
        "A ticket needs at least one message, and none came that names it.",
    }
    desk.write(*rows("tags", {"name": "later"}))
    assert len(desk.reasons) == 2


def test_a_row_that_waits_is_replaced_by_a_newer_version_of_itself(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    with pytest.raises(Exception, match="key 7 was written"):
        desk.write(*rows("messages", {"number": 1, "ticket_key": 7, **NOTE}, keys=["number"]))
    desk.write(*rows("messages", {"number": 1, "ticket_id": ticket, **NOTE}, keys=["number"]))
    assert desk.summary["messages"] == {"created": 1, "requests": 1}


def test_a_newer_version_that_waits_for_something_else_replaces_the_older_one(desk: Desk) -> None:
    head = schema("messages", "ticket_key", *NOTE, keys=["number"])
    desk.write(
        head,
        record("messages", number=1, ticket_key="7", **NOTE),
        record("messages", number=1, ticket_key="8", **NOTE),
        on_error="continue",
    )
    assert desk.reasons == ["No row of tickets with the key 8 was written: is its stream missing?"]


def test_a_newer_version_that_need_not_wait_is_not_overwritten_by_the_older_one(
    desk: Desk,
) -> None:
    desk.write(*rows("messages", {"external_id": "m", "ticket_id": 83000001, **NOTE}, keys=KEY))
    head = schema("messages", "ticket_key", "ticket_id", *NOTE, keys=KEY)
    old = {"external_id": "m", "ticket_key": "7", **NOTE, "body_text": "old"}
    new = {"external_id": "m", "ticket_id": 83000001, **NOTE, "body_text": "new"}
    desk.write(
        head,
        record("messages", **old),
        record("messages", **new),
        *rows("tickets", {"number": 7, "id": 83000001, "subject": "x"}, keys=["number"]),
        on_error="continue",
    )
    assert desk.the("messages", external_id="m")["body_text"] == "new"


def test_what_waited_under_a_stream_nobody_knows_any_more_does_not_stop_the_run(
    desk: Desk,
) -> None:
    with pytest.raises(Exception, match="key 7 was written"):
        desk.write(
            *rows("old", {"number": 1, "ticket_key": 7, **NOTE}, keys=["number"]),
            streams={"old": "messages"},
        )
    desk.write(*rows("tags", {"name": "new"}))
    assert desk.summary["tags"]["created"] == 1


def test_a_row_that_waited_has_the_digits_that_it_came_with(desk: Desk) -> None:
    messages = lines(
        [
            *rows("messages", {"ticket_key": 7, "external_id": "m", **NOTE, "body_text": "?"}),
            *rows("tickets", TICKET | {"number": 7}, keys=["number"]),
        ]
    ).replace('"?"', "1.50")
    desk.feed(messages)
    assert desk.the("messages", external_id="m")["body_text"] == "1.50"
    desk.forget()
    desk.feed(messages)
    assert desk.written == []


@pytest.mark.parametrize("first", ["tickets", "messages"])
def test_a_ticket_that_is_refused_with_its_first_message_leaves_nothing_behind(
    desk: Desk, first: str
) -> None:
    ticket = {"number": 7, "language": "klingon"}
    message = {"number": 1, "ticket_key": 7, "sender_email": "a@shop.example", **MAIL}
    streams = {
        "tickets": rows("tickets", ticket, keys=["number"]),
        "messages": rows("messages", message, keys=["number"]),
    }
    last = "messages" if first == "tickets" else "tickets"
    before = len(desk.rows("tickets"))
    desk.write(*streams[first], *streams[last], on_error="continue")
    assert [row["stream"] for row in desk.rejects] == ["tickets", "messages"]
    assert "language: Not a valid language." in desk.reasons[0]
    assert "key 7 was written" in desk.reasons[1]
    assert len(desk.rows("tickets")) == before
    mended = rows("tickets", ticket | {"language": "en"}, keys=["number"])
    desk.write(*mended, *streams["messages"])
    assert desk.summary["messages"]["created"] == 1


@pytest.mark.parametrize("who", ["sender", "customer"])
def test_people_of_a_ticket_and_its_first_message_may_come_last(desk: Desk, who: str) -> None:
    named = {"sender_key": "5"} if who == "sender" else {}
    asked = {"customer_key": "5"} if who == "customer" else {}
    desk.write(
        *rows("tickets", {"number": 7, "subject": "Hello", **asked}, keys=["number"]),
        *rows("messages", {"number": 1, "ticket_key": 7, **MAIL, **named}, keys=["number"]),
        *rows("customers", {"number": 5, "email": "lea@shop.example"}, keys=["number"]),
    )
    assert desk.rejects == []
    ticket = desk.the("tickets", external_id="tickets:7")
    assert ticket["customer"]["email"] == "lea@shop.example"
    assert len(desk.messages_of(ticket["id"])) == 1


def test_only_a_new_message_makes_a_ticket(desk: Desk) -> None:
    edit = {"external_id": "m", "ticket_key": 7, **NOTE, "_gorgias_action": "update"}
    desk.write(
        *rows("messages", edit, keys=KEY),
        *rows("tickets", {"number": 7, "subject": "Hello"}, keys=["number"]),
        on_error="continue",
    )
    assert len(desk.rejects) == 2
    assert desk.written == []
