"""Rows become tickets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import EVERY_VERB, MAIL, SENT, TICKET, rows, state

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

KEY = ("external_id",)


@pytest.mark.parametrize("text", [False, True], ids=["values", "JSON text"])
@pytest.mark.parametrize("stream", ["tickets", "create_tickets", "upsert_tickets"])
def test_a_ticket_is_created_with_its_messages(desk: Desk, stream: str, *, text: bool) -> None:
    row = {
        name: json.dumps(value) if text and not isinstance(value, str) else value
        for name, value in TICKET.items()
    }
    counts = desk.once(
        *rows(stream, row, keys=KEY),
        writes=["POST /api/tickets"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["created"] == 1
    ticket = desk.the("tickets", external_id="t-1")
    assert (ticket["subject"], ticket["priority"]) == ("Late parcel", "high")
    assert ticket["customer"]["email"] == "lea@shop.example"
    (message,) = desk.messages_of(ticket["id"])
    assert message["body_text"] == "Where is it?"


def test_a_ticket_without_an_external_id_gets_one_that_tells_where_it_comes_from(
    desk: Desk,
) -> None:
    row = {"number": 7, "messages": [MAIL], "customer_email": "lea@shop.example"}
    desk.write(*rows("erp", row, keys=["number"]), streams={"erp": "tickets"})
    assert desk.the("tickets", external_id="erp:7")


def test_a_very_long_key_makes_an_external_id_that_gorgias_takes(desk: Desk) -> None:
    row = {"number": "7" * 300, "messages": [MAIL], "customer_email": "lea@shop.example"}
    messages = rows("tickets", row, keys=["number"])
    desk.once(*messages, writes=["POST /api/tickets"], again={"tickets": {"unchanged": 1}})
    made = desk.rows("tickets")[-1]["external_id"]
    assert made.startswith("tickets:")
    assert len(made) <= 255


@pytest.mark.parametrize("way", ["id", "external_id"])
@pytest.mark.parametrize("stream", ["tickets", "update_tickets"])
def test_a_ticket_that_is_there_is_updated(desk: Desk, stream: str, way: str) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["external_id"])
    counts = desk.once(
        *rows(stream, {way: ticket[way], "subject": "New", "status": "closed"}, keys=[way]),
        writes=[f"PUT /api/tickets/{ticket['id']}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts[stream]["updated"] == 1
    after = desk.row("tickets", ticket["id"])
    assert (after["subject"], after["status"]) == ("New", "closed")


def test_an_update_of_a_row_is_one_of_the_object_that_it_became(desk: Desk) -> None:
    columns = {"_gorgias_action": None, "number": 7}
    desk.write(*rows("tickets", TICKET | columns, keys=["number"]))
    row = {"number": 7, "_gorgias_action": "update", "subject": "Changed"}
    desk.write(*rows("tickets", row, keys=["number"]))
    assert desk.the("tickets", external_id="t-1")["subject"] == "Changed"


def test_tags_and_values_of_a_ticket_are_added_and_the_others_stay(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if len(row["custom_fields"]) > 1)
    before = {int(key): each["value"] for key, each in ticket["custom_fields"].items()}
    row = {"id": ticket["id"], "tags": ["new one"], "custom_fields": {"506": 9}}
    desk.once(
        *rows("tickets", row, keys=["id"]),
        writes=[
            f"POST /api/tickets/{ticket['id']}/tags",
            f"PUT /api/tickets/{ticket['id']}/custom-fields/506",
        ],
        again={"tickets": {"unchanged": 1}},
    )
    after = desk.row("tickets", ticket["id"])
    names = [tag["name"] for tag in ticket["tags"]]
    assert [tag["name"] for tag in after["tags"]] == [*names, "new one"]
    values = {int(key): each["value"] for key, each in after["custom_fields"].items()}
    assert values == before | {506: 9}


@pytest.mark.parametrize(
    "tags",
    [
        ["a", "b"],
        '["a", "b"]',
        [{"name": "a"}, {"name": "b"}],
        '[{"id": 1, "name": "a", "decoration": {"color": "#1f45c2"}}, {"name": "b"}]',
    ],
)
def test_tags_come_as_names_as_objects_and_as_json_text(desk: Desk, tags: Any) -> None:
    ticket = next(row for row in desk.rows("tickets") if not row["tags"])
    desk.write(*rows("tickets", {"id": ticket["id"], "tags": tags}, keys=["id"]))
    assert [tag["name"] for tag in desk.row("tickets", ticket["id"])["tags"]] == ["a", "b"]


@pytest.mark.parametrize("tag", ["urgent", "12", "true", pytest.param("[" * 200_000, id="deep")])
def test_one_tag_may_be_plain_text(desk: Desk, tag: str) -> None:
    ticket = next(row for row in desk.rows("tickets") if not row["tags"])
    desk.write(
        *rows("tickets", {"id": ticket["id"], "tags": tag}, keys=["id"]), on_error="continue"
    )
    if len(tag) < 256:
        assert [each["name"] for each in desk.row("tickets", ticket["id"])["tags"]] == [tag]
    else:
        assert desk.reasons == ["'tags.0.name' must not be longer than 256 characters."]


def test_json_null_in_a_list_says_nothing(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["tags"])
    row = {"id": ticket["id"], "tags": "null", "custom_fields": "null", "subject": "x"}
    desk.write(*rows("tickets", row, keys=["id"]))
    after = desk.row("tickets", ticket["id"])
    assert (after["tags"], after["subject"]) == (ticket["tags"], "x")
    assert after["custom_fields"] == ticket["custom_fields"]


def test_lists_are_replaced_if_so_set_and_the_log_warns(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    ticket = next(row for row in desk.rows("tickets") if len(row["custom_fields"]) > 2)
    row = {
        "id": ticket["id"],
        "tags": [{"name": "only"}],
        "custom_fields": [{"id": 506, "value": 9}],
    }
    desk.write(
        *rows("tickets", row, keys=["id"]),
        streams={"tickets": {"replace": ["tags", "custom_fields"]}},
    )
    after = desk.row("tickets", ticket["id"])
    assert [tag["name"] for tag in after["tags"]] == ["only"]
    assert after["custom_fields"] == {"506": {"id": 506, "value": 9}}
    gone = len(ticket["tags"]), len(ticket["custom_fields"]) - 1
    assert f"tickets {ticket['id']} loses {gone[0]} of its tags." in caplog.messages
    assert f"tickets {ticket['id']} loses {gone[1]} of its custom_fields." in caplog.messages


def test_values_are_asked_for_explicitly_before_the_list_is_replaced(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    values = {"506": 9, "507": True, "504": "Late parcel"}
    desk.write(*rows("tickets", {"id": ticket, "custom_fields": values}, keys=["id"]))
    (read,) = (seen for seen in desk.sandbox.requests if seen.method == "GET")
    assert (read.path, read.query) == (f"/api/tickets/{ticket}", "relationships=custom_fields")


def test_a_row_of_a_list_whose_option_changed_is_written_again(desk: Desk) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["tags"])["id"]
    messages = rows("tickets", {"id": ticket, "tags": ["only"]}, keys=["id"])
    desk.write(*messages)
    desk.write(*messages, streams={"tickets": {"replace": ["tags"]}})
    assert [tag["name"] for tag in desk.row("tickets", ticket)["tags"]] == ["only"]


@pytest.mark.parametrize(
    ("columns", "user", "team"),
    [
        ({"assignee_user_id": 519543203, "assignee_team_id": 1202}, 519543203, 1202),
        ({"assignee_user": {"id": 519543203}, "assignee_team": '{"id": 1202}'}, 519543203, 1202),
        ({"assignee_user_email": "Tina.Duarte@acme.example"}, 519543203, None),
        ({"assignee_user": {"id": None}, "assignee_team": {"id": None}}, None, None),
    ],
)
def test_an_assignee_is_named(desk: Desk, columns: Row, user: int | None, team: int | None) -> None:
    desk.write(*rows("tickets", TICKET | columns, keys=KEY))
    made = desk.sandbox.world.tables["tickets"][desk.the("tickets", external_id="t-1")["id"]]
    assert (made["assignee_user_id"], made["assignee_team_id"]) == (user, team)


def test_nulls_take_assignee_and_customer_off_if_so_set(desk: Desk) -> None:
    ticket = next(
        row
        for row in desk.sandbox.world.tables["tickets"]
        if row["assignee_user_id"] and row["customer_id"]
    )["id"]
    row = {
        "id": ticket,
        "assignee_user": None,
        "assignee_team": None,
        "customer": None,
        "subject": None,
    }
    desk.write(
        *rows("update_tickets", row, keys=["id"]), streams={"update_tickets": {"nulls": "write"}}
    )
    after = desk.stored("tickets", ticket)
    assert [
        after[name] for name in ("assignee_user_id", "assignee_team_id", "customer_id", "subject")
    ] == [None] * 4


@pytest.mark.parametrize(
    "columns",
    [
        {"customer_id": 519543216},
        {"customer_email": "HONORE.mathieu@example.org"},
        {"customer_external_id": "crm-519543216"},
        {"customer": {"id": 519543216}},
        {"customer": '{"email": "honore.mathieu@example.org"}'},
        {"customer": {"external_id": "crm-519543216"}},
    ],
)
def test_the_customer_of_a_ticket_is_named(desk: Desk, columns: Row) -> None:
    row = {"external_id": "t-1", "messages": [MAIL], **columns}
    desk.write(*rows("tickets", row, keys=KEY))
    assert desk.the("tickets", external_id="t-1")["customer"]["id"] == 519543216


def test_a_customer_nobody_knows_is_refused(desk: Desk) -> None:
    row = {"external_id": "t-1", "messages": [MAIL], "customer_external_id": "who"}
    desk.write(*rows("tickets", row, keys=KEY), on_error="continue")
    assert desk.reasons == ["There is no customer with this external_id."]
    assert desk.written == []


def test_a_stream_sees_what_the_one_before_it_wrote(desk: Desk) -> None:
    # The first answer opens the budget: before it one request is under way at a time.
    desk.sandbox.fail("/api/customers", method="POST", skip=1, delay=0.3)
    people = ({"external_id": f"c-{n}", "name": f"Name {n}"} for n in (1, 2))
    tickets = (
        {"external_id": f"t-{n}", "messages": [MAIL], "customer_external_id": f"c-{n}"}
        for n in (1, 2)
    )
    desk.write(
        *rows("customers", *people, keys=KEY), state(1), *rows("tickets", *tickets, keys=KEY)
    )
    assert desk.rejects == []
    assert desk.the("tickets", external_id="t-2")["customer"]["name"] == "Name 2"


@pytest.mark.parametrize("stream", ["trash_tickets", "delete_tickets"])
def test_a_ticket_goes(desk: Desk, stream: str) -> None:
    ticket = desk.any("tickets")["id"]
    trashed = stream == "trash_tickets"
    counts = desk.once(
        *rows(stream, {"id": ticket}, keys=["id"]),
        writes=[f"{'PUT' if trashed else 'DELETE'} /api/tickets/{ticket}"],
        again={stream: {"unchanged": 1}},
    )
    assert counts == {stream: {"deleted": 1, "requests": 1}}
    left = [row for row in desk.rows("tickets") if row["id"] == ticket]
    assert [bool(row["trashed_datetime"]) for row in left] == [True] * trashed


def test_what_was_never_there_needs_no_trash(desk: Desk) -> None:
    desk.write(*rows("trash_tickets", {"external_id": "never"}, keys=KEY))
    assert desk.summary == {"trash_tickets": {"unchanged": 1, "requests": 1}}


@pytest.mark.parametrize("hard", [False, True])
def test_a_row_that_is_gone_from_its_source(desk: Desk, *, hard: bool) -> None:
    ticket, customer = desk.any("tickets")["id"], desk.rows("customers")[-1]["id"]
    tagged = next(row for row in desk.rows("tickets")[1:] if row["tags"])
    valued = next(row for row in desk.rows("tickets")[2:] if row["custom_fields"])
    message = next(row for row in desk.rows("messages") if row["ticket_id"] == valued["id"])
    survey = desk.any("satisfaction_surveys")["id"]
    field = int(next(iter(valued["custom_fields"])))
    gone = {"_sdc_deleted_at": SENT}
    name = tagged["tags"][0]["name"]
    desk.once(
        *rows("tickets", {"id": ticket, "subject": "x", **gone}, keys=["id"]),
        *rows("customers", {"id": customer, "name": "x", **gone}, keys=["id"]),
        *rows("ticket_tags", {"ticket_id": tagged["id"], "name": name, **gone}),
        *rows(
            "ticket_custom_fields",
            {"ticket_id": valued["id"], "custom_field_id": field, "value": "1", **gone},
        ),
        *rows(
            "messages",
            {
                "ticket_id": valued["id"],
                "id": message["id"],
                "channel": "email",
                "from_agent": False,
                **gone,
            },
            keys=["id"],
        ),
        *rows("satisfaction_surveys", {"id": survey, "score": 1, **gone}, keys=["id"]),
        hard_delete=hard,
        writes=[
            f"DELETE /api/tickets/{valued['id']}/custom-fields/{field}",
            f"DELETE /api/tickets/{tagged['id']}/tags",
            *(
                [
                    f"DELETE /api/tickets/{ticket}",
                    f"DELETE /api/customers/{customer}",
                    f"DELETE /api/tickets/{valued['id']}/messages/{message['id']}",
                ]
                if hard
                else [f"PUT /api/tickets/{ticket}"]
            ),
        ],
        again={
            stream: {"unchanged": 1}
            for stream in (
                "tickets",
                "customers",
                "ticket_tags",
                "ticket_custom_fields",
                "messages",
                "satisfaction_surveys",
            )
        },
    )
    assert name not in [tag["name"] for tag in desk.row("tickets", tagged["id"])["tags"]]


def test_a_row_names_its_own_operation(desk: Desk) -> None:
    one, two, three, *_ = (row["id"] for row in desk.rows("tickets"))
    changes = (
        {"id": one, "subject": "Kept", "_gorgias_action": "update"},
        {"id": two, "subject": "x", "_gorgias_action": "trash"},
        {"id": three, "subject": "x", "_gorgias_action": "delete_tickets"},
        {"id": one, "subject": "Kept twice", "_gorgias_action": None},
    )
    desk.write(*rows("tickets", *changes, keys=["id"]), streams={"*": EVERY_VERB})
    assert desk.row("tickets", one)["subject"] == "Kept twice"
    assert desk.row("tickets", two)["trashed_datetime"]
    assert three not in {row["id"] for row in desk.rows("tickets")}
    assert desk.summary["tickets"] == {"updated": 2, "deleted": 2, "requests": 5}


def test_the_column_with_the_operation_may_have_another_name(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.write(
        *rows("tickets", {"id": ticket, "op": "trash"}, keys=["id"]),
        action_field="op",
        streams={"*": EVERY_VERB},
    )
    assert desk.row("tickets", ticket)["trashed_datetime"]


def test_an_operation_that_there_is_not_is_refused(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    row = {"id": ticket, "_gorgias_action": "merge"}
    desk.write(*rows("tickets", row, keys=["id"]), on_error="continue", streams={"*": EVERY_VERB})
    assert desk.reasons == [
        "'_gorgias_action' must be one of: create, delete, trash, update, upsert."
    ]


def test_changes_of_one_row_keep_their_order(desk: Desk) -> None:
    ticket = desk.any("tickets")["id"]
    desk.sandbox.fail("/api/tickets", method="PUT", delay=0.2)
    changes = ({"id": ticket, "subject": f"Number {n}"} for n in range(12))
    desk.write(*rows("tickets", *changes, keys=["id"]))
    assert desk.row("tickets", ticket)["subject"] == "Number 11"
