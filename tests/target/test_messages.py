"""Rows become messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, SENT, TICKET, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("external_id",)


@pytest.mark.parametrize("stream", ["messages", "create_messages"])
@pytest.mark.parametrize("way", ["ticket_id", "ticket_external_id", "ticket_key", "ticket"])
def test_a_message_is_added_to_a_ticket(desk: Desk, stream: str, way: str) -> None:
    desk.write(*rows("erp", TICKET | {"number": 7}, keys=["number"]), streams={"erp": "tickets"})
    ticket = desk.the("tickets", external_id="t-1")["id"]
    at = {
        "ticket_id": ticket,
        "ticket_external_id": "t-1",
        "ticket_key": 7,
        "ticket": {"external_id": "t-1"},
    }[way]
    counts = desk.once(
        *rows(stream, {"id": 1, way: at, **NOTE}, keys=["id"])
        if stream == "create_messages"
        else rows(stream, {"external_id": "m-1", way: at, **NOTE}, keys=KEY),
        writes=[f"POST /api/tickets/{ticket}/messages"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["created"] == 1
    assert desk.messages_of(ticket)[-1]["body_text"] == "A note."


def test_a_message_that_is_there_is_updated_and_deleted(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    add = {"external_id": "m-1", "ticket_id": ticket, **NOTE}
    desk.write(*rows("messages", add, keys=KEY))
    message = desk.the("messages", external_id="m-1")["id"]
    desk.once(
        *rows("messages", add | {"body_text": "Edited"}, keys=KEY),
        writes=[f"PUT /api/tickets/{ticket}/messages/{message}"],
        again={"messages": {"unchanged": 1}},
    )
    assert desk.the("messages", external_id="m-1")["body_text"] == "Edited"
    desk.once(
        *rows("delete_messages", {"external_id": "m-1", "ticket_id": ticket}, keys=KEY),
        writes=[f"DELETE /api/tickets/{ticket}/messages/{message}"],
        again={"delete_messages": {"unchanged": 1}},
    )


@pytest.mark.parametrize(
    ("columns", "sender"),
    [
        ({"sender_email": "tina.duarte@acme.example"}, 519543203),
        ({"sender_id": 519543203}, 519543203),
        ({"sender": {"email": "tina.duarte@acme.example"}}, 519543203),
    ],
)
def test_an_agent_is_the_sender_of_a_note(desk: Desk, columns: Row, sender: int) -> None:
    ticket = desk.any("tickets")["id"]
    desk.write(
        *rows("messages", {"external_id": "m-1", "ticket_id": ticket, **NOTE, **columns}, keys=KEY)
    )
    assert desk.the("messages", external_id="m-1")["sender"]["id"] == sender


def test_a_customer_of_a_row_is_the_sender_of_a_message(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.write(
        *rows("customers", {"number": 5, "email": "lea@shop.example"}, keys=["number"]),
        *rows(
            "messages",
            {"external_id": "m-1", "ticket_id": ticket, "sender_key": "5", **MAIL},
            keys=KEY,
        ),
    )
    assert desk.the("messages", external_id="m-1")["sender"]["email"] == "lea@shop.example"


def test_history_keeps_its_dates(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    told = {
        "channel": "email",
        "from_agent": True,
        "body_text": "Hello",
        "sent_datetime": SENT,
        "created_datetime": "2026-01-31 10:00:00+01:00",
    }
    desk.write(*rows("messages", {"external_id": "m", "ticket_id": ticket, **told}, keys=KEY))
    made = desk.the("messages", external_id="m")
    assert (made["created_datetime"], made["sent_datetime"]) == (SENT, SENT)
    assert desk.sandbox.world.delivered == []
