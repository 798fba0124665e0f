"""Who may write to whom, and what would really be sent (sections 5.3, 5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

BASE = {"channel": "email", "via": "api", "body_text": "Hello"}
INCOMING: dict[str, Any] = {"from_agent": False}
OUTGOING: dict[str, Any] = {"from_agent": True}
USER: dict[str, Any] = {"id": "user"}
CUSTOMER: dict[str, Any] = {"id": "customer"}
UNKNOWN = {"email": "nobody@example.org"}


@pytest.fixture
def ticket(desk: Sandbox) -> dict[str, Any]:
    return next(row for row in desk.world.tables["tickets"] if row["customer_id"])


def known(desk: Sandbox, ticket: dict[str, Any], person: dict[str, Any]) -> dict[str, Any]:
    """The person with a real id."""
    agent = next(row for row in desk.world.tables["users"] if row["role"]["name"] == "agent")
    stand_ins = {"user": agent["id"], "customer": ticket["customer_id"]}
    return {**person, "id": stand_ins[person["id"]]} if "id" in person else person


@pytest.mark.parametrize(
    ("kind", "people", "refused"),
    [
        (OUTGOING, {"sender": USER, "receiver": CUSTOMER}, None),
        (OUTGOING, {}, None),
        (OUTGOING, {"receiver": UNKNOWN}, None),
        (OUTGOING, {"sender": CUSTOMER}, "sender"),
        (OUTGOING, {"sender": UNKNOWN}, "sender"),
        (OUTGOING, {"sender": USER, "receiver": USER}, "receiver"),
        (INCOMING, {"sender": CUSTOMER}, None),
        (INCOMING, {"sender": UNKNOWN}, None),
        (INCOMING, {}, None),
        (INCOMING, {"sender": USER}, "sender"),
        (INCOMING, {"sender": CUSTOMER, "receiver": USER}, "receiver"),
        (OUTGOING | {"channel": "internal-note"}, {"sender": USER}, None),
        (OUTGOING | {"public": False}, {"sender": USER, "receiver": CUSTOMER}, "receiver"),
        (INCOMING | {"channel": "internal-note"}, {"sender": CUSTOMER}, "from_agent"),
    ],
)
def test_sender_and_receiver_depend_on_the_kind_of_message(
    desk: Sandbox,
    ask: Ask,
    ticket: dict[str, Any],
    kind: dict[str, Any],
    people: dict[str, dict[str, Any]],
    refused: str | None,
) -> None:
    named = {side: known(desk, ticket, person) for side, person in people.items()}
    answer = ask("POST", f"/tickets/{ticket['id']}/messages", BASE | kind | named)
    if refused is None:
        assert answer.status_code == 201, answer.text
    else:
        assert answer.status_code == 400
        assert list(answer.json()["error"]["data"]) == [refused]


def test_an_unknown_email_becomes_a_customer(desk: Sandbox, ask: Ask) -> None:
    body = {"via": "api", "messages": [BASE | {"from_agent": False, "sender": UNKNOWN}]}
    ticket = ask("POST", "/tickets", body).json()
    found = ask("GET", "/customers?email=nobody@example.org").json()["data"]
    assert [row["id"] for row in found] == [ticket["customer"]["id"]]
    assert ticket["messages"][0]["sender"]["email"] == "nobody@example.org"
    assert len(desk.world.tables["customers"].find("email", "nobody@example.org")) == 1


def test_a_ticket_without_anybody_is_refused_and_leaves_nothing_behind(
    desk: Sandbox, ask: Ask
) -> None:
    before = {name: len(table) for name, table in desk.world.tables.items()}
    incoming = BASE | {"from_agent": False}
    good = incoming | {"sender": UNKNOWN}
    answer = ask(
        "POST", "/tickets", {"via": "api", "messages": [good, incoming | {"receiver": UNKNOWN}]}
    )
    assert answer.status_code == 400
    answer = ask("POST", "/tickets", {"via": "api", "messages": [incoming]})
    assert answer.json() == {
        "error": {
            "msg": "Failed to create ticket",
            "data": {"sender": ["Missing data for required field."]},
        }
    }
    assert {name: len(table) for name, table in desk.world.tables.items()} == before


@pytest.mark.parametrize(
    ("more", "delivered"),
    [
        ({}, True),
        ({"sent_datetime": "2026-01-01T00:00:00Z"}, False),
        ({"channel": "internal-note"}, False),
        ({"channel": "api"}, False),
        ({"from_agent": False}, False),
    ],
)
def test_only_an_unsent_message_of_an_agent_on_a_real_channel_is_delivered(
    desk: Sandbox, ask: Ask, ticket: dict[str, Any], more: dict[str, Any], *, delivered: bool
) -> None:
    body = BASE | {"from_agent": True} | more
    message = ask("POST", f"/tickets/{ticket['id']}/messages", body).json()
    assert desk.world.delivered == ([message["id"]] if delivered else [])


def test_a_failed_message_is_sent_again_or_cancelled(
    desk: Sandbox, ask: Ask, ticket: dict[str, Any]
) -> None:
    failed = {"from_agent": True, "failed_datetime": "2026-01-01T00:00:00Z"}
    failed |= {"last_sending_error": {"error": "bounced"}}
    path = f"/tickets/{ticket['id']}/messages"
    first, second = (ask("POST", path, BASE | failed).json()["id"] for _ in range(2))
    assert desk.world.tables["tickets"][ticket["id"]]["last_sent_message_not_delivered"]
    body = {"channel": "email", "from_agent": True}
    again = ask("PUT", f"{path}/{first}?action=retry", body).json()
    assert again["failed_datetime"] is None
    assert again["sent_datetime"] == desk.world.now()
    assert ask("PUT", f"{path}/{second}?action=cancel", body).status_code == 202
    assert ask("GET", f"{path}/{second}").status_code == 404


def test_attachments_get_every_field_and_none_is_null(ask: Ask, ticket: dict[str, Any]) -> None:
    path = f"/tickets/{ticket['id']}/messages"
    file = {
        "url": "https://uploads.example/a/b/c.png",
        "name": "c.png",
        "content_type": "image/png",
    }
    body = BASE | {"from_agent": True, "attachments": [file]}
    shown = ask("POST", path, body).json()["attachments"]
    assert shown == [{**file, "size": None, "public": True, "extra": None}]
    assert ask("POST", path, BASE | {"from_agent": True}).json()["attachments"] is None


def test_a_message_is_only_found_under_its_own_ticket(desk: Sandbox, ask: Ask) -> None:
    message = next(iter(desk.world.tables["messages"]))
    other = next(row for row in desk.world.tables["tickets"] if row["id"] != message["ticket_id"])
    assert ask("GET", f"/tickets/{other['id']}/messages/{message['id']}").status_code == 404


def test_the_people_and_files_of_a_message_can_be_changed(
    desk: Sandbox, ask: Ask, ticket: dict[str, Any]
) -> None:
    path = f"/tickets/{ticket['id']}/messages"
    message = ask("POST", path, BASE | OUTGOING).json()
    assert desk.world.tables["users"][message["sender"]["id"]]["role"] == {"name": "bot"}
    people = {"sender": known(desk, ticket, USER), "receiver": known(desk, ticket, CUSTOMER)}
    edit = {"channel": "email", "from_agent": True, "attachments": []}
    changed = ask("PUT", f"{path}/{message['id']}", edit | people).json()
    assert changed["sender"]["id"] == people["sender"]["id"]
    assert changed["receiver"]["id"] == ticket["customer_id"]
    assert changed["attachments"] is None
    assert changed["body_text"] == BASE["body_text"]
    wrong = edit | {"sender": known(desk, ticket, CUSTOMER)}
    assert ask("PUT", f"{path}/{message['id']}", wrong).status_code == 400
