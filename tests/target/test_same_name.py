"""Messages of one external id on several tickets, whose key is no more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.support import NOTE, rows

if TYPE_CHECKING:
    from tests.target.support import Desk

TICKETS = (83000001, 83000002)


def test_a_message_is_looked_up_within_its_ticket(desk: Desk) -> None:
    for body in ("First", "Second"):
        made = [
            {**NOTE, "external_id": "same", "ticket_id": ticket, "body_text": f"{body} {ticket}"}
            for ticket in TICKETS
        ]
        desk.write(*rows("messages", *made, keys=["external_id"]))
        for ticket in TICKETS:
            (message,) = (
                row
                for row in desk.rows("messages")
                if (row["ticket_id"], row["external_id"]) == (ticket, "same")
            )
            assert message["body_text"] == f"{body} {ticket}"
