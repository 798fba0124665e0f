"""What a row does not say is not done, and what it asks for is done or refused."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.support import MAIL, NOTE, SENT, TICKET, record, rows, schema

if TYPE_CHECKING:
    from tests.target.support import Desk, Row

TICKET_ID, CUSTOMER_ID = 83000001, 519543214
KEY = ["number"]
UNSAID = [None, "", "  ", "\t\n"]
CLEARING: Row = {"*": {"nulls": "write"}}


@pytest.mark.parametrize("hard_delete", [False, True])
@pytest.mark.parametrize("unsaid", UNSAID)
@pytest.mark.parametrize(
    ("stream", "row"),
    [
        ("tickets", {"id": TICKET_ID}),
        ("customers", {"id": CUSTOMER_ID}),
        ("ticket_tags", {"ticket_id": TICKET_ID, "name": "kept"}),
        ("tags", {"name": "kept"}),
    ],
)
def test_a_row_is_not_gone_whose_date_of_deletion_is_blank(
    desk: Desk, stream: str, row: Row, unsaid: Any, *, hard_delete: bool
) -> None:
    desk.write(*rows(stream, {**row, "_sdc_deleted_at": unsaid}), hard_delete=hard_delete)
    assert not [each for each in desk.written if each.startswith("DELETE")]
    assert not desk.stored("tickets", TICKET_ID)["trashed_datetime"]
    assert "deleted" not in desk.summary[stream]


@pytest.mark.parametrize("when", [False, 0, "false", "NaT", {}, 1769850000])
def test_what_is_no_date_of_deletion_is_refused(desk: Desk, when: Any) -> None:
    row = {"id": TICKET_ID, "_sdc_deleted_at": when}
    desk.write(*rows("tickets", row), on_error="continue")
    assert desk.written == []
    assert desk.reasons == [
        "'_sdc_deleted_at' must be a date and time such as 2026-01-31T09:00:00Z."
    ]


@pytest.mark.parametrize("unsaid", UNSAID)
def test_a_row_does_what_its_stream_does_if_its_action_is_blank(desk: Desk, unsaid: Any) -> None:
    desk.write(*rows("tags", {"name": "new", "_gorgias_action": unsaid}))
    assert desk.summary["tags"]["created"] == 1


NOBODY: list[Any] = [
    {"id": None},
    {"id": ""},
    {"id": None, "email": "", "name": None},
    {},
    None,
    "",
    '{"id": null}',
    "null",
]


def people_of(desk: Desk, ticket: int) -> tuple[Any, ...]:
    stored = desk.stored("tickets", ticket)
    return stored["customer_id"], stored["assignee_user_id"], stored["assignee_team_id"]


@pytest.fixture
def staffed(desk: Desk) -> int:
    """A ticket with a customer, a user and a team."""
    row = {"id": TICKET_ID, "assignee_user_id": 519543203, "assignee_team_id": 1202}
    desk.write(*rows("update_tickets", row))
    assert all(people_of(desk, TICKET_ID))
    return TICKET_ID


@pytest.mark.parametrize("prefix", ["customer", "assignee_user", "assignee_team"])
@pytest.mark.parametrize("said", NOBODY)
def test_a_reference_without_anybody_takes_nobody_off(
    desk: Desk, staffed: int, prefix: str, said: Any
) -> None:
    before = people_of(desk, staffed)
    unsaid = {f"{prefix}_id": None, f"{prefix}_external_id": "", f"{prefix}_key": " "}
    for row in ({prefix: said}, unsaid):
        desk.write(*rows("tickets", {"id": staffed, "subject": "New", **row}))
        assert people_of(desk, staffed) == before
    assert desk.stored("tickets", staffed)["subject"] == "New"


@pytest.mark.parametrize("prefix", ["customer", "assignee_user", "assignee_team"])
@pytest.mark.parametrize(
    ("columns", "taken_off"),
    [
        ({"": None}, True),
        ({"": {"id": None}}, True),
        ({"": '{"id": null}'}, True),
        ({"_id": None}, True),
        ({"_id": None, "_email": ""}, True),
        ({"": {}}, False),
        ({"": ""}, False),
        ({"_id": ""}, False),
        ({"_external_id": " "}, False),
    ],
)
def test_with_nulls_only_a_null_takes_somebody_off(
    desk: Desk, staffed: int, prefix: str, columns: Row, *, taken_off: bool
) -> None:
    before = people_of(desk, staffed)
    row = {f"{prefix}{end}": value for end, value in columns.items()}
    desk.write(*rows("tickets", {"id": staffed, "subject": "New", **row}), streams=CLEARING)
    assert (people_of(desk, staffed) != before) is taken_off


def test_a_blank_column_does_not_hide_what_the_object_says(desk: Desk, staffed: int) -> None:
    row = {
        "id": staffed,
        "customer_id": None,
        "customer_email": "",
        "customer": {"id": CUSTOMER_ID},
    }
    desk.write(*rows("tickets", row))
    assert people_of(desk, staffed)[0] == CUSTOMER_ID


@pytest.mark.parametrize(
    ("stream", "row"),
    [
        ("tickets", {"id": TICKET_ID, "customer": {"ID": CUSTOMER_ID}}),
        ("tickets", {"id": TICKET_ID, "assignee_user": {"name": "Lea"}}),
        (
            "messages",
            {"ticket_id": TICKET_ID, "external_id": "m-1", **NOTE, "sender": {"user": 5}},
        ),
        ("set_data_customers", {"id": CUSTOMER_ID, "customer": {"mail": "x"}, "data": 1}),
    ],
)
def test_a_reference_that_names_nobody_although_it_says_something_is_refused(
    desk: Desk, stream: str, row: Row
) -> None:
    desk.write(*rows(stream, row), on_error="continue")
    assert desk.written == []
    assert "has none of id, key, external_id, email" in desk.reasons[0]


FIELDS: list[tuple[str, Row, str, Row]] = [
    (
        "tickets",
        {"id": TICKET_ID},
        "tickets",
        {
            "subject": "Kept",
            "priority": "high",
            "status": "open",
            "spam": False,
            "language": "en",
            "snooze_datetime": SENT,
            "meta": {"a": 1},
            "tags": [{"name": "kept"}],
        },
    ),
    (
        "customers",
        {"id": CUSTOMER_ID},
        "customers",
        {"name": "Lea", "language": "en", "timezone": "UTC"},
    ),
    ("tags", {"name": "kept"}, "tags", {"description": "x", "decoration": {"color": "#000000"}}),
    ("teams", {"name": "Kept"}, "teams", {"description": "x", "members": [{"id": 519543203}]}),
    ("macros", {"name": "Kept"}, "macros", {"language": "en", "intent": "other/question"}),
]


@pytest.mark.parametrize("unsaid", UNSAID)
@pytest.mark.parametrize(("stream", "name", "table", "values"), FIELDS)
def test_null_and_blank_columns_change_nothing(
    desk: Desk, stream: str, name: Row, table: str, values: Row, unsaid: Any
) -> None:
    desk.write(*rows(stream, name | values))
    (identity,) = name.items()
    at = next(row["id"] for row in desk.rows(table) if row.get(identity[0]) == identity[1])
    before = desk.stored(table, at) | {}
    desk.write(*rows(stream, name | dict.fromkeys(values, unsaid)))
    after = desk.stored(table, at)
    assert {field: after[field] for field in before if "updated" not in field} == {
        field: value for field, value in before.items() if "updated" not in field
    }


def test_an_empty_cell_of_a_csv_file_is_optional(desk: Desk) -> None:
    given = {"number": "1", "subject": "Hi", "customer_email": "lea@shop.example"}
    blank = dict.fromkeys(
        (
            *("customer_id", "customer_name", "assignee_user", "assignee_team_id", "spam", "tags"),
            *("snooze_datetime", "closed_datetime", "priority", "meta", "custom_fields", "status"),
            *("external_id", "language", "created_datetime", "from_agent", "_gorgias_action"),
        ),
        "",
    )
    message = {"channel": "email", "from_agent": "0", "body_text": "Hello", "sent_datetime": ""}
    messages = [message | dict.fromkeys(("public", "subject", "sender", "integration_id"), "")]
    desk.write(*rows("tickets", given | blank | {"messages": messages}, keys=KEY))
    made = desk.the("tickets", subject="Hi")
    (written,) = desk.messages_of(made["id"])
    assert (made["status"], made["tags"], written["public"]) == ("open", [], True)


def test_what_is_blank_inside_lists_is_left_out(desk: Desk) -> None:
    channels = [{"type": "email", "address": "new@shop.example", "preferred": ""}, None]
    desk.write(
        *rows("tickets", {"id": TICKET_ID, "tags": ["new", "", None]}),
        *rows("customers", {"id": CUSTOMER_ID, "channels": channels}),
        *rows("set_ticket_tags", {"ticket_id": 83000002, "names": ["one", ""]}),
    )
    assert "new" in [tag["name"] for tag in desk.row("tickets", TICKET_ID)["tags"]]
    assert [tag["name"] for tag in desk.row("tickets", 83000002)["tags"]] == ["one"]
    addresses = [each["address"] for each in desk.stored("customers", CUSTOMER_ID)["channels"]]
    assert "new@shop.example" in addresses


@pytest.mark.parametrize("unsaid", [None, "", [], [None], [""], "null"])
def test_a_list_to_replace_is_not_emptied_by_nothing(desk: Desk, unsaid: Any) -> None:
    desk.write(*rows("tickets", {"id": TICKET_ID, "tags": ["kept"]}))
    before = desk.row("tickets", TICKET_ID)["tags"]
    streams = {"tickets": {"replace": ["tags"]}}
    row = {"id": TICKET_ID, "subject": "New", "tags": unsaid}
    desk.write(*rows("tickets", row), streams=streams)
    assert (desk.row("tickets", TICKET_ID)["tags"] == before) is (unsaid != [])


@pytest.mark.parametrize(
    ("field", "value", "held"),
    [("subject", "", ""), ("subject", None, None), ("snooze_datetime", None, None)],
)
def test_with_nulls_null_clears_and_blank_text_is_text(
    desk: Desk, field: str, value: Any, held: Any
) -> None:
    desk.write(*rows("tickets", {"id": TICKET_ID, "subject": "Old", "snooze_datetime": SENT}))
    desk.write(*rows("tickets", {"id": TICKET_ID, field: value}), streams=CLEARING)
    assert desk.stored("tickets", TICKET_ID)[field] == held


@pytest.mark.parametrize("field", ["snooze_datetime", "spam", "meta", "tags", "custom_fields"])
def test_with_nulls_blank_text_says_nothing_of_what_is_no_text(desk: Desk, field: str) -> None:
    desk.write(*rows("tickets", {"id": TICKET_ID, "subject": "New", field: ""}), streams=CLEARING)
    assert desk.sandbox.requests[-1].body == '{"subject": "New"}'


VALUES: list[tuple[str, str, int]] = [
    ("ticket", "tickets", 504),
    ("customer", "customers", 512),
]


@pytest.mark.parametrize("unsaid", [None, "", " "])
@pytest.mark.parametrize(("owner", "table", "field"), VALUES)
def test_a_value_of_nothing_takes_no_value_away(
    desk: Desk, owner: str, table: str, field: int, unsaid: Any
) -> None:
    at = desk.any(table)["id"]
    stream = f"{owner}_custom_fields"
    whole: Row = {f"{owner}_id": at, "custom_field_id": field, "value": "kept"}
    desk.write(*rows(stream, whole))
    desk.write(
        *rows(stream, whole | {"value": unsaid}),
        *rows(stream, {f"{owner}_id": at, "custom_fields": {field: unsaid}}),
        on_error="continue",
    )
    assert desk.stored(table, at)["field_values"][field] == "kept"
    assert (
        desk.reasons[0] == "'value' is empty, which clears only if the option 'nulls' is 'write'."
    )


# What is asked for and cannot be done


def test_a_second_message_of_a_ticket_is_refused_with_what_to_do(desk: Desk) -> None:
    ticket = {"number": 1, **TICKET}
    desk.write(*rows("tickets", ticket, keys=KEY))
    grown = {**ticket, "messages": [MAIL, {**MAIL, "body_text": "And now?"}]}
    for row in (grown, {**grown, "subject": "New"}):
        desk.forget()
        desk.write(*rows("tickets", row, keys=KEY), on_error="continue")
        assert desk.written == []
        assert "add messages by a stream of 'messages'" in desk.reasons[-1]
    desk.write(*rows("tickets", {**ticket, "subject": "New"}, keys=KEY), on_error="continue")
    assert desk.summary["tickets"]["updated"] == 1
    assert desk.the("tickets", external_id="t-1")["subject"] == "New"


@pytest.mark.parametrize(
    ("stream", "row", "name"),
    [
        ("tickets", TICKET, "created_datetime"),
        ("messages", {"ticket_id": TICKET_ID, "external_id": "m-1", **MAIL}, "opened_datetime"),
    ],
)
@pytest.mark.parametrize("before", [..., "2025-12-31T09:00:00Z"])
def test_what_only_a_creation_sets_is_refused_later(
    desk: Desk, stream: str, row: Row, name: str, before: Any
) -> None:
    first = {"number": 1, **row} | ({} if before is ... else {name: before})
    desk.write(*rows(stream, first, keys=KEY))
    desk.forget()
    desk.write(*rows(stream, {**first, name: SENT}, keys=KEY), on_error="continue")
    assert desk.written == []
    assert "It is there already, and only its creation could have set" in desk.reasons[0]
    assert f"'{name}'" in desk.reasons[0]


def test_what_was_said_on_creation_need_not_be_said_again(desk: Desk) -> None:
    whole: Row = {"number": 1, **TICKET}
    silent = {**whole, "messages": None, "subject": "New"}
    for row in (whole, silent, {**whole, "subject": "Newer"}):
        desk.write(*rows("tickets", row, keys=KEY))
    assert desk.the("tickets", external_id="t-1")["subject"] == "Newer"


def test_rows_written_by_an_earlier_release_are_unchanged(desk: Desk) -> None:
    ticket = {"number": 1, **TICKET}
    desk.write(*rows("tickets", ticket, keys=KEY))
    with sqlite3.connect(desk.folder / "ledger.db") as ledger:
        ((content,),) = ledger.execute("select content from gorgias_ledger").fetchall()
        assert content[40] == "."
        whole = content[:40] + "0" * 24  # of one part, as it was
        ledger.execute("update gorgias_ledger set content = ?", (whole,))
    desk.write(*rows("tickets", ticket, keys=KEY))
    assert desk.summary == {"tickets": {"unchanged": 1}}


def test_both_ways_to_give_values_count(desk: Desk) -> None:
    row = {"ticket_id": TICKET_ID, "custom_field_id": 505, "value": 3, "custom_fields": {506: 4}}
    desk.write(*rows("ticket_custom_fields", row))
    values = desk.stored("tickets", TICKET_ID)["field_values"]
    assert (values[505], values[506]) == (3, 4)


# Internal notes


@pytest.mark.parametrize("unsaid", [..., None, ""])
@pytest.mark.parametrize("kind", ["messages", "tickets", "ticket with message", "update"])
def test_a_note_need_not_say_that_it_is_from_an_agent(desk: Desk, kind: str, unsaid: Any) -> None:
    note: Row = {"channel": "internal-note", "body_text": "A note."}
    if unsaid is not ...:
        note |= {"from_agent": unsaid, "public": unsaid}
    ticket = TICKET | {"messages": [note]}
    at = {"ticket_id": TICKET_ID}
    if kind == "messages":
        desk.write(*rows("messages", {"number": 1, **at, **note}, keys=KEY))
    elif kind == "tickets":
        desk.write(*rows("tickets", {"number": 1, **ticket}, keys=KEY))
    elif kind == "update":
        desk.write(*rows("messages", {"number": 1, **at, **NOTE, "body_text": "Old"}, keys=KEY))
        desk.write(*rows("messages", {"number": 1, **at, **note}, keys=KEY))
    else:
        bare = {name: value for name, value in TICKET.items() if name != "messages"}
        desk.write(
            *rows("tickets", {"number": 1, **bare}, keys=KEY),
            *rows("messages", {"number": 1, "ticket_key": "1", **note}, keys=KEY),
        )
    (made,) = (row for row in desk.rows("messages") if row["body_text"] == "A note.")
    assert (made["channel"], made["from_agent"], made["public"]) == ("internal-note", True, False)
    assert desk.sandbox.world.delivered == []


@pytest.mark.parametrize("unsaid", [..., None, ""])
def test_any_other_message_without_it_is_refused_by_its_key(desk: Desk, unsaid: Any) -> None:
    mail = {"number": 1, "ticket_id": TICKET_ID, "channel": "email", "body_text": "x"}
    if unsaid is not ...:
        mail["from_agent"] = unsaid
    note = {"number": 2, "ticket_id": TICKET_ID, "channel": "internal-note", "body_text": "Good"}
    head = schema("messages", *mail, *note)
    desk.write(
        head | {"key_properties": KEY},
        record("messages", **mail),
        record("messages", **note),
        on_error="continue",
    )
    assert [row["key"] for row in desk.rejects] == [{"number": 1}]
    assert desk.reasons == ["'from_agent' is missing."]
    assert desk.the("messages", body_text="Good")


@pytest.mark.parametrize("replaces", [False, True])
def test_with_nulls_a_null_list_empties_what_is_to_be_replaced(
    desk: Desk, *, replaces: bool
) -> None:
    ticket = next(row for row in desk.rows("tickets") if row["tags"])
    streams = {"*": {"nulls": "write", "replace": ["tags"] if replaces else []}}
    row = {"id": ticket["id"], "tags": None, "subject": "New"}
    desk.write(*rows("update_tickets", row, keys=["id"]), streams=streams)
    after = desk.row("tickets", ticket["id"])["tags"]
    assert (after == []) == replaces
