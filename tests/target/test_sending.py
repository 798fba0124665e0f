"""What would reach a person is refused unless it is allowed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.target.support import MAIL, NOTE, SENT, rows

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

ANSWER = {"channel": "email", "from_agent": True, "body_text": "On its way."}
KEY = ("external_id",)
OUT = "Gorgias would send this message to a person, since it has no 'sent_datetime'"
OFF = "and the setting 'allow_sending' is off."


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"sent_datetime": None},
        {"channel": "sms"},
        {"channel": "Internal-Note"},
        {"public": True},
        {"public": False},
        {"from_agent": "true"},
        {"imported": True},
    ],
)
def test_a_message_that_would_be_sent_is_refused(desk: Desk, change: Row) -> None:
    row = {"external_id": "m", "ticket_id": desk.any("tickets")["id"], **ANSWER, **change}
    desk.write(*rows("messages", row, keys=KEY), on_error="continue")
    assert desk.reasons == [f"{OUT}, {OFF}"]
    assert desk.written == []


@pytest.mark.parametrize("text", [False, True])
def test_a_message_inside_a_ticket_that_would_be_sent_is_refused(desk: Desk, *, text: bool) -> None:
    inside = [MAIL, ANSWER]
    row = {
        "external_id": "t",
        "customer_email": "lea@shop.example",
        "messages": json.dumps(inside) if text else inside,
    }
    desk.write(*rows("tickets", row, keys=KEY), on_error="continue")
    assert desk.reasons == [f"{OUT}, {OFF}"]
    assert desk.written == []


def test_a_first_message_that_would_be_sent_is_refused_and_its_ticket_with_it(desk: Desk) -> None:
    desk.write(
        *rows("tickets", {"number": 7, "subject": "x"}, keys=["number"]),
        *rows("messages", {"number": 1, "ticket_key": 7, **ANSWER}, keys=["number"]),
        on_error="continue",
    )
    assert desk.reasons == [
        f"{OUT}, {OFF}",
        "A ticket needs at least one message, and none came that names it.",
    ]
    assert desk.written == []


@pytest.mark.parametrize("action", ["force", "retry"])
@pytest.mark.parametrize("stream", ["update_messages", "messages"])
def test_an_action_that_sends_is_refused(desk: Desk, stream: str, action: str) -> None:
    old = desk.any("messages")
    row = {"id": old["id"], "ticket_id": old["ticket_id"], **NOTE, "action": action}
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue")
    assert desk.reasons == [f"The action '{action}' may send the message, {OFF}"]
    assert desk.written == []


def test_new_users_are_refused(desk: Desk) -> None:
    row = {"email": "new@acme.example", "name": "New", "role": {"name": "agent"}}
    desk.write(*rows("users", row, keys=["email"]), on_error="continue")
    assert desk.reasons == [f"Gorgias invites a new user by e-mail, {OFF}"]
    assert desk.written == []


@pytest.mark.parametrize("stream", ["satisfaction_surveys", "update_satisfaction_surveys"])
def test_a_survey_that_would_be_sent_is_refused(desk: Desk, stream: str) -> None:
    survey = desk.any("satisfaction_surveys")["id"]
    row = {"id": survey, "should_send_datetime": "2030-01-01T00:00:00Z"}
    desk.write(*rows(stream, row, keys=["id"]), on_error="continue")
    assert desk.reasons == [
        "Gorgias would send this survey to a person, since it has a 'should_send_datetime', " + OFF
    ]
    assert desk.written == []


@pytest.mark.parametrize("kind", ["applyMacro", "applymacro"])
def test_a_job_that_applies_a_macro_is_refused(desk: Desk, kind: str) -> None:
    params = {"ticket_ids": [desk.any("tickets")["id"]], "macro_id": desk.any("macros")["id"]}
    desk.write(
        *rows("jobs", {"number": 1, "type": kind, "params": params}, keys=["number"]),
        on_error="continue",
    )
    assert len(desk.rejects) == 1
    assert desk.sandbox.world.delivered == []


def test_nothing_reaches_a_person_whatever_the_rows_say(desk: Desk) -> None:
    ticket, old = desk.any("tickets")["id"], desk.any("messages")
    new: tuple[Row, ...] = (
        {},
        {"sent_datetime": ""},
        {"action": "force", "sent_datetime": SENT},
        {"action": "force"},
        {"public": "true"},
        {"channel": "api"},
        {"via": "helpdesk"},
    )
    edits: tuple[Row, ...] = ({}, {"action": "retry"}, {"sent_datetime": None})
    tickets: tuple[Row, ...] = ({"messages": [ANSWER]}, {"messages": [MAIL, ANSWER]})
    everything_that_sends = [
        *rows(
            "messages",
            *({"n": n, "ticket_id": ticket, **ANSWER, **new[n]} for n in range(len(new))),
            keys=["n"],
        ),
        *rows(
            "edits",
            *({"id": old["id"], "ticket_id": old["ticket_id"], **ANSWER, **edit} for edit in edits),
        ),
        *rows(
            "tickets",
            *({"n": n, "customer_email": "a@shop.example", **tickets[n]} for n in range(2)),
            keys=["n"],
        ),
        *rows("users", {"email": "new@acme.example", "name": "N", "role": '{"name": "agent"}'}),
    ]
    desk.write(*everything_that_sends, streams={"edits": "update_messages"}, on_error="continue")
    assert desk.sandbox.world.delivered == []
    assert desk.written == []
    assert len(desk.rejects) == 13


def test_what_is_allowed_is_sent_once(desk: Desk) -> None:
    row = {"external_id": "m", "ticket_id": desk.any("tickets")["id"], **ANSWER}
    for _ in range(2):
        desk.write(*rows("messages", row, keys=KEY), allow_sending=True)
    (sent,) = desk.sandbox.world.delivered
    assert desk.row("messages", sent)["body_text"] == "On its way."
