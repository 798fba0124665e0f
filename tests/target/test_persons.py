"""People who are only mentioned are looked up, and stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import MAIL, SENT, Row, rows

if TYPE_CHECKING:
    from tests.target.support import Desk

ON = {"on_error": "continue"}
UNKNOWN = "mistyped@shop.example"
OTHER = {"name": "Somebody Else", "external_id": None, "language": "fr", "note": "x"}


def bodies(desk: Desk) -> str:
    return repr([each.body for each in desk.sandbox.requests if each.method != "GET"])


@pytest.mark.parametrize("way", ["id", "email"])
@pytest.mark.parametrize("where", ["customer", "messages", "sender", "receiver", "text"])
def test_a_reference_carries_nothing_that_would_change_a_person(
    desk: Desk, where: str, way: str
) -> None:
    one = next(row for row in desk.rows("customers") if row["email"])
    person = {way: one[way], **OTHER}
    answer = MAIL | {"from_agent": True, "sent_datetime": SENT}
    message: dict[str, Row] = {
        "customer": MAIL,
        "messages": MAIL | {"sender": person},
        "text": MAIL | {"sender": person},
        "sender": MAIL | {"sender": person},
        "receiver": answer | {"receiver": person},
    }
    if where in {"sender", "receiver"}:
        ticket = desk.any("tickets")["id"]
        row = {"number": 1, "ticket_id": ticket, **message[where]}
        desk.write(*rows("messages", row, keys=["number"]))
    else:
        import json  # noqa: PLC0415

        inside: Any = [message[where]]
        row = {"number": 1, "messages": json.dumps(inside) if where == "text" else inside}
        desk.write(
            *rows(
                "tickets",
                row | ({"customer": person} if where == "customer" else {}),
                keys=["number"],
            )
        )
    assert len(desk.written) == 1
    assert "Somebody" not in bodies(desk)
    assert desk.row("customers", one["id"]) == one


@pytest.mark.parametrize("person", [{"id": ""}, {"id": " ", "email": ""}, {"id": None}, {}])
def test_a_blank_person_inside_a_message_is_none(desk: Desk, person: Row) -> None:
    one = next(row for row in desk.rows("customers") if row["email"])
    row = {"number": 1, "customer_id": one["id"], "messages": [MAIL | {"sender": person}]}
    desk.write(*rows("tickets", row, keys=["number"]))
    assert desk.the("tickets", external_id="tickets:1")["customer"]["id"] == one["id"]


def test_a_person_inside_a_message_whom_nothing_names_is_refused(desk: Desk) -> None:
    row = {"number": 1, "messages": [MAIL | {"sender": {"name": "Lea"}}]}
    desk.write(*rows("tickets", row, keys=["number"]), **ON)
    assert desk.reasons == ["'messages.sender' names no person: it needs an 'id' or an 'email'."]


@pytest.mark.parametrize("way", ["key", "external_id"])
def test_people_inside_messages_may_be_named_as_elsewhere(desk: Desk, way: str) -> None:
    lea = {"key": 5, "external_id": "crm-5", "email": "lea@shop.example"}
    row = {"number": 1, "messages": [MAIL | {"sender": {way: lea[way]}}]}
    desk.write(
        *rows("tickets", row, keys=["number"]),
        *rows("customers", {name: lea[name] for name in lea}, keys=["key"]),
    )
    assert desk.the("tickets", external_id="tickets:1")["customer"]["email"] == lea["email"]


def test_a_create_makes_the_person_it_names(desk: Desk) -> None:
    row = {"number": 1, "customer_email": "new@shop.example", "messages": [MAIL]}
    desk.write(*rows("create_tickets", row, keys=["number"]))
    assert "new@shop.example" in desk.people()


UPDATES: list[tuple[str, Row]] = [
    ("update_tickets", {"id": 83000001, "customer_email": UNKNOWN}),
    ("update_tickets", {"id": 83000001, "customer": {"email": UNKNOWN}}),
    ("tickets", {"id": 83000001, "customer_email": UNKNOWN}),
    ("update_tickets", {"id": 83000001, "assignee_user_email": UNKNOWN}),
    ("update_messages", {"receiver_email": UNKNOWN, "from_agent": True}),
    ("update_messages", {"sender_email": UNKNOWN, "from_agent": False}),
]


@pytest.mark.parametrize(("stream", "row"), UPDATES)
def test_an_update_makes_no_person(desk: Desk, stream: str, row: Row) -> None:
    people, tickets = desk.people(), desk.rows("tickets")
    if stream == "update_messages":
        old = next(each for each in desk.rows("messages") if each["channel"] == "email")
        row |= {"id": old["id"], "ticket_id": old["ticket_id"], "channel": "email"}
        row |= {"sent_datetime": SENT}
    desk.write(*rows(stream, row, keys=["id"]), **ON)
    assert desk.written == []
    assert desk.people() == people
    assert desk.rows("tickets") == tickets
    (reason,) = desk.reasons
    assert reason.startswith("There is no ")
    assert reason.endswith("with this email.")


def test_an_update_finds_whom_it_names_by_any_of_their_addresses(desk: Desk) -> None:
    one = desk.any("customers")
    other = [{"type": "email", "address": "second@shop.example"}]
    desk.write(*rows("customers", {"id": one["id"], "channels": other}, keys=["id"]))
    row = {"id": 83000001, "customer_email": "second@shop.example"}
    desk.write(*rows("update_tickets", row, keys=["id"]))
    assert desk.row("tickets", 83000001)["customer"]["id"] == one["id"]
