"""What moves a ticket, and which events tell of it (section 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from gorgias_sandbox.serve import Sandbox

    Ask = Callable[..., requests.Response]

INCOMING = {"channel": "email", "via": "email", "from_agent": False, "body_text": "Hello there"}
SENDER = {"sender": {"email": "lea@example.org"}}


def create(ask: Ask, **more: Any) -> dict[str, Any]:
    body = {"via": "api", "messages": [INCOMING | SENDER], **more}
    answer = ask("POST", "/tickets", body)
    assert answer.status_code == 201, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def after(desk: Sandbox, ask: Ask, *request: Any) -> tuple[bool, list[str]]:
    """Whether a request moved its ticket a second later, and the types of its events."""
    ticket_id = int(request[1].split("/")[2])
    before = desk.world.tables["tickets"][ticket_id]["updated_datetime"]
    known = len(desk.world.tables["events"])
    desk.clock.advance(1)
    answer = ask(*request)
    assert answer.status_code < 300, answer.text
    now = desk.world.tables["tickets"][ticket_id]["updated_datetime"]
    return now != before, [event["type"] for event in list(desk.world.tables["events"])[known:]]


def test_a_new_ticket_comes_with_its_message_its_customer_and_their_events(
    desk: Sandbox, ask: Ask
) -> None:
    known = len(desk.world.tables["events"])
    ticket = create(ask, subject="Where is it?", tags=[{"name": "brand new"}])
    types = [event["type"] for event in list(desk.world.tables["events"])[known:]]
    assert types == [
        "customer-created",
        "tag-created",
        "ticket-created",
        "ticket-message-created",
    ]
    assert ticket["customer"]["email"] == "lea@example.org"
    assert [message["body_text"] for message in ticket["messages"]] == ["Hello there"]
    listed = ask("GET", "/tickets?limit=1").json()["data"][0]
    assert listed["id"] == ticket["id"]
    assert (listed["messages_count"], listed["excerpt"]) == (1, "Hello there")
    assert listed["tags"][0]["name"] == "brand new"
    assert "customer" in ask("GET", f"/tickets/{ticket['id']}").json()["requester"]


def test_a_ticket_can_be_dated_back(ask: Ask) -> None:
    ticket = create(ask, created_datetime="2020-05-01T12:00:00+02:00", status="closed")
    assert ticket["created_datetime"] == "2020-05-01T10:00:00+00:00"
    assert ticket["closed_datetime"] is not None


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"status": "closed"}, "ticket-closed"),
        ({"subject": "Other"}, "ticket-subject-updated"),
        ({"spam": True}, "ticket-marked-spam"),
        ({"trashed_datetime": "2026-01-01T00:00:00Z"}, "ticket-trashed"),
        ({"snooze_datetime": "2036-01-01T00:00:00Z"}, "ticket-snoozed"),
        ({"tags": [{"name": "gift"}]}, "ticket-tags-added"),
        ({"customer": {"email": "other@example.org"}}, "ticket-customer-updated"),
    ],
)
def test_a_change_moves_the_ticket_and_the_same_change_again_does_not(
    desk: Sandbox, ask: Ask, body: dict[str, Any], event: str
) -> None:
    path = f"/tickets/{create(ask)['id']}"
    moved, events = after(desk, ask, "PUT", path, body)
    assert moved
    assert {"ticket-updated", event} <= set(events)
    assert after(desk, ask, "PUT", path, body) == (False, [])


def test_closing_dates_the_ticket_and_reopening_clears_that(desk: Sandbox, ask: Ask) -> None:
    path = f"/tickets/{create(ask)['id']}"
    assert ask("PUT", path, {"status": "closed"}).json()["closed_datetime"] == desk.world.now()
    moved, events = after(desk, ask, "PUT", path, {"status": "open"})
    assert moved
    assert "ticket-reopened" in events
    assert ask("GET", path).json()["closed_datetime"] is None


def test_an_assignment_is_told_with_the_agent_and_undone_by_a_null_id(
    desk: Sandbox, ask: Ask
) -> None:
    path = f"/tickets/{create(ask)['id']}"
    agent = next(iter(desk.world.tables["users"]))["id"]
    assert ask("PUT", path, {"assignee_user": {"id": agent}}).json()["assignee_user_id"] == agent
    event = ask("GET", "/events?types=ticket-assigned&limit=1").json()["data"][0]
    assert event["data"] == {"assignee_user_id": agent}
    unassigned = ask("PUT", path, {"assignee_user": {"id": None}}).json()
    assert unassigned["assignee_user"] is None
    assert ask("PUT", path, {"assignee_user": {"id": 5}}).status_code == 400


def test_a_tag_that_is_there_already_changes_nothing(desk: Sandbox, ask: Ask) -> None:
    path = f"/tickets/{create(ask)['id']}/tags"
    assert after(desk, ask, "POST", path, {"names": ["new one", "new two"]}) == (
        True,
        ["tag-created", "tag-created", "ticket-updated", "ticket-tags-added"],
    )
    assert after(desk, ask, "POST", path, {"names": ["new one"]}) == (False, [])
    assert after(desk, ask, "DELETE", path, {"names": ["new one", "absent"]}) == (
        True,
        ["ticket-updated", "ticket-tags-removed"],
    )
    assert [tag["name"] for tag in ask("GET", path).json()["data"]] == ["new two"]
    assert ask("GET", path).json()["data"][0]["usage"] == 1
    assert ask("PUT", path, {}).status_code == 202
    assert ask("GET", path).json() == {"data": []}
    assert ask("POST", path, {}).status_code == 400


def test_field_values_move_nothing_and_a_list_of_them_replaces_all(desk: Sandbox, ask: Ask) -> None:
    text, number = (
        next(
            field["id"]
            for field in desk.world.tables["custom_fields"]
            if field["object_type"] == "Ticket"
            and field["definition"]["data_type"] == data_type
            and not field["definition"]["input_settings"].get("choices")
        )
        for data_type in ("text", "number")
    )
    ticket_id = create(ask)["id"]
    path = f"/tickets/{ticket_id}/custom-fields"
    both = [{"id": text, "value": "late"}, {"id": number, "value": 2}]
    assert after(desk, ask, "PUT", path, both) == (False, [])
    assert after(desk, ask, "PUT", f"{path}/{number}", 3) == (False, [])
    assert {row["field"]["id"]: row["value"] for row in ask("GET", path).json()["data"]} == {
        text: "late",
        number: 3,
    }
    ask("PUT", path, both[:1])
    shown = ask("GET", f"/tickets/{ticket_id}").json()["custom_fields"]
    assert shown == {str(text): {"id": text, "value": "late"}}
    assert after(desk, ask, "DELETE", f"{path}/{text}") == (False, [])
    assert "custom_fields" not in ask("GET", f"/tickets/{ticket_id}").json()
    assert ask("GET", "/tickets?limit=1").json()["data"][0]["custom_fields"] == {}
    assert ask("PUT", path, [{"id": number, "value": "two"}]).status_code == 400


def test_a_new_message_moves_the_ticket(desk: Sandbox, ask: Ask) -> None:
    ticket_id = create(ask)["id"]
    path = f"/tickets/{ticket_id}/messages"
    reply = INCOMING | {"from_agent": True, "body_text": "Hi Lea"}
    assert after(desk, ask, "POST", path, reply) == (
        True,
        ["ticket-message-created", "ticket-updated"],
    )
    listed = ask("GET", "/tickets?limit=1").json()["data"][0]
    assert (listed["messages_count"], listed["excerpt"]) == (2, "Hi Lea")
    assert listed["last_message_datetime"] == desk.world.now()
    assert listed["last_received_message_datetime"] != desk.world.now()


def test_edited_and_deleted_messages_do_not_move_the_ticket(desk: Sandbox, ask: Ask) -> None:
    ticket = create(ask)
    path = f"/tickets/{ticket['id']}/messages/{ticket['messages'][0]['id']}"
    edit = {"channel": "email", "from_agent": False, "body_text": "Hello again"}
    assert after(desk, ask, "PUT", path, edit) == (False, [])
    assert ask("GET", path).json()["body_text"] == "Hello again"
    assert after(desk, ask, "DELETE", path) == (False, [])
    assert ask("GET", path).status_code == 404


def test_deleting_a_ticket_takes_its_messages_but_not_its_survey(desk: Sandbox, ask: Ask) -> None:
    ticket = create(ask)
    survey = {"ticket_id": ticket["id"], "customer_id": ticket["customer"]["id"]}
    survey_id = ask("POST", "/satisfaction-surveys", survey).json()["id"]
    known = len(desk.world.tables["events"])
    assert ask("DELETE", f"/tickets/{ticket['id']}").status_code == 204
    types = [event["type"] for event in list(desk.world.tables["events"])[known:]]
    assert types == ["ticket-deleted"]
    assert ask("GET", f"/messages?ticket_id={ticket['id']}").json()["data"] == []
    assert ask("GET", f"/satisfaction-surveys/{survey_id}").status_code == 200
    assert ask("POST", "/satisfaction-surveys", survey).status_code == 400


def test_a_survey_shows_in_its_ticket_once_it_is_scored_and_there_is_only_one(
    desk: Sandbox, ask: Ask
) -> None:
    ticket = create(ask)
    survey = {"ticket_id": ticket["id"], "customer_id": ticket["customer"]["id"]}
    survey_id = ask("POST", "/satisfaction-surveys", survey).json()["id"]
    path = f"/tickets/{ticket['id']}"
    assert ask("GET", path).json()["satisfaction_survey"] is None
    moved, events = after(desk, ask, "GET", path)
    assert ask("PUT", f"/satisfaction-surveys/{survey_id}", {"score": 5}).status_code == 202
    assert (moved, events) == (False, [])
    assert ask("GET", path).json()["satisfaction_survey"]["score"] == 5
    last = list(desk.world.tables["events"])[-1]
    assert last["type"] == "satisfaction-survey-responded"
    assert ask("POST", "/satisfaction-surveys", survey).status_code == 409


def test_a_created_ticket_moves_again_when_enrichment_is_on(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(enrichment=True)
    ticket = create(ask, subject="Wo ist mein Paket und die Rechnung")
    assert ticket["language"] is None
    desk.clock.advance(60)
    later = ask("GET", f"/tickets/{ticket['id']}").json()
    assert later["language"] == "de"
    assert later["updated_datetime"] > ticket["updated_datetime"]
    event = list(desk.world.tables["events"])[-1]
    assert (event["type"], event["user_id"]) == ("ticket-updated", None)
    assert event["created_datetime"] == later["updated_datetime"] < desk.world.now()


def test_trashed_tickets_are_listed_unless_left_out(ask: Ask) -> None:
    ticket_id = create(ask, trashed_datetime="2026-01-01T00:00:00Z")["id"]
    assert ask("GET", "/tickets?limit=1").json()["data"][0]["id"] == ticket_id
    assert ask("GET", "/tickets?limit=1&trashed=false").json()["data"][0]["id"] != ticket_id


def test_tickets_are_found_by_customer_external_id_and_ids(ask: Ask) -> None:
    ticket = create(ask, external_id="order-7")
    other = create(ask)
    for query, expected in (
        (f"customer_id={ticket['customer']['id']}", {ticket["id"], other["id"]}),
        ("external_id=order-7", {ticket["id"]}),
        (f"ticket_ids={ticket['id']}&ticket_ids=5", {ticket["id"]}),
        (f"ticket_ids={ticket['id']}&external_id=none", set()),
    ):
        found = ask("GET", f"/tickets?{query}").json()["data"]
        assert {row["id"] for row in found} == expected, query


def test_what_is_embedded_in_a_ticket_follows_without_moving_it(desk: Sandbox, ask: Ask) -> None:
    ticket = create(ask, tags=[{"name": "gift"}])
    ask("GET", "/tickets?limit=1")
    tag = ticket["tags"][0]["id"]
    desk.clock.advance(1)
    ask("PUT", f"/tags/{tag}", {"name": "present"})
    ask("PUT", f"/customers/{ticket['customer']['id']}", {"name": "Lea Braun"})
    listed = ask("GET", "/tickets?limit=1").json()["data"][0]
    assert listed["tags"][0]["name"] == "present"
    assert listed["customer"]["firstname"] == "Lea"
    assert listed["updated_datetime"] == ticket["updated_datetime"]


def test_the_deprecated_list_of_messages_has_pages(ask: Ask) -> None:
    ticket = create(ask, messages=[INCOMING | SENDER] * 3)
    path = f"/tickets/{ticket['id']}/messages"
    first = ask("GET", f"{path}?per_page=2").json()
    assert len(first["data"]) == 2
    assert first["meta"]["item_count"] == 3
    assert first["meta"]["nb_pages"] == 2
    second = ask("GET", first["meta"]["next_page"].removeprefix("/api")).json()
    assert len(second["data"]) == 1
    assert "next_page" not in second["meta"]


def test_tickets_that_a_rule_wrote_to_are_found_by_it(desk: Sandbox, ask: Ask) -> None:
    message = next(iter(desk.world.tables["messages"]))
    desk.world.update("messages", message["id"], rule_id=9001)
    found = ask("GET", "/tickets?rule_id=9001").json()["data"]
    assert [row["id"] for row in found] == [message["ticket_id"]]


def test_values_and_tags_in_an_update_are_checked(desk: Sandbox, ask: Ask) -> None:
    fields = [row for row in desk.world.tables["custom_fields"] if row["object_type"] == "Ticket"]
    dropdown = next(row for row in fields if row["definition"]["input_settings"].get("choices"))
    number = next(row for row in fields if row["definition"]["data_type"] == "number")
    desk.world.update(
        "custom_fields",
        number["id"],
        definition={
            "data_type": "number",
            "input_settings": {"input_type": "input_number", "min": 1, "max": 5},
        },
    )
    path = f"/tickets/{create(ask)['id']}"
    good = {"id": number["id"], "value": 5}
    moved, events = after(desk, ask, "PUT", path, {"custom_fields": [good]})
    assert (moved, events) == (False, [])
    for bad in ({"id": number["id"], "value": 6}, {"id": dropdown["id"], "value": "no choice"}):
        assert ask("PUT", path, {"custom_fields": [bad]}).status_code == 400
    assert ask("PUT", path, {"custom_fields": [{"id": 5, "value": "x"}]}).status_code == 400
    assert ask("PUT", f"{path}/custom-fields/5", "x").status_code == 404
    assert ask("PUT", f"{path}/tags", {"ids": [5]}).status_code == 400
    assert ask("GET", path).json()["custom_fields"] == {str(number["id"]): good}


def test_a_ticket_deleted_before_its_enrichment_stays_deleted(desk: Sandbox, ask: Ask) -> None:
    desk.backend.change(enrichment=True)
    ticket = create(ask)["id"]
    ask("DELETE", f"/tickets/{ticket}")
    desk.clock.advance(5)
    assert ask("GET", f"/tickets/{ticket}").status_code == 404
